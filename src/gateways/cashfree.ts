import { rupees } from '../money.ts'
import { alarm } from './answer.ts'
import { hearCallback } from './cashfree-callbacks.ts'
import { get, getPayments, orderPath, post, postOpenly, thenLook } from './cashfree-calls.ts'
import {
  askRefund,
  askRefundState,
  hearRefund,
  hearRefundState,
  unlessGivenBack,
} from './cashfree-refunds.ts'
import { start } from './cashfree-start.ts'
import {
  type CashfreeError,
  errorIn,
  idIn,
  isMissing,
  isShut,
  isTurnedAway,
  listIn,
  referenceOf,
  unclear,
  verdictAmong,
  verdictOn,
  wordsIn,
} from './cashfree-words.ts'
import type { Access, Admission, Call, Gateway, Next, Payment, Reply, Verdict } from './gateway.ts'

type Heard = Verdict | Next<Verdict>

/** Cashfree PG, version 2025-01-01 of its API. */
export const cashfree = {
  wireName: 'GOCASHFREE',
  wireId: 70,
  hosts: { sandbox: ['https://sandbox.cashfree.com/pg'], live: ['https://api.cashfree.com/pg'] },
  credentials: ['client_id', 'client_secret'],
  modeOf: ({ client_id = '', client_secret = '' }) => {
    if (client_secret.startsWith('cfsk_ma_prod_')) return 'live'
    const isTest = client_secret.startsWith('cfsk_ma_test_') || client_id.startsWith('TEST')
    return isTest ? 'sandbox' : undefined
  },
  otpBrands: ['VISA', 'MASTERCARD', 'RUPAY'],
  holds: 'by_account',
  captures: 'whole',
  fixesCapture: true,
  resendAfterMs: 30_000,
  // Its own limit is not published: twice what a submission, the slowest call, is waited for.
  settlesWithinMs: 60_000,
  transcribed: new Set([
    ...['order_id', 'cf_order_id', 'order_status', 'order_amount', 'order_currency', 'order_note'],
    ...['cf_payment_id', 'payment_amount', 'payment_currency', 'payment_status', 'payment_group'],
    ...['payment_message', 'is_captured', 'captured_amount', 'amount', 'action', 'channel'],
    ...['authenticate_status', 'status', 'code', 'type', 'error_code', 'error_reason'],
    ...['error_source', 'bank_reference', 'card_network', 'card_type', 'refund_id', 'refund_type'],
    ...['cf_refund_id', 'refund_amount', 'refund_currency', 'refund_status', 'refund_arn'],
  ]),
  check: {
    patienceMs: 5_000,
    // No order of ours has such an id: a reference begins with txn_.
    ask: (_, access) => get(access, '/orders/no-such-order'),
    hear: hearCheck,
  },
  start,
  submitOtp: {
    // A bank's authorization sits behind the OTP.
    patienceMs: 30_000,
    ask: ({ ref, otp }) => authenticate(ref, { action: 'SUBMIT_OTP', otp: otp.reveal() }),
    hear: hearSubmit,
  },
  resendOtp: {
    patienceMs: 10_000,
    ask: ({ ref }) => authenticate(ref, { action: 'RESEND_OTP' }),
    hear: hearResend,
  },
  sync: { patienceMs: 5_000, ask: getPayments, hear: hearPayments },
  // A hold can be captured once, so there is no part that another could follow.
  capture: {
    patienceMs: 10_000,
    ask: (payment, access) => askCapture(payment, access, payment.reference),
    hear: hearInstruction,
  },
  void: {
    patienceMs: 10_000,
    ask: (payment, access) =>
      post(access, `${orderPath(payment)}/authorization`, { action: 'VOID' }, payment.reference),
    hear: hearInstruction,
  },
  refund: { patienceMs: 10_000, ask: askRefund, hear: hearRefund },
  syncRefund: { patienceMs: 5_000, ask: askRefundState, hear: hearRefundState },
  hearCallback,
} satisfies Gateway

function authenticate(ref: string | undefined, body: object): Call {
  return postOpenly(`/orders/pay/authenticate/${ref}`, body)
}

function askCapture(payment: Payment, access: Access, key: string): Call {
  const body = { action: 'CAPTURE', amount: rupees(payment.amount) }
  return post(access, `${orderPath(payment)}/authorization`, body, key)
}

function hearCheck(reply: Reply): Admission {
  const error = errorIn(reply)
  if (isMissing(error)) return { kind: 'works' }
  return error && isShut(error) ? { kind: 'locked_out', message: error.message } : unclear(reply)
}

interface Authenticated {
  readonly accepted: () => Heard
  /** What the customer can mend, in Cashfree's words. */
  readonly failed: (said: { readonly message: string }) => Heard
  readonly refused: (error: CashfreeError) => Heard
  /** The payment itself decides; what it is when it has not. */
  readonly look: (undecided: Verdict) => Heard
}

