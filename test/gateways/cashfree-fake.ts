import { createHmac, hash } from 'node:crypto'
import { brandOf } from '../../src/cards/bin.ts'
import {
  authenticated,
  bankFailed,
  disguise,
  invalid,
  type News,
  type Order,
  orderView,
  type Payment,
  paiseIn,
  paymentView,
  type Refund,
  refundView,
  refuse,
} from './cashfree-book.ts'
import type { BookedPayment, Fake, FakeCards, FakeOptions, SignedCallback, Step } from './fake.ts'
import { type FakeAnswer, type FakeRequest, openFakeServer } from './fake-server.ts'

/** Cashfree's published test cards, with moods of our own. */
const cards: FakeCards = {
  good: '4706131211212123',
  noOtp: '4576238912771450',
  downAtStart: '5409162669381034',
  downAtSubmit: '5105105105105100',
  declined: '6074825972083818',
  lateSuccess: '4444333322221111',
}

const otp = { right: '111000', wrong: '000001' }
const limits = { attempts: 3, sends: 3, resendAfterMs: 30_000 }
const credentials = { client_id: 'TEST_fake_client', client_secret: 'cfsk_ma_test_fake_secret' }

const sessionMs = 300_000
/** When a bank that was down gives up, and when one that was late has the money. */
const givesUpMs = 3_600_000
const lateMs = 86_400_000

/** A Cashfree whose account may also hold the money of every Visa and Mastercard payment. */
export interface CashfreeFakeOptions extends FakeOptions {
  readonly holdsAll?: boolean
}

