import type { Db, Tx } from '../db/db.ts'
import type { MerchantId, OrderId, Shard } from '../ids.ts'
import type { ClientScope } from './client-token.ts'

/** Keeps a client token by its hash. */
export function insertClientToken(
  t: Tx,
  token: ClientScope & { shard: Shard; hash: string; uses: number; expiresAt: number },
): void {
  t.put(
    `insert into client_tokens (shard, merchant, hash, order_id, customer, uses_left, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [
      token.shard,
      token.merchant,
      token.hash,
      token.order ?? null,
      token.customer ?? null,
      token.uses,
      token.expiresAt,
    ],
  )
}

/** Whether there is a client token by this hash, in whatever state. */
export async function hasClientToken(
  get: Db['read'],
  { shard, hash }: { shard: Shard; hash: string },
): Promise<boolean> {
  const rows = await get('select uses_left from client_tokens where shard = $1 and hash = $2', [
    shard,
    hash,
  ])
  return rows.length > 0
}

/**
 * Takes one use of a client token and says what it is for; `undefined`, and nothing taken, when
 * there is none such, or it is used up or too old. A token names its merchant, not the caller.
 */
export async function spendClientToken(
  t: Tx,
  { shard, hash, now }: { shard: Shard; hash: string; now: number },
): Promise<ClientScope | undefined> {
  const [row] = await t.get(
    `update client_tokens set uses_left = uses_left - 1
     where shard = $1 and hash = $2 and uses_left > 0 and expires_at > $3
     returning merchant, order_id, customer`,
    [shard, hash, now],
  )
  if (!row) return undefined
  return {
    merchant: row['merchant'] as MerchantId,
    ...(row['order_id'] !== null && { order: row['order_id'] as OrderId }),
    ...(row['customer'] !== null && { customer: String(row['customer']) }),
  }
}

/** Removes tokens that ended before a moment, `most` at a time; gives their number. All shards. */
export async function purgeClientTokens(
  t: Tx,
  { before, most }: { before: number; most: number },
): Promise<number> {
  const rows = await t.get(
    `delete from client_tokens where (shard, hash) in
       (select shard, hash from client_tokens where expires_at < $1 limit $2)
     returning shard`,
    [before, most],
  )
  return rows.length
}
