import type { Mood } from './mood.ts'

// The bank's own limits are wider than any merchant's settings, so that the merchant's side is what
// a test meets first.
const guessLimit = 5
const sendLimit = 5
// What Indian issuers print in their SMS.
const otpLifeMs = 5 * 60_000
// An ACS page is answered within this time or not at all.
const challengeLifeMs = 10 * 60_000
// The bank itself needs no pause between sends; the mood `resend_too_soon` asks for one.
const resendAfterMs = 0
/** The pause asked for by the mood `resend_too_soon`, in milliseconds; usual in India. */
export const tooSoonPauseMs = 30_000
/** What a pending payment, capture or void takes: long enough to be seen, short to wait for. */
export const settlesAfterMs = 10_000
// The mood `late_success`: after the customer has given up, within a day's reconciliation.
const lateSuccessMs = 5 * 60_000
// Card networks let an authorization lapse after about a month at the longest.
const authorizationLifeMs = 30 * 24 * 3_600_000
// The mood `late_sms`: later than a customer's patience, within the OTP's life.
const lateSmsMs = 20_000

/** The outcomes of the ACS page by amount (paise): Juspay's DUMMY gateway, test mode. */
const acsDeclinesFrom = 500_00
const acsPendsFrom = 700_00

/** Where a payment stands. */
export type State =
  | 'otp_sent'
  | 'redirect'
  | 'pending'
  | 'charged'
  | 'authorized'
  | 'voided'
  | 'declined'
  | 'rejected'
  | 'locked'
  | 'expired'

/** The machine-readable reason of an answer. */
export type Code = keyof typeof messages

/** What each code says to a person. */
export const messages = {
  APPROVED: 'Approved',
  DO_NOT_HONOUR: 'Do not honour',
  IN_PROGRESS: 'Request in progress',
  INVALID_CARD: 'Invalid card number',
  INSUFFICIENT_FUNDS: 'Insufficient funds',
  RISK_BLOCKED: 'Refused by the risk checks of the acquirer',
  OTP_SENT: 'OTP sent',
  REDIRECT: 'The customer approves on the page of the bank',
  OTP_WRONG: 'Incorrect OTP',
  OTP_EXPIRED: 'The OTP has expired',
  OTP_LOCKED: 'OTP attempts used up',
  CHALLENGE_EXPIRED: 'Not authenticated in time',
  CANCELLED: 'Cancelled by the customer',
  NOT_ELIGIBLE: 'This card cannot be authenticated by OTP',
  RESEND_LIMIT: 'No more OTPs for this payment',
  RESEND_TOO_SOON: 'Wait before asking for another OTP',
  VOIDED: 'Released by the merchant',
  AUTHORIZATION_EXPIRED: 'Not captured in time',
  NOT_AUTHORIZED: 'This payment holds no money',
  AMOUNT_EXCEEDED: 'More than the payment still holds',
  ALREADY_CAPTURED: 'Money of this payment was taken already',
  CAPTURE_DECLINED: 'Capture refused',
  VOID_DECLINED: 'Void refused',
  NOT_CAPTURED: 'No money of this payment was taken',
  REFUND_EXCEEDED: 'More than is left to give back',
  REFUND_DECLINED: 'Refund refused',
} as const

/** A capture or void that the bank accepted and does at `at`; a void's amount is 0. */
export interface Pending {
  kind: 'capture' | 'void'
  amount: number
  at: number
}

/** One line of the bank's book. Times are epoch milliseconds, amounts whole paise. */
export interface Payment {
  seq: number
  id: string
  reference: string
  order: string
  account: string
  merchant: string
  amount: number
  currency: string
  auth: 'OTP' | 'REDIRECT'
  /** Take the money at once (`charged`) or only hold it (`authorized`). */
  capture: boolean
  state: State
  code: Code
  cardFingerprint: string
  binFingerprint: string
  lastFour: string
  phone: string | undefined
  returnUrl: string
  /** The bank's page is handed over as HTML that leads there, in place of a link. */
  htmlPage: boolean
  startedAt: number
  /** When the latest OTP was sent; 0 before the first. */
  sentAt: number
  sends: number
  /** OTPs compared with the right one, or refused as too old. */
  guesses: number
  /** When it became final or money was last taken; for a pending payment when it will. */
  endedAt: number | undefined
  /** What was taken of the amount. */
  captured: number
  /** What of it was promised back: the refunds done and those under way. */
  returned: number
  pending: Pending | undefined
  /** When a payment that was declined at first is taken after all. */
  lateAt: number | undefined
}

/** The payment as it stands now: what time alone does to it needs no visit. */
export function present(payment: Payment, now: number): Payment {
  const challengeEnd = challengeEndsAt(payment)
  if (isOpen(payment) && now >= challengeEnd) {
    return { ...payment, state: 'expired', code: 'CHALLENGE_EXPIRED', endedAt: challengeEnd }
  }
  const held = settled(decided(payment, now), now)
  const { state, pending, endedAt = 0 } = held
  const lapse = endedAt + authorizationLifeMs
  const lapsed = state === 'authorized' && pending === undefined && now >= lapse
  return lapsed ? voided(held, 'AUTHORIZATION_EXPIRED', lapse) : held
}

/** The payment after the issuer's decision, if that was to come later and its time has come. */
function decided(payment: Payment, now: number): Payment {
  const { state, capture, endedAt, lateAt } = payment
  const at = state === 'pending' ? endedAt : state === 'declined' ? lateAt : undefined
  return at === undefined || now < at ? payment : taken(payment, capture, at)
}

