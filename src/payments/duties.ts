import type { Tx } from '../db/db.ts'
import type { MerchantId, Shard, TxnId } from '../ids.ts'
import type { Get } from './orders.ts'
import type { Refund } from './refund.ts'
import type { Txn } from './txn.ts'
import { Overtaken, type TxnKey } from './txns.ts'

/** Marks a txn as one that a person has to see to; the first time stands. */
export function flagForPerson(t: Tx, key: TxnKey, at: number): void {
  t.put(
    `update txns set flagged_at = coalesce(flagged_at, $4)
     where shard = $1 and merchant = $2 and id = $3`,
    [key.shard, key.merchant, key.id, at],
  )
}

/** Says when the clock has something to do for a txn of which nothing is awaited. */
export function schedule(t: Tx, key: TxnKey, dueAt: number): void {
  t.put('update txns set due_at = $4 where shard = $1 and merchant = $2 and id = $3', [
    key.shard,
    key.merchant,
    key.id,
    dueAt,
  ])
}

/** Says when the clock comes again to a txn it was due for, unless somebody has said otherwise. */
export function reschedule(t: Tx, seen: Txn, until: number | undefined): void {
  t.put(
    `update txns set due_at = $5
     where shard = $1 and merchant = $2 and id = $3 and due_at = $4 and lease_until = 0`,
    [seen.shard, seen.merchant, seen.id, seen.dueAt ?? null, until ?? null],
  )
}

/** The txn of a merchant whose id begins like this: as much of it as its gateway could keep. */
export async function findTxnBeginning(
  get: Get,
  { shard, merchant, beginning }: Omit<TxnKey, 'id'> & { readonly beginning: string },
): Promise<TxnKey | undefined> {
  // An id ends in digits below 'g'.
  const [row, ...more] = await get(
    'select id from txns where shard = $1 and merchant = $2 and id >= $3 and id < $4 limit 2',
    [shard, merchant, beginning, `${beginning}g`],
  )
  return row && more.length === 0 ? { shard, merchant, id: row['id'] as TxnId } : undefined
}

/** Has the clock come sooner to a txn, if it is as it was seen. Throws `Overtaken`. */
export async function hurryTxn(t: Tx, seen: Txn, dueAt: number): Promise<void> {
  const rows = await t.get(
    `update txns set due_at = $6
     where shard = $1 and merchant = $2 and id = $3 and status = $4 and lease = $5
       and lease_until = 0 and (due_at is null or due_at > $6)
     returning id`,
    [seen.shard, seen.merchant, seen.id, seen.status, seen.lease, dueAt],
  )
  if (rows.length === 0) throw new Overtaken()
}

/** Has the clock come sooner to a refund, if it is as it was seen. Throws `Overtaken`. */
export async function hurryRefund(t: Tx, seen: Refund, dueAt: number): Promise<void> {
  const rows = await t.get(
    `update refunds set due_at = $7
     where shard = $1 and merchant = $2 and order_id = $3 and id = $4 and status = $5 and lease = $6
       and lease_until = 0 and sent = 1 and (due_at is null or due_at > $7)
     returning id`,
    [seen.shard, seen.merchant, seen.orderId, seen.id, seen.status, seen.lease, dueAt],
  )
  if (rows.length === 0) throw new Overtaken()
}

/** The txns that wait for the clock, the longest due first. All shards: for the chores only. */
export async function dueTxns(get: Get, now: number, most: number): Promise<TxnKey[]> {
  const rows = await get(
    'select shard, merchant, id from txns where due_at <= $1 order by due_at limit $2',
    [now, most],
  )
  return rows.map((row) => ({
    shard: row['shard'] as Shard,
    merchant: row['merchant'] as MerchantId,
    id: row['id'] as TxnId,
  }))
}

/** Puts a txn off whose work has failed, so that it does not stand before the others. */
export function postpone(t: Tx, key: TxnKey, to: { now: number; until: number }): void {
  t.put(
    `update txns set due_at = $5
     where shard = $1 and merchant = $2 and id = $3 and due_at <= $4`,
    [key.shard, key.merchant, key.id, to.now, to.until],
  )
}

/** Makes every question that a dead process left under way due now. All shards: at start only. */
export function orphanLeases(t: Tx, now: number): void {
  t.put(
    `update txns set lease_until = $1, due_at = $1 where due_at is not null and lease_until > $1`,
    [now],
  )
}
