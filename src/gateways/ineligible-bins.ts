import type { Db, Tx } from '../db/db.ts'
import { type MerchantId, shardOf } from '../ids.ts'
import type { Barred } from './routing.ts'

/** An account's word that it does no OTP for cards of a BIN. */
export interface Ineligible extends Barred {
  readonly merchant: MerchantId
  /** Until when it is believed, in epoch milliseconds. */
  readonly until: number
}

/** Remembers it, in place of what was remembered before. */
export function rememberIneligible(t: Tx, said: Ineligible): void {
  t.put(
    `insert into ineligible_bins (shard, merchant, bin, account, until)
     values ($1, $2, $3, $4, $5)
     on conflict (shard, merchant, bin, account) do update set until = excluded.until`,
    [shardOf(said.merchant, said.bin), said.merchant, said.bin, said.account, said.until],
  )
}

/** What a merchant's accounts have said and is still believed; `most` of it. */
export async function ineligibleOf(
  get: Db['read'],
  merchant: MerchantId,
  { now, most }: { now: number; most: number },
): Promise<Barred[]> {
  const rows = await get(
    'select bin, account from ineligible_bins where merchant = $1 and until > $2 limit $3',
    [merchant, now, most],
  )
  return rows.map((row) => ({ bin: String(row['bin']), account: String(row['account']) }))
}

/** Forgets what is not believed any more. */
export async function purgeIneligible(db: Db, now: number): Promise<void> {
  await db.tx(async (t) => t.put('delete from ineligible_bins where until <= $1', [now]))
}