/** Only texts tell some refusals apart: they are read loosely; the payment has the last word. */
function authenticated(reply: Reply, { ref }: Payment, as: Authenticated): Heard {
  const error = errorIn(reply)
  if (error) {
    const { status, message } = error
    const said = saidOf(error)
    if (status === 429) return unclear(reply, false)
    const isOver = status === 400 && /already processed/i.test(message)
    if (isOver || status === 502) return as.look({ kind: 'pending', said })
    if (isMissing(error)) {
      return as.look({ kind: 'failed', said, by: 'customer', code: 'TXN_EXPIRED' })
    }
    return status === 400 ? as.refused(error) : unclear(reply)
  }
  const words = wordsIn(reply)
  if (!words) return unclear(reply)
  if (idIn(words['cf_payment_id']) !== ref) return alarm('another payment')
  switch (words['authenticate_status']) {
    case 'SUCCESS':
      return as.accepted()
    case 'FAILED':
      return as.failed({ message: String(words['payment_message'] ?? '') })
    default:
      return alarm('an authenticate_status never documented')
  }
}

function saidOf({ code, message }: CashfreeError) {
  return { code, message }
}

function hearSubmit(reply: Reply, about: Payment, access: Access): Heard {
  const look = (undecided: Verdict) => lookAt(about, access, undecided)
  return authenticated(reply, about, {
    look,
    accepted: () => look({ kind: 'pending', said: {} }),
    failed: (said) => {
      const wrong = { kind: 'wrong_otp', said, code: 'INCORRECT_OTP' } as const
      return /otp/i.test(said.message) ? wrong : look(wrong)
    },
    refused: (error) => {
      if (!/exceed/i.test(error.message)) return { ...unclear(reply), alarm: true }
      const said = saidOf(error)
      return look({ kind: 'failed', said, by: 'customer', code: 'OTP_ATTEMPTS_EXCEEDED' })
    },
  })
}

function hearResend(reply: Reply, about: Payment, access: Access): Heard {
  // Whether an OTP left nobody knows; the payment would not tell.
  if (errorIn(reply)?.status === 502) return unclear(reply)
  const notSent = (said: { readonly message: string }) => {
    const isEarly = /too soon|second|wait/i.test(said.message)
    return { kind: 'not_sent', said, why: isEarly ? 'too_soon' : 'limit' } as const
  }
  return authenticated(reply, about, {
    look: (undecided) => lookAt(about, access, undecided),
    accepted: () => ({ kind: 'challenge', said: {} }),
    failed: notSent,
    refused: (error) =>
      error.code === 'request_invalid'
        ? notSent(saidOf(error))
        : { ...unclear(reply), alarm: true },
  })
}

function lookAt(about: Payment, access: Access, undecided: Verdict): Heard {
  const call = get(access, `${orderPath(about)}/payments/${about.ref}`)
  return thenLook(call, (reply) => {
    const verdict = hearPayment(reply, { ...about, stage: 'submitted' })
    // Why nobody may try again, the refusal says better than the payment that ended with it.
    const isEnded = verdict.kind === 'failed' && verdict.by === 'customer'
    if (isEnded && undecided.kind === 'failed') return undecided
    if (verdict.kind === 'pending') return undecided
    if (verdict.kind !== 'authorized' || verdict.pending || !about.autoCapture) return verdict
    return takeHeld(about, access, verdict)
  })
}

type Held = Extract<Verdict, { readonly kind: 'authorized' | 'charged' }>

/** An account that holds all money: what is to be taken with the authorization is taken now. */
function takeHeld(about: Payment, access: Access, held: Held): Heard {
  return thenLook(askCapture(about, access, `${referenceOf(about)}-capture`), (reply) => {
    const taken = hearInstruction(reply, about)
    if (taken.kind === 'unknown') return { ...taken, sent: true, said: held.said }
    return taken.kind === 'refused' ? held : taken
  })
}

function hearPayment(reply: Reply, about: Payment): Verdict {
  const payment = wordsIn(reply)
  return payment ? verdictOn(payment, about) : unread(reply, about)
}

function unread(reply: Reply, about: Payment): Verdict {
  return isMissing(errorIn(reply)) ? missing(about) : unclear(reply)
}

/** What Cashfree gave an id can't be gone: then these are the keys of another account. */
function missing({ ref }: Payment): Verdict {
  return ref === undefined ? { kind: 'not_found' } : alarm('the payment is gone')
}

function hearPayments(reply: Reply, about: Payment, access: Access): Heard {
  const payments = listIn(reply)
  if (!payments) return unread(reply, about)
  const verdict = verdictAmong(payments, about)
  if (!verdict) return thenLook(get(access, orderPath(about)), (order) => hearUnpaid(order, about))
  return verdict.kind === 'charged' ? unlessGivenBack(verdict, about, access) : verdict
}

const unpaid = ['ACTIVE', 'EXPIRED', 'TERMINATED', 'TERMINATION_REQUESTED']

/** No payment: the order itself has to say so too. */
function hearUnpaid(reply: Reply, about: Payment): Verdict {
  const order = wordsIn(reply)
  if (!order) return unread(reply, about)
  const isOurs = order['order_id'] === referenceOf(about)
  const isUnpaid = unpaid.includes(String(order['order_status']))
  return isOurs && isUnpaid ? missing(about) : alarm('an order without its payment')
}

function hearInstruction(reply: Reply, about: Payment): Verdict {
  const error = errorIn(reply)
  if (error?.status === 400) return { kind: 'refused', said: saidOf(error) }
  return error && isTurnedAway(error) ? unclear(reply, false) : hearPayment(reply, about)
}
