import assert from 'node:assert/strict'
import { findMerchant } from '../merchants/merchants.ts'
import { forgetCard } from '../payments/forget-card.ts'
import { sync } from '../payments/sync.ts'
import { awaitsLateNews, isFinal, mayPayLate } from '../payments/txn.ts'
import { dueTxns, knownTxn, postpone, type TxnKey } from '../payments/txns.ts'
import type { World } from '../payments/world.ts'

/** A pass takes this many rows at the most; what is left is taken by the next one, at once. */
const mostPerPass = 100

/** A row whose work fails is a bug or a broken row: others come first, and it is tried again. */
const putOffMs = 60_000

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
        const now = world.now()
        await world.db.tx(async (t) => postpone(t, key, { now, until: now + putOffMs }))
      }
    }
  }
  await Promise.all(Array.from({ length: mostAtOnce }, one))
  return done
}

async function work(world: World, key: TxnKey): Promise<void> {
  const txn = await knownTxn(world.db.read, key)
  if ((txn.dueAt ?? Infinity) > world.now()) return
  const merchant = await findMerchant(world, key.merchant)
  assert(merchant, `the merchant ${key.merchant} of a txn exists`)
  const isOver = isFinal(txn.status) && !awaitsLateNews(txn, world.now())
  const forgets = isOver && world.mode === 'live'
  // A server that was down all the while asks a last time before it forgets.
  if (!forgets || mayPayLate(txn)) await sync(world, merchant, { txn, by: { door: 'clock' } })
  if (forgets) await forgetCard(world, txn)
}
