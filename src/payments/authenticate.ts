import assert from 'node:assert/strict'
import { gatewayNamed } from '../gateways/catalog.ts'
import type { Question } from '../gateways/gateway.ts'
import type { Merchant } from '../merchants/merchant.ts'
import { Refusal } from '../refusal.ts'
import type { Secret } from '../secret.ts'
import { accessOf, ask, leaseFor, paymentOf } from './ask.ts'
import { refuseChangedCapture } from './capture.ts'
import { appendEvent, type By } from './events.ts'
import { findOrder, touchToClaim } from './orders.ts'
import { settle } from './settle.ts'
import { budgetOfCall, type DaySpending } from './spend-budget.ts'
import { syncInTurn } from './sync.ts'
import { syncClaimant } from './sync-claimant.ts'
import { takeTurnOf } from './take-turn.ts'
import { spendAttempt } from './turns.ts'
import { hasChallenge, isPastLife, type Txn } from './txn.ts'
import { findTxnOnWire, Overtaken } from './txns.ts'
import type { World } from './world.ts'

/** An OTP that a customer typed, and the challenge it answers. */
export interface Submission {
  /** The txn by either of its wire ids. */
  readonly id: string
  readonly challengeId: string
  readonly otp: Secret
  /** Whether to take the money at once; absent: as the order says. */
  readonly autoCapture?: boolean
  /** How many attempts the customer has seen spent: with another number nothing is sent. */
  readonly seen?: number
  readonly by: By
}

/**
 * Puts an OTP to the bank, at most once, and settles what the bank says. A txn that already has an
 * end, or whose end is awaited, is given as it is and nothing is sent.
 */
export async function authenticate(world: World, merchant: Merchant, submission: Submission) {
  const spendOnce = budgetOfCall(world, merchant)
  return takeTurnOf(world, merchant, {
    find: () => findChallenged(world, merchant, submission),
    take: (txn) => submit(world, merchant, { submission, txn, spendOnce }),
    by: submission.by,
  })
}

/** The txn of a challenge. Unknown, foreign and mismatched ids are refused all alike. */
export async function findChallenged(
  world: World,
  merchant: Merchant,
  named: { id: string; challengeId: string },
): Promise<Txn> {
  const txn = await findTxnOnWire(world.db.read, merchant.id, named.id)
  if (txn?.challengeId !== named.challengeId) throw new Refusal('unknown_txn')
  return txn
}

interface Submitting {
  readonly submission: Submission
  readonly txn: Txn
  readonly spendOnce: (spending: DaySpending) => Promise<void>
}

async function submit(world: World, merchant: Merchant, submitting: Submitting) {
  const { submission, txn, spendOnce } = submitting
  if (txn.status !== 'PENDING_VBV') return txn
  if (submission.seen !== undefined && submission.seen !== txn.otp.attempts) return txn
  refuseIfClosed(txn)
  if (isPastLife(txn, world.now())) return syncInTurn(world, merchant, { txn, by: submission.by })
  const gateway = gatewayNamed(txn.gateway)
  const { submitOtp: question } = gateway
  assert(question, 'a gateway that opened a challenge takes OTPs')
  refuseChangedCapture(gateway, txn, submission.autoCapture)
  const access = await accessOf(world, txn)
  await spendOnce({ deed: 'attempt', fingerprint: txn.card.fingerprint, order: txn })
  const taken = await claim(world, merchant, { submission, txn, question })
  const about = { ...paymentOf(taken), otp: submission.otp }
  const heard = await ask(world, taken, { question, about, access })
  const { settings } = merchant
  const { by } = submission
  return settle(world, { txn: taken, asked: 'submit', ...heard, lapsed: false, settings, by })
}

/** Refuses when the challenge takes no more OTPs although its txn goes on. */
export function refuseIfClosed(txn: Txn): void {
  switch (txn.closedBy) {
    case 'fallback':
      throw new Refusal('cannot_accept')
    case 'amount':
      throw new Refusal('amount_changed')
    case undefined:
      if (!hasChallenge(txn)) throw new Refusal('cannot_accept')
      return
    default:
      txn.closedBy satisfies never
  }
}

type Claiming = Omit<Submitting, 'spendOnce'> & { readonly question: Question<never> }

/** The first beat: the attempt is spent and the order claimed before the OTP leaves. */
async function claim(world: World, merchant: Merchant, claiming: Claiming): Promise<Txn> {
  const { submission, txn } = claiming
  const taken = await spend(world, claiming)
  if (taken) return taken
  if (await syncClaimant(world, merchant, { key: txn, by: submission.by })) throw new Overtaken()
  const order = await findOrder(world.db.read, txn)
  const paidByOther = order?.paidBy !== undefined && order.paidBy !== txn.id
  if (paidByOther) throw new Refusal('order_paid', { subject: txn.orderId })
  const claimedByOther = order?.claimedBy !== undefined && order.claimedBy !== txn.id
  if (claimedByOther) throw new Refusal('in_process')
  throw new Overtaken()
}

async function spend(world: World, claiming: Claiming): Promise<Txn | undefined> {
  const { submission, txn, question } = claiming
  const now = world.now()
  return world.db.tx(async (t) => {
    const order = await touchToClaim(t, txn, txn.id)
    if (!order) return undefined
    if (order.amount !== txn.amount || order.currency !== txn.currency) {
      throw new Refusal('amount_changed')
    }
    const leaseUntil = leaseFor(question, now)
    const autoCapture = submission.autoCapture ?? txn.autoCapture
    const taken = await spendAttempt(t, txn, { now, leaseUntil, autoCapture })
    appendEvent(t, txn, {
      seq: order.seq,
      kind: 'otp_submitted',
      txn: txn.id,
      at: now,
      by: submission.by,
      body: { attempt: taken.otp.attempts, of: taken.otp.attemptsMax },
    })
    return taken
  })
}
