import { Refusal } from '../refusal.ts'
import { appendEvent, type By } from './events.ts'
import { type OrderKey, touch } from './orders.ts'
import type { World } from './world.ts'

/** What a merchant tells of the delivery of an order. */
export interface Fulfillment {
  /** The merchant's own name of it. */
  readonly id: string
  readonly status: 'SUCCESS' | 'FAILURE' | 'PENDING'
  /** When it was, as the merchant wrote it. */
  readonly time: string
  readonly data: string
}

/**
 * Keeps it in the order's history, where support reads it; no money depends on it. Gives the time
 * (epoch milliseconds). Refuses an order that is not there or has no payment that succeeded.
 */
export async function keepFulfillment(
  { db, now }: World,
  order: OrderKey,
  { told, by }: { told: Fulfillment; by: By },
): Promise<number> {
  const at = now()
  const { id, ...rest } = told
  const body = { fulfillment_id: id, ...rest }
  await db.tx(async (t) => {
    const touched = await touch(t, order)
    if (!touched?.paidBy) throw new Refusal('fulfillment_no_txn')
    appendEvent(t, order, { seq: touched.seq, kind: 'fulfillment_told', at, by, body })
  })
  return at
}
