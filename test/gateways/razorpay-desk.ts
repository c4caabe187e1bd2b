import { createHmac } from 'node:crypto'
import type { FakeCards } from './fake.ts'
import type { FakeAnswer, FakeRequest } from './fake-server.ts'
import {
  type FakePayment,
  orderRecord,
  paymentRecord,
  type RazorpayBook,
  refundedOf,
  refundRecord,
  type Trouble,
} from './razorpay-book.ts'
import {
  cardDeclined,
  cards,
  credentials,
  issuerDown,
  issuerFell,
  limits,
  notApplicable,
  notYetKnown,
  otp,
  tooManyGuesses,
  wrongOtp,
} from './razorpay-terms.ts'

/** What the fake's answers are made with. */
export interface Desk {
  readonly book: RazorpayBook
  readonly now: () => number
  readonly url: () => string
}

/** What Razorpay does and says to a request that may come in. */
export function answerOf(request: FakeRequest, desk: Desk): FakeAnswer {
  const { operation, query, params, body } = request
  const { book } = desk
  switch (operation) {
    case 'createOrder':
      return ok(orderRecord(openOrder(body, desk), book))
    case 'listOrders': {
      const found = book.orders.filter(({ receipt }) => receipt === query.get('receipt'))
      return list(found.map((order) => orderRecord(order, book)))
    }
    case 'listPayments': {
      if (!book.orders.some(({ id }) => id === params['id'])) return refusal('No such order')
      const found = book.payments.filter(({ order }) => order.id === params['id'])
      return list(found.map(paymentRecord))
    }
    case 'listAllPayments':
      return list(book.payments.slice(-Number(query.get('count') ?? 10)).map(paymentRecord))
    case 'createPayment':
      return create(body, desk)
    case 'fetchFlows':
      return body['card_number'] === cards.noOtp.slice(0, String(body['card_number']).length)
        ? ok([])
        : ok({ otp: true, pin: false })
    case 'fetchRefund':
      return fetchRefund(params['id'], book)
    default: {
      const payment = book.payments.find(({ id }) => id === params['id'])
      return payment ? onPayment(request, payment, desk) : refusal('The id does not exist')
    }
  }
}

function onPayment(request: FakeRequest, payment: FakePayment, desk: Desk): FakeAnswer {
  switch (request.operation) {
    case 'fetchPayment':
      return ok(paymentRecord(payment))
    case 'generateOtp':
      return generate(payment, desk)
    case 'submitOtp':
      return submit(payment, String(request.body['otp']), desk)
    case 'resendOtp':
      return resend(payment, desk)
    case 'capturePayment':
      return capture(payment, request.body, desk)
    case 'createRefund':
      return refund(payment, request, desk)
    case 'listRefunds':
      return list(payment.refunds.map((one) => refundRecord(payment, one)))
    default:
      throw new Error(`${request.operation} has no answer`)
  }
}

function openOrder(body: FakeRequest['body'], { book, now }: Desk) {
  const payment = body['payment'] as {
    capture: string
    capture_options: { manual_expiry_period: number }
  }
  const order = {
    id: book.newId('order'),
    receipt: String(body['receipt']),
    amount: Number(body['amount']),
    automatic: payment.capture === 'automatic',
    holdMs: payment.capture_options.manual_expiry_period * 60_000,
    notes: body['notes'] as object,
    createdAt: now(),
  }
  book.orders.push(order)
  return order
}

function create(body: FakeRequest['body'], { book, now, url }: Desk): FakeAnswer {
  const order = book.orders.find(({ id }) => id === body['order_id'])
  if (!order || order.amount !== body['amount']) return refusal('The order is not valid')
  const { number } = body['card'] as { number: string }
  const known = Object.entries(cards).find(([, one]) => one === number)
  const card = (known?.[0] ?? 'good') as keyof FakeCards
  const wantsOtp = body['auth_type'] === 'otp'
  if (card === 'noOtp' && wantsOtp) return trouble(notApplicable, undefined)
  const payment: FakePayment = {
    id: book.newId('pay'),
    order,
    card,
    notes: body['notes'] as object,
    createdAt: now(),
    refunds: [],
    events: [],
    status: 'created',
    captured: 0,
    sends: 0,
    sentAt: 0,
    guesses: 0,
  }
  book.payments.push(payment)
  if (card === 'downAtStart') {
    book.fail(payment, issuerDown)
    return trouble(issuerDown, payment)
  }
  const track = payment.id.slice('pay_'.length)
  const page = { action: 'redirect', url: `${url()}/v1/payments/${track}/authenticate` }
  const at = `${url()}/v1/payments/${payment.id}/otp_generate`
  const send = {
    action: 'otp_generate',
    url: `${at}?track_id=${track}&key_id=${credentials.key_id}`,
  }
  const next = card === 'noOtp' ? [page] : [page, send]
  return ok({ razorpay_payment_id: payment.id, next })
}

