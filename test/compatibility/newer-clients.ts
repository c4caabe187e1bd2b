import { mcpClient } from './mcp-client.ts'
import { bankPage, paid, type Reads, refundEntry } from './reads.ts'
import {
  basic,
  basicBare,
  type Client,
  card,
  create,
  payPage,
  refund,
  refundTxn,
  refundUnpaid,
  returnUrl,
  type Sent,
  session,
  start,
  status,
  submit,
  type Visit,
} from './sent.ts'

const held: Visit = { ...payPage, told: 'AUTHORIZED' }

/** What the app's schemas require of an order. */
const saleorOrder: Reads = {
  status: 'status',
  order_id: 'text',
  amount: 100,
  currency: '=INR',
  txn_uuid: 'text',
  refunded: 'flag',
  refunds: 'list',
  udf1: 'text',
  udf2: 'text',
}

function saleorSession(fields: Sent['fields']): Sent {
  return session({
    amount: 100,
    customer_email: 'a@b.example',
    first_name: 'Asha',
    currency: 'INR',
    udf1: 'VHJhbnM=',
    udf2: 'aHR0cHM=',
    udf3: 'manual',
    billing_address_country: '560001',
    'metadata.txns.auto_capture': false,
    payment_filter: {
      allowDefaultOptions: false,
      options: [{ paymentMethodType: 'CARD', enable: true }],
    },
    ...fields,
  })
}

/** Prism's closed lists and strict types: what its connector decodes of an order. */
const prismOrder: Reads = {
  id: 'text',
  order_id: 'text',
  status: 'status',
  status_id: 'integer',
  txn_id: 'text',
  txn_uuid: 'text',
  amount: 'number',
  amount_refunded: 'number',
  refunded: 'flag',
  currency: '=INR',
  gateway_reference_id: 'text or none',
  'payment_gateway_response.rrn': 'text or none',
  'payment_gateway_response.epg_txn_id': 'text or none',
  'payment_gateway_response.auth_id_code': 'text or none',
  'payment_gateway_response.resp_code': 'text or none',
  'payment_gateway_response.resp_message': 'text or none',
  refunds: 'list',
}

const prismRefund: Reads = {
  ...refundEntry,
  'refunds.0.refund_type': 'text or none',
  'refunds.0.refund_source': 'text or none',
  'refunds.0.sent_to_gateway': 'flag',
  'refunds.0.initiated_by': 'text or none',
  'refunds.0.error_code': 'text or none',
  'refunds.0.error_message': 'text or none',
  'refunds.0.pg_processed_at': 'text or none',
}

function prismCreate(orderId: string): Sent {
  return {
    ...create('/orders', {
      order_id: orderId,
      customer_id: 'buyer',
      return_url: returnUrl,
      'metadata.txns.auto_capture': false,
    }),
    reads: { id: 'text', order_id: `=${orderId}`, status: 'status', 'payment_links.web': 'text' },
  }
}

function prismStart(orderId: string, auth: { [name: string]: string | boolean }): Sent {
  return {
    ...start(),
    call: `transaction, ${auth['auth_type']}`,
    fields: { order_id: orderId, merchant_id: '{merchant}', ...card, ...auth },
    reads: { ...bankPage, order_id: `=${orderId}` },
  }
}

const atBank: Visit = { call: "the bank's page", visits: 'bank page', told: 'AUTHORIZED' }

const kitStatus: Sent = status('/orders/{order}s', {
  order_id: '={order}s',
  status: '=CHARGED',
  amount: 100,
})

const kitCalls = [
  session({ amount: '100' }),
  refundUnpaid('/refunds', { order_id: '{order}s' }),
  payPage,
  kitStatus,
  refundTxn({ order_id: '{order}s' }),
]

const kitHeaders = {
  'x-merchantid': '{merchant}',
  version: '2024-02-01',
  'user-agent': 'SAMPLE_KIT/{merchant}',
}

