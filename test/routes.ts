import { type Form, testCard } from './caller.ts'

/** The ids of one payment. */
export interface Ids {
  readonly order: string
  readonly txn: string
  readonly txnOnWire: string
  readonly challenge: string
  /** A webhook endpoint of the same merchant. */
  readonly endpoint: string
  /** A customer of the same merchant, and a card that they have left. */
  readonly customer: string
  readonly card: string
}

/** One call: a form makes it a POST. */
export interface Call {
  readonly path: string
  readonly form?: Form
}

/** How a route is called with ids, and the statuses it answers for each kind of them. */
export interface Row {
  readonly call: (ids: Ids, merchant: string) => Call
  readonly own: number
  readonly unknown: number
  readonly malformed: number
}

const order = { amount: '100.00' }
const submission = { 'answer.otp': '9999' }

const refund = { unique_request_id: 'r-1' }

/** A route that names an endpoint in its path. */
function ofEndpoint(deed: string): Row {
  return {
    call: (ids) => ({ path: `/console/webhooks/${ids.endpoint}/${deed}`, form: {} }),
    own: 200,
    unknown: 404,
    malformed: 404,
  }
}

/** A route that names a gateway account, of which each merchant has their own by any id. */
function ofNoAccount(deed: string): Row {
  const path = `/console/accounts/nobodys${deed}`
  return { call: () => ({ path, form: {} }), own: 404, unknown: 404, malformed: 404 }
}

/** A route that names nothing of anybody's, or answers alike for all that it names. */
function alike(path: string, form?: Form): Row {
  return {
    call: () => ({ path, ...(form && { form }) }),
    own: 200,
    unknown: 200,
    malformed: 200,
  }
}

/** A route that refuses whatever it is asked. */
function refused(path: string, form?: Form): Row {
  return { ...alike(path, form), own: 400, unknown: 400, malformed: 400 }
}

/** A route that only an envelope opens: an API key without one is no better than none. */
function ofEnvelope(path: (ids: Ids) => string, form?: Form): Row {
  return {
    call: (ids) => ({ path: path(ids), ...(form && { form }) }),
    own: 401,
    unknown: 401,
    malformed: 401,
  }
}

/** A route that names a stored card. */
function ofCard(path: string, unknown: number, more: Form = {}): Row {
  return {
    call: ({ card }) => ({ path, form: { card_token: card, ...more } }),
    own: 200,
    unknown,
    malformed: unknown,
  }
}

/** A route that names a customer, where any name of the merchant's own will do. */
function ofCustomer(path: (customer: string) => string, form?: (customer: string) => Form): Row {
  return {
    call: ({ customer }) => ({ path: path(customer), ...(form && { form: form(customer) }) }),
    own: 200,
    unknown: 404,
    malformed: 200,
  }
}

