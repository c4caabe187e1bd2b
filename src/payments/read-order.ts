import type { Order } from './order.ts'
import { findOrder, type Get, type OrderKey } from './orders.ts'
import { type Refund, refundsOfTxn } from './refund.ts'
import { refundsOf } from './refunds.ts'
import type { Txn } from './txn.ts'
import { decidingTxn } from './txns.ts'

/** Everything that an order shows: itself, the txn that decides, and that txn's refunds. */
export interface WholeOrder {
  readonly order: Order
  readonly txn?: Txn
  readonly refunds: readonly Refund[]
}

/**
 * Reads an order with all that it shows, of one moment: what was read while somebody wrote is read
 * again. `undefined` when there is none.
 */
export async function readOrder(get: Get, key: OrderKey): Promise<WholeOrder | undefined> {
  for (let seen = await findOrder(get, key); seen; ) {
    const whole = await around(get, seen)
    const order = await findOrder(get, key)
    if (order?.seq === seen.seq) return whole
    seen = order
  }
  return undefined
}

async function around(get: Get, order: Order): Promise<WholeOrder> {
  const txn = await decidingTxn(get, order)
  if (!txn) return { order, refunds: [] }
  const refunds = txn.captured === 0 ? [] : await refundsOf(get, order)
  return { order, txn, refunds: refundsOfTxn(refunds, txn.id) }
}
