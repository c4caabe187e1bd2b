import { cardMemoryMs } from '../cards/card.ts'
import { beginningOf, dayInIndia, dayMs } from '../clock.ts'
import { gatewayNamed } from '../gateways/catalog.ts'
import type { Settings } from '../merchants/merchant.ts'
import { savesCard } from './locker.ts'
import { nextLook } from './look.ts'
import {
  hasChallenge,
  hasLapsed,
  holdsMoney,
  isAwaited,
  isFailed,
  isHeld,
  type Txn,
} from './txn.ts'

/**
 * What the clock has to do for a txn: ask the gateway how it stands, take money that was to be
 * taken at once, release money that is held for too long or is not the order's, give back taken
 * money that is not the order's, store the card that was paid with, forget it.
 */
export type Duty = 'ask' | 'capture' | 'void' | 'give_back' | 'save' | 'forget'

/** The circumstances in which a duty is found. */
export interface OnDuty {
  readonly settings: Settings
  readonly now: number
  /** A number in [0, 1), for spreading a crowd. */
  readonly luck: number
}

/** What is to be done now for a txn that is due; `undefined`: nothing any more. */
export function dutyOf(txn: Txn, at: Omit<OnDuty, 'luck'>): Duty | undefined {
  if (isAwaited(txn) || hasLapsed(txn, at.now)) return 'ask'
  if (owesLateMoney(txn)) return 'give_back'
  if (owesCapture(txn) && at.now < voidAt(txn, at.settings)) return 'capture'
  if (savesCard(txn)) return 'save'
  const forgetAt = forgetsCardAt(txn, at.settings)
  if (forgetAt !== undefined && at.now >= forgetAt) return 'forget'
  if (isWorthAsking(txn, at.now)) return 'ask'
  if (!isHeld(txn.status)) return undefined
  return txn.late || at.now >= voidAt(txn, at.settings) ? 'void' : undefined
}

/** When there is next something to do for a txn of which nothing is awaited, epoch milliseconds. */
export function nextDutyAt(txn: Txn, at: OnDuty): number | undefined {
  const times = [
    owesLateMoney(txn) ? at.now : undefined,
    owesCapture(txn) ? nextLookOf(txn, at) : undefined,
    savesCard(txn) ? at.now + savedByThenMs : undefined,
    isHeld(txn.status) ? releaseAt(txn, at) : undefined,
    lateNewsAt(txn, at),
    forgetsCardAt(txn, at.settings),
  ].filter((time) => time !== undefined)
  return times.length === 0 ? undefined : Math.min(...times)
}

/** Whoever brought the money stores the card at once; the clock does it for one who has died. */
const savedByThenMs = 30_000

/** Whether money was taken that is not the order's, and is not on its way back yet. */
function owesLateMoney(txn: Txn): boolean {
  return txn.late && txn.status === 'CHARGED' && txn.refunded < txn.captured
}

/**
 * Whether money is held that was to be taken at once: some accounts hold all that comes, whatever
 * they are told at the start.
 */
function owesCapture(txn: Txn): boolean {
  const isMeantSo = txn.autoCapture && gatewayNamed(txn.gateway).fixesCapture === true
  const isOnlyHeld = txn.status === 'AUTHORIZED' || txn.status === 'CAPTURE_FAILED'
  return isMeantSo && isOnlyHeld && !txn.late && !txn.instruction
}

/** At once, and less and less often when it was in vain. */
function nextLookOf(txn: Txn, at: OnDuty): number {
  return txn.looks === 0 ? at.now : nextLook(txn.looks, at.now, at.luck)
}

function voidAt(txn: Txn, settings: Settings): number {
  return txn.createdAt + settings.void_after_days * dayMs
}

/** A void that failed is tried again by and by; the gateway may also have let the money go. */
function releaseAt(txn: Txn, at: OnDuty): number {
  if (txn.late && txn.looks === 0) return at.now
  const first = txn.late ? 0 : voidAt(txn, at.settings)
  if (first > at.now) return first
  return nextLook(Math.max(txn.looks, firstLateLook), at.now, at.luck)
}

function lateNewsAt(txn: Txn, at: OnDuty): number | undefined {
  const look = nextLook(txn.looks, at.now, at.luck)
  return awaitsLateNews(txn, look) ? look : undefined
}

function forgetsCardAt(txn: Txn, settings: Settings): number | undefined {
  const remembersAll = txn.card.bin !== ''
  return settings.card_retention === 'rbi' && remembersAll
    ? txn.updatedAt + cardMemoryMs
    : undefined
}

/** The look after 15 minutes: a bank that has said no seldom changes its mind sooner. */
export const firstLateLook = 6

/** India gives a bank five days to put a failed payment right (RBI, September 2019): T+5. */
const reversalDays = 5
const lateNewsMs = reversalDays * dayMs

/** Whether a payment that ended without money may at this time still turn out paid. */
export function awaitsLateNews(txn: Txn, at: number): boolean {
  return mayPayLate(txn) && isReversible(txn, at)
}

/**
 * Whether a gateway that has news of a txn is to be asked how it stands: where its word is awaited,
 * and about any payment that failed a few days ago (at Razorpay `failed` can become `authorized`).
 * By itself the clock comes to a failed payment for this only if it may pay late.
 */
export function isWorthAsking(txn: Txn, now: number): boolean {
  return isAwaited(txn) || (isFailed(txn.status) && isReversible(txn, now))
}

function isReversible(txn: Txn, at: number): boolean {
  return at < txn.createdAt + lateNewsMs
}

/**
 * Whether the bank could have taken the money of a failed payment: the customer saw its page, a
 * right OTP may have reached it, or a gateway did not know the payment when it was asked.
 */
export function mayPayLate(txn: Txn): boolean {
  if (!isFailed(txn.status)) return false
  const sawPage = txn.closedBy === 'fallback' || (!hasChallenge(txn) && txn.bankData !== undefined)
  const tried = txn.otp.attempts > 0 && !onlyWrongOtps.has(txn.code)
  return txn.code === 'TXN_NOT_FOUND' || sawPage || tried || failedAtBank(txn)
}

/** A bank that refused without asking for anything was asked to authorize all the same. */
function failedAtBank(txn: Txn): boolean {
  const wasAsked = txn.status === 'AUTHORIZATION_FAILED' && txn.code !== 'TXN_VOIDED'
  return wasAsked && !hasChallenge(txn) && txn.said.ref !== undefined
}

/** The bank has answered every OTP of these with a no of its own, or never got it. */
const onlyWrongOtps: ReadonlySet<string> = new Set([
  'INCORRECT_OTP',
  'OTP_EXPIRED',
  'OTP_ATTEMPTS_EXCEEDED',
  'GATEWAY_UNREACHABLE',
])

/**
 * Until when the bank must have given the customer's money back by itself, in epoch milliseconds:
 * the end of the fifth day after the payment (RBI, September 2019; ₹100 a day after it).
 * `undefined` for a payment that cannot have cost the customer anything, or was good for something.
 */
export function reversalDueAt(txn: Txn): number | undefined {
  const inDoubt = txn.status === 'AUTHORIZING' || (txn.late && holdsMoney(txn.status))
  if (!inDoubt && !mayPayLate(txn)) return undefined
  return beginningOf(dayInIndia(txn.createdAt) + reversalDays + 1)
}

/** Whose payment was started before this is overdue now, if its end is still not known. */
export function overdueBefore(now: number): number {
  return beginningOf(dayInIndia(now) - reversalDays)
}