/** Opens a Cashfree of one account. */
export async function openCashfreeFake({ now, holdsAll }: CashfreeFakeOptions): Promise<Fake> {
  const orders = new Map<string, Order>()
  const replays = new Map<string, { readonly asked: string; readonly answer: FakeAnswer }>()
  const lies = new Set<string>()
  let last = 5_114_910_000
  const server = await openFakeServer({
    spec: 'cashfree.openapi.json',
    answer,
    stepOf,
    disguise: (answered, as, request) => {
      const isOtp = request.operation === 'authenticate' && request.body['action'] === 'SUBMIT_OTP'
      // An accepted OTP names no amount: the payment that is asked for next does.
      if (isOtp && as === 'wrong_amount') lies.add(request.params['cf_payment_id'] ?? '')
      return disguise(answered, as)
    },
  })

  function answer(request: FakeRequest): FakeAnswer {
    const isOpen = request.operation === 'payOrder' || request.operation === 'authenticate'
    const { 'x-client-id': id, 'x-client-secret': secret } = request.headers
    if (isOpen) {
      if (id !== undefined || secret !== undefined) throw new Error('keys on an open call')
      return request.operation === 'payOrder' ? payOrder(request) : authenticate(request)
    }
    if (id !== credentials.client_id || secret !== credentials.client_secret) {
      return refuse(401, 'authentication_failed', 'authentication Failed')
    }
    return once(request)
  }

  /** A key's first answer is its answer, whatever it was. */
  function once(request: FakeRequest): FakeAnswer {
    const key = request.headers['x-idempotency-key']
    if (typeof key !== 'string') return inAccount(request)
    const asked = `${request.path} ${JSON.stringify(request.body)}`
    const earlier = replays.get(key)
    if (earlier && earlier.asked !== asked) {
      return refuse(422, 'idempotency_key_reused', 'the key belongs to another request')
    }
    if (earlier) return { ...earlier.answer, headers: { 'x-idempotency-replayed': 'true' } }
    const given = inAccount(request)
    replays.set(key, { asked, answer: given })
    return given
  }

  function inAccount(request: FakeRequest): FakeAnswer {
    const { operation, params, body } = request
    if (operation === 'createOrder') return createOrder(body)
    const order = orders.get(params['order_id'] ?? '')
    if (!order) return refuse(404, 'order_not_found', 'Order Reference Id does not exist')
    for (const payment of order.payments) wake(payment)
    switch (operation) {
      case 'getOrder':
        return { status: 200, body: orderView(order, now()) }
      case 'getPayments':
        return { status: 200, body: order.payments.map(paymentView) }
      case 'getPayment': {
        const payment = order.payments.find(({ id }) => id === params['cf_payment_id'])
        if (!payment) return refuse(404, 'payment_not_found', 'transaction not found')
        const told = { status: 200, body: paymentView(payment) }
        return lies.delete(payment.id) ? disguise(told, 'wrong_amount') : told
      }
      case 'authorize':
        return authorize(order, body)
      case 'createRefund':
        return createRefund(order, body)
      case 'getRefunds':
        return { status: 200, body: order.refunds.map(refundView) }
      default:
        return getRefund(order, params['refund_id'] ?? '')
    }
  }

  function createOrder(body: FakeRequest['body']): FakeAnswer {
    const id = String(body['order_id'])
    if (orders.has(id)) return refuse(409, 'order_already_exists', 'order with same id exists')
    const isHeld = body['order_note'] === 'preauth_transaction' || holdsAll === true
    const amount = paiseIn(body['order_amount'])
    const order = { id, number: ++last, amount, isHeld, payments: [], refunds: [], news: [] }
    orders.set(id, order)
    return { status: 200, body: orderView(order, now()) }
  }

  function payOrder({ body }: FakeRequest): FakeAnswer {
    const session = body['payment_session_id']
    const order = [...orders.values()].find(({ number }) => session === `session_${number}`)
    if (!order) return refuse(404, 'orderpay_not_found', 'order pay session not found')
    const { card } = body['payment_method'] as { card: { card_number: string; channel: string } }
    const { card_number: number } = card
    if (brandOf(number) === undefined) {
      return refuse(400, 'card_number_invalid', 'card_number : is invalid')
    }
    if (number === cards.downAtStart) return bankFailed('transaction failed')
    const channel = card.channel === 'post' && number !== cards.noOtp ? 'post' : 'link'
    const payment = begin(order, number, channel)
    const shared = { action: channel, channel, payment_method: 'card', cf_payment_id: payment.id }
    const page = `${server.url}/pg/view/gateway/${payment.id}`
    if (channel === 'link') {
      const data = { url: page, payload: null, content_type: null, method: null }
      return { status: 200, body: { ...shared, data } }
    }
    const data = {
      url: `${server.url}/pg/orders/pay/authenticate/${payment.id}`,
      payload: null,
      content_type: 'application/json',
      method: 'post',
      redirect_to_bank: page,
    }
    return { status: 200, body: { ...shared, payment_amount: order.amount / 100, data } }
  }

  function begin(order: Order, card: string, channel: Payment['channel']): Payment {
    const payment: Payment = {
      id: String(++last),
      order,
      card,
      channel,
      startedAt: now(),
      status: 'PENDING',
      reason: undefined,
      message: null,
      authorized: 0,
      captured: 0,
      action: undefined,
      sends: channel === 'post' ? 1 : 0,
      sentAt: now(),
      guesses: 0,
      isLocked: false,
      isAtBank: false,
      later: undefined,
    }
    const left = () => finish(payment, 'USER_DROPPED', { message: 'user left' })
    payment.later = { at: now() + sessionMs, do: left }
    order.payments.push(payment)
    return payment
  }

  function authenticate({ params, body }: FakeRequest): FakeAnswer {
    const id = params['cf_payment_id']
    const payment = [...orders.values()]
      .flatMap(({ payments }) => payments)
      .find((one) => one.id === id)
    if (payment) wake(payment)
    if (!payment || payment.status === 'USER_DROPPED' || payment.channel === 'link') {
      return refuse(404, 'payment_not_found', 'transaction not found')
    }
    if (!payment.isLocked && (payment.status !== 'PENDING' || payment.isAtBank)) {
      return invalid('Transaction is already processed, cannot process it again')
    }
    return body['action'] === 'RESEND_OTP' ? resend(payment) : submit(payment, body['otp'])
  }

  function resend(payment: Payment): FakeAnswer {
    if (payment.sends >= limits.sends || payment.status !== 'PENDING') {
      return invalid('Exceeded retry attempts for resending the otp')
    }
    if (now() < payment.sentAt + limits.resendAfterMs) {
      return invalid('OTP can be sent again after 30 seconds only')
    }
    payment.sends++
    payment.sentAt = now()
    return authenticated(payment, 'RESEND_OTP', { ok: true, message: 'otp sent' })
  }

  function submit(payment: Payment, given: unknown): FakeAnswer {
    if (payment.guesses >= limits.attempts) {
      payment.isLocked = true
      if (payment.status === 'PENDING') finish(payment, 'FAILED', { reason: 'auth_failed' })
      return invalid('Exceeded retry attempts for this transaction')
    }
    payment.guesses++
    if (given !== otp.right) {
      return authenticated(payment, 'SUBMIT_OTP', { ok: false, message: 'otp is invalid' })
    }
    switch (payment.card) {
      case cards.declined:
        finish(payment, 'FAILED', { reason: 'bank_declined' })
        return bankFailed('transaction failed')
      case cards.downAtSubmit:
        leave(payment, givesUpMs, () => finish(payment, 'FAILED', { reason: 'bank_declined' }))
        return bankFailed('transaction failed')
      case cards.lateSuccess:
        leave(payment, lateMs, () => succeed(payment))
        return bankFailed('transaction is pending at the bank')
      default:
        succeed(payment)
        return authenticated(payment, 'SUBMIT_OTP', { ok: true, message: 'payment successful' })
    }
  }

  function leave(payment: Payment, forMs: number, then: () => void): void {
    payment.isAtBank = true
    payment.later = { at: now() + forMs, do: then }
  }

  function succeed(payment: Payment): void {
    const { order } = payment
    const mayHold = ['VISA', 'MASTERCARD'].includes(brandOf(payment.card) ?? '')
    payment.authorized = order.amount
    payment.captured = order.isHeld && mayHold ? 0 : order.amount
    finish(payment, 'SUCCESS', { message: 'Transaction Success' })
  }

  function finish(
    payment: Payment,
    status: Payment['status'],
    why: { readonly reason?: string; readonly message?: string },
  ): void {
    payment.status = status
    payment.isAtBank = false
    payment.reason = why.reason
    payment.message = why.message ?? 'transaction failed'
    payment.later = undefined
    const { order } = payment
    tell(order, `PAYMENT_${status}_WEBHOOK`, {
      order: { order_id: order.id, order_amount: order.amount / 100, order_currency: 'INR' },
      payment: paymentView(payment),
    })
  }

  function wake(payment: Payment): void {
    if (payment.later && payment.later.at <= now()) payment.later.do()
  }

  function tell(order: Order, type: string, data: object): void {
    const event = { data, event_time: new Date(now()).toISOString(), type }
    // Cashfree writes amounts with two decimals, which a parser would lose.
    const body = JSON.stringify(event).replace(
      /("\w*amount":)(\d+(?:\.\d+)?)/g,
      (_, name, amount) => name + Number(amount).toFixed(2),
    )
    order.news.push({ body, postedAt: undefined })
  }

  /** As it is posted, and posted again. */
  function post(news: News): SignedCallback {
    news.postedAt ??= now()
    const { body, postedAt } = news
    const mac = createHmac('sha256', credentials.client_secret).update(`${postedAt}${body}`)
    const headers = {
      'content-type': 'application/json',
      'x-webhook-timestamp': String(postedAt),
      'x-webhook-signature': mac.digest('base64'),
      'x-webhook-version': '2025-01-01',
      'x-idempotency-key': hash('sha256', body, 'base64'),
    }
    return { headers, body }
  }

  function authorize(order: Order, body: FakeRequest['body']): FakeAnswer {
    const payment = order.payments.find(({ status }) => status === 'SUCCESS')
    const amount = body['action'] === 'VOID' ? 0 : paiseIn(body['amount'])
    const isHeld = payment && payment.captured === 0 && payment.action === undefined
    if (!isHeld || amount > payment.authorized) {
      return refuse(400, 'authorization_invalid', 'the transaction can not be captured or voided')
    }
    payment.action = body['action'] === 'VOID' ? 'VOID' : 'CAPTURE'
    payment.captured = amount
    if (payment.action === 'VOID') payment.status = 'VOID'
    return { status: 200, body: paymentView(payment) }
  }

  function createRefund(order: Order, body: FakeRequest['body']): FakeAnswer {
    const payment = order.payments.find(({ status }) => status === 'SUCCESS')
    const id = String(body['refund_id'])
    const amount = paiseIn(body['refund_amount'])
    const refunded = order.refunds.reduce((sum, refund) => sum + refund.amount, 0)
    if (order.refunds.some((refund) => refund.id === id)) {
      return refuse(409, 'refund_already_exists', 'refund with the same id is already present')
    }
    if (!payment || refunded + amount > payment.captured) {
      return refuse(400, 'refund_amount_invalid', 'refund amount is more than what is left')
    }
    const refund: Refund = { id, payment, number: ++last, amount, status: 'PENDING' }
    order.refunds.push(refund)
    return { status: 200, body: refundView(refund) }
  }

  function getRefund(order: Order, id: string): FakeAnswer {
    const refund = order.refunds.find((one) => one.id === id)
    if (!refund) return refuse(404, 'refund_not_found', 'refund not found')
    giveBack(refund)
    return { status: 200, body: refundView(refund) }
  }

  /** A refund is on its way when it was asked for, and there when somebody looks. */
  function giveBack(refund: Refund): void {
    if (refund.status === 'SUCCESS') return
    refund.status = 'SUCCESS'
    tell(refund.payment.order, 'REFUND_STATUS_WEBHOOK', { refund: refundView(refund) })
  }

  return {
    gateway: 'cashfree',
    baseUrl: `${server.url}/pg`,
    credentials,
    cards,
    otp,
    limits,
    spoil: server.spoil,
    stalled: server.stalled,
    book: async () => [...orders.values()].map(bookedOf),
    callbacksOf: async (reference) => {
      const order = orders.get(reference)
      for (const payment of order?.payments ?? []) wake(payment)
      for (const refund of order?.refunds ?? []) giveBack(refund)
      return order?.news.map(post) ?? []
    },
    problems: server.problems,
    connections: server.connections,
    close: server.close,
  }

  function bookedOf(order: Order): BookedPayment {
    for (const payment of order.payments) wake(payment)
    const sum = (of: (payment: Payment) => number) =>
      order.payments.reduce((total, payment) => total + of(payment), 0)
    return {
      reference: order.id,
      amount: order.amount,
      authorized: sum(({ authorized }) => authorized),
      captured: sum(({ captured }) => captured),
      refunded: order.refunds.reduce((total, { amount }) => total + amount, 0),
      voided: order.payments.some(({ status }) => status === 'VOID'),
      sends: sum(({ sends }) => sends),
      guesses: sum(({ guesses }) => guesses),
    }
  }
}

function stepOf({ operation, body }: FakeRequest): Step | undefined {
  switch (operation) {
    case 'payOrder':
      return 'start'
    case 'authenticate':
      return body['action'] === 'RESEND_OTP' ? 'resend' : 'submit'
    case 'getPayments':
      return 'sync'
    case 'authorize':
      return body['action'] === 'VOID' ? 'void' : 'capture'
    case 'createRefund':
      return 'refund'
    case 'getRefund':
      return 'sync_refund'
    default:
      return undefined
  }
}
