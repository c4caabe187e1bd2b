import type { MerchantId, OrderId, Shard } from '../ids.ts'
import type { Get, OrderKey } from './orders.ts'

/** A page of a merchant's orders. */
export interface Page {
  /** How many at the most. */
  readonly count: number
  /** How many newer ones are left out. */
  readonly offset: number
}

/** The orders of a merchant, the newest first; those of one millisecond in no promised order. */
export async function newestOrders(
  get: Get,
  merchant: MerchantId,
  { count, offset }: Page,
): Promise<OrderKey[]> {
  const rows = await get(
    `select shard, order_id from orders where merchant = $1
     order by created_at desc limit $2 offset $3`,
    [merchant, count, offset],
  )
  return rows.map((row) => ({
    shard: row['shard'] as Shard,
    merchant,
    orderId: row['order_id'] as OrderId,
  }))
}

/** How many orders a merchant has; beyond `most` nobody counts. */
export async function countOrders(get: Get, merchant: MerchantId, most: number): Promise<number> {
  const [row] = await get(
    `select count(*) as orders from
       (select 1 as one from orders where merchant = $1 limit $2) as counted`,
    [merchant, most],
  )
  return Number(row?.['orders'])
}