/** Tools, kits and platforms that call the API on their own. */
export const newerClients: readonly Client[] = [
  mcpClient,
  {
    name: 'Saleor app',
    headers: {
      ...basicBare,
      'x-merchantid': '{merchant}',
      version: '2024-01-01',
      'content-type': 'application/json',
      'user-agent': 'node',
    },
    as: 'json',
    calls: [
      saleorSession({}),
      held,
      status('/orders/{order}s', { ...saleorOrder, status: '=AUTHORIZED' }),
      {
        call: 'capture',
        method: 'POST',
        path: '/v2/txns/{txn}/capture',
        status: 200,
        reads: { ...saleorOrder, status: '=CHARGED' },
      },
      {
        ...refund('/orders/{order}s/refunds', { amount: 40 }),
        reads: {
          ...saleorOrder,
          ...refundEntry,
          'refunds.0.error_message': 'text or none',
          'refunds.0.error_code': 'text or none',
          'refunds.0.refund_source': 'text or none',
        },
      },
      saleorSession({ order_id: '{order}v' }),
      held,
      status('/orders/{order}v', { ...saleorOrder, status: '=AUTHORIZED' }),
      {
        call: 'void',
        method: 'POST',
        path: '/v2/txns/{txn}/void',
        status: 200,
        reads: { ...saleorOrder, status: '=VOIDED' },
      },
    ],
  },
  {
    name: 'Hyperswitch Prism',
    headers: {
      ...basic,
      'x-merchantid': '{merchant}',
      version: '2023-06-30',
      'content-type': 'application/x-www-form-urlencoded',
    },
    as: 'form',
    calls: [
      prismCreate('{order}'),
      prismStart('{order}', { auth_type: 'THREE_DS', redirect_after_payment: true }),
      atBank,
      status('/orders/{order}', { ...prismOrder, status: '=AUTHORIZED' }),
      {
        call: 'capture of a part',
        method: 'POST',
        path: '/v2/txns/{txn}/capture',
        fields: { amount: '60.00' },
        status: 200,
        reads: {
          order_id: '={order}',
          txn_id: 'text',
          txn_uuid: 'text',
          status: '=CHARGED',
          amount: 'number',
        },
      },
      {
        ...refund('/orders/{order}/refunds', { amount: '40.00' }),
        reads: { ...prismOrder, ...prismRefund },
      },
      {
        ...status('/orders/{order}', { ...prismOrder, ...prismRefund, status: '=CHARGED' }),
        call: 'refund status',
      },
      prismCreate('{order}n'),
      prismStart('{order}n', { auth_type: 'NO_THREE_DS' }),
      atBank,
      {
        call: 'void',
        method: 'POST',
        path: '/v2/txns/{txn}/void',
        fields: {},
        status: 200,
        reads: { order_id: '={order}n', txn_id: 'text', txn_uuid: 'text', status: '=VOIDED' },
      },
    ],
  },
  {
    name: 'PHP and WooCommerce kit',
    headers: { ...basic, ...kitHeaders },
    as: 'form',
    calls: kitCalls,
  },
  {
    name: 'Java kit',
    headers: { ...basicBare, ...kitHeaders },
    as: 'form',
    calls: kitCalls,
  },
  {
    name: 'curl of the documentation',
    headers: {
      ...basic,
      'x-merchantid': '{merchant}',
      'x-routing-id': 'buyer',
      'user-agent': 'curl/8.5.0',
    },
    as: 'form',
    calls: [
      create('/orders'),
      start({ name_on_card: 'Test' }),
      {
        call: 'resend OTP',
        method: 'POST',
        path: '/v2/txns/{txn}/authenticate/{challenge}/resend',
        status: 200,
        reads: { status: '=PENDING_VBV', 'payment.authentication.params': 'object' },
      },
      submit,
      status('/orders/{order}', paid),
      {
        ...status('/order_status', paid),
        call: 'order status, the oldest sample',
        method: 'POST',
        fields: { orderId: '{order}', merchantId: '{merchant}' },
      },
      refund('/orders/{order}/refunds'),
      {
        call: 'tokenize a card',
        method: 'POST',
        path: '/card/tokenize',
        headers: { authorization: null },
        fields: {
          merchant_id: '{merchant}',
          card_number: '4242424242424242',
          card_exp_year: '2027',
          card_exp_month: '11',
          card_security_code: '123',
          name_on_card: 'Test',
        },
        status: 200,
        reads: { token: 'text' },
      },
    ],
  },
]