/** Every route that wants a key. A route that is not here fails the test. */
export const rows: Readonly<Record<string, Row>> = {
  'POST /orders': {
    call: (ids) => ({ path: '/orders', form: { ...order, order_id: ids.order } }),
    own: 200,
    unknown: 200,
    malformed: 400,
  },
  'POST /order/create': {
    call: (ids) => ({ path: '/order/create', form: { ...order, order_id: ids.order } }),
    own: 200,
    unknown: 200,
    malformed: 400,
  },
  'POST /session': {
    call: (ids) => ({ path: '/session', form: { ...order, order_id: ids.order } }),
    own: 200,
    unknown: 200,
    malformed: 400,
  },
  'POST /orders/{order_id}': {
    call: (ids) => ({ path: `/orders/${ids.order}`, form: { udf1: 'x' } }),
    own: 200,
    unknown: 400,
    malformed: 400,
  },
  'POST /order/update': {
    call: (ids) => ({
      path: '/order/update',
      form: { order_id: decodeURIComponent(ids.order), udf1: 'x' },
    }),
    own: 200,
    unknown: 400,
    malformed: 400,
  },
  'POST /orders{order_id}': {
    call: (ids) => ({ path: `/orders${ids.order}`, form: { udf1: 'x' } }),
    own: 200,
    unknown: 400,
    malformed: 400,
  },
  'GET /orders/{order_id}': {
    call: (ids) => ({ path: `/orders/${ids.order}` }),
    own: 200,
    unknown: 200,
    malformed: 200,
  },
  'GET /order/status': {
    call: (ids) => ({ path: `/order/status?order_id=${ids.order}` }),
    own: 200,
    unknown: 200,
    malformed: 200,
  },
  'POST /order/status': {
    call: (ids) => ({ path: '/order/status', form: { order_id: decodeURIComponent(ids.order) } }),
    own: 200,
    unknown: 200,
    malformed: 200,
  },
  'GET /order_status': {
    call: (ids) => ({ path: `/order_status?orderId=${ids.order}` }),
    own: 200,
    unknown: 200,
    malformed: 200,
  },
  'POST /order_status': {
    call: (ids) => ({ path: '/order_status', form: { orderId: decodeURIComponent(ids.order) } }),
    own: 200,
    unknown: 200,
    malformed: 200,
  },
  'POST /txns': {
    call: (ids, merchant) => ({
      path: '/txns',
      form: {
        order_id: ids.order,
        merchant_id: merchant,
        payment_method_type: 'CARD',
        auth_type: 'OTP',
        format: 'json',
        ...testCard,
      },
    }),
    own: 200,
    unknown: 400,
    malformed: 400,
  },
  'POST /v2/txns/{id}/authenticate': {
    call: (ids) => ({
      path: `/v2/txns/${ids.txn}/authenticate`,
      form: { ...submission, challenge_id: ids.challenge },
    }),
    own: 200,
    unknown: 400,
    malformed: 400,
  },
  'POST /v2/txns/{id}/authenticate/{challenge_id}/resend': {
    call: (ids) => ({ path: `/v2/txns/${ids.txn}/authenticate/${ids.challenge}/resend`, form: {} }),
    own: 200,
    unknown: 400,
    malformed: 400,
  },
  // The payment asked about waits for its OTP: of its own there is nothing to take or give back.
  'POST /v2/txns/{id}/capture': {
    call: (ids) => ({ path: `/v2/txns/${ids.txn}/capture`, form: {} }),
    own: 400,
    unknown: 400,
    malformed: 400,
  },
  'POST /v2/txns/{id}/void': {
    call: (ids) => ({ path: `/v2/txns/${ids.txnOnWire}/void`, form: {} }),
    own: 400,
    unknown: 400,
    malformed: 400,
  },
  'POST /orders/{order_id}/refunds': {
    call: (ids) => ({ path: `/orders/${ids.order}/refunds`, form: refund }),
    own: 400,
    unknown: 400,
    malformed: 400,
  },
  'POST /order/refund': {
    call: (ids) => ({
      path: '/order/refund',
      form: { ...refund, order_id: decodeURIComponent(ids.order) },
    }),
    own: 400,
    unknown: 400,
    malformed: 400,
  },
  'POST /refunds': {
    call: (ids) => ({ path: '/refunds', form: { ...refund, txn_id: ids.txnOnWire } }),
    own: 400,
    unknown: 400,
    malformed: 400,
  },
  'GET /orders': alike('/orders'),
  'GET /order/list': alike('/order/list'),
  // The order asked about waits for its OTP: nothing was paid, so nothing can be delivered.
  'POST /orders/{order_id}/fulfillment': {
    call: (ids) => ({
      path: `/orders/${ids.order}/fulfillment`,
      form: {
        fulfillment_status: 'SUCCESS',
        fulfillment_command: 'NO_ACTION',
        fulfillment_time: '2026-01-05T16:30:33',
        fulfillment_id: 'f-1',
      },
    }),
    own: 400,
    unknown: 400,
    malformed: 400,
  },
  'GET /cardbins/{bin}': alike('/cardbins/411111'),
  'GET /v2/bins/eligibility': alike('/v2/bins/eligibility?auth_type=OTP'),
  'POST /customers': alike('/customers', { object_reference_id: 'acc' }),
  'GET /customers': alike('/customers'),
  'GET /customers/{customer_id}': {
    ...ofCustomer((customer) => `/customers/${customer}`),
    malformed: 404,
  },
  'POST /customers/{customer_id}': {
    ...ofCustomer(
      (customer) => `/customers/${customer}`,
      () => ({ first_name: 'Asha' }),
    ),
    malformed: 404,
  },
  'POST /card/tokenize': alike('/card/tokenize', testCard),
  'POST /card/add': ofCustomer(
    () => '/card/add',
    (customer_id) => ({ customer_id, ...testCard }),
  ),
  'POST /cards': ofCustomer(
    () => '/cards',
    (customer_id) => ({ customer_id, ...testCard }),
  ),
  'GET /cards': ofCustomer((customer) => `/cards?customer_id=${customer}`),
  'GET /card/list': ofCustomer((customer) => `/card/list?customer_id=${customer}`),
  'POST /card/update': ofCard('/card/update', 404, { nickname: 'x' }),
  'POST /card/delete': ofCard('/card/delete', 404),
  'POST /v2/card/fingerprint': ofCard('/v2/card/fingerprint', 400),
  'GET /customers/{customer_id}/payment_methods': alike('/customers/asha/payment_methods'),
  'POST /customers/{customer_id}/payment_methods': alike('/customers/asha/payment_methods', {}),
  'GET /customers/{customer_id}/wallets': alike('/customers/asha/wallets'),
  'GET /customers/{customer_id}/wallets/refresh-balances': alike(
    '/customers/asha/wallets/refresh-balances',
  ),
  'GET /orders/{order_id}/wallets': alike('/orders/acc-1/wallets'),
  'GET /customers/{customer_id}/mandates': alike('/customers/asha/mandates'),
  'POST /v1/offers/list': alike('/v1/offers/list', {}),
  'POST /customers/{customer_id}/wallets': refused('/customers/asha/wallets', {}),
  'GET /wallets/{id}': refused('/wallets/wlt_1'),
  'POST /wallets/{id}': refused('/wallets/wlt_1', {}),
  'POST /v2/upi/verify-vpa': refused('/v2/upi/verify-vpa', {}),
  'POST /customers/{customer_id}/mandates': refused('/customers/asha/mandates', {}),
  'POST /mandates/{id}': refused('/mandates/m1', {}),
  'POST /v4/card/get': refused('/v4/card/get', {}),
  'POST /v4/card/delete': refused('/v4/card/delete', {}),
  'POST /get/altId': refused('/get/altId', {}),
  'POST /generateToken': refused('/generateToken', {}),
  'POST /tokenization/onboarding': refused('/tokenization/onboarding', {}),
  'GET /console/orders/{order_id}': {
    call: (ids) => ({ path: `/console/orders/${ids.order}` }),
    own: 200,
    unknown: 400,
    malformed: 400,
  },
  'GET /console/metrics': {
    call: () => ({ path: '/console/metrics' }),
    own: 200,
    unknown: 200,
    malformed: 200,
  },
  'GET /v4/order-status': ofEnvelope(({ order: id }) => `/v4/order-status?order_id=${id}`),
  'POST /v4/order-status': ofEnvelope(() => '/v4/order-status', order),
  'POST /v4/orders/{order_id}/refunds': ofEnvelope(
    ({ order: id }) => `/v4/orders/${id}/refunds`,
    refund,
  ),
  'POST /v4/order/{order_id}/refunds': ofEnvelope(
    ({ order: id }) => `/v4/order/${id}/refunds`,
    refund,
  ),
  'POST /v4/txns': ofEnvelope(() => '/v4/txns', order),
  'POST /v4/session': ofEnvelope(() => '/v4/session', order),
  'GET /console/jwt-keys': alike('/console/jwt-keys'),
  'POST /console/jwt-keys': {
    call: () => ({ path: '/console/jwt-keys', form: { public_key: 'none' } }),
    own: 400,
    unknown: 400,
    malformed: 400,
  },
  'POST /console/jwt-keys/{kid}/revoke': {
    call: () => ({ path: `/console/jwt-keys/key_${'0'.repeat(32)}/revoke`, form: {} }),
    own: 404,
    unknown: 404,
    malformed: 404,
  },
  'GET /console/accounts': alike('/console/accounts'),
  'POST /console/accounts': refused('/console/accounts', { gateway: 'none' }),
  'GET /console/accounts/{id}': {
    ...ofNoAccount(''),
    call: () => ({ path: '/console/accounts/nobodys' }),
  },
  'POST /console/accounts/{id}': ofNoAccount(''),
  'POST /console/accounts/{id}/check': ofNoAccount('/check'),
  'POST /console/accounts/{id}/disable': ofNoAccount('/disable'),
  'POST /console/accounts/{id}/enable': ofNoAccount('/enable'),
  'GET /console/outages': alike('/console/outages'),
  'GET /console/routing-rules': alike('/console/routing-rules'),
  'POST /console/routing-rules': refused('/console/routing-rules', { rules: 'none' }),
  'GET /console/webhooks': {
    call: () => ({ path: '/console/webhooks' }),
    own: 200,
    unknown: 200,
    malformed: 200,
  },
  'POST /console/webhooks': {
    call: () => ({ path: '/console/webhooks', form: { url: 'nowhere' } }),
    own: 400,
    unknown: 400,
    malformed: 400,
  },
  'POST /console/webhooks/{id}/rotate': ofEndpoint('rotate'),
  'POST /console/webhooks/{id}/enable': ofEndpoint('enable'),
  'POST /console/webhooks/{id}/remove': ofEndpoint('remove'),
  'GET /console/webhooks/deliveries': {
    call: (ids) => ({ path: `/console/webhooks/deliveries?order_id=${ids.order}` }),
    own: 200,
    unknown: 200,
    malformed: 200,
  },
  'POST /console/webhooks/redeliver': {
    call: (ids) => ({
      path: '/console/webhooks/redeliver',
      form: { order_id: decodeURIComponent(ids.order) },
    }),
    own: 404,
    unknown: 404,
    malformed: 404,
  },
}

/** What wants a key or the name of a merchant; without both it says that, and no more. */
export const keyOrName: readonly string[] = ['POST /card/tokenize', 'GET /cardbins/{bin}']

/** What anybody may call. */
export const open = ['GET /health', 'GET /ready', 'GET /merchants/{merchant_id}/paymentmethods']