function generate(payment: FakePayment, { now, url }: Desk): FakeAnswer {
  if (payment.status !== 'created' || payment.sends > 0) return refusal('An OTP was sent before')
  payment.sends = 1
  payment.sentAt = now()
  const at = `${url()}/v1/payments/${payment.id}`
  const key = `key_id=${credentials.key_id}`
  return ok({
    razorpay_payment_id: payment.id,
    next: [
      { action: 'otp_submit', url: `${at}/otp_submit/4f7c?${key}` },
      { action: 'otp_resend', url: `${at}/otp_resend/json?${key}` },
    ],
    metadata: { issuer: 'HDFC', network: 'MC', last4: '5449', iin: '526731' },
  })
}

function resend(payment: FakePayment, { now }: Desk): FakeAnswer {
  if (payment.status !== 'created') return over(payment)
  if (payment.sends >= limits.sends) {
    return refusal('No further OTP is sent', 400, nextOf(payment))
  }
  if (now() - payment.sentAt < limits.resendAfterMs) {
    return refusal('Wait before the next OTP', 400, nextOf(payment))
  }
  payment.sends++
  payment.sentAt = now()
  return ok({ razorpay_payment_id: payment.id, next: nextOf(payment), metadata: {} })
}

function submit(payment: FakePayment, given: string, { book, now }: Desk): FakeAnswer {
  if (payment.status !== 'created' || payment.submittedAt !== undefined) return over(payment)
  payment.guesses++
  if (given !== otp.right) {
    if (payment.guesses < limits.attempts) return trouble(wrongOtp, payment, nextOf(payment))
    book.fail(payment, tooManyGuesses)
    return trouble(tooManyGuesses, payment)
  }
  payment.submittedAt = now()
  switch (payment.card) {
    case 'declined':
      book.fail(payment, cardDeclined)
      return trouble(cardDeclined, payment)
    case 'downAtSubmit':
      payment.trouble = issuerFell
      return trouble(issuerFell, payment)
    case 'lateSuccess':
      return trouble(notYetKnown, payment)
    default:
      book.authorize(payment)
      return ok({
        razorpay_payment_id: payment.id,
        razorpay_order_id: payment.order.id,
        razorpay_signature: createHmac('sha256', credentials.key_secret)
          .update(`${payment.order.id}|${payment.id}`)
          .digest('hex'),
      })
  }
}

function capture(payment: FakePayment, body: FakeRequest['body'], { book }: Desk): FakeAnswer {
  if (payment.captured > 0) return refusal('This payment was captured before')
  if (payment.status !== 'authorized') return refusal('Only authorized payments can be captured')
  if (body['amount'] !== payment.order.amount) return refusal('Capture the authorized amount')
  book.capture(payment)
  return ok(paymentRecord(payment))
}

function refund(payment: FakePayment, request: FakeRequest, { book, now }: Desk): FakeAnswer {
  const { body, headers } = request
  const key = String(headers['x-refund-idempotency'])
  const asked = JSON.stringify(body)
  const same = payment.refunds.find((one) => one.key === key)
  if (same) {
    return same.asked === asked
      ? ok(refundRecord(payment, same))
      : refusal('The key belongs to another refund')
  }
  const amount = Number(body['amount'])
  if (amount > payment.captured - refundedOf(payment)) return refusal('More than is left')
  const receipt = String(body['receipt'])
  const notes = body['notes'] as object
  const one = { id: book.newId('rfnd'), key, asked, amount, receipt, notes, at: now() }
  book.refund(payment, one)
  return ok(refundRecord(payment, one))
}

function fetchRefund(id: string | undefined, book: RazorpayBook): FakeAnswer {
  for (const payment of book.payments) {
    const found = payment.refunds.find((one) => one.id === id)
    if (found) return ok(refundRecord(payment, found))
  }
  return refusal('The id does not exist')
}

/** The way to another OTP vanishes before the way to submit one. */
function nextOf({ sends }: FakePayment): string[] {
  return sends < limits.sends ? ['otp_submit', 'otp_resend'] : ['otp_submit']
}

function ok(body: unknown): FakeAnswer {
  return { status: 200, body }
}

function list(items: readonly object[]): FakeAnswer {
  return ok({ entity: 'collection', count: items.length, items })
}

/** An error without a reason. */
export function refusal(description: string, status = 400, next?: readonly string[]): FakeAnswer {
  return {
    status,
    body: { error: { code: 'BAD_REQUEST_ERROR', description }, ...(next && { next }) },
  }
}

function over(payment: FakePayment): FakeAnswer {
  return payment.status === 'failed' && payment.trouble
    ? trouble(payment.trouble, payment)
    : refusal('The payment was processed before')
}

function trouble(error: Trouble, payment: FakePayment | undefined, next?: readonly string[]) {
  const metadata = payment ? { payment_id: payment.id, order_id: payment.order.id } : {}
  return { status: 400, body: { error: { ...error, metadata }, ...(next && { next }) } }
}
