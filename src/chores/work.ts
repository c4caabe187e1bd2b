import { findMerchant } from '../merchants/merchants.ts'
import { forgetCard } from '../payments/forget-card.ts'
import { sync } from '../payments/sync.ts'
import { awaitsLateNews, isFinal } from '../payments/txn.ts'
import { dueTxns, findTxn, type TxnKey } from '../payments/txns.ts'
import type { World } from '../payments/world.ts'

/** A pass takes this many rows at the most; what is left is taken by the next one, at once. */
const mostPerPass = 100

/** How many gateways are asked at a time: payments being made come first. */
const mostAtOnce = 8

/**
 * One pass over everything that is due: asks the gateways about unfinished payments and purges
 * finished ones. Gives the number of rows done. `onError` hears of a row that failed; it does not
 * keep the others from their turn, and comes due again.
 */
export async function workOnce(world: World, onError: (error: unknown) => void): Promise<number> {
  const due = await dueTxns(world.db.read, world.now(), mostPerPass)
  const rows = due.values()
  let done = 0
  const one = async () => {
    for (const key of rows) {
      try {
        await work(world, key)
        done++
      } catch (error) {
        onError(error)
      }
    }
  }
  await Promise.all(Array.from({ length: mostAtOnce }, one))
  return done
}

async function work(world: World, key: TxnKey): Promise<void> {
  const txn = await findTxn(world.db.read, key)
  const merchant = await findMerchant(world, key.merchant)
  if (!txn || !merchant || (txn.dueAt ?? Infinity) > world.now()) return
  const isOver = isFinal(txn.status) && !awaitsLateNews(txn, world.now())
  if (isOver && world.mode === 'live') await forgetCard(world, txn)
  else await sync(world, merchant, { txn, by: { door: 'clock' } })
}
