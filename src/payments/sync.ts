import assert from 'node:assert/strict'
import { gatewayNamed } from '../gateways/catalog.ts'
import type { Merchant } from '../merchants/merchant.ts'
import { accessOf, ask, leaseFor, paymentOf } from './ask.ts'
import { appendEvent, type By } from './events.ts'
import { touch } from './orders.ts'
import { settle } from './settle.ts'
import { takeTurn } from './turns.ts'
import { hasLapsed, isInFlight, type Txn } from './txn.ts'
import { knownTxn, Overtaken } from './txns.ts'
import type { World } from './world.ts'

/** The txn to be asked about, as it was last seen, and who wants to know. */
export interface About {
  readonly txn: Txn
  readonly by: By
}

/**
 * Asks the gateway how a payment stands, and settles what it says. Gives the txn as it is then;
 * when somebody else is asking already, as it is now.
 */
export async function sync(world: World, merchant: Merchant, about: About): Promise<Txn> {
  const { txn, by } = about
  const { sync: question } = gatewayNamed(txn.gateway)
  const access = await accessOf(world, txn)
  const now = world.now()
  const taken = await take(world, about, { now, leaseUntil: leaseFor(question, now) })
  if (!taken) return knownTxn(world.db.read, txn)
  const lapsed = hasLapsed(txn, now)
  const heard = await ask(world, taken, { question, about: paymentOf(taken), access })
  const { settings } = merchant
  return settle(world, { txn: taken, asked: 'sync', ...heard, lapsed, settings, by })
}

/** The same for one who waits for the answer: throws `Overtaken` while somebody else is asking. */
export async function syncInTurn(world: World, merchant: Merchant, about: About): Promise<Txn> {
  const seen = await sync(world, merchant, about)
  if (isInFlight(seen, world.now())) throw new Overtaken()
  return seen
}

async function take(
  world: World,
  { txn, by }: About,
  turn: { now: number; leaseUntil: number },
): Promise<Txn | undefined> {
  try {
    return await world.db.tx(async (t) => {
      const order = await touch(t, txn)
      assert(order, 'a txn has an order')
      const taken = await takeTurn(t, txn, turn)
      const body = { look: taken.looks }
      const event = {
        seq: order.seq,
        kind: 'gateway_asked',
        txn: txn.id,
        at: turn.now,
        by,
        body,
      } as const
      appendEvent(t, txn, event)
      return taken
    })
  } catch (error) {
    if (error instanceof Overtaken) return undefined
    throw error
  }
}
