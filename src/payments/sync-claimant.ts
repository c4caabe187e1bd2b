import type { Merchant } from '../merchants/merchant.ts'
import type { By } from './events.ts'
import { findOrder, type OrderKey } from './orders.ts'
import { takeTurnOf } from './take-turn.ts'
import { hasLapsed } from './txn.ts'
import { findTxn, knownTxn } from './txns.ts'
import type { World } from './world.ts'

/**
 * When a dead process left the order claimed, fetches the truth about the claiming txn, or waits
 * for whoever fetches it at the same moment. `true` when it is known, so that trying again makes
 * sense. Refuses with `in_process` after five seconds.
 */
export async function syncClaimant(
  world: World,
  merchant: Merchant,
  { key, by }: { key: OrderKey; by: By },
): Promise<boolean> {
  const order = await findOrder(world.db.read, key)
  if (!order?.claimedBy) return false
  const txn = await findTxn(world.db.read, { ...key, id: order.claimedBy })
  if (!txn || !hasLapsed(txn, world.now())) return false
  return takeTurnOf(world, merchant, {
    find: () => knownTxn(world.db.read, txn),
    take: async () => true,
    by,
  })
}
