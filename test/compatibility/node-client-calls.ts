import assert from 'node:assert/strict'
import { testCard } from '../caller.ts'
import type { Request, Told } from './node-client.ts'

/** With an API key alone, or with keys for encrypted calls beside it. */
export type Mode = 'key' | 'sealed'

/** What one run of the calls knows. */
export interface Shop {
  readonly mode: Mode
  readonly order: string
  readonly customer: string
  /** What calls were answered, by their names. */
  readonly told: ReadonlyMap<string, Readonly<Record<string, unknown>>>
  /** Creates and pays an order without the client. */
  readonly pay: (order: string) => Promise<void>
  /** Submits the OTP of the payment that the client started. */
  readonly submit: () => Promise<void>
}

/** One call of the client, and what it must bring. */
export interface ClientCall {
  readonly name: string
  /** Whether the client encrypts it, where it can. */
  readonly sealed: boolean
  readonly ask: (shop: Shop) => Request | Promise<Request>
  /** Gives the result in a few words. */
  readonly check: (told: Told, shop: Shop) => string
}

type Answer = Readonly<Record<string, unknown>>

function answered({ answer, error }: Told): Answer {
  assert(answer, JSON.stringify(error))
  return answer
}

/** The client throws this class for a refusal, with the words of the wire. */
function refused({ error }: Told, name: string, code: string): string {
  assert.equal(error?.['name'], name)
  assert.equal(error?.['error_code'], code)
  assert.equal(typeof error?.['error_message'], 'string')
  return `${name}, \`${code}\``
}

function order(
  name: string,
  method: string,
  rest: Omit<ClientCall, 'name' | 'ask'> & {
    words: (shop: Shop) => unknown[] | Promise<unknown[]>
  },
): ClientCall {
  return {
    name,
    sealed: rest.sealed,
    ask: async (shop) => ({ resource: 'order', method, words: await rest.words(shop) }),
    check: rest.check,
  }
}

function shows(status: string, statusId: number) {
  return (told: Told) => {
    const answer = answered(told)
    assert.deepEqual([answer['status'], answer['status_id']], [status, statusId])
    return status
  }
}

const person = {
  mobile_number: '9876543210',
  mobile_country_code: '91',
  email_address: 'asha@shop.example',
  first_name: 'Asha',
  last_name: 'Rao',
}

const customers: readonly ClientCall[] = [
  {
    name: 'customer.create',
    sealed: false,
    ask: ({ customer }) => ({
      resource: 'customer',
      method: 'create',
      words: [{ object_reference_id: customer, ...person }],
    }),
    check: (told, { customer }) => {
      const { id, object, object_reference_id, date_created, last_updated, ...rest } =
        answered(told)
      assert.deepEqual([object, object_reference_id, rest], ['customer', customer, person])
      assert.match(String(id), /^cst_/)
      assert(date_created && last_updated)
      return 'the customer'
    },
  },
  {
    name: 'customer.get',
    sealed: false,
    ask: ({ customer }) => ({ resource: 'customer', method: 'get', words: [customer] }),
    check: (told, { told: before }) => {
      assert.deepEqual(answered(told), before.get('customer.create'))
      return 'the customer, by the id of the shop'
    },
  },
  {
    name: 'customer.get, with a client token',
    sealed: false,
    ask: ({ told }) => ({
      resource: 'customer',
      method: 'get',
      words: [told.get('customer.create')?.['id'], { 'options.get_client_auth_token': true }],
    }),
    check: (told) => {
      const { juspay } = answered(told) as { juspay?: { client_auth_token?: string } }
      assert.match(juspay?.client_auth_token ?? '', /^tkn_/)
      return 'the customer by our id, and a token'
    },
  },
  {
    name: 'customer.update',
    sealed: false,
    ask: ({ customer }) => ({
      resource: 'customer',
      method: 'update',
      words: [customer, { first_name: 'Usha' }],
    }),
    check: (told) => {
      const { first_name, last_name } = answered(told)
      assert.deepEqual([first_name, last_name], ['Usha', 'Rao'])
      return 'the customer, changed'
    },
  },
]

const orders: readonly ClientCall[] = [
  order('order.create', 'create', {
    sealed: false,
    words: ({ order: order_id, customer }) => [
      { order_id, amount: 99.5, customer_id: customer, 'metadata.note': 'gift', udf1: 'a b&c=d' },
    ],
    check: (told, { order: id, customer }) => {
      const answer = answered(told)
      assert.deepEqual(
        [answer['order_id'], answer['amount'], answer['customer_id'], answer['udf1']],
        [id, 99.5, customer, 'a b&c=d'],
      )
      assert.deepEqual(answer['metadata'], { note: 'gift' })
      return shows('NEW', 10)(told)
    },
  }),
  order('order.create, objects inside', 'create', {
    sealed: false,
    words: ({ order: id }) => [{ order_id: `${id}-o`, amount: 1, metadata: { note: 'gift' } }],
    check: (told) => {
      assert.deepEqual(answered(told)['metadata'], {})
      return `${shows('NEW', 10)(told)}; what is inside never leaves the client`
    },
  }),
  order('order.update', 'update', {
    sealed: false,
    words: ({ order: id }) => [id, { amount: 100 }],
    check: (told) => {
      assert.equal(answered(told)['amount'], 100)
      return shows('NEW', 10)(told)
    },
  }),
  order('order.status', 'status', {
    sealed: true,
    words: ({ order: id }) => [id],
    check: (told) => {
      assert.equal(answered(told)['amount'], 100)
      return shows('NEW', 10)(told)
    },
  }),
  order('order.status, chosen to be sent with the key', 'status', {
    sealed: false,
    words: ({ order: id }) => [id, {}, {}, 'BASIC'],
    check: shows('NEW', 10),
  }),
  order('order.status of an unknown order', 'status', {
    sealed: true,
    words: () => ['nothing'],
    check: shows('NOT_FOUND', 40),
  }),
  order('order.status with a wrong key', 'status', {
    sealed: false,
    words: ({ order: id }) => [id, {}, { apiKey: 'wrong' }, 'BASIC'],
    check: (told) => refused(told, 'AuthenticationError', 'access_denied'),
  }),
]

