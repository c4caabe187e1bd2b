import assert from 'node:assert/strict'
import { gatewayNamed } from '../gateways/catalog.ts'
import type { Merchant } from '../merchants/merchant.ts'
import { Refusal } from '../refusal.ts'
import type { Secret } from '../secret.ts'
import { appendEvent, type By } from './events.ts'
import { findOrder, touchToClaim } from './orders.ts'
import { settle } from './settle.ts'
import { accessOf, graceMs, paymentOf, sync, syncClaimant } from './sync.ts'
import { takeTurnOf } from './take-turn.ts'
import { hasChallenge, isPastLife, type Txn } from './txn.ts'
import { findTxnOnWire, Overtaken, spendAttempt } from './txns.ts'
import type { World } from './world.ts'

/** An OTP that a customer typed, and the challenge it answers. */
export interface Submission {
  /** The txn by either of its wire ids. */
  readonly id: string
  readonly challengeId: string
  readonly otp: Secret
  /** Whether to take the money at once; absent: as the order says. */
  readonly autoCapture?: boolean
  readonly by: By
}

/**
 * Puts an OTP to the bank, at most once, and settles what the bank says. A txn that already has an
 * end, or whose end is awaited, is given as it is and nothing is sent.
 */
export async function authenticate(world: World, merchant: Merchant, submission: Submission) {
  return takeTurnOf(world, merchant, {
    find: () => findChallenged(world, merchant, submission),
    take: (txn) => submit(world, merchant, { submission, txn }),
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
}

async function submit(world: World, merchant: Merchant, { submission, txn }: Submitting) {
  if (txn.status !== 'PENDING_VBV') return txn
  refuseIfClosed(txn)
  if (isPastLife(txn, world.now())) return sync(world, merchant, { txn, by: submission.by })
  const taken = await claim(world, merchant, { submission, txn })
  const { submitOtp } = gatewayNamed(taken.gateway)
  assert(submitOtp, 'a gateway that opened a challenge takes OTPs')
  const about = { ...paymentOf(taken), otp: submission.otp }
  const verdict = await world.perform(submitOtp, about, await accessOf(world, taken))
  const { settings } = merchant
  const { by } = submission
  return settle(world, { txn: taken, asked: 'submit', verdict, lapsed: false, settings, by })
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

/** The first beat: the attempt is spent and the order claimed before the OTP leaves. */
async function claim(world: World, merchant: Merchant, { submission, txn }: Submitting) {
  const taken = await spend(world, { submission, txn })
  if (taken) return taken
  if (await syncClaimant(world, merchant, { key: txn, by: submission.by })) throw new Overtaken()
  const order = await findOrder(world.db.read, txn)
  if (order?.paidBy === txn.id) throw new Overtaken()
  throw order?.paidBy
    ? new Refusal('order_paid', { subject: txn.orderId })
    : new Refusal('in_process')
}

async function spend(world: World, { submission, txn }: Submitting): Promise<Txn | undefined> {
  const now = world.now()
  const patienceMs = gatewayNamed(txn.gateway).submitOtp?.patienceMs ?? 0
  return world.db.tx(async (t) => {
    const order = await touchToClaim(t, txn, txn.id)
    if (!order) return undefined
    if (order.amount !== txn.amount || order.currency !== txn.currency) {
      throw new Refusal('amount_changed')
    }
    const leaseUntil = now + patienceMs + graceMs
    const autoCapture = submission.autoCapture ?? txn.autoCapture
    const taken = await spendAttempt(t, txn, { now, leaseUntil, autoCapture })
    appendEvent(
      t,
      { ...txn, seq: order.seq },
      {
        kind: 'otp_submitted',
        txn: txn.id,
        at: now,
        by: submission.by,
        body: { attempt: taken.otp.attempts, of: taken.otp.attemptsMax },
      },
    )
    return taken
  })
}
