import type { CardFacts } from '../cards/card.ts'
import type { GatewayName } from '../gateways/catalog.ts'
import type { ResponseCode, Said } from '../gateways/gateway.ts'
import type { ChallengeId, MerchantId, OrderId, Shard, TxnId } from '../ids.ts'
import type { Paise } from '../money.ts'

/** Every status a txn can have. */
export type TxnStatus =
  | 'STARTED'
  | 'PENDING_VBV'
  | 'AUTHORIZING'
  | 'AUTHORIZED'
  | 'CHARGED'
  | 'AUTHENTICATION_FAILED'
  | 'AUTHORIZATION_FAILED'
  | 'JUSPAY_DECLINED'

/**
 * Where a payment attempt may go from each status. The failures lead on only because a bank can
 * still say that it took the money: such late news is kept, never lost.
 */
export const next: Record<TxnStatus, readonly TxnStatus[]> = {
  STARTED: [
    'PENDING_VBV',
    'AUTHORIZING',
    'AUTHORIZED',
    'CHARGED',
    'AUTHENTICATION_FAILED',
    'AUTHORIZATION_FAILED',
    'JUSPAY_DECLINED',
  ],
  PENDING_VBV: [
    'AUTHORIZING',
    'AUTHORIZED',
    'CHARGED',
    'AUTHENTICATION_FAILED',
    'AUTHORIZATION_FAILED',
    'JUSPAY_DECLINED',
  ],
  AUTHORIZING: [
    'PENDING_VBV',
    'AUTHORIZED',
    'CHARGED',
    'AUTHENTICATION_FAILED',
    'AUTHORIZATION_FAILED',
    'JUSPAY_DECLINED',
  ],
  AUTHORIZED: ['CHARGED'],
  CHARGED: [],
  AUTHENTICATION_FAILED: ['AUTHORIZED', 'CHARGED'],
  AUTHORIZATION_FAILED: ['AUTHORIZED', 'CHARGED'],
  JUSPAY_DECLINED: ['AUTHORIZED', 'CHARGED'],
}

/** Whether the table lets a txn go from one status to another. */
export function mayMove(from: TxnStatus, to: TxnStatus): boolean {
  return next[from].includes(to)
}

/** Whether nothing more is awaited: the money is held or taken, or the answer was no. */
export function isFinal(status: TxnStatus): boolean {
  switch (status) {
    case 'STARTED':
    case 'PENDING_VBV':
    case 'AUTHORIZING':
      return false
    case 'AUTHORIZED':
    case 'CHARGED':
    case 'AUTHENTICATION_FAILED':
    case 'AUTHORIZATION_FAILED':
    case 'JUSPAY_DECLINED':
      return true
    default:
      return status satisfies never
  }
}

/** Whether the txn holds money. */
export function holdsMoney(status: TxnStatus): boolean {
  return status === 'AUTHORIZED' || status === 'CHARGED'
}

/** Why a challenge takes no more OTPs: the customer is at the bank's page, or another amount. */
export type ClosedBy = 'fallback' | 'amount'

/** One attempt to pay an order. */
export interface Txn {
  readonly shard: Shard
  readonly merchant: MerchantId
  readonly id: TxnId
  readonly orderId: OrderId
  /** The how-manieth attempt of its order, from 1. */
  readonly n: number
  readonly status: TxnStatus
  /** Frozen at the start, as the currency is. */
  readonly amount: Paise
  readonly currency: string
  readonly authType: AuthType
  readonly autoCapture: boolean
  readonly account: string
  readonly gateway: GatewayName
  readonly card: CardFacts
  readonly routingId?: string
  readonly challengeId: ChallengeId
  readonly otp: OtpCounts
  /** Why no further OTP is taken, although the challenge's time is not over. */
  readonly closedBy?: ClosedBy
  /** The bank's page of this payment, sealed. */
  readonly bankData?: string
  readonly said: Said
  readonly code: ResponseCode | ''
  /** Whether the money came too late to be the order's. */
  readonly late: boolean
  /** How often a question was put to the gateway: the fencing number of the question under way. */
  readonly lease: number
  /** Until when a question is under way, in epoch milliseconds; 0 when none is. */
  readonly leaseUntil: number
  /** When the gateway was last asked to do something, in epoch milliseconds. */
  readonly askedAt: number
  /** How often the clock has asked about it. */
  readonly looks: number
  readonly dueAt?: number
  readonly createdAt: number
  readonly updatedAt: number
}

