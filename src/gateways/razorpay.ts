import { alarm, unknown, type Words } from './answer.ts'
import type {
  Access,
  Admission,
  Capturing,
  Eligibility,
  Gateway,
  Next,
  Payment,
  Reply,
  Verdict,
} from './gateway.ts'
import { hearRazorpay, isSigned } from './razorpay-callbacks.ts'
import { get, knownOf, post } from './razorpay-calls.ts'
import { isLastWord, refusalFor, refusalLike } from './razorpay-reasons.ts'
import { askSync, hearRecord, hearSync, lookAt } from './razorpay-record.ts'
import { askRefund, askSyncRefund, hearRefund, hearSyncRefund } from './razorpay-refunds.ts'
import { askOrder, challengeOf, hearOrder } from './razorpay-start.ts'
import {
  type Complaint,
  idIn,
  itemsOf,
  lockOutIn,
  read,
  readRecord,
  stepsIn,
} from './razorpay-words.ts'

/** Razorpay, India: cards server to server with native OTP. RAZORPAY, 23 on the wire. */
export const razorpay = {
  wireName: 'RAZORPAY',
  wireId: 23,
  hosts: { sandbox: ['https://api.razorpay.com'], live: ['https://api.razorpay.com'] },
  credentials: ['key_id', 'key_secret', 'webhook_secret?'],
  modeOf: ({ key_id = '' }) =>
    key_id.startsWith('rzp_test_')
      ? 'sandbox'
      : key_id.startsWith('rzp_live_')
        ? 'live'
        : undefined,
  otpBrands: ['VISA', 'MASTERCARD'],
  holds: 'always',
  captures: 'whole',
  fixesCapture: true,
  resendAfterMs: 30_000,
  // Twice the patience of a start: what has not begun by then was never going to.
  settlesWithinMs: 30_000,
  transcribed: new Set([
    ...['id', 'entity', 'amount', 'currency', 'status', 'method', 'captured', 'capture', 'count'],
    ...['order_id', 'payment_id', 'razorpay_payment_id', 'razorpay_order_id', 'receipt'],
    ...['reference', 'auth', 'auth_type', 'action', 'next', 'network', 'issuer', 'speed'],
    ...['amount_refunded', 'refund_status', 'speed_processed', 'created_at', 'attempts'],
    ...['code', 'description', 'source', 'step', 'reason', 'rrn', 'auth_code', 'arn'],
    ...['error_code', 'error_description', 'error_source', 'error_step', 'error_reason'],
  ]),
  check: {
    patienceMs: 5_000,
    ask: (_, access) => get('/v1/payments?count=1', access),
    hear: hearCheck,
  },
  eligibility: {
    // The customer waits for the start that comes after it.
    patienceMs: 3_000,
    ask: ({ bin }, access) => post('/v1/payment/flows', { card_number: bin }, access),
    hear: hearFlows,
  },
  // Three calls, of which the second goes to the card's network.
  start: { patienceMs: 15_000, ask: askOrder, hear: hearOrder },
  submitOtp: {
    // A bank's authorization sits behind the OTP.
    patienceMs: 30_000,
    ask: (about, access) =>
      post(`/v1/payments/${about.ref}/otp/submit`, { otp: about.otp.reveal() }, access),
    hear: hearSubmit,
  },
  resendOtp: {
    patienceMs: 10_000,
    ask: ({ ref }, access) => ({
      ...get(`/v1/payments/${ref}/otp/resend`, access),
      method: 'POST',
    }),
    hear: hearResend,
  },
  sync: { patienceMs: 5_000, ask: askSync, hear: hearSync },
  capture: {
    patienceMs: 10_000,
    ask: ({ ref, take, currency }, access) =>
      post(`/v1/payments/${ref}/capture`, { amount: take, currency }, access),
    hear: hearCapture,
  },
  refund: { patienceMs: 10_000, ask: askRefund, hear: hearRefund },
  syncRefund: { patienceMs: 5_000, ask: askSyncRefund, hear: hearSyncRefund },
  hearCallback: hearRazorpay,
} satisfies Gateway

