import { gatewayNamed } from '../gateways/catalog.ts'
import type { Gateway, Instructed, Question } from '../gateways/gateway.ts'
import type { Merchant } from '../merchants/merchant.ts'
import { Refusal } from '../refusal.ts'
import type { By } from './events.ts'
import { mayVoid } from './held.ts'
import { findNamed, instruct, undisturbed } from './instruct.ts'
import { takeTurnOf } from './take-turn.ts'
import { type Txn, toldStatus } from './txn.ts'
import type { World } from './world.ts'

/**
 * Releases money that a txn holds, and gives the txn as it is then. Refuses a txn that holds none,
 * or of which a part is taken, a gateway that can't, and a void while a capture is under way.
 */
export async function voidPayment(
  world: World,
  merchant: Merchant,
  wish: { id: string; by: By },
): Promise<Txn> {
  return takeTurnOf(world, merchant, {
    find: () => findNamed(world, merchant, wish.id),
    take: (txn) => release(world, merchant, { txn, by: wish.by }),
    by: wish.by,
  })
}

async function release(
  world: World,
  merchant: Merchant,
  { txn: seen, by }: { txn: Txn; by: By },
): Promise<Txn> {
  const txn = await undisturbed(world, merchant, { txn: seen, by })
  if (!mayVoid(txn)) throw new Refusal('cannot_void', { subject: toldStatus(txn) })
  const question = voidBy(gatewayNamed(txn.gateway))
  const instruction = { kind: 'void' } as const
  return instruct(world, merchant, { txn, instruction, question, more: {}, by })
}

/** How this gateway releases money. Refuses where it can't: nothing is made up in its stead. */
export function voidBy({ void: question }: Pick<Gateway, 'void'>): Question<Instructed> {
  if (!question) throw new Refusal('void_unsupported')
  return question
}
