import { type Form, testCard } from './caller.ts'

/** The ids of one payment. */
export interface Ids {
  readonly order: string
  readonly txn: string
  readonly txnOnWire: string
  readonly challenge: string
  /** A webhook endpoint of the same merchant. */
  readonly endpoint: string
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
  'POST /orders/{order_id}': {
    call: (ids) => ({ path: `/orders/${ids.order}`, form: { udf1: 'x' } }),
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

/** What anybody may call. */
export const open = ['GET /health', 'GET /ready']
