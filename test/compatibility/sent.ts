import type { Json } from '../wire/golden.ts'
import {
  created,
  order,
  paid,
  type Reads,
  refundEntry,
  refused,
  sessionReads,
  started,
  unpaid,
} from './reads.ts'

/** The fields that a client sends; objects and lists in JSON only. */
export type Fields = Readonly<Record<string, Json>>

/** One call as a client sends it. `{order}`, `{txn}` and other names stand for the run's ids. */
export interface Sent {
  readonly call: string
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly fields?: Fields
  /** Where it differs from how the client encodes its other calls. */
  readonly as?: 'form' | 'json' | 'sealed'
  /** Laid over the client's headers; null takes one away. */
  readonly headers?: Readonly<Record<string, string | null>>
  readonly status: number
  readonly reads: Reads
}

/** What the customer's browser does between two calls of a client. */
export interface Visit {
  readonly call: string
  /** Whose page it opens: the one of `payment_links.web`, or that of `/txns`. */
  readonly visits: 'payment page' | 'bank page'
  /** The status that the shop reads in the URL it is sent back to. */
  readonly told: string
}

/** A client: what all of its calls have in common, and the calls of its purchases. */
export interface Client {
  readonly name: string
  readonly headers: Readonly<Record<string, string>>
  readonly as: 'form' | 'json'
  /** How it writes true and false into a form. */
  readonly flags?: readonly [string, string]
  readonly calls: readonly (Sent | Visit)[]
}

/** The key with its colon. */
export const basic = { authorization: 'Basic {key_colon}' }
/** The key without one. */
export const basicBare = { authorization: 'Basic {key_bare}' }

/** Where shops want their customers back. */
export const returnUrl = 'https://shop.example/back'

/** The documented test card, as the fields of a payment. */
export const card = {
  payment_method_type: 'CARD',
  payment_method: 'VISA',
  card_number: '4242424242424242',
  card_exp_month: '11',
  card_exp_year: '27',
  card_security_code: '123',
  format: 'json',
}

/** An order is created. */
export function create(path: string, fields: Fields = {}): Sent {
  return {
    call: 'create order',
    method: 'POST',
    path,
    fields: { order_id: '{order}', amount: '100.00', currency: 'INR', ...fields },
    status: 200,
    reads: order,
  }
}

/** As `create`, where the client asks for a version that answers less. */
export function createOld(fields: Fields = {}): Sent {
  return { ...create('/order/create', fields), reads: created }
}

/** An order is looked at. */
export function status(path: string, reads: Reads = order): Sent {
  return { call: 'order status', method: 'GET', path, status: 200, reads }
}

/** A payment by OTP is started. */
export function start(fields: Fields = {}): Sent {
  return {
    call: 'transaction',
    method: 'POST',
    path: '/txns',
    fields: {
      order_id: '{order}',
      merchant_id: '{merchant}',
      ...card,
      auth_type: 'OTP',
      ...fields,
    },
    status: 200,
    reads: started,
  }
}

/** The OTP is submitted. */
export const submit: Sent = {
  call: 'submit OTP',
  method: 'POST',
  path: '/v2/txns/{txn}/authenticate',
  fields: { challenge_id: '{challenge}', 'answer.otp': '123456' },
  status: 200,
  reads: {
    order_id: 'text',
    txn_id: 'text',
    status: '=CHARGED',
    resp_code: 'text',
    payment_gateway_response: 'object',
    refunds: 'list',
  },
}

/** The same after a client that has no call for it. */
export const submitAsCurl: Sent = {
  ...submit,
  call: 'submit OTP, as curl does',
  as: 'form',
}

/** Money goes back. */
export function refund(path: string, fields: Fields = {}): Sent {
  return {
    call: 'refund',
    method: 'POST',
    path,
    fields: { unique_request_id: '{order}-r', amount: '40', ...fields },
    status: 200,
    reads: { ...paid, ...refundEntry },
  }
}

/** Money that was never paid is asked back. */
export function refundUnpaid(path: string, fields: Fields = {}): Sent {
  const wish = refund(path, fields)
  return { ...wish, call: 'refund of an unpaid order', status: 400, reads: unpaid }
}

/** Money goes back by `/refunds`, which answers the refund alone. */
export function refundTxn(fields: Fields): Sent {
  return {
    call: 'transaction refund',
    method: 'POST',
    path: '/refunds',
    fields: { unique_request_id: '{order}-t', amount: '10', ...fields },
    status: 200,
    reads: {
      unique_request_id: '={order}-t',
      txn_id: 'text',
      amount: 10,
      status: 'refund status',
      created: 'text',
      sent_to_gateway: 'flag',
    },
  }
}

/** A session is opened, of an order of its own. */
export function session(fields: Fields = {}): Sent {
  const orderId = fields['order_id'] ?? '{order}s'
  return {
    call: 'session',
    method: 'POST',
    path: '/session',
    as: 'json',
    fields: {
      order_id: orderId,
      amount: '100.0',
      customer_id: 'buyer',
      payment_page_client_id: 'shop',
      action: 'paymentPage',
      return_url: returnUrl,
      ...fields,
    },
    status: 200,
    reads: {
      ...sessionReads,
      order_id: `=${orderId}`,
      'sdk_payload.payload.orderId': `=${orderId}`,
    },
  }
}

/** The customer pays on the page that a session gave. */
export const payPage: Visit = {
  call: 'session, then the page: card and OTP',
  visits: 'payment page',
  told: 'CHARGED',
}

const person = {
  mobile_number: '9876543210',
  email_address: 'a@b.example',
  first_name: 'Asha',
  last_name: 'Rao',
  mobile_country_code: '91',
}

/** A customer is created. */
export const customer: Sent = {
  call: 'create customer',
  method: 'POST',
  path: '/customers',
  fields: { object_reference_id: '{order}-c', ...person },
  status: 200,
  reads: {
    id: 'text',
    object: '=customer',
    object_reference_id: '={order}-c',
    first_name: '=Asha',
    last_name: '=Rao',
    mobile_country_code: '=91',
    mobile_number: '=9876543210',
    email_address: '=a@b.example',
    date_created: 'text',
    last_updated: 'text',
  },
}

/** A call about something other than cards. */
export function outside(call: string, path: string, fields: Fields): Sent {
  return {
    call,
    method: 'POST',
    path,
    fields,
    status: 400,
    reads: { ...refused, error_code: '=invalid_request_error' },
  }
}
