import { created, order, paid } from './reads.ts'
import {
  basic,
  type Client,
  create,
  createOld,
  customer,
  outside,
  payPage,
  refund,
  refundTxn,
  refundUnpaid,
  type Sent,
  session,
  start,
  status,
  submitAsCurl,
} from './sent.ts'

const php = {
  ...basic,
  version: '2016-10-27',
  'content-type': 'application/x-www-form-urlencoded',
}

const listed = { count: 'integer', offset: 'integer', total: 'integer', list: 'list' } as const

const listOrders: Sent = { ...status('/order/list', listed), call: 'list orders' }

const update: Sent = {
  ...create('/orders/{order}'),
  call: 'update order',
  fields: { amount: '101.00' },
  reads: { ...order, order_id: '={order}', amount: 101 },
}

/** A call whose fields are encrypted claims. */
function sealed(call: Sent, path: string, headers: Sent['headers'] = {}): Sent {
  return { ...call, method: 'POST', path, as: 'sealed', headers }
}

const sealedStatus: Sent = { ...status('', paid), fields: { order_id: '{order}s' } }

/** .NET sends no key with what it encrypts. */
const keyless = { authorization: null }

/** The official clients of other languages. */
export const olderClients: readonly Client[] = [
  {
    name: 'expresscheckout-php 2.0.0',
    headers: { ...php, 'x-merchantid': '{merchant}', 'user-agent': '2.0.0' },
    as: 'form',
    flags: ['1', '0'],
    calls: [
      createOld({ customer_id: 'buyer', 'options.get_client_auth_token': true }),
      status('/order/status?order_id={order}'),
      update,
      refundUnpaid('/order/refund', { order_id: '{order}' }),
      start({ redirect_after_payment: true, save_to_locker: false }),
      submitAsCurl,
      status('/order/status?order_id={order}', paid),
      refund('/order/refund', { order_id: '{order}' }),
      customer,
      session(),
      payPage,
      sealed(sealedStatus, '/v4/order-status'),
      sealed(refund('', { order_id: '{order}s' }), '/v4/orders/{order}s/refunds'),
      sealed(session({ order_id: '{order}e' }), '/v4/session'),
    ],
  },
  {
    name: 'expresscheckout-php 1.0.4',
    headers: { ...php, 'user-agent': '1.0.4' },
    as: 'form',
    flags: ['1', '0'],
    calls: [
      createOld(),
      {
        ...status('/order/status'),
        method: 'POST',
        fields: { order_id: '{order}' },
      },
      {
        ...update,
        path: '/order/update',
        fields: { order_id: '{order}', amount: '101.00' },
      },
      listOrders,
      refundUnpaid('/order/refund', { order_id: '{order}' }),
      customer,
      {
        call: 'list cards',
        method: 'GET',
        path: '/card/list?customer_id={order}-c',
        status: 200,
        reads: { customer_id: '={order}-c', merchantId: '={merchant}', cards: 'list' },
      },
      {
        call: 'payment methods',
        method: 'GET',
        path: '/merchants/{merchant}/paymentmethods',
        status: 200,
        reads: {
          payment_methods: 'list',
          'payment_methods.0.payment_method_type': 'text',
          'payment_methods.0.payment_method': 'text',
          'payment_methods.0.description': 'text',
        },
      },
      {
        call: 'wallets',
        method: 'GET',
        path: '/customers/{order}-c/wallets',
        status: 200,
        reads: listed,
      },
    ],
  },
  {
    name: 'expresscheckout-dotnet 2.0.4',
    headers: { ...basic, 'x-merchantid': '{merchant}', 'x-user-agent': '{"lang":".net"}' },
    as: 'form',
    calls: [
      {
        ...create('/orders', {
          amount: '100',
          customer_id: 'buyer',
          'options.get_client_auth_token': true,
        }),
        reads: {
          ...order,
          'juspay.client_auth_token': 'text',
          'juspay.client_auth_token_expiry': 'text',
        },
      },
      {
        ...status('/orders/{order}?client_auth_token={token}'),
        call: 'order status with a client token',
        headers: keyless,
      },
      update,
      refundUnpaid('/orders/{order}/refunds', { order_id: '{order}' }),
      customer,
      session({ 'metadata.JUSPAY:gateway_reference_id': 'x' }),
      payPage,
      sealed(sealedStatus, '/v4/order-status', keyless),
      sealed(refund('', { order_id: '{order}s' }), '/v4/orders/{order}s/refunds', keyless),
      {
        ...sealed(
          refund('', { order_id: '{order}s', unique_request_id: '{order}-q' }),
          '/v4/order/{order}s/refunds',
          keyless,
        ),
        call: 'refund, as its README has it',
      },
      refundTxn({ order_id: '{order}s', order_type: 'Juspay', refund_type: 'STANDARD' }),
      sealed(session({ order_id: '{order}e' }), '/v4/session', keyless),
    ],
  },
  {
    name: 'expresscheckout-dotnet 1.x',
    headers: { ...basic, version: '2017-07-26' },
    as: 'form',
    calls: [
      createOld(),
      status('/order/status?order_id={order}'),
      update,
      { ...status('/orders?count=20&', listed), call: 'list orders' },
      {
        ...status('/order/status?order_id=unknown', { status: '=NOT_FOUND' }),
        call: 'status of an unknown order',
      },
      {
        call: 'mandates',
        method: 'GET',
        path: '/customers/buyer/mandates',
        status: 200,
        reads: { total: 0 },
      },
      refundUnpaid('/orders/{order}/refunds'),
    ],
  },
  {
    name: 'expresscheckout-ruby 0.1.8',
    headers: { ...basic, version: '2016-10-27', 'user-agent': 'Ruby SDK 0.1.8' },
    as: 'form',
    calls: [
      createOld({ customer_id: 'buyer' }),
      { ...createOld({ amount: '120' }), call: 'update order', reads: created },
      status('/order/status?order_id={order}', { ...order, amount: 120 }),
      listOrders,
      start({ save_to_locker: false, redirect_after_payment: true }),
      submitAsCurl,
      refund('/order/refund', { order_id: '{order}' }),
    ],
  },
  {
    name: 'expresscheckout-python 1.1',
    headers: {
      ...basic,
      'x-merchantid': '{merchant}',
      version: '2018-10-27',
      'user-agent': 'Python SDK',
    },
    as: 'form',
    flags: ['True', 'False'],
    calls: [
      create('/order/create', { customer_id: 'buyer', 'options.get_client_auth_token': true }),
      {
        ...create('/order/create', { amount: '120' }),
        call: 'update order',
        reads: { ...order, amount: 120 },
      },
      start({ save_to_locker: false, redirect_after_payment: true }),
      submitAsCurl,
      status('/order/status?order_id={order}', paid),
      refund('/order/refund', { order_id: '{order}' }),
      outside('verify VPA', '/v2/upi/verify-vpa', { vpa: 'a@upi' }),
    ],
  },
]
