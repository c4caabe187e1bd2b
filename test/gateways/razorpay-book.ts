import { createHmac } from 'node:crypto'
import type { BookedPayment, FakeCards, SignedCallback } from './fake.ts'

/** What is wrong with a payment, in Razorpay's words. */
export interface Trouble {
  readonly code: 'BAD_REQUEST_ERROR' | 'GATEWAY_ERROR'
  readonly description: string
  readonly source: string
  readonly step: string
  readonly reason: string
}

/** An order of the fake: one start of ours. */
export interface FakeOrder {
  readonly id: string
  readonly receipt: string
  readonly amount: number
  readonly automatic: boolean
  readonly holdMs: number
  readonly notes: object
  readonly createdAt: number
}

/** A payment of the fake. Amounts in paise, times in epoch milliseconds. */
export interface FakePayment {
  readonly id: string
  readonly order: FakeOrder
  readonly card: keyof FakeCards
  readonly notes: object
  readonly createdAt: number
  readonly refunds: FakeRefund[]
  readonly events: SignedCallback[]
  status: 'created' | 'authorized' | 'captured' | 'refunded' | 'failed'
  captured: number
  sends: number
  sentAt: number
  guesses: number
  /** When the right OTP came. */
  submittedAt?: number
  authorizedAt?: number
  trouble?: Trouble
}

/** A refund of the fake; it is done at once. */
export interface FakeRefund {
  readonly id: string
  readonly key: string
  readonly asked: string
  readonly amount: number
  readonly receipt: string
  readonly notes: object
  readonly at: number
}

const failsAfterMs = 10 * 60_000
const lateAfterMs = 24 * 3_600_000

/** Why Razorpay gives up a payment that nobody decided. */
const timedOut: Trouble = {
  code: 'BAD_REQUEST_ERROR',
  description: 'Payment was not completed on time',
  source: 'customer',
  step: 'payment_authentication',
  reason: 'payment_timed_out',
}

/** What the fake knows: orders, payments, and what it told of them. */
export class RazorpayBook {
  readonly orders: FakeOrder[] = []
  readonly payments: FakePayment[] = []
  #count = 0
  readonly #webhookSecret: string
  readonly #now: () => number

  constructor(webhookSecret: string, now: () => number) {
    this.#webhookSecret = webhookSecret
    this.#now = now
  }

  /** `pay_` and 14 more characters, never the same. */
  newId(kind: 'order' | 'pay' | 'rfnd' | 'evt'): string {
    this.#count++
    return `${kind}_Fake${String(this.#count).padStart(10, '0')}`
  }

  /** What time alone does to payments: giving up, a bank's late word, and the end of a hold. */
  catchUp(): void {
    const now = this.#now()
    for (const payment of this.payments) {
      const { card, submittedAt, order } = payment
      if (payment.status === 'created' && now - payment.createdAt >= failsAfterMs) {
        this.fail(payment, payment.trouble ?? timedOut)
      }
      const isLate = card === 'lateSuccess' && submittedAt !== undefined
      if (isLate && payment.status === 'failed' && now - submittedAt >= lateAfterMs) {
        this.authorize(payment)
      }
      const { status, authorizedAt = now } = payment
      if (status === 'authorized' && now - authorizedAt >= order.holdMs) payment.status = 'refunded'
    }
  }

  authorize(payment: FakePayment): void {
    payment.status = 'authorized'
    payment.authorizedAt = this.#now()
    delete payment.trouble
    this.#tell(payment, 'payment.authorized')
    if (payment.order.automatic) this.capture(payment)
  }

  capture(payment: FakePayment): void {
    payment.status = 'captured'
    payment.captured = payment.order.amount
    this.#tell(payment, 'payment.captured')
    this.#tell(payment, 'order.paid')
  }

  fail(payment: FakePayment, trouble: Trouble): void {
    payment.status = 'failed'
    payment.trouble = trouble
    this.#tell(payment, 'payment.failed')
  }

