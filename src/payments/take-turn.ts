import type { Merchant } from '../merchants/merchant.ts'
import { Refusal } from '../refusal.ts'
import type { By } from './events.ts'
import { sync } from './sync.ts'
import { hasLapsed, isInFlight, type Txn } from './txn.ts'
import { Overtaken } from './txns.ts'
import type { World } from './world.ts'

/** How long a call waits for another call on the same txn: longer than a bank's usual answer. */
const patienceMs = 5_000
const firstPollMs = 10
const longestPollMs = 100

/** What is wanted of a txn, once no question about it is under way. */
export interface Wanted<T> {
  /** Reads the txn; refuses when there is none. */
  readonly find: () => Promise<Txn>
  /** Does it, or throws `Overtaken` when the turn was lost after all. */
  readonly take: (txn: Txn) => Promise<T>
  readonly by: By
}

/**
 * Waits until no question about a txn is under way, and then takes the turn. An answer that a dead
 * process never wrote down is fetched first. Refuses with `in_process` after five seconds.
 */
export async function takeTurnOf<T>(
  world: World,
  merchant: Merchant,
  wanted: Wanted<T>,
): Promise<T> {
  const giveUpAt = world.elapsed() + patienceMs
  for (let pollMs = firstPollMs; ; pollMs = Math.min(pollMs * 2, longestPollMs)) {
    const txn = await wanted.find()
    const now = world.now()
    if (hasLapsed(txn, now)) {
      await sync(world, merchant, { txn, by: wanted.by })
    } else if (!isInFlight(txn, now)) {
      try {
        return await wanted.take(txn)
      } catch (error) {
        if (!(error instanceof Overtaken)) throw error
      }
    }
    if (world.elapsed() >= giveUpAt) throw new Refusal('in_process')
    await world.sleep(pollMs)
  }
}
