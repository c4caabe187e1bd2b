/** The statuses of an order that strict clients know; any other word ends them. */
export const orderStatuses: ReadonlySet<string> = new Set([
  'CREATED',
  'NEW',
  'STARTED',
  'JUSPAY_DECLINED',
  'PENDING_VBV',
  'VBV_SUCCESSFUL',
  'AUTHORIZED',
  'AUTHENTICATION_FAILED',
  'AUTHORIZATION_FAILED',
  'AUTHORIZING',
  'CHARGED',
  'COD_INITIATED',
  'VOIDED',
  'VOID_INITIATED',
  'VOID_FAILED',
  'CAPTURE_INITIATED',
  'CAPTURE_FAILED',
  'AUTO_REFUNDED',
  'NOT_FOUND',
])

/** The statuses of a refund that they know. */
export const refundStatuses: ReadonlySet<string> = new Set([
  'PENDING',
  'SUCCESS',
  'FAILURE',
  'MANUAL_REVIEW',
  'TRANSFER_SCHEDULED',
])

/** A kind of value; `or none` may be null or absent as well. */
export type KindName =
  | 'text'
  | 'text or none'
  | 'status'
  | 'refund status'
  | 'number'
  | 'integer'
  | 'flag'
  | 'list'
  | 'object'

/** What a field of an answer must be: of a kind, or this very value (of a text, after a `=`). */
export type Kind = KindName | number | boolean | `=${string}`

/** The fields that a client reads in an answer, by their dotted names. */
export type Reads = Readonly<Record<string, Kind>>

const udfs = Object.fromEntries(
  Array.from({ length: 10 }, (_, i) => [`udf${i + 1}`, 'text'] as const),
)

/** What every client reads of an order. */
export const order = {
  ...udfs,
  id: 'text',
  order_id: 'text',
  merchant_id: '={merchant}',
  amount: 'number',
  currency: '=INR',
  status: 'status',
  status_id: 'integer',
  date_created: 'text',
  refunded: 'flag',
  amount_refunded: 'number',
  refunds: 'list',
  customer_id: 'text',
  customer_email: 'text',
  customer_phone: 'text',
  product_id: 'text',
  return_url: 'text',
  'payment_links.web': 'text',
  'payment_links.mobile': 'text',
  'payment_links.iframe': 'text',
} as const satisfies Reads

/** What `/order/create` answers to a version before 2018-07-01. */
export const created = {
  id: 'text',
  order_id: '={order}',
  status: '=CREATED',
  status_id: 'integer',
  'payment_links.web': 'text',
  'payment_links.mobile': 'text',
  'payment_links.iframe': 'text',
} as const satisfies Reads

/** What they read of a paid one. */
export const paid = {
  ...order,
  status: '=CHARGED',
  status_id: 21,
  txn_id: 'text',
  txn_uuid: 'text',
  gateway_id: 'integer',
  bank_error_code: 'text',
  bank_error_message: 'text',
  payment_method_type: '=CARD',
  payment_method: '=VISA',
  auth_type: 'text',
  'card.last_four_digits': '=4242',
  'card.card_isin': '=424242',
  'card.expiry_month': 'text',
  'card.expiry_year': 'text',
  'card.name_on_card': 'text',
  'card.card_type': 'text',
  'card.card_issuer': 'text',
  'card.card_brand': '=VISA',
  'card.saved_to_locker': 'flag',
  'card.using_saved_card': 'flag',
  'payment_gateway_response.resp_code': 'text',
  'payment_gateway_response.resp_message': 'text',
  'payment_gateway_response.rrn': 'text',
  'payment_gateway_response.epg_txn_id': 'text',
  'payment_gateway_response.auth_id_code': 'text',
  'payment_gateway_response.txn_id': 'text',
  'payment_gateway_response.created': 'text',
} as const satisfies Reads

/** What they read of the first refund of an order. */
export const refundEntry = {
  refunded: 'flag',
  amount_refunded: 'number',
  'refunds.0.id': 'text or none',
  'refunds.0.unique_request_id': '={order}-r',
  'refunds.0.ref': 'text or none',
  'refunds.0.amount': 40,
  'refunds.0.created': 'text',
  'refunds.0.status': 'refund status',
} as const satisfies Reads

/** What they read of a payment that waits for an OTP. */
export const started = {
  order_id: 'text',
  txn_id: 'text',
  txn_uuid: 'text',
  status: '=PENDING_VBV',
  'payment.authentication.method': '=POST',
  'payment.authentication.url': 'text',
  'payment.authentication.params': 'object',
} as const satisfies Reads

/** What they read of a payment whose customer has to go to a page. */
export const bankPage = {
  order_id: 'text',
  txn_id: 'text',
  txn_uuid: 'text',
  status: '=PENDING_VBV',
  'payment.authentication.method': '=GET',
  'payment.authentication.url': 'text',
} as const satisfies Reads

/** What they read of any refusal. */
export const refused = {
  status: 'text',
  error_code: 'text',
  error_message: 'text',
} as const satisfies Reads

/** The refusal of a refund that their own test suites ask for, word for word. */
export const unpaid = {
  ...refused,
  error_code: '=invalid.order.not_successful',
  error_message: '=Cannot process unsuccessful order.',
} as const satisfies Reads

/** What they read of a session, beside the id of its order. */
export const sessionReads = {
  id: 'text',
  status: '=NEW',
  'payment_links.web': 'text',
  'payment_links.expiry': 'text',
  'sdk_payload.requestId': 'text',
  'sdk_payload.service': 'text',
  'sdk_payload.expiry': 'text',
  'sdk_payload.payload.clientId': 'text',
  'sdk_payload.payload.amount': 'text',
  'sdk_payload.payload.merchantId': '={merchant}',
  'sdk_payload.payload.clientAuthToken': 'text',
  'sdk_payload.payload.clientAuthTokenExpiry': 'text',
  'sdk_payload.payload.environment': 'text',
  'sdk_payload.payload.action': '=paymentPage',
  'sdk_payload.payload.customerId': 'text',
  'sdk_payload.payload.returnUrl': 'text',
  'sdk_payload.payload.currency': '=INR',
} as const satisfies Reads
