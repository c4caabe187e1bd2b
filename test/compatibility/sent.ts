/** What a field of an answer must be: this text exactly, or of this kind. */
export type Kind =
  | 'text'
  | 'number'
  | 'integer'
  | 'flag'
  | 'list'
  | 'object'
  | 'null'
  | `=${string}`

/** The value of a field as a client gives it to its encoder. */
export type Given = string | number | boolean

/** One call as a client sends it. `{order}`, `{txn}` and other names stand for the run's ids. */
export interface Sent {
  readonly call: string
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly fields?: Readonly<Record<string, Given | Readonly<Record<string, Given>>>>
  /** Where it differs from how the client encodes its other calls. */
  readonly as?: 'form' | 'json' | 'sealed'
  /** Laid over the client's headers; null takes one away. */
  readonly headers?: Readonly<Record<string, string | null>>
  readonly status: number
  /** The fields that the client reads, by their dotted names. */
  readonly reads: Readonly<Record<string, Kind>>
}

/** A client: what all of its calls have in common, and the calls of one purchase. */
export interface Client {
  readonly name: string
  readonly headers: Readonly<Record<string, string>>
  readonly as: 'form' | 'json'
  /** How it writes true and false into a form. */
  readonly flags?: readonly [string, string]
  readonly calls: readonly Sent[]
}

/** The key with its colon. */
export const basic = { authorization: 'Basic {key_colon}' }
/** The key without one. */
export const basicBare = { authorization: 'Basic {key_bare}' }

/** What every client reads of an order. */
export const order = {
  id: 'text',
  order_id: '={order}',
  merchant_id: '={merchant}',
  amount: 'number',
  currency: '=INR',
  status: 'text',
  status_id: 'integer',
  refunded: 'flag',
  amount_refunded: 'number',
  refunds: 'list',
  customer_id: 'text',
  return_url: 'text',
  udf1: 'text',
  'payment_links.web': 'text',
  'payment_links.mobile': 'text',
  'payment_links.iframe': 'text',
} as const

/** What `/order/create` answers to a version before 2018-07-01. */
export const created = {
  id: 'text',
  order_id: '={order}',
  status: '=CREATED',
  status_id: 'integer',
  'payment_links.web': 'text',
} as const

/** What they read of a paid one. */
export const paid = {
  ...order,
  status: '=CHARGED',
  txn_id: 'text',
  txn_uuid: 'text',
  payment_method_type: '=CARD',
  payment_method: '=VISA',
  'card.last_four_digits': '=4242',
  'payment_gateway_response.resp_code': 'text',
  'payment_gateway_response.rrn': 'text',
  'payment_gateway_response.epg_txn_id': 'text',
} as const

const started = {
  order_id: '={order}',
  txn_id: 'text',
  txn_uuid: 'text',
  status: '=PENDING_VBV',
  'payment.authentication.method': '=POST',
  'payment.authentication.url': 'text',
  'payment.authentication.params': 'object',
} as const

const refused = { status: 'text', error_code: 'text', error_message: 'text' } as const
const unpaid = {
  ...refused,
  error_code: '=invalid.order.not_successful',
  error_message: '=Cannot process unsuccessful order.',
} as const
/** What is said of payments outside the product. */
export const outside = { ...refused, error_code: '=invalid_request_error' } as const

const sessionReads = {
  id: 'text',
  order_id: '={order}s',
  status: '=NEW',
  'payment_links.web': 'text',
  'sdk_payload.payload.clientAuthToken': 'text',
} as const

const card = {
  payment_method_type: 'CARD',
  payment_method: 'VISA',
  card_number: '4242424242424242',
  card_exp_month: '11',
  card_exp_year: '27',
  card_security_code: '123',
  auth_type: 'OTP',
  format: 'json',
}

/** An order is created. */
export function create(path: string, fields: Sent['fields'] = {}): Sent {
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
export function createOld(fields: Sent['fields'] = {}): Sent {
  return { ...create('/order/create', fields), reads: created }
}

/** An order is looked at. */
export function status(path: string, reads: Sent['reads'] = order): Sent {
  return { call: 'order status', method: 'GET', path, status: 200, reads }
}

/** A payment is started. */
export function start(fields: Sent['fields'] = {}): Sent {
  return {
    call: 'transaction',
    method: 'POST',
    path: '/txns',
    fields: { order_id: '{order}', merchant_id: '{merchant}', ...card, ...fields },
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
  reads: { order_id: '={order}', status: '=CHARGED', txn_id: 'text', resp_code: 'text' },
}

/** Money goes back. */
export function refund(path: string, fields: Sent['fields'] = {}): Sent {
  return {
    call: 'refund',
    method: 'POST',
    path,
    fields: { unique_request_id: '{order}-r', amount: '40', ...fields },
    status: 200,
    reads: { ...paid, 'refunds.0.unique_request_id': '={order}-r', 'refunds.0.amount': 'number' },
  }
}

/** Money that was never paid is asked back. */
export function refundUnpaid(path: string, fields: Sent['fields'] = {}): Sent {
  const wish = refund(path, fields)
  return { ...wish, call: 'refund of an unpaid order', status: 400, reads: unpaid }
}

/** A session is opened. */
export function session(fields: Sent['fields'] = {}): Sent {
  return {
    call: 'session',
    method: 'POST',
    path: '/session',
    as: 'json',
    fields: {
      order_id: '{order}s',
      amount: '100.0',
      customer_id: 'buyer',
      payment_page_client_id: 'shop',
      action: 'paymentPage',
      return_url: 'https://shop.example/back',
      ...fields,
    },
    status: 200,
    reads: sessionReads,
  }
}

const person = { mobile_number: '9876543210', email_address: 'a@b.example', first_name: 'Asha' }
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
  },
}
