import assert from 'node:assert/strict'

/** An answer of the server: its status, the text as it came, and that text read as JSON. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: Body
}

/** What of an answer's body the tests look at. */
export interface Body {
  readonly status?: string
  readonly error_code?: string
  readonly error_message?: string
  readonly resp_code?: string
  readonly id?: string
  readonly txn_id?: string
  readonly txn_uuid?: string
  readonly payment?: { readonly authentication: { readonly params?: Challenge } }
  readonly [key: string]: unknown
}

/** An OTP challenge as `payment.authentication.params` shows it. */
export interface Challenge {
  readonly id: string
  readonly challenge_id: string
  readonly fallback_url: string
  readonly times_otp_sent: number
  readonly max_otp_send_limit: number
  readonly current_attempt: number
  readonly max_attempts: number
}

/** The fields of a form. */
export type Form = Readonly<Record<string, string>>

/** A merchant's backend: the calls of one payment, made with one key. */
export interface Caller {
  readonly url: string
  readonly merchant: string
  /** The Authorization header of its calls. */
  readonly authorization: string
  /** One call; a form makes it a POST. */
  call(path: string, form?: Form): Promise<Answer>
  create(orderId: string, more?: Form): Promise<Answer>
  start(orderId: string, more?: Form): Promise<Answer>
  submit(challenge: Challenge, otp: string, more?: Form): Promise<Answer>
  resend(challenge: Challenge): Promise<Answer>
  status(orderId: string): Promise<Answer>
  capture(txn: { id: string }, more?: Form): Promise<Answer>
  void(txn: { id: string }): Promise<Answer>
  /** A refund of an order, by a request id. */
  refund(orderId: string, requestId: string, more?: Form): Promise<Answer>
  /** Creates an order, starts a payment of it, gives its challenge. */
  open(orderId: string, more?: Form): Promise<Challenge>
}

/** The documented test card, whose OTP is always {@link rightOtp}, as the fields of a start. */
export const testCard: Form = {
  card_number: '4242424242424242',
  card_exp_month: '11',
  card_exp_year: '27',
  card_security_code: '123',
}

/** The OTP of {@link testCard}. */
export const rightOtp = '123456'

/** An OTP that is wrong for {@link testCard}. */
export const wrongOtp = '654321'

/** A merchant's backend that calls the server at `url`. */
export function callerOf(at: { url: string; merchant: string; key: string }): Caller {
  const authorization = `Basic ${Buffer.from(`${at.key}:`).toString('base64')}`
  const call = (path: string, form?: Form) => ask(at.url + path, { form, authorization })
  const create = (orderId: string, more: Form = {}) =>
    call('/orders', { order_id: orderId, amount: '100.00', ...more })
  const start = (orderId: string, more: Form = {}) =>
    call('/txns', {
      order_id: orderId,
      merchant_id: at.merchant,
      payment_method_type: 'CARD',
      auth_type: 'OTP',
      format: 'json',
      ...testCard,
      ...more,
    })
  return {
    url: at.url,
    merchant: at.merchant,
    authorization,
    call,
    create,
    start,
    submit: ({ id, challenge_id }, otp, more = {}) =>
      call(`/v2/txns/${id}/authenticate`, { challenge_id, 'answer.otp': otp, ...more }),
    resend: ({ id, challenge_id }) =>
      call(`/v2/txns/${id}/authenticate/${challenge_id}/resend`, {}),
    status: (orderId) => call(`/orders/${orderId}`),
    capture: ({ id }, more = {}) => call(`/v2/txns/${id}/capture`, more),
    void: ({ id }) => call(`/v2/txns/${id}/void`, {}),
    refund: (orderId, requestId, more = {}) =>
      call(`/orders/${orderId}/refunds`, { unique_request_id: requestId, ...more }),
    open: async (orderId, more = {}) => {
      const created = await create(orderId)
      assert.equal(created.status, 200, created.text)
      return challengeIn(await start(orderId, more))
    },
  }
}

/** The challenge of an answer that must have one. */
export function challengeIn(answer: Answer): Challenge {
  const params = answer.body.payment?.authentication.params
  assert(params, answer.text)
  return params
}

/** Makes one HTTP call, a POST if it has a body, and does not follow where the answer leads. */
export async function ask(
  url: string,
  how: { form?: Form | undefined; json?: object; authorization?: string; headers?: Form } = {},
): Promise<Answer> {
  const { form, json, authorization } = how
  const response = await fetch(url, {
    redirect: 'manual',
    headers: {
      ...how.headers,
      ...(authorization && { authorization }),
      ...(json && { 'content-type': 'application/json' }),
    },
    ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    ...(json && { method: 'POST', body: JSON.stringify(json) }),
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json')
  const { status, headers } = response
  return { status, headers, text, body: isJson ? JSON.parse(text) : {} }
}

/** A payment as the bank's book has it. */
export interface BookedPayment {
  readonly id: string
  readonly reference: string
  readonly order: string
  readonly state: string
  readonly sends: number
  readonly guesses: number
  readonly captured: number
  readonly refunded: number
}

/** Money given back, as the bank's book has it. */
export interface BookedRefund {
  readonly reference: string
  readonly order: string
  readonly amount: number
  readonly state: 'refund_pending' | 'refunded' | 'refund_declined'
}

/** What the bank really did. */
export interface BankBook {
  readonly payments: readonly BookedPayment[]
  readonly charges: readonly { readonly order: string; readonly reference: string }[]
  readonly refunds: readonly BookedRefund[]
}

/** The bank's book of the payments of one order, or of all. */
export async function bookAt(bankUrl: string, order?: string): Promise<BankBook> {
  const { text } = await ask(`${bankUrl}/book`)
  const { payments, charges, refunds } = JSON.parse(text) as BankBook
  const is = (line: { order: string }) => order === undefined || line.order === order
  return {
    payments: payments.filter(is),
    charges: charges.filter(is),
    refunds: refunds.filter(is),
  }
}
