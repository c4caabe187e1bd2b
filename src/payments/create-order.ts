import assert from 'node:assert/strict'
import { newOrderUuid, type OrderId, shardOf } from '../ids.ts'
import type { Merchant } from '../merchants/merchant.ts'
import { type Paise, paise } from '../money.ts'
import { Refusal } from '../refusal.ts'
import { appendEvent, type By } from './events.ts'
import { isSameOrder, type Order, type OrderFields } from './order.ts'
import { changeOrder, findOrder, insertOrder, type OrderKey, touchToChange } from './orders.ts'
import { closeForAmount } from './txns.ts'
import type { World } from './world.ts'

/** An order as a merchant asks for it. */
export interface NewOrder {
  readonly orderId: OrderId
  readonly amount: Paise
  readonly currency: string
  readonly fields: OrderFields
}

/** What an order is changed to; what is absent stays. */
export interface OrderChange {
  readonly amount?: Paise
  readonly currency?: string
  readonly fields: OrderFields
}

/**
 * Creates an order, or gives the one that is there when all of it is the same. A different one by
 * the same id is refused, or changes the order while it is unpaid: older clients update that way.
 */
export async function createOrder(
  world: World,
  merchant: Merchant,
  asked: { order: NewOrder; ifDifferent: 'refuse' | 'change'; by: By },
): Promise<Order> {
  const { order } = asked
  const now = world.now()
  const shard = shardOf(merchant.id, order.orderId)
  const fresh: Order = {
    ...order,
    shard,
    merchant: merchant.id,
    id: newOrderUuid(shard),
    seq: 1,
    txnCount: 0,
    captured: paise(0),
    createdAt: now,
  }
  const created = await world.db.tx(async (t) => {
    if (!(await insertOrder(t, fresh))) return false
    const body = { amount: fresh.amount, currency: fresh.currency }
    appendEvent(t, fresh, { seq: fresh.seq, kind: 'order_created', at: now, by: asked.by, body })
    return true
  })
  if (created) return fresh
  const there = await findOrder(world.db.read, fresh)
  assert(there, 'an order that could not be inserted is there')
  if (isSameOrder(there, order)) return there
  if (asked.ifDifferent === 'change') return changeTo(world, there, { ...order, by: asked.by })
  throw new Refusal('order_already_created', { subject: order.orderId, orderId: order.orderId })
}

/**
 * Changes an unpaid order; `undefined` when there is none. A change of amount or currency kills its
 * open challenges. Refuses a paid order, and one whose OTP is with the bank.
 */
export async function updateOrder(
  world: World,
  key: OrderKey,
  change: OrderChange & { by: By },
): Promise<Order | undefined> {
  const there = await findOrder(world.db.read, key)
  return there && changeTo(world, there, change)
}

async function changeTo(
  world: World,
  key: OrderKey,
  change: OrderChange & { by: By },
): Promise<Order> {
  const at = world.now()
  return world.db.tx(async (t) => {
    const touched = await touchToChange(t, key)
    const order = await findOrder(t.get, key)
    assert(order, 'an order is never deleted')
    if (!touched) {
      throw new Refusal(order.paidBy ? 'order_paid' : 'order_busy', { subject: order.orderId })
    }
    const amount = change.amount ?? order.amount
    const currency = change.currency ?? order.currency
    const fields = { ...order.fields, ...change.fields }
    changeOrder(t, key, { amount, currency, fields })
    if (amount !== order.amount || currency !== order.currency) closeForAmount(t, key, at)
    const body = { amount, currency, fields: Object.keys(change.fields).join(' ') }
    const { seq } = touched
    appendEvent(t, key, { seq, kind: 'order_changed', at, by: change.by, body })
    return { ...order, amount, currency, fields }
  })
}
