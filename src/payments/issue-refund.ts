import assert from 'node:assert/strict'
import type { Tx } from '../db/db.ts'
import { newRefundRef, type TxnId } from '../ids.ts'
import type { Merchant } from '../merchants/merchant.ts'
import { type Paise, paise } from '../money.ts'
import { Refusal } from '../refusal.ts'
import { appendEvent, type By } from './events.ts'
import { type OrderKey, type Touched, touch } from './orders.ts'
import type { Refund } from './refund.ts'
import { insertRefund, refundsOf } from './refunds.ts'
import type { Txn } from './txn.ts'
import { findTxn, setAside } from './txns.ts'
import type { World } from './world.ts'

/** A wish to give money back. */
export interface RefundWish {
  readonly order: OrderKey
  /** The txn whose money it is; absent: the one that paid the order. */
  readonly txn?: TxnId
  /** The merchant's `unique_request_id`: a second refund by the same is refused. */
  readonly requestId: string
  /** Absent: all that is left. */
  readonly amount?: Paise
  readonly source: Refund['source']
  readonly metadata: Refund['metadata']
  readonly by: By
}

/**
 * Writes down that money is to go back, and sets it aside; the clock sends it. `undefined` when
 * there is no such order. Refuses a request id used before, an order without taken money, an amount
 * over what is left, and the same amount again within the merchant's few seconds.
 */
export async function issueRefund(
  world: World,
  merchant: Merchant,
  wish: RefundWish,
): Promise<{ refund: Refund; txn: Txn } | undefined> {
  const now = world.now()
  return world.db.tx(async (t) => {
    const order = await touch(t, wish.order)
    if (!order) return undefined
    await refuseRepeated(t, merchant, { wish, now })
    const txn = await paidTxn(t, wish, order)
    const left = paise(txn.captured - txn.refunded)
    const amount = wish.amount ?? left
    if (amount === 0 || !(await setAside(t, txn, amount))) throw new Refusal('refund_exceeds')
    const refund = freshRefund(txn, { wish, amount, now })
    assert(await insertRefund(t, refund), 'the order is locked, so the id is still free')
    appendEvent(t, txn, {
      seq: order.seq,
      kind: 'refund_asked',
      txn: txn.id,
      at: now,
      by: wish.by,
      body: { refund: refund.id, source: refund.source, amount },
    })
    return { refund, txn: { ...txn, refunded: paise(txn.refunded + amount) } }
  })
}

async function refuseRepeated(
  t: Tx,
  { settings }: Merchant,
  { wish, now }: { wish: RefundWish; now: number },
): Promise<void> {
  const refunds = await refundsOf(t.get, wish.order)
  if (refunds.some(({ id }) => id === wish.requestId)) throw new Refusal('refund_duplicate')
  const withinMs = settings.refund_repeat_seconds * 1_000
  if (wish.source !== 'API' || withinMs === 0) return
  const repeated = refunds.some(
    ({ amount, createdAt, source }) =>
      source === 'API' && amount === wish.amount && createdAt > now - withinMs,
  )
  if (repeated) throw new Refusal('refund_repeated')
}

async function paidTxn(t: Tx, wish: RefundWish, order: Touched): Promise<Txn> {
  const id = wish.txn ?? order.paidBy
  const txn = id && (await findTxn(t.get, { ...wish.order, id }))
  if (!txn || txn.captured === 0) throw new Refusal('refund_unsuccessful_order')
  return txn
}

function freshRefund(
  txn: Txn,
  { wish, amount, now }: { wish: RefundWish; amount: Paise; now: number },
): Refund {
  const { shard, merchant, orderId } = txn
  const { requestId: id, source, metadata } = wish
  return {
    shard,
    merchant,
    orderId,
    id,
    ref: newRefundRef(shard),
    txn: txn.id,
    amount,
    status: 'PENDING',
    source,
    metadata,
    said: {},
    sent: false,
    lease: 0,
    leaseUntil: 0,
    askedAt: 0,
    looks: 0,
    dueAt: now,
    createdAt: now,
    updatedAt: now,
  }
}
