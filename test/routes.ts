import { type Form, testCard } from './caller.ts'

/** The ids of one payment. */
export interface Ids {
  readonly order: string
  readonly txn: string
  readonly txnOnWire: string
  readonly challenge: string
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
}

/** What anybody may call. */
export const open = ['GET /health', 'GET /ready']
