import type { Db, Tx } from '../db/db.ts'
import { type MerchantId, shardOf } from '../ids.ts'
import type { Barred } from './routing.ts'

/** An account's word on whether it does OTP for cards of a BIN. */
export interface BinAnswer extends Barred {
  readonly merchant: MerchantId
  readonly eligible: boolean
  /** Until when it is believed, in epoch milliseconds. */
  readonly until: number
}

/** Remembers it, in place of what was remembered before. */
export function rememberAnswer(t: Tx, said: BinAnswer): void {
  t.put(
    `insert into bin_answers (shard, merchant, bin, account, until, eligible)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (shard, merchant, bin, account) do update
     set until = excluded.until, eligible = excluded.eligible`,
    [
      shardOf(said.merchant, said.bin),
      said.merchant,
      said.bin,
      said.account,
      said.until,
      said.eligible ? 1 : 0,
    ],
  )
}

/** The no's of a merchant's accounts that are still believed; `most` of them. */
export async function ineligibleOf(
  get: Db['read'],
  merchant: MerchantId,
  { now, most }: { now: number; most: number },
): Promise<Barred[]> {
  const rows = await get(
    `select bin, account from bin_answers
     where merchant = $1 and until > $2 and eligible = 0 limit $3`,
    [merchant, now, most],
  )
  return rows.map((row) => ({ bin: String(row['bin']), account: String(row['account']) }))
}

/** Forgets what is not believed any more. */
export async function purgeAnswers(db: Db, now: number): Promise<void> {
  await db.tx(async (t) => t.put('delete from bin_answers where until <= $1', [now]))
}
