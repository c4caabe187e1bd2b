import assert from 'node:assert/strict'
import { findAccount } from '../gateways/accounts.ts'
import type { Access, Payment, Question, Stage, Unknown } from '../gateways/gateway.ts'
import type { Heard } from '../gateways/perform.ts'
import { hasChallenge, type Txn } from './txn.ts'
import type { World } from './world.ts'

/** Past this after a call's own patience, whoever made the call is dead. */
const graceMs = 5_000

/** Until when whoever takes a txn's turn now may ask this question, in epoch milliseconds. */
export function leaseFor(question: { readonly patienceMs: number }, now: number): number {
  return now + question.patienceMs + graceMs
}

/**
 * Puts a question whose turn was taken. When so much time has gone by that its answer could come
 * after the turn's end (a paused process, a stalled database), nothing is sent: by then somebody
 * else may have asked, and the order may be paid by another txn.
 */
export async function ask<P, V>(
  world: World,
  taken: { readonly leaseUntil: number },
  put: { question: Question<P, V>; about: P; access: Access },
): Promise<Heard<V | Unknown>> {
  if (world.now() + put.question.patienceMs > taken.leaseUntil) {
    const verdict = { kind: 'unknown', because: 'the turn was over', sent: false } as const
    return { verdict, calls: [], tookMs: 0 }
  }
  return world.perform(put.question, put.about, put.access)
}

/** What every later question about a txn carries. */
export function paymentOf(txn: Txn): Payment {
  return {
    id: txn.id,
    tries: txn.tries,
    stage: stageOf(txn),
    merchant: txn.merchant,
    orderId: txn.orderId,
    amount: txn.amount,
    currency: txn.currency,
    autoCapture: txn.autoCapture,
    ...(txn.said.ref !== undefined && { ref: txn.said.ref }),
    ...(txn.said.handle !== undefined && { handle: txn.said.handle }),
  }
}

function stageOf(txn: Txn): Stage {
  if (txn.otp.attempts > txn.otp.answered) return 'submitted'
  if (txn.closedBy === 'fallback') return 'at_page'
  if (hasChallenge(txn)) return 'challenged'
  return txn.bankData === undefined ? 'started' : 'at_page'
}

/** How the gateway account of a txn is reached. Read before the turn is taken: it may take time. */
export async function accessOf(world: World, txn: Txn): Promise<Access> {
  const found = await findAccount(world, txn.merchant, txn.account)
  assert(found, `the account ${txn.account} of a txn exists`)
  return found.access
}
