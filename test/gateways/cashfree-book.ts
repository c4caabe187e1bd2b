import { brandOf } from '../../src/cards/bin.ts'
import { paiseFromRupees } from '../../src/money.ts'
import type { FakeAnswer } from './fake-server.ts'

/** An order in the fake's book; amounts in paise. */
export interface Order {
  readonly id: string
  readonly number: number
  readonly amount: number
  readonly isHeld: boolean
  readonly payments: Payment[]
  readonly refunds: Refund[]
  readonly news: News[]
}

/** A payment of an order. */
export interface Payment {
  readonly id: string
  readonly order: Order
  readonly card: string
  readonly channel: 'post' | 'link'
  readonly startedAt: number
  status: 'PENDING' | 'SUCCESS' | 'FAILED' | 'USER_DROPPED' | 'VOID'
  reason: string | undefined
  message: string | null
  authorized: number
  captured: number
  action: 'CAPTURE' | 'VOID' | undefined
  sends: number
  sentAt: number
  guesses: number
  /** Whether too many wrong OTPs came. */
  isLocked: boolean
  /** Whether the bank has the OTP and has not decided. */
  isAtBank: boolean
  /** What comes of it without anybody's doing. */
  later: { readonly at: number; readonly do: () => void } | undefined
}

/** An event that is to be posted. */
export interface News {
  readonly body: string
  postedAt: number | undefined
}

/** A refund of an order's money. */
export interface Refund {
  readonly id: string
  readonly payment: Payment
  readonly number: number
  readonly amount: number
  status: 'PENDING' | 'SUCCESS'
}

/** Decimal rupees of a request, which was looked at before, in paise. */
export function paiseIn(rupees: unknown): number {
  return paiseFromRupees(String(rupees)) ?? 0
}

/** An order as Cashfree shows it. */
export function orderView(order: Order, now: number) {
  return {
    cf_order_id: String(order.number),
    order_id: order.id,
    entity: 'order',
    order_currency: 'INR',
    order_amount: order.amount / 100,
    order_status: order.payments.some(({ status }) => status === 'SUCCESS') ? 'PAID' : 'ACTIVE',
    payment_session_id: `session_${order.number}`,
    created_at: new Date(now).toISOString(),
  }
}

/** A payment as Cashfree shows it. */
export function paymentView(payment: Payment) {
  const { order, reason, action, card } = payment
  const isPaid = payment.authorized > 0
  const error = {
    error_code: 'TRANSACTION_DECLINED',
    error_description: 'The transaction was declined',
    error_reason: reason,
    error_source: reason === 'bank_declined' ? 'bank' : 'customer',
  }
  const authorization = {
    action,
    status: 'SUCCESS',
    captured_amount: payment.captured / 100,
    action_reference: `act_${payment.id}`,
    action_time: new Date(payment.startedAt).toISOString(),
  }
  return {
    cf_payment_id: payment.id,
    order_id: order.id,
    entity: 'payment',
    is_captured: payment.captured > 0,
    order_amount: order.amount / 100,
    payment_amount: order.amount / 100,
    payment_currency: 'INR',
    payment_group: 'credit_card',
    payment_status: payment.status,
    payment_message: payment.message,
    payment_time: new Date(payment.startedAt).toISOString(),
    bank_reference: isPaid ? `6001${payment.id.slice(-8)}` : null,
    auth_id: isPaid ? payment.id.slice(-6) : null,
    authorization: action === undefined ? null : authorization,
    error_details: reason === undefined ? null : error,
    payment_method: {
      card: {
        channel: payment.channel,
        card_number: `XXXXXXXXXXXX${card.slice(-4)}`,
        card_network: (brandOf(card) ?? '').toLowerCase(),
        card_type: 'debit_card',
      },
    },
  }
}

/** A refund as Cashfree shows it. */
export function refundView({ id, payment, number, amount, status }: Refund) {
  const isDone = status === 'SUCCESS'
  const at = new Date(payment.startedAt).toISOString()
  return {
    cf_payment_id: payment.id,
    cf_refund_id: `refund_${number}`,
    order_id: payment.order.id,
    refund_id: id,
    entity: 'refund',
    refund_amount: amount / 100,
    refund_currency: 'INR',
    refund_status: status,
    refund_arn: isDone ? `2059${number}` : null,
    status_description: isDone ? 'Refund processed successfully' : 'In Progress',
    refund_type: 'MERCHANT_INITIATED',
    refund_mode: 'STANDARD',
    created_at: at,
    processed_at: isDone ? at : null,
  }
}

/** What an OTP, or the wish for another one, came to. */
export function authenticated(
  { id }: Payment,
  action: 'SUBMIT_OTP' | 'RESEND_OTP',
  { ok, message }: { readonly ok: boolean; readonly message: string },
): FakeAnswer {
  const status = ok ? 'SUCCESS' : 'FAILED'
  const body = { action, authenticate_status: status, cf_payment_id: id, payment_message: message }
  return { status: 200, body }
}

/** Cashfree's error envelope. */
export function refuse(status: number, code: string, message: string): FakeAnswer {
  const types: Readonly<Record<number, string>> = {
    401: 'authentication_error',
    422: 'idempotency_error',
    502: 'api_error',
  }
  return { status, body: { message, code, type: types[status] ?? 'invalid_request_error' } }
}

/** The refusal that only its text tells from others. */
export function invalid(message: string): FakeAnswer {
  return refuse(400, 'request_invalid', message)
}

/** The bank said no, or nothing. */
export function bankFailed(message: string): FakeAnswer {
  return refuse(502, 'bank_processing_failure', message)
}

/** An answer that lies: a word nobody knows, a rupee more, or another payment. */
export function disguise(
  { status, body }: FakeAnswer,
  as: 'unknown_word' | 'wrong_amount' | 'wrong_id',
): FakeAnswer {
  const one = (view: object) => ({ ...view, ...falsified(view, as) })
  return { status, body: Array.isArray(body) ? body.map(one) : one(Object(body)) }
}

const words = ['action', 'authenticate_status', 'payment_status', 'refund_status']
const amounts = ['payment_amount', 'refund_amount']
const ids = ['cf_payment_id', 'order_id', 'refund_id']

function falsified(view: object, as: 'unknown_word' | 'wrong_amount' | 'wrong_id'): object {
  const names = { unknown_word: words, wrong_amount: amounts, wrong_id: ids }[as]
  const found = Object.entries(view).filter(([name]) => names.includes(name))
  return Object.fromEntries(
    found.map(([name, value]) => {
      if (as === 'unknown_word') return [name, 'LEVITATING']
      return [name, as === 'wrong_amount' ? Number(value) + 1 : '5999999999']
    }),
  )
}
