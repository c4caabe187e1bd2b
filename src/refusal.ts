/** Who must act on a refusal: the caller, or whoever configures the server, or we. */
type Category = 'USER_ERROR' | 'CONFIG_ERROR' | 'REQUEST_ERROR' | 'SERVER_ERROR'

/** One row: HTTP status, the three wire words, and the category and code of error_info. */
export interface RefusalRow {
  readonly http: number
  readonly status: string
  readonly code: string
  readonly message: string
  readonly category: Category
  readonly info: string
  /** The documents print it as a number in most bodies, and as text in one. */
  readonly statusId?: number | string
  /** Whether the body is only what the documents print, letter for letter. */
  readonly bare?: true
  /** Whether the body is `error_info` and nothing else. */
  readonly infoOnly?: true
}

type Rest = Partial<Pick<RefusalRow, 'http' | 'status' | 'category' | 'info' | 'statusId'>>

function row(code: string, message: string, rest: Rest = {}): RefusalRow {
  return {
    http: 400,
    status: 'invalid_request_error',
    category: 'USER_ERROR',
    info: 'INVALID_INPUT',
    ...rest,
    code,
    message,
  }
}

/** A refusal of a refund: documented to the letter, without `error_info`. */
function bare(code: string, message: string, rest: Rest): RefusalRow {
  return { ...row(code, message, { status: 'ERROR', ...rest }), bare: true }
}

/** A refusal of a fingerprint: documented as `error_info` alone. */
function infoOnly(message: string, rest: Rest = {}): RefusalRow {
  return { ...row('', message, { ...rest, status: '' }), infoOnly: true }
}

const missing: Rest = { info: 'MISSING_MANDATORY_PARAMETER' }
const absent: Rest = { http: 404, info: 'RESOURCE_NOT_FOUND' }
const action: Rest = { info: 'INVALID_ACTION' }
const unable: Rest = { info: 'FEATURE_NOT_ENABLED', category: 'CONFIG_ERROR' }
const invalidRequest: Rest = { status: 'invalid_request_error', info: 'INVALID_REQUEST' }

/**
 * Every refusal of a caller there is. The key is our name for it; the row is what the wire says.
 * `{}` in a message takes the refusal's subject. docs/wire.md lists the same rows under test.
 */
