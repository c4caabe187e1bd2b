import type { Row, Tx } from '../db/db.ts'
import type { MerchantId, OrderId, RefundRef, Shard, TxnId } from '../ids.ts'
import { paise } from '../money.ts'
import type { Get, OrderKey } from './orders.ts'
import type { Refund, RefundStatus } from './refund.ts'
import { Overtaken } from './txns.ts'

/** Names one refund. */
export type RefundKey = OrderKey & { readonly id: string }

const columns = `shard, merchant, order_id, id, ref, txn, amount, status, source, metadata, said,
  sent, lease, lease_until, asked_at, looks, due_at, created_at, updated_at`

/** Inserts a refund; `false`, and nothing written, when its order has one by this id. */
export async function insertRefund(t: Tx, refund: Refund): Promise<boolean> {
  const rows = await t.get(
    `insert into refunds (shard, merchant, order_id, id, ref, txn, amount, status, source, metadata,
       said, sent, lease, lease_until, asked_at, looks, due_at, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, 0, 0, 0, 0, $12, $13, $13)
     on conflict (shard, merchant, order_id, id) do nothing returning id`,
    [
      refund.shard,
      refund.merchant,
      refund.orderId,
      refund.id,
      refund.ref,
      refund.txn,
      refund.amount,
      refund.status,
      refund.source,
      JSON.stringify(refund.metadata),
      JSON.stringify(refund.said),
      refund.dueAt ?? null,
      refund.createdAt,
    ],
  )
  return rows.length > 0
}

/** The refunds of an order, the oldest first. */
export async function refundsOf(get: Get, order: OrderKey): Promise<Refund[]> {
  const rows = await get(
    `select ${columns} from refunds where shard = $1 and merchant = $2 and order_id = $3
     order by created_at`,
    [order.shard, order.merchant, order.orderId],
  )
  return rows.map(refundFrom)
}

/** How many of a merchant's refunds wait for a person. All shards: for the console only. */
export async function countInReview(get: Get, merchant: MerchantId): Promise<number> {
  const [row] = await get(
    `select count(*) as many from refunds where merchant = $1 and status = 'MANUAL_REVIEW'`,
    [merchant],
  )
  return Number(row?.['many'])
}

/** One refund, or `undefined`. */
export async function findRefund(get: Get, key: RefundKey): Promise<Refund | undefined> {
  const [row] = await get(
    `select ${columns} from refunds
     where shard = $1 and merchant = $2 and order_id = $3 and id = $4`,
    [key.shard, key.merchant, key.orderId, key.id],
  )
  return row && refundFrom(row)
}

/**
 * Takes the turn to put a question about a refund to the gateway, if nobody else is asking.
 * `sends`: the question sends the refund, so the gateway may hear of it. Throws `Overtaken`.
 */
export async function takeRefundTurn(
  t: Tx,
  refund: Refund,
  turn: { now: number; leaseUntil: number; sends: boolean },
): Promise<Refund> {
  const rows = await t.get(
    `update refunds set lease = lease + 1, lease_until = $7, due_at = $7, looks = looks + 1,
       sent = case when $8 = 1 then 1 else sent end,
       asked_at = case when $8 = 1 then $6 else asked_at end
     where shard = $1 and merchant = $2 and order_id = $3 and id = $4 and lease = $5
       and lease_until <= $6
     returning id`,
    [
      refund.shard,
      refund.merchant,
      refund.orderId,
      refund.id,
      refund.lease,
      turn.now,
      turn.leaseUntil,
      turn.sends ? 1 : 0,
    ],
  )
  if (rows.length === 0) throw new Overtaken()
  return {
    ...refund,
    lease: refund.lease + 1,
    leaseUntil: turn.leaseUntil,
    dueAt: turn.leaseUntil,
    looks: refund.looks + 1,
    ...(turn.sends && { sent: true, askedAt: turn.now }),
  }
}

/**
 * Writes a refund as a gateway's answer leaves it, if it still is what it was when the question was
 * asked (its status and its lease). Throws `Overtaken`.
 */
export async function moveRefund(t: Tx, from: Refund, to: Refund): Promise<void> {
  const rows = await t.get(
    `update refunds set status = $7, said = $8, sent = $9, lease_until = 0, looks = $10,
       due_at = $11, updated_at = $12
     where shard = $1 and merchant = $2 and order_id = $3 and id = $4 and status = $5 and lease = $6
     returning id`,
    [
      from.shard,
      from.merchant,
      from.orderId,
      from.id,
      from.status,
      from.lease,
      to.status,
      JSON.stringify(to.said),
      to.sent ? 1 : 0,
      to.looks,
      to.dueAt ?? null,
      to.updatedAt,
    ],
  )
  if (rows.length === 0) throw new Overtaken()
}

/** The refunds that wait for the clock, the longest due first. All shards: for the chores only. */
export async function dueRefunds(get: Get, now: number, most: number): Promise<RefundKey[]> {
  const rows = await get(
    'select shard, merchant, order_id, id from refunds where due_at <= $1 order by due_at limit $2',
    [now, most],
  )
  return rows.map((row) => ({
    shard: row['shard'] as Shard,
    merchant: row['merchant'] as MerchantId,
    orderId: row['order_id'] as OrderId,
    id: String(row['id']),
  }))
}

/** Puts a refund off whose work has failed, so that it does not stand before the others. */
export function postponeRefund(t: Tx, key: RefundKey, to: { now: number; until: number }): void {
  t.put(
    `update refunds set due_at = $6
     where shard = $1 and merchant = $2 and order_id = $3 and id = $4 and due_at <= $5`,
    [key.shard, key.merchant, key.orderId, key.id, to.now, to.until],
  )
}

/** Makes every question that a dead process left under way due now. All shards: at start only. */
export function orphanRefunds(t: Tx, now: number): void {
  t.put(
    `update refunds set lease_until = $1, due_at = $1
     where due_at is not null and lease_until > $1`,
    [now],
  )
}

function refundFrom(row: Row): Refund {
  return {
    shard: row['shard'] as Shard,
    merchant: row['merchant'] as MerchantId,
    orderId: row['order_id'] as OrderId,
    id: String(row['id']),
    ref: row['ref'] as RefundRef,
    txn: row['txn'] as TxnId,
    amount: paise(Number(row['amount'])),
    status: row['status'] as RefundStatus,
    source: row['source'] as Refund['source'],
    metadata: JSON.parse(String(row['metadata'])),
    said: JSON.parse(String(row['said'])),
    sent: row['sent'] === 1,
    lease: Number(row['lease']),
    leaseUntil: Number(row['lease_until']),
    askedAt: Number(row['asked_at']),
    looks: Number(row['looks']),
    ...(row['due_at'] !== null && { dueAt: Number(row['due_at']) }),
    createdAt: Number(row['created_at']),
    updatedAt: Number(row['updated_at']),
  }
}
