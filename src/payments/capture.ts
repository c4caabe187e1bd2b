import { gatewayNamed } from '../gateways/catalog.ts'
import type { Capturing, Gateway, Question } from '../gateways/gateway.ts'
import type { Merchant } from '../merchants/merchant.ts'
import { type Paise, paise } from '../money.ts'
import { badField, Refusal } from '../refusal.ts'
import type { By } from './events.ts'
import { mayCapture } from './held.ts'
import { findNamed, instruct, undisturbed } from './instruct.ts'
import type { Instruction } from './instruction.ts'
import { takeTurnOf } from './take-turn.ts'
import { type Txn, toldStatus } from './txn.ts'
import type { World } from './world.ts'

/** A merchant's wish to take held money. */
export interface CaptureWish {
  /** The txn by either of its wire ids. */
  readonly id: string
  /** Absent: all that is left. */
  readonly amount?: Paise
  /** The merchant's own name of this capture, by which a repeated call is known. */
  readonly key?: string
  readonly by: By
}

/**
 * Takes money that a txn holds, all of it or a part, and gives the txn as it is then. A call with
 * the key of an earlier one takes nothing. Refuses a txn that holds no money, an amount over the
 * rest, a gateway that can't, and a second capture while one is under way.
 */
export async function capture(world: World, merchant: Merchant, wish: CaptureWish): Promise<Txn> {
  return takeTurnOf(world, merchant, {
    find: () => findNamed(world, merchant, wish.id),
    take: (txn) => take(world, merchant, { wish, txn }),
    by: wish.by,
  })
}

async function take(
  world: World,
  merchant: Merchant,
  { wish, txn: seen }: { wish: CaptureWish; txn: Txn },
): Promise<Txn> {
  const { by } = wish
  if (isDone(seen, wish)) return seen
  const txn = await undisturbed(world, merchant, { txn: seen, by })
  if (isDone(txn, wish)) return txn
  if (!mayCapture(txn)) throw new Refusal('cannot_capture', { subject: toldStatus(txn) })
  const left = paise(txn.amount - txn.captured)
  const amount = wish.amount ?? left
  if (amount > left) throw new Refusal('capture_exceeds')
  const name = txn.captured === 0 ? nameOf(txn, wish) : wish.key
  const key = name === undefined ? {} : { key: name }
  const question = captureBy(gatewayNamed(txn.gateway), { txn, wish: key, amount })
  const instruction: Instruction = { kind: 'capture', amount, ...key }
  return instruct(world, merchant, { txn, instruction, question, more: { take: amount }, by })
}

/**
 * The key of a capture. Some clients send the amount always and a key never: the first part that
 * is taken goes by its amount then, so that the same call again is the same capture.
 */
function nameOf(txn: Txn, { key, amount }: CaptureWish): string | undefined {
  const isPart = amount !== undefined && amount < txn.amount
  return key ?? (isPart ? `amount:${amount}` : undefined)
}

/** Whether this very capture is done or under way. Refuses its key with another amount. */
function isDone(txn: Txn, wish: CaptureWish): boolean {
  const { amount } = wish
  const key = nameOf(txn, wish)
  if (key === undefined) return false
  const underWay = txn.instruction?.kind === 'capture' ? [txn.instruction] : []
  const same = [...txn.captures, ...underWay].find((one) => one.key === key)
  if (same && amount !== undefined && same.amount !== amount) {
    throw new Refusal('capture_key_reused')
  }
  return same !== undefined
}

/**
 * Refuses to hold money at a gateway that could not take it later, and to change between holding
 * and taking where the gateway was told at the start.
 */
export function refuseChangedCapture(
  { capture: whole, fixesCapture }: Pick<Gateway, 'capture' | 'fixesCapture'>,
  txn: Txn,
  autoCapture = txn.autoCapture,
): void {
  if (!autoCapture && !whole) throw new Refusal('capture_unsupported')
  if (fixesCapture && autoCapture !== txn.autoCapture) throw new Refusal('capture_fixed')
}

/** How this gateway takes so much of a txn's money. Refuses what it can't. */
export function captureBy(
  { capture: question, captures }: Pick<Gateway, 'capture' | 'captures'>,
  { txn, wish, amount }: { txn: Txn; wish: Pick<CaptureWish, 'key'>; amount: Paise },
): Question<Capturing> {
  if (!question) throw new Refusal('capture_unsupported')
  if (amount === txn.amount) return question
  if (captures === 'whole') throw new Refusal('partial_capture_unsupported')
  if (wish.key === undefined) throw badField('idempotence_key', 'missing')
  return question
}