export const refusals = {
  access_denied: row('access_denied', 'Invalid Authentication', {
    http: 401,
    status: 'error',
    info: 'UNAUTHORIZED',
  }),
  unknown_txn: row('invalid', 'Invalid authentication account id.'),
  merchant_id_missing: row('Bad request.', 'Bad request.', { ...missing, status: 'ERROR' }),
  merchant_unnamed: row(
    'missing',
    'Merchant ID information is missing. Either authenticate or pass merchant_id.',
    missing,
  ),
  order_not_found: row('invalid', 'Order with id = "{}" does not exist.', {
    info: 'RESOURCE_NOT_FOUND',
  }),
  order_already_created: row('order_already_created', 'Order with id = "{}" already created.', {
    status: 'order_already_created',
    info: 'ALREADY_EXISTS',
  }),
  order_paid: row('INVALID_ACTION', 'Order with id = "{}" is already paid.', action),
  order_busy: row('INVALID_ACTION', 'Order with id = "{}" has a transaction in process.', action),
  too_many_txns: row('max_limit_exceeded', 'Max transaction limit of the order exceeded.', action),
  bad_amount: row('INVALID_REQUEST', 'Bad Request.', {
    status: 'Bad Request',
    category: 'REQUEST_ERROR',
    info: 'INVALID_REQUEST',
  }),
  no_gateway: row(
    'invalid_request_error',
    "Can't find a suitable gateway to process the transaction",
    { status: 'Bad Request', category: 'CONFIG_ERROR', info: 'GATEWAY_NOT_FOUND' },
  ),
  in_process: row('invalid', 'Transaction is inprocess', action),
  cannot_accept: row('already_processed', 'Cannot accept response.', action),
  amount_changed: row(
    'order_amount_mismatch',
    'Order amount changed during authentication',
    action,
  ),
  challenge_id_missing: row('challenge_id_missing', 'challenge_id is missing.', missing),
  otp_missing: row('otp_missing', 'answer.otp is missing.', missing),
  otp_malformed: row('otp_invalid', 'answer.otp must be 4 to 10 digits.'),
  send_limit: row('max_limit_exceeded', 'Max OTP send limit exceeded.', {
    status: 'Invalid Request',
    info: 'INVALID_ACTION',
  }),
  daily_limit: row('max_limit_exceeded', 'Max daily limit exceeded: {}.', {
    status: 'Invalid Request',
    info: 'INVALID_ACTION',
  }),
  resend_too_soon: row('resend_too_soon', 'OTP was sent a moment ago. Please wait.', {
    status: 'Invalid Request',
    info: 'INVALID_ACTION',
  }),
  resend_failed: row('cannot_process_response', 'Resend OTP failed', {
    status: 'Invalid Request',
    info: 'INVALID_ACTION',
  }),
  cannot_capture: row('INVALID_ACTION', 'Cannot Capture {} Transaction', action),
  capture_exceeds: row('invalid.amount.exceeded', 'Capture amount exceeds the authorized amount.'),
  capture_key_reused: row(
    'INVALID_ACTION',
    'idempotence_key was used with another amount.',
    action,
  ),
  capture_fixed: row('INVALID_ACTION', 'Gateway was told at the start whether to capture.', action),
  capture_unsupported: row('INVALID_ACTION', 'Gateway does not support capture.', unable),
  partial_capture_unsupported: row(
    'INVALID_ACTION',
    'Gateway does not support partial capture.',
    unable,
  ),
  cannot_void: row('INVALID_ACTION', 'Cannot Void {} Transaction', action),
  void_unsupported: row('INVALID_ACTION', 'Gateway does not support void.', unable),
  fulfillment_no_txn: row('No txn Found', 'No successful txn found for given order_id', {
    status: 'ERROR',
    info: 'RESOURCE_NOT_FOUND',
  }),
  fulfillment_hold_unsupported: row(
    'INVALID_ACTION',
    'Holding a settlement is not supported.',
    unable,
  ),
  refund_unknown_order: bare('', '', { status: 'NOT_FOUND', statusId: 40 }),
  refund_duplicate: bare(
    'duplicate.call',
    'A refund call was already completed with this unique_request_id for the order.',
    { statusId: -1, info: 'DUPLICATE_REQUEST' },
  ),
  refund_repeated: bare(
    'duplicate.call',
    'A refund call was already processing with this amount for the order.',
    { statusId: '-1', info: 'DUPLICATE_REQUEST' },
  ),
  refund_exceeds: bare('invalid.amount.exceeded', 'Refund amount exceeds the refundable amount.', {
    statusId: -1,
  }),
  refund_fields_missing: bare('Mandatory fields are missing', 'Mandatory fields are missing', {
    status: 'Bad Request',
    info: 'MISSING_MANDATORY_PARAMETER',
  }),
  refund_amount_invalid: bare('invalid amount', 'Amount is invalid.', { statusId: -1 }),
  refund_unsuccessful_order: bare(
    'invalid.order.not_successful',
    'Cannot process unsuccessful order.',
    { statusId: -1, info: 'INVALID_ACTION' },
  ),
  refund_type_unsupported: row('INVALID_REQUEST', 'Only STANDARD refunds are supported.', unable),
  card_number_missing: row('missing_card_number', 'Card number is required.', missing),
  card_number_invalid: row('invalid_card_number', 'Card number is invalid.'),
  card_expiry_month_missing: row('missing_card_exp_month', 'Missing card expiry month', missing),
  card_expiry_month_invalid: row('invalid_expiry_month', 'Invalid expiry month.'),
  card_expiry_year_missing: row('missing_card_exp_year', 'Missing card expiry year', missing),
  card_expiry_year_invalid: row('invalid_expiry_year', 'Invalid expiry year.'),
  card_cvv_invalid: row('invalid_card_cvv', 'invalid card cvv.'),
  card_name_invalid: row('invalid_name_on_card', 'Name on card is invalid.'),
  card_bin_invalid: row('invalid', 'Card bin is invalid.'),
  card_token_unknown: row('invalid', 'No card could be located for token', {
    info: 'RESOURCE_NOT_FOUND',
  }),
  customer_exists: row(
    'already_exists',
    'Customer with object_reference_id = "{}" already exists.',
    { info: 'ALREADY_EXISTS' },
  ),
  customer_unknown: row('not_found', 'There is no such customer.', absent),
  card_unknown: row('not_found', 'There is no such card.', absent),
  locker_off: row('locker_not_configured', 'Cards are not stored for this merchant.', {
    info: 'LOCKER_NOT_CONFIGURED',
    category: 'CONFIG_ERROR',
  }),
  tokenize_missing: row('nullable', '{} cannot be null.', { status: 'error' }),
  tokenize_invalid: row('invalid', '{} is invalid.', { status: 'error' }),
  tokenize_out_of_range: row('invalidRange', '{} is out of range.', { status: 'error' }),
  fingerprint_missing: infoOnly('card_number or card_token is missing.', missing),
  fingerprint_invalid: infoOnly('card_number is invalid.'),
  fingerprint_unknown: infoOnly('No card could be located for token', {
    info: 'RESOURCE_NOT_FOUND',
  }),
  payment_method_type_missing: row(
    'missing_payment_method_type',
    'Payment method type cannot be null',
    missing,
  ),
  payment_method_unsupported: row('invalid_request_error', 'Only CARD payments are supported.', {
    info: 'FEATURE_NOT_ENABLED',
    category: 'CONFIG_ERROR',
  }),
  auth_type_not_supported: row('auth_type_not_supported', 'This auth_type is not supported.', {
    ...unable,
    status: 'auth_type_not_supported',
  }),
  invalid_request: row('INVALID_REQUEST', '{}', invalidRequest),
  malformed_body: row('INVALID_REQUEST', 'The request could not be read: {}.', invalidRequest),
  content_type: row('INVALID_REQUEST', 'Content-Type must be form or JSON.', {
    ...invalidRequest,
    http: 415,
  }),
  too_large: row('INVALID_REQUEST', 'The request is too large.', { ...invalidRequest, http: 413 }),
  not_found: row('not_found', 'There is nothing here.', { http: 404, info: 'RESOURCE_NOT_FOUND' }),
  unknown_webhook: row('not_found', 'There is no such webhook endpoint or delivery.', {
    http: 404,
    info: 'RESOURCE_NOT_FOUND',
  }),
  unknown_jwt_key: row('not_found', 'There is no such key.', {
    http: 404,
    info: 'RESOURCE_NOT_FOUND',
  }),
  too_many_jwt_keys: row('max_limit_exceeded', 'Max key limit exceeded.', action),
  unknown_account: row('not_found', 'There is no such gateway account.', {
    http: 404,
    info: 'RESOURCE_NOT_FOUND',
  }),
  account_exists: row('already_exists', 'Another gateway account has this {}.', {
    info: 'ALREADY_EXISTS',
  }),
  account_of_other_mode: row('other_mode', '{}'),
  account_locked_out: row('account_locked_out', 'The gateway refuses these credentials: {}'),
  rate_limited: row('rate_limited', 'Too many requests.', {
    http: 429,
    info: 'TOO_MANY_REQUESTS',
  }),
  internal_error: row('internal_error', 'Something went wrong.', {
    http: 500,
    status: 'internal_error',
    category: 'SERVER_ERROR',
    info: 'INTERNAL_SERVER_ERROR',
  }),
  unavailable: row('unavailable', 'The server cannot take this now. Please try again.', {
    http: 503,
    status: 'error',
    category: 'SERVER_ERROR',
    info: 'SERVICE_UNAVAILABLE',
  }),
} satisfies Record<string, RefusalRow>

