import type { Db, Tx } from '../db/db.ts'
import { type MerchantId, shardOf } from '../ids.ts'

/** A token that is good once; only its digest is known. */
export interface SpentToken {
  readonly merchant: MerchantId
  /** The SHA-256 of the token. */
  readonly hash: string
  /** Until when the token would be good, epoch milliseconds: so long it is remembered. */
  readonly expiresAt: number
}

/** Spends a token; `false` when it was spent before. */
export async function spendOnce(t: Tx, token: SpentToken): Promise<boolean> {
  const rows = await t.get(
    `insert into spent_tokens (shard, merchant, hash, expires_at) values ($1, $2, $3, $4)
     on conflict (shard, merchant, hash) do nothing returning hash`,
    [shardOf(token.merchant, token.hash), token.merchant, token.hash, token.expiresAt],
  )
  return rows.length > 0
}

/** Whether a token is spent, and still remembered. */
export async function isSpent(
  get: Db['read'],
  { merchant, hash }: Pick<SpentToken, 'merchant' | 'hash'>,
): Promise<boolean> {
  const rows = await get(
    'select 1 as yes from spent_tokens where shard = $1 and merchant = $2 and hash = $3',
    [shardOf(merchant, hash), merchant, hash],
  )
  return rows.length > 0
}

/** Forgets tokens that are over, `most` rows at a time; gives their number. All merchants'. */
export async function purgeSpentTokens(
  t: Tx,
  { before, most }: { readonly before: number; readonly most: number },
): Promise<number> {
  const rows = await t.get(
    `delete from spent_tokens where (shard, merchant, hash) in
       (select shard, merchant, hash from spent_tokens where expires_at < $1 limit $2)
     returning shard`,
    [before, most],
  )
  return rows.length
}