  refund(payment: FakePayment, refund: FakeRefund): void {
    payment.refunds.push(refund)
    if (refundedOf(payment) === payment.captured) payment.status = 'refunded'
    this.#tell(payment, 'refund.processed', refundRecord(payment, refund))
  }

  /** Every payment as it stands now. */
  booked(): BookedPayment[] {
    this.catchUp()
    return this.payments.map((payment) => ({
      reference: payment.order.receipt,
      amount: payment.order.amount,
      authorized: payment.authorizedAt === undefined ? 0 : payment.order.amount,
      captured: payment.captured,
      refunded: refundedOf(payment),
      voided: payment.status === 'refunded' && payment.captured === 0,
      sends: payment.sends,
      guesses: payment.guesses,
    }))
  }

  #tell(payment: FakePayment, event: string, refund?: object): void {
    const body = JSON.stringify({
      entity: 'event',
      account_id: 'acc_Fake0000000001',
      event,
      contains: refund ? ['refund', 'payment'] : ['payment'],
      payload: {
        payment: { entity: paymentRecord(payment) },
        ...(refund && { refund: { entity: refund } }),
        ...(event === 'order.paid' && { order: { entity: orderRecord(payment.order, this) } }),
      },
      created_at: Math.floor(this.#now() / 1_000),
    })
    payment.events.push({
      headers: {
        'content-type': 'application/json',
        'x-razorpay-event-id': this.newId('evt'),
        'x-razorpay-signature': createHmac('sha256', this.#webhookSecret)
          .update(body)
          .digest('hex'),
      },
      body,
    })
  }
}

/** How much of a payment was given back, in paise. */
export function refundedOf({ refunds }: FakePayment): number {
  return refunds.reduce((sum, { amount }) => sum + amount, 0)
}

/** An order as Razorpay shows it. */
export function orderRecord(order: FakeOrder, book: RazorpayBook): object {
  const attempts = book.payments.filter((payment) => payment.order === order)
  const paid = attempts.reduce((sum, { captured }) => sum + captured, 0)
  return {
    id: order.id,
    entity: 'order',
    amount: order.amount,
    amount_paid: paid,
    amount_due: order.amount - paid,
    currency: 'INR',
    receipt: order.receipt,
    offer_id: null,
    status: paid > 0 ? 'paid' : attempts.length > 0 ? 'attempted' : 'created',
    attempts: attempts.length,
    notes: order.notes,
    created_at: Math.floor(order.createdAt / 1_000),
  }
}

/** A payment as Razorpay shows it. */
export function paymentRecord(payment: FakePayment): object {
  const { order, trouble } = payment
  const back = refundedOf(payment)
  const isOver = payment.status === 'failed'
  return {
    id: payment.id,
    entity: 'payment',
    amount: order.amount,
    currency: 'INR',
    status: payment.status,
    order_id: order.id,
    method: 'card',
    amount_refunded: back,
    refund_status: back === 0 ? null : back === order.amount ? 'full' : 'partial',
    captured: payment.captured > 0,
    notes: payment.notes,
    error_code: isOver ? trouble?.code : null,
    error_description: isOver ? trouble?.description : null,
    error_source: isOver ? trouble?.source : null,
    error_step: isOver ? trouble?.step : null,
    error_reason: isOver ? trouble?.reason : null,
    acquirer_data: {
      auth_code: payment.authorizedAt === undefined ? null : '828553',
      rrn: payment.authorizedAt === undefined ? null : '600112233445',
    },
    created_at: Math.floor(payment.createdAt / 1_000),
  }
}

/** A refund as Razorpay shows it. */
export function refundRecord(payment: FakePayment, refund: FakeRefund): object {
  return {
    id: refund.id,
    entity: 'refund',
    amount: refund.amount,
    currency: 'INR',
    payment_id: payment.id,
    status: 'processed',
    speed_requested: 'normal',
    speed_processed: 'normal',
    receipt: refund.receipt,
    acquirer_data: { arn: '74332745000000000000001' },
    notes: refund.notes,
    created_at: Math.floor(refund.at / 1_000),
  }
}
