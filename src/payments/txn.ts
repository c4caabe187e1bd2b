import type { CardFacts } from '../cards/card.ts'
import type { GatewayName } from '../gateways/catalog.ts'
import type { ResponseCode, Said } from '../gateways/gateway.ts'
import type { ChallengeId, MerchantId, OrderId, Shard, TxnId } from '../ids.ts'
import type { Paise } from '../money.ts'
import type { Chosen } from './chosen.ts'
import type { Capture, Instruction } from './instruction.ts'

/** Every status a txn can have. */
export type TxnStatus =
  | 'STARTED'
  | 'PENDING_VBV'
  | 'AUTHORIZING'
  | 'AUTHORIZED'
  | 'CAPTURE_INITIATED'
  | 'CAPTURE_FAILED'
  | 'VOID_INITIATED'
  | 'VOID_FAILED'
  | 'VOIDED'
  | 'CHARGED'
  | 'AUTO_REFUNDED'
  | 'AUTHENTICATION_FAILED'
  | 'AUTHORIZATION_FAILED'
  | 'JUSPAY_DECLINED'

/**
 * Where a payment attempt may go from each status. The failures and VOIDED lead on only because a
 * bank can still say that it took the money: such late news is kept, never lost. Where a capture or
 * void has failed the money is still held, so either may be tried again.
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
  AUTHORIZED: [
    'CAPTURE_INITIATED',
    'CAPTURE_FAILED',
    'CHARGED',
    'VOID_INITIATED',
    'VOID_FAILED',
    'VOIDED',
  ],
  CAPTURE_INITIATED: ['CHARGED', 'CAPTURE_FAILED', 'VOIDED'],
  CAPTURE_FAILED: ['CAPTURE_INITIATED', 'CHARGED', 'VOID_INITIATED', 'VOID_FAILED', 'VOIDED'],
  VOID_INITIATED: ['VOIDED', 'VOID_FAILED', 'CHARGED'],
  VOID_FAILED: ['CAPTURE_INITIATED', 'CAPTURE_FAILED', 'CHARGED', 'VOID_INITIATED', 'VOIDED'],
  VOIDED: ['CHARGED'],
  CHARGED: ['AUTO_REFUNDED'],
  AUTO_REFUNDED: [],
  AUTHENTICATION_FAILED: ['AUTHORIZED', 'CHARGED'],
  AUTHORIZATION_FAILED: ['AUTHORIZED', 'CHARGED'],
  JUSPAY_DECLINED: ['AUTHORIZED', 'CHARGED'],
}

/** Whether the table lets a txn go from one status to another. */
export function mayMove(from: TxnStatus, to: TxnStatus): boolean {
  return next[from].includes(to)
}

/** Whether nothing more is awaited of the bank, unless a capture or void is asked for. */
export function isFinal(status: TxnStatus): boolean {
  switch (status) {
    case 'STARTED':
    case 'PENDING_VBV':
    case 'AUTHORIZING':
    case 'CAPTURE_INITIATED':
    case 'VOID_INITIATED':
      return false
    case 'AUTHORIZED':
    case 'CAPTURE_FAILED':
    case 'VOID_FAILED':
    case 'VOIDED':
    case 'CHARGED':
    case 'AUTO_REFUNDED':
    case 'AUTHENTICATION_FAILED':
    case 'AUTHORIZATION_FAILED':
    case 'JUSPAY_DECLINED':
      return true
    default:
      return status satisfies never
  }
}

/** Whether the txn has money: held, or taken and not given back as a whole. */
export function holdsMoney(status: TxnStatus): boolean {
  return status === 'CHARGED' || isHeld(status)
}

/** Whether the money is held and nothing of it taken. */
export function isHeld(status: TxnStatus): boolean {
  switch (status) {
    case 'AUTHORIZED':
    case 'CAPTURE_INITIATED':
    case 'CAPTURE_FAILED':
    case 'VOID_INITIATED':
    case 'VOID_FAILED':
      return true
    case 'STARTED':
    case 'PENDING_VBV':
    case 'AUTHORIZING':
    case 'VOIDED':
    case 'CHARGED':
    case 'AUTO_REFUNDED':
    case 'AUTHENTICATION_FAILED':
    case 'AUTHORIZATION_FAILED':
    case 'JUSPAY_DECLINED':
      return false
    default:
      return status satisfies never
  }
}

/** Whether the bank's next word is awaited: an open end, or a capture or void under way. */
export function isAwaited(txn: Txn): boolean {
  return !isFinal(txn.status) || txn.instruction !== undefined
}

/** Whether the payment ended without any money, as far as anybody knows. */
export function isFailed(status: TxnStatus): boolean {
  return isFinal(status) && !holdsMoney(status) && status !== 'VOIDED' && status !== 'AUTO_REFUNDED'
}

/**
 * The status that callers are told. Money that is not its order's does not pay it, and a merchant
 * who reads CHARGED would deliver: until it has gone back, the txn counts as undecided.
 */
export function toldStatus({ status, late }: Pick<Txn, 'status' | 'late'>): TxnStatus {
  return late && holdsMoney(status) ? 'AUTHORIZING' : status
}

/** Whether only a part of the order's money was taken so far. */
export function isPartlyCharged(txn: Txn): boolean {
  return txn.status === 'CHARGED' && !txn.late && txn.captured < txn.amount
}

/** Why a challenge takes no more OTPs: the customer is at the bank's page, or another amount. */
export type ClosedBy = 'fallback' | 'amount'

/** One attempt to pay an order. */
export interface Txn {
  readonly shard: Shard
  readonly merchant: MerchantId
  readonly id: TxnId
  readonly orderId: OrderId
  /** Which attempt of its order it is, counted from 1. */
  readonly n: number
  readonly status: TxnStatus
  /** Frozen at the start, as the currency is. */
  readonly amount: Paise
  readonly currency: string
  readonly authType: AuthType
  readonly autoCapture: boolean
  readonly account: string
  readonly gateway: GatewayName
  /** Why this account, where that is known. */
  readonly choice?: Chosen
  /** How often a start was put to a gateway. */
  readonly tries: number
  readonly card: CardFacts
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
  /** How much of the money was taken, and how much of that is given back or on its way. */
  readonly captured: Paise
  readonly refunded: Paise
  /** What the gateway has been told to do with money it holds, as long as that is not decided. */
  readonly instruction?: Instruction
  /** What was taken by captures of their own, the oldest first. */
  readonly captures: readonly Capture[]
  /** When the payment was found to need a person, in epoch milliseconds. */
  readonly flaggedAt?: number
  /** The card that is to be stored once the payment has succeeded, sealed for a short while. */
  readonly locker?: string
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
  /** How many of these the bank has certainly answered with a no. */
  readonly answered: number
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

function isOpen(txn: Txn, now: number): boolean {
  return (
    txn.status === 'PENDING_VBV' &&
    hasChallenge(txn) &&
    txn.closedBy === undefined &&
    now < (txn.otp.until ?? 0)
  )
}

/** Where the bank's page sends the browser back to. */
export function finishUrlOf(txn: Txn, publicUrl: string): string {
  return `${publicUrl}/v2/pay/finish/${txn.merchant}/${txn.id}/${txn.orderId}`
}

/** The wire's readable id of a txn: `{merchant}-{order}-{n}`. */
export function txnIdOnWire(txn: Pick<Txn, 'merchant' | 'orderId' | 'n'>): string {
  return `${txn.merchant}-${txn.orderId}-${txn.n}`
}