/** The payment after its pending capture or void, if the time of that has come. */
function settled(payment: Payment, now: number): Payment {
  const { pending, captured } = payment
  if (pending === undefined || now < pending.at) return payment
  const done: Payment = { ...payment, pending: undefined }
  if (pending.kind === 'void') return voided(done, 'VOIDED', pending.at)
  return { ...done, state: 'charged', captured: captured + pending.amount, endedAt: pending.at }
}

/** Whether the customer may still prove who they are. */
export function isOpen({ state }: Payment): boolean {
  return state === 'otp_sent' || state === 'redirect'
}

/** Whether the money is taken or held. */
export function isTaken({ state }: Payment): boolean {
  return state === 'charged' || state === 'authorized'
}

function challengeEndsAt(payment: Payment): number {
  return payment.startedAt + challengeLifeMs
}

function taken(payment: Payment, capture: boolean, at: number): Payment {
  const state = capture ? 'charged' : 'authorized'
  const captured = capture ? payment.amount : 0
  return { ...payment, state, capture, captured, code: 'APPROVED', endedAt: at }
}

function voided(payment: Payment, code: Code, at: number): Payment {
  return { ...payment, state: 'voided', code, endedAt: at }
}

/** The payment refused for good. */
export function declined(payment: Payment, code: Code, at: number): Payment {
  return { ...payment, state: 'declined', code, endedAt: at }
}

/** The payment refused for good by the acquirer itself, which never asked the issuer for money. */
export function rejected(payment: Payment, at: number): Payment {
  return { ...payment, state: 'rejected', code: 'RISK_BLOCKED', endedAt: at }
}

/** The payment after one more SMS. */
export function sent(payment: Payment, now: number): Payment {
  return { ...payment, state: 'otp_sent', code: 'OTP_SENT', sends: payment.sends + 1, sentAt: now }
}

/** When an SMS sent now can be read: later under `late_sms`, never (undefined) under `no_sms`. */
export function smsAppearsAt(mood: Mood, now: number): number | undefined {
  if (mood === 'no_sms') return undefined
  return mood === 'late_sms' ? now + lateSmsMs : now
}

/** What a submitted OTP is worth to the bank, before it is known to be right. */
export type Said = 'right' | 'wrong' | 'expired' | 'lock'

/**
 * Who refuses although the OTP is right: the issuer for want of money, the acquirer, or the issuer
 * at first, to take the money later.
 */
export type Refusal = 'declined' | 'rejected' | 'declined_at_first'

/** The word and the payment after one guess. */
export interface Judgement {
  word: 'charged' | 'authorized' | 'declined' | 'rejected' | 'otp_wrong' | 'otp_expired' | 'locked'
  after: Payment
}

/** Judges one guess at an open OTP challenge; a `refusal` comes after the right OTP. */
export function judge(
  payment: Payment,
  guess: { said: Said; refusal: Refusal | undefined; capture: boolean; now: number },
): Judgement {
  const counted = { ...payment, guesses: payment.guesses + 1 }
  const { said, now } = guess
  if (said === 'right') {
    if (guess.refusal === 'rejected') return { word: 'rejected', after: rejected(counted, now) }
    if (guess.refusal === 'declined') {
      return { word: 'declined', after: declined(counted, 'INSUFFICIENT_FUNDS', now) }
    }
    if (guess.refusal === 'declined_at_first') {
      const late = { capture: guess.capture, lateAt: now + lateSuccessMs }
      return { word: 'declined', after: { ...declined(counted, 'DO_NOT_HONOUR', now), ...late } }
    }
    const after = taken(counted, guess.capture, now)
    return { word: guess.capture ? 'charged' : 'authorized', after }
  }
  if (said === 'lock' || counted.guesses >= guessLimit) {
    const after: Payment = { ...counted, state: 'locked', code: 'OTP_LOCKED', endedAt: now }
    return { word: 'locked', after }
  }
  return { word: said === 'expired' ? 'otp_expired' : 'otp_wrong', after: counted }
}

/** Whether the latest OTP is too old to be accepted. */
export function otpIsOld(payment: Payment, now: number): boolean {
  return now >= payment.sentAt + otpLifeMs
}

/** Whether the payment may have no further SMS. */
export function sendsUsedUp(payment: Payment): boolean {
  return payment.sends >= sendLimit
}

/** The payment after the customer pressed Approve on the ACS page: the amount decides. */
export function approved(payment: Payment, now: number): Payment {
  if (payment.amount < acsDeclinesFrom) return taken(payment, payment.capture, now)
  if (payment.amount < acsPendsFrom) return declined(payment, 'DO_NOT_HONOUR', now)
  return { ...payment, state: 'pending', code: 'IN_PROGRESS', endedAt: now + settlesAfterMs }
}

/** What an open OTP challenge tells its caller: its end by this clock, and what is left of it. */
export function challengeOf(payment: Payment, now: number) {
  const expiresAt = Math.min(payment.sentAt + otpLifeMs, challengeEndsAt(payment))
  return {
    attempts_left: guessLimit - payment.guesses,
    sends: payment.sends,
    sends_left: sendLimit - payment.sends,
    resend_after_ms: resendAfterMs,
    expires_at: expiresAt,
    expires_in_ms: Math.max(0, expiresAt - now),
  }
}