function hearCheck(reply: Reply): Admission {
  const message = lockOutIn(reply)
  if (message !== undefined) return { kind: 'locked_out', message }
  const found = itemsOf(reply)
  return Array.isArray(found) ? { kind: 'works' } : found
}

/** A card without native ways has an empty list in place of the object that tells them. */
function hearFlows(reply: Reply): Eligibility {
  const heard = readRecord(reply)
  if (heard.kind !== 'words') return heard
  const { words } = heard
  if (words['otp'] === true) return { kind: 'eligible' }
  const isNone = words['otp'] === false || (Array.isArray(words) && words.length === 0)
  return isNone ? { kind: 'ineligible' } : unknown('no word about OTP')
}

function hearSubmit(reply: Reply, about: Payment, access: Access): Verdict | Next<Verdict> {
  const said = knownOf(about)
  const heard = read(reply, said)
  if (heard.kind === 'unknown') return heard
  if (heard.kind === 'error') return otpRefused(heard, about, access)
  const strange = strangeIn(heard.words, about, access)
  if (strange !== undefined) return alarm(strange, said)
  return lookAt({ ...about, stage: 'submitted' }, access)
}

/** An accepted OTP is answered with three signed fields, or with the payment's whole record. */
function strangeIn(words: Words, { ref = '', handle }: Payment, access: Access) {
  const isRecord = words['entity'] === 'payment'
  if (idIn(words, isRecord ? 'id' : 'razorpay_payment_id', 'pay') !== ref) return 'another payment'
  const order = words[isRecord ? 'order_id' : 'razorpay_order_id'] ?? handle
  if (handle !== undefined && order !== handle) return 'another order'
  const signature = words['razorpay_signature']
  if (signature === undefined) return undefined
  const secret = access.credentials['key_secret'] ?? ''
  const isRight = isSigned(`${handle ?? order}|${ref}`, String(signature), secret)
  return isRight ? undefined : 'a wrong signature'
}

/** While Razorpay tells of a next step the challenge goes on; else its reason says what ended. */
function otpRefused(complaint: Complaint, about: Payment, access: Access) {
  const { said, reason, step, next: steps } = complaint
  const refusal = refusalLike(reason, step)
  const isOpen = steps?.has('otp_submit') || steps?.has('otp_resend')
  if (isOpen && refusal?.by === 'customer') {
    const code = reason === 'otp_expired' ? 'OTP_EXPIRED' : 'INCORRECT_OTP'
    return { kind: 'wrong_otp', said, code } as const
  }
  const listed = refusalFor(reason, step)
  if (!isOpen && listed && isLastWord(listed)) return { kind: 'failed', said, ...listed } as const
  return lookAt({ ...about, stage: 'submitted' }, access)
}

function hearResend(reply: Reply, about: Payment): Verdict {
  const said = knownOf(about)
  const heard = read(reply, said)
  if (heard.kind === 'unknown') return heard
  if (heard.kind === 'error') return resendRefused(heard)
  const { words } = heard
  if (idIn(words, 'razorpay_payment_id', 'pay') !== about.ref) {
    return alarm('another payment', said)
  }
  const steps = stepsIn(words)
  return steps?.has('otp_submit') ? challengeOf(steps, said) : unknown('no next step', said)
}

/** No reason is documented for "no further OTP": whether one may still be asked for tells. */
function resendRefused({ said, reason, step, next: steps }: Complaint): Verdict {
  if (steps?.has('otp_resend')) return { kind: 'not_sent', said, why: 'too_soon' }
  if (steps?.has('otp_submit')) return { kind: 'not_sent', said, why: 'limit' }
  const refusal = refusalFor(reason, step)
  return refusal && isLastWord(refusal)
    ? { kind: 'failed', said, ...refusal }
    : unknown('an error never documented', said)
}

/** "Already captured" has no reason of its own, so the payment's record says what a no means. */
function hearCapture(reply: Reply, about: Capturing, access: Access): Verdict | Next<Verdict> {
  const heard = read(reply, knownOf(about))
  if (heard.kind === 'unknown') return heard
  if (heard.kind === 'words') return hearRecord(reply, about)
  return lookAt(about, access, (verdict) =>
    verdict.kind === 'authorized' ? { kind: 'refused', said: heard.said } : verdict,
  )
}
