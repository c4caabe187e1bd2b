import { dayMs } from '../clock.ts'
import type { RefundSaid, RefundVerdict } from '../gateways/gateway.ts'
import type { MerchantId, OrderId, RefundRef, Shard, TxnId } from '../ids.ts'
import type { Paise } from '../money.ts'
import { nextLook } from './look.ts'

/** Every status a refund can have. */
export type RefundStatus = 'PENDING' | 'SUCCESS' | 'FAILURE' | 'MANUAL_REVIEW'

/**
 * Where a refund may go from each status. A refund in review can still end by the gateway's own
 * word; an end is an end.
 */
export const nextRefund: Record<RefundStatus, readonly RefundStatus[]> = {
  PENDING: ['SUCCESS', 'FAILURE', 'MANUAL_REVIEW'],
  MANUAL_REVIEW: ['SUCCESS', 'FAILURE'],
  SUCCESS: [],
  FAILURE: [],
}

/** Money on its way back to a cardholder. */
export interface Refund {
  readonly shard: Shard
  readonly merchant: MerchantId
  readonly orderId: OrderId
  /** The merchant's `unique_request_id`, unique for its order; ours for a late charge. */
  readonly id: string
  /** Our own id of it, which the gateway is told. */
  readonly ref: RefundRef
  readonly txn: TxnId
  readonly amount: Paise
  readonly status: RefundStatus
  /** Who wanted it: a caller of the API, or we because the money was not the order's. */
  readonly source: 'API' | 'AUTO_REFUNDED'
  /** The `metadata.*` of the call, by the rest of their names. */
  readonly metadata: Readonly<Record<string, string>>
  readonly said: RefundSaid
  /** Whether the gateway may have heard of it. */
  readonly sent: boolean
  /** How often a question was put to the gateway: the fencing number of the one under way. */
  readonly lease: number
  /** Until when a question is under way, in epoch milliseconds; 0 when none is. */
  readonly leaseUntil: number
  /** When the gateway was last told of it, in epoch milliseconds. */
  readonly askedAt: number
  readonly looks: number
  readonly dueAt?: number
  readonly createdAt: number
  readonly updatedAt: number
}

/** Whether nothing more is awaited of the refund. */
export function isRefundOver(status: RefundStatus): boolean {
  return nextRefund[status].length === 0
}

// Clients make these up as they like (UUIDs, their own order numbers); an id is 64 long at most.
const requestIdPattern = /^[A-Za-z0-9._-]{1,64}$/

/** Whether a text can be a `unique_request_id`. */
export function isRequestId(text: string): boolean {
  return requestIdPattern.test(text)
}

/** The circumstances in which an answer about a refund is judged. */
export interface RefundCircumstances {
  /** Whether the gateway was told of the refund, or asked how it stands. */
  readonly asked: 'send' | 'sync'
  readonly now: number
  /** A number in [0, 1), for spreading the next looks. */
  readonly luck: number
  /** How long the gateway may still be working through a call we made, in milliseconds. */
  readonly settlesWithinMs: number
}

/** A refund pending for longer is for a person to look at (Juspay: ten days). */
const reviewAfterMs = 10 * dayMs

/** Banks settle disputes within 90 days; afterwards nobody asks by itself any more. */
const lastLookMs = 90 * dayMs

/** How often we try by ourselves to give back money that is not the order's. */
export const mostAutoRefunds = 5

/** How often we have tried by ourselves to give a txn's money back. */
export function autoRefundsOf(refunds: readonly Refund[], txn: TxnId): number {
  return refundsOfTxn(refunds, txn).filter(({ source }) => source === 'AUTO_REFUNDED').length
}

/** Those of an order's refunds that give back one txn's money. */
export function refundsOfTxn(refunds: readonly Refund[], txn: TxnId): Refund[] {
  return refunds.filter((refund) => refund.txn === txn)
}

/**
 * A gateway's word as far as it may be believed: a refund of another amount than the one it was
 * told is not this one, and nothing is built on it.
 */
export function believedRefund(refund: Refund, verdict: RefundVerdict): RefundVerdict {
  const isOther = verdict.kind === 'refunded' && verdict.amount !== refund.amount
  return isOther ? { kind: 'unknown', because: 'another amount', sent: true, alarm: true } : verdict
}

/** What a gateway's answer does to a refund: the whole judgement, and no I/O. */
export function judgeRefund(
  refund: Refund,
  verdict: RefundVerdict,
  at: RefundCircumstances,
): Refund {
  switch (verdict.kind) {
    case 'refunded':
      return ended(refund, 'SUCCESS', verdict.said, at)
    case 'refund_pending':
      return waits({ ...refund, said: { ...refund.said, ...verdict.said } }, at)
    case 'refund_on_hold':
      return waits(inReview({ ...refund, said: { ...refund.said, ...verdict.said } }, at), at)
    case 'refund_failed':
      return ended(refund, 'FAILURE', verdict.said, at)
    case 'not_found':
      return at.asked === 'send' ? waits(refund, at) : neverArrived(refund, at)
    case 'unknown':
      return waits(verdict.sent || at.asked === 'sync' ? refund : { ...refund, sent: false }, at)
    default:
      return verdict satisfies never
  }
}

/** Whether the refund is for a person, and the gateway has certainly not heard of it. */
export function isHeldBack({ status, sent }: Refund): boolean {
  return status === 'MANUAL_REVIEW' && !sent
}

const neverSent: RefundSaid = { message: 'The gateway could not be reached' }

function ended(
  refund: Refund,
  status: 'SUCCESS' | 'FAILURE',
  said: RefundSaid,
  at: RefundCircumstances,
): Refund {
  const { dueAt: _dueAt, ...rest } = refund
  return { ...rest, status, said: { ...refund.said, ...said }, leaseUntil: 0, updatedAt: at.now }
}

/** Asked again later. What waits for too long needs a person, but an answer still ends it. */
function waits(refund: Refund, at: RefundCircumstances): Refund {
  const { dueAt: _dueAt, ...rest } = refund
  const age = at.now - refund.createdAt
  const reviewed = age >= reviewAfterMs ? inReview(rest, at) : rest
  const after: Refund = { ...reviewed, leaseUntil: 0 }
  // A person may pay by hand now, so what never reached the gateway must not leave any more.
  if (isHeldBack(refund)) return ended(refund, 'FAILURE', neverSent, at)
  return age >= lastLookMs ? after : { ...after, dueAt: nextLook(refund.looks, at.now, at.luck) }
}

/** For a person to see to, from now on or already. */
function inReview(refund: Refund, at: RefundCircumstances): Refund {
  if (refund.status !== 'PENDING') return refund
  return { ...refund, status: 'MANUAL_REVIEW', updatedAt: at.now }
}

/** The gateway does not know it, so it is sent again by the same name, once that is certain. */
function neverArrived(refund: Refund, at: RefundCircumstances): Refund {
  const certainAt = refund.askedAt + at.settlesWithinMs
  if (at.now < certainAt) return { ...waits(refund, at), dueAt: certainAt }
  const again = waits({ ...refund, sent: false }, at)
  return again.status === 'PENDING' ? { ...again, dueAt: at.now } : again
}
