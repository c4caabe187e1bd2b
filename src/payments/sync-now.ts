import type { Merchant } from '../merchants/merchant.ts'
import type { By } from './events.ts'
import { syncInTurn } from './sync.ts'
import { takeTurnOf } from './take-turn.ts'
import { holdsMoney, type Txn } from './txn.ts'
import { knownTxn, type TxnKey } from './txns.ts'
import type { World } from './world.ts'

/**
 * Fetches the truth about a txn for somebody who waits for it, in its turn. A failed txn is asked
 * about too: whoever comes back from the bank's page may have paid there after all.
 */
export async function syncNow(
  world: World,
  merchant: Merchant,
  asked: { key: TxnKey; by: By },
): Promise<Txn> {
  return takeTurnOf(world, merchant, {
    find: () => knownTxn(world.db.read, asked.key),
    take: async (txn) =>
      holdsMoney(txn.status) ? txn : syncInTurn(world, merchant, { txn, by: asked.by }),
    by: asked.by,
  })
}
