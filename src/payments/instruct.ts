import assert from 'node:assert/strict'
import type { Instructed, Question } from '../gateways/gateway.ts'
import type { Merchant } from '../merchants/merchant.ts'
import { Refusal } from '../refusal.ts'
import { accessOf, ask, leaseFor, paymentOf } from './ask.ts'
import { appendEvent, type By } from './events.ts'
import type { Instruction } from './instruction.ts'
import { touch } from './orders.ts'
import { settle } from './settle.ts'
import { sync, syncInTurn } from './sync.ts'
import { giveInstruction } from './turns.ts'
import { isHeld, type Txn } from './txn.ts'
import { findTxnOnWire } from './txns.ts'
import type { World } from './world.ts'

/** What a gateway is to do with the money of a txn, and how it is told. */
export interface Instructing<P extends Instructed> {
  readonly txn: Txn
  readonly instruction: Instruction
  readonly question: Question<P>
  /** What the question carries beyond what every instruction does. */
  readonly more: Omit<P, keyof Instructed>
  readonly by: By
}

/**
 * Tells a gateway what to do with money it holds, in three beats: the instruction is on disk before
 * it leaves, and stays on the txn until the gateway has done it or has not. Throws `Overtaken`.
 */
export async function instruct<P extends Instructed>(
  world: World,
  merchant: Merchant,
  instructing: Instructing<P>,
): Promise<Txn> {
  const { txn, instruction, question, more, by } = instructing
  const access = await accessOf(world, txn)
  const taken = await give(world, { txn, instruction, question, by })
  const { kind } = instruction
  // A later instruction of the same txn is another one, so the turn's number is part of its name.
  const reference = `${txn.id}.${taken.lease}`
  const about = { ...paymentOf(taken), reference, ...more } as P
  const heard = await ask(world, taken, { question, about, access })
  const { settings } = merchant
  const told = { txn: taken, asked: kind, ...heard, lapsed: false, settings, by } as const
  const settled = await settle(world, told)
  // A refusal tells nothing of the money: somebody may have taken or released it elsewhere.
  const unclear = heard.verdict.kind === 'refused' && isHeld(settled.status)
  return unclear ? sync(world, merchant, { txn: settled, by }) : settled
}

type Giving = Pick<Instructing<Instructed>, 'txn' | 'instruction' | 'by'> & {
  readonly question: { readonly patienceMs: number }
}

async function give(world: World, { txn, instruction, question, by }: Giving): Promise<Txn> {
  const now = world.now()
  return world.db.tx(async (t) => {
    const order = await touch(t, txn)
    assert(order, 'a txn has an order')
    const taken = await giveInstruction(t, txn, {
      now,
      leaseUntil: leaseFor(question, now),
      instruction,
      // What the clock has in vain it tries less and less often; a person's wish begins anew.
      looks: by.door === 'clock' ? txn.looks + 1 : 0,
    })
    const { kind } = instruction
    appendEvent(t, txn, {
      seq: order.seq,
      kind: kind === 'capture' ? 'capture_asked' : 'void_asked',
      txn: txn.id,
      at: now,
      by,
      body: kind === 'capture' ? { amount: instruction.amount, key: instruction.key } : {},
    })
    return taken
  })
}

/** The txn that a caller names. Unknown and foreign ids are refused all alike. */
export async function findNamed(world: World, merchant: Merchant, id: string): Promise<Txn> {
  const txn = await findTxnOnWire(world.db.read, merchant.id, id)
  if (!txn) throw new Refusal('unknown_txn')
  return txn
}

/** The txn with nothing under way: what the gateway has not decided is asked about first. */
export async function undisturbed(
  world: World,
  merchant: Merchant,
  { txn, by }: { txn: Txn; by: By },
): Promise<Txn> {
  if (!txn.instruction) return txn
  const now = await syncInTurn(world, merchant, { txn, by })
  if (now.instruction) throw new Refusal('in_process')
  return now
}