const session: ClientCall = {
  name: 'orderSession.create',
  sealed: true,
  ask: ({ order: id, customer }) => ({
    resource: 'orderSession',
    method: 'create',
    words: [
      {
        order_id: `${id}-s`,
        amount: 100,
        customer_id: customer,
        payment_page_client_id: 'shop',
        action: 'paymentPage',
        return_url: 'https://shop.example/back',
      },
    ],
  }),
  check: (told) => {
    const { sdk_payload: payload } = answered(told) as {
      sdk_payload: { payload: { clientAuthToken: string } }
    }
    assert.match(payload.payload.clientAuthToken, /^tkn_/)
    return shows('NEW', 10)({ answer: { ...told.answer, status_id: 10 } })
  },
}

function pay(name: string, body: (shop: Shop) => object, check: ClientCall['check']): ClientCall {
  return {
    name,
    sealed: true,
    ask: (shop) => ({ resource: 'payments', method: 'create', words: [body(shop)] }),
    check,
  }
}

const byCard = {
  payment_method_type: 'CARD',
  payment_method: 'VISA',
  auth_type: 'OTP',
  ...testCard,
}

function asksForOtp(told: Told): string {
  const { status, payment } = answered(told) as {
    status: string
    payment: { authentication: { method: string; params: Answer } }
  }
  const { method, params } = payment.authentication
  assert.deepEqual([status, method, params['auth_type']], ['PENDING_VBV', 'POST', 'OTP'])
  return 'PENDING_VBV, and the challenge of the OTP'
}

const payments: readonly ClientCall[] = [
  pay(
    'payments.create',
    ({ order: order_id }) => ({ order_id, redirect_after_payment: true, ...byCard }),
    asksForOtp,
  ),
  pay(
    'payments.create with the order in it',
    ({ order: id }) => ({
      'order.order_id': `${id}-t`,
      'order.amount': 100,
      order_id: `${id}-t`,
      ...byCard,
    }),
    asksForOtp,
  ),
  pay(
    'payments.create, a wrong number',
    ({ order: id }) => ({ order_id: `${id}-o`, ...byCard, card_number: '4242424242424241' }),
    (told) => refused(told, 'InvalidRequestError', 'invalid_card_number'),
  ),
  pay(
    'payments.create, UPI',
    ({ order: id }) => ({ order_id: `${id}-o`, payment_method_type: 'UPI', payment_method: 'UPI' }),
    (told) => refused(told, 'InvalidRequestError', 'invalid_request_error'),
  ),
]

const refunds: readonly ClientCall[] = [
  order('order.status of a paid order', 'status', {
    sealed: true,
    words: async ({ order: id, submit }) => {
      await submit()
      return [id]
    },
    check: (told) => {
      const { txn_uuid, txn_id, card, payment_gateway_response: said } = answered(told)
      assert(txn_uuid && txn_id && card && said)
      return shows('CHARGED', 21)(told)
    },
  }),
  order('order.refund', 'refund', {
    sealed: true,
    words: ({ order: id }) => [id, { unique_request_id: `${id}-r`, amount: 40 }],
    check: (told, { order: id }) => {
      const [refund] = answered(told)['refunds'] as Answer[]
      assert.deepEqual([refund?.['unique_request_id'], refund?.['amount']], [`${id}-r`, 40])
      return `${shows('CHARGED', 21)(told)}, the refund PENDING`
    },
  }),
  order('order.refund, the same again', 'refund', {
    sealed: true,
    words: ({ order: id }) => [id, { unique_request_id: `${id}-r`, amount: 40 }],
    check: (told) => refused(told, 'InvalidRequestError', 'duplicate.call'),
  }),
  order('order.refund of an unpaid order', 'refund', {
    sealed: true,
    words: ({ order: id }) => [`${id}-o`, { unique_request_id: `${id}-u` }],
    check: (told) => {
      assert.equal(told.error?.['message'], 'Cannot process unsuccessful order.')
      return refused(told, 'InvalidRequestError', 'invalid.order.not_successful')
    },
  }),
]

/** Every method that the client has, and what else its users meet, in the order of a purchase. */
export const calls: readonly ClientCall[] = [
  ...customers,
  ...orders,
  session,
  ...payments,
  ...refunds,
]