/** How the customer proves who they are. */
export type AuthType = 'OTP' | 'THREE_DS'

/** An OTP challenge's counters; `sends` is 0 when the txn has no challenge. */
export interface OtpCounts {
  readonly attempts: number
  readonly attemptsMax: number
  readonly sends: number
  readonly sendsMax: number
  readonly sentAt?: number
  /** Until when an OTP is taken, in epoch milliseconds. */
  readonly until?: number
}

/** No bank lets an OTP live longer, and patience is shorter (NIST: 10 minutes at most). */
const otpLifeMs = 5 * 60_000
const challengeLifeMs = 10 * 60_000

/** A customer who has not come back from the bank's page by then won't. */
export const pageLifeMs = 15 * 60_000

/** Until when an OTP sent at `sentAt` is taken: 5 minutes, 10 from the first, or the gateway's. */
export function otpUntil(sentAt: number, startedAt: number, gatewaysUntil?: number): number {
  return Math.min(sentAt + otpLifeMs, startedAt + challengeLifeMs, gatewaysUntil ?? Infinity)
}

/** Whether a question to the gateway is under way. */
export function isInFlight(txn: Txn, now: number): boolean {
  return txn.leaseUntil > now
}

/** Whether whoever asked the last question never brought its answer: the truth must be fetched. */
export function hasLapsed(txn: Txn, now: number): boolean {
  return txn.leaseUntil !== 0 && txn.leaseUntil <= now
}

/** Whether this txn ever had an OTP challenge. */
export function hasChallenge(txn: Txn): boolean {
  return txn.otp.sends > 0
}

/** Whether an OTP would be taken now. */
export function submitAllowed(txn: Txn, now: number): boolean {
  return isOpen(txn, now) && txn.otp.attempts < txn.otp.attemptsMax
}

/** Whether the OTP could be sent again, now or after the cool-down. */
export function resendAllowed(txn: Txn, now: number): boolean {
  return isOpen(txn, now) && txn.otp.sends < txn.otp.sendsMax
}

/** Whether the time of its challenge, or of the bank's page, is over. */
export function isPastLife(txn: Txn, now: number): boolean {
  if (txn.status !== 'PENDING_VBV') return false
  const onPage = !hasChallenge(txn) || txn.closedBy === 'fallback'
  return now >= (onPage ? txn.createdAt + pageLifeMs : (txn.otp.until ?? 0))
}

/** Banks settle what was left open within days; gateways' own late news ends by then too. */
const lateNewsMs = 3 * 24 * 3_600_000

/**
 * Whether a payment that we gave up may at this time still turn out paid: at the bank's page, or at
 * a gateway that did not know it when it was asked.
 */
export function awaitsLateNews(txn: Txn, at: number): boolean {
  return mayPayLate(txn) && at < txn.createdAt + lateNewsMs
}

/** Whether it was we who gave the payment up, and not the bank who said no. */
export function mayPayLate(txn: Txn): boolean {
  const sawPage = txn.closedBy === 'fallback' || (!hasChallenge(txn) && txn.bankData !== undefined)
  return txn.code === 'TXN_NOT_FOUND' || (txn.code === 'TXN_EXPIRED' && sawPage)
}

function isOpen(txn: Txn, now: number): boolean {
  return (
    txn.status === 'PENDING_VBV' &&
    hasChallenge(txn) &&
    txn.closedBy === undefined &&
    now < (txn.otp.until ?? 0)
  )
}

/** Seconds after which an unfinished payment is asked about again; the last one repeats. */
const lookAfterSeconds = [5, 15, 30, 60, 120, 300, 900, 3_600, 21_600, 86_400] as const

/** When to look again, in epoch milliseconds; `luck` in [0, 1) spreads a crowd by up to a tenth. */
export function nextLook(looks: number, now: number, luck: number): number {
  const seconds = lookAfterSeconds[Math.min(looks, lookAfterSeconds.length - 1)] ?? 86_400
  return now + Math.round(seconds * 1_000 * (1 + luck / 10))
}

/** Where the bank's page sends the browser back to. */
export function finishUrlOf(txn: Txn, publicUrl: string): string {
  return `${publicUrl}/v2/pay/finish/${txn.merchant}/${txn.id}/${txn.orderId}`
}

/** The wire's readable id of a txn: `{merchant}-{order}-{n}`. */
export function txnIdOnWire(txn: Pick<Txn, 'merchant' | 'orderId' | 'n'>): string {
  return `${txn.merchant}-${txn.orderId}-${txn.n}`
}