/** The name of a refusal in the table. */
export type RefusalName = keyof typeof refusals

/** One field that a refusal is about. */
export interface RefusedField {
  readonly field_name: string
  readonly reason: string
}

/** What a refusal says beyond its row. */
export interface RefusalDetail {
  /** Fills `{}` in the message: an order id, a reason. Never a secret. */
  readonly subject?: string
  /** The order the refusal is about, where the documented body names it. */
  readonly orderId?: string
  readonly fields?: readonly RefusedField[]
  /** When it is worth asking again, in whole seconds. */
  readonly retryAfterSeconds?: number
}

/**
 * What we will not do for a caller. Thrown anywhere, rendered in one place; thrown inside a tx it
 * rolls the tx back.
 */
export class Refusal extends Error {
  readonly reason: RefusalName
  readonly detail: RefusalDetail

  constructor(reason: RefusalName, detail: RefusalDetail = {}) {
    super(refusals[reason].message.replace('{}', () => detail.subject ?? ''))
    this.name = 'Refusal'
    this.reason = reason
    this.detail = detail
  }
}

/** The refusal of one field, in one wording everywhere; what was in it is never said. */
export function badField(
  field: string,
  reason: 'missing' | 'invalid' | 'unknown' | 'too long',
  row: 'invalid_request' | 'bad_amount' = 'invalid_request',
): Refusal {
  const fields = [{ field_name: field, reason }]
  return new Refusal(row, { subject: `${field} is ${reason}.`, fields })
}
