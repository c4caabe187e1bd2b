import assert from 'node:assert/strict'
import { accountsOf } from '../gateways/accounts.ts'
import { gatewayNamed } from '../gateways/catalog.ts'
import type { Access, Payment } from '../gateways/gateway.ts'
import type { Merchant } from '../merchants/merchant.ts'
import { appendEvent, type By } from './events.ts'
import { findOrder, type OrderKey, touch } from './orders.ts'
import { settle } from './settle.ts'
import { hasLapsed, type Txn } from './txn.ts'
import { findTxn, Overtaken, takeTurn } from './txns.ts'
import type { World } from './world.ts'

/** Past this after a call's own patience, whoever made the call is dead. */
export const graceMs = 5_000

/**
 * Asks the gateway how a payment stands, and settles what it says. Gives the txn as it is then;
 * when somebody else is asking already, as it is now.
 */
export async function sync(world: World, merchant: Merchant, about: About): Promise<Txn> {
  const { txn } = about
  const gateway = gatewayNamed(txn.gateway)
  const now = world.now()
  const taken = await take(world, about, now + gateway.sync.patienceMs + graceMs)
  if (!taken) return (await findTxn(world.db.read, txn)) ?? txn
  const verdict = await world.perform(gateway.sync, paymentOf(taken), await accessOf(world, taken))
  const lapsed = hasLapsed(txn, now)
  const { settings } = merchant
  return settle(world, { txn: taken, asked: 'sync', verdict, lapsed, settings, by: about.by })
}

async function take(world: World, about: About, leaseUntil: number): Promise<Txn | undefined> {
  const { txn, by } = about
  const now = world.now()
  try {
    return await world.db.tx(async (t) => {
      const order = await touch(t, txn)
      assert(order, 'a txn has an order')
      const taken = await takeTurn(t, txn, { now, leaseUntil })
      const body = { look: taken.looks }
      const event = { kind: 'gateway_asked', txn: txn.id, at: now, by, body } as const
      appendEvent(t, { ...txn, seq: order.seq }, event)
      return taken
    })
  } catch (error) {
    if (error instanceof Overtaken) return undefined
    throw error
  }
}

/** The txn to be asked about, as it was last seen, and who wants to know. */
export interface About {
  readonly txn: Txn
  readonly by: By
}

/**
 * When a dead process left the order claimed, fetches the truth about the claiming txn. `true` when
 * there was such a txn, so that trying again makes sense.
 */
export async function syncClaimant(
  world: World,
  merchant: Merchant,
  about: { key: OrderKey; by: By },
): Promise<boolean> {
  const order = await findOrder(world.db.read, about.key)
  if (!order?.claimedBy) return order?.paidBy === undefined
  const txn = await findTxn(world.db.read, { ...about.key, id: order.claimedBy })
  if (!txn || !hasLapsed(txn, world.now())) return false
  await sync(world, merchant, { txn, by: about.by })
  return true
}

/** What every later question about a txn carries. */
export function paymentOf(txn: Txn): Payment {
  return {
    id: txn.id,
    merchant: txn.merchant,
    orderId: txn.orderId,
    amount: txn.amount,
    currency: txn.currency,
    autoCapture: txn.autoCapture,
    ...(txn.said.ref !== undefined && { ref: txn.said.ref }),
  }
}

/** How the gateway account of a txn is reached. */
export async function accessOf(world: World, txn: Txn): Promise<Access> {
  const account = (await accountsOf(world, txn.merchant)).find(({ id }) => id === txn.account)
  assert(account, `the account ${txn.account} of a txn exists`)
  return account.access
}
