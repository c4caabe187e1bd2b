import type { Row, Tx, Value } from '../db/db.ts'
import type { MerchantId, OrderId, OrderUuid, Shard, TxnId } from '../ids.ts'
import { type Paise, paise } from '../money.ts'
import { type Order, type OrderFields, webhookUrlIn } from './order.ts'

/** Runs one statement: `db.read` outside a tx, `t.get` inside. */
export type Get = (sql: string, values: readonly Value[]) => Promise<Row[]>

/** Names one order. */
export interface OrderKey {
  readonly shard: Shard
  readonly merchant: MerchantId
  readonly orderId: OrderId
}

/** What every write to an order learns from touching its row first. */
export interface Touched {
  /** The number of the event that this tx must append. */
  readonly seq: number
  readonly amount: Paise
  readonly currency: string
  readonly claimedBy?: TxnId
  readonly paidBy?: TxnId
}

const columns = `shard, merchant, order_id, id, amount, currency, seq, txn_count, last_txn,
  claimed_by, paid_by, captured, fields, created_at`

const touchedColumns = 'seq, amount, currency, claimed_by, paid_by'

/** Inserts an order; `false`, and nothing written, when the merchant has one by this id. */
export async function insertOrder(t: Tx, order: Order): Promise<boolean> {
  const rows = await t.get(
    `insert into orders (shard, merchant, order_id, id, amount, currency, seq, txn_count, captured,
       fields, webhook_url, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, 0, 0, $8, $9, $10)
     on conflict (shard, merchant, order_id) do nothing returning seq`,
    [
      order.shard,
      order.merchant,
      order.orderId,
      order.id,
      order.amount,
      order.currency,
      order.seq,
      JSON.stringify(order.fields),
      webhookUrlIn(order.fields) ?? null,
      order.createdAt,
    ],
  )
  return rows.length > 0
}

/** The order, or `undefined`. */
export async function findOrder(get: Get, key: OrderKey): Promise<Order | undefined> {
  const [row] = await get(
    `select ${columns} from orders where shard = $1 and merchant = $2 and order_id = $3`,
    [key.shard, key.merchant, key.orderId],
  )
  return row && orderFrom(row)
}

/** The order by our own id of it, or `undefined`. */
export async function findOrderById(
  get: Get,
  key: { shard: Shard; merchant: MerchantId; id: string },
): Promise<Order | undefined> {
  const [row] = await get(
    `select ${columns} from orders where shard = $1 and merchant = $2 and id = $3`,
    [key.shard, key.merchant, key.id],
  )
  return row && orderFrom(row)
}

/** Locks the order and numbers the next event; `undefined` when there is no such order. */
export async function touch(t: Tx, key: OrderKey): Promise<Touched | undefined> {
  const [row] = await t.get(
    `update orders set seq = seq + 1 where shard = $1 and merchant = $2 and order_id = $3
     returning ${touchedColumns}`,
    [key.shard, key.merchant, key.orderId],
  )
  return row && touchedFrom(row)
}

/** Touches an order that may be changed: unpaid, and no OTP of it with the bank. */
export async function touchToChange(t: Tx, key: OrderKey): Promise<Touched | undefined> {
  const [row] = await t.get(
    `update orders set seq = seq + 1 where shard = $1 and merchant = $2 and order_id = $3
       and paid_by is null and claimed_by is null
     returning ${touchedColumns}`,
    [key.shard, key.merchant, key.orderId],
  )
  return row && touchedFrom(row)
}

/** Touches an order whose customer goes to the bank's page: as to change it, and of this amount. */
export async function touchToOpenPage(
  t: Tx,
  key: OrderKey & { amount: Paise; currency: string },
): Promise<Touched | undefined> {
  const [row] = await t.get(
    `update orders set seq = seq + 1 where shard = $1 and merchant = $2 and order_id = $3
       and paid_by is null and claimed_by is null and amount = $4 and currency = $5
     returning ${touchedColumns}`,
    [key.shard, key.merchant, key.orderId, key.amount, key.currency],
  )
  return row && touchedFrom(row)
}

/** Writes what an update of the order changes, after `touchToChange`. */
export function changeOrder(
  t: Tx,
  key: OrderKey,
  to: { amount: Paise; currency: string; fields: OrderFields },
): void {
  t.put(
    `update orders set amount = $4, currency = $5, fields = $6, webhook_url = $7
     where shard = $1 and merchant = $2 and order_id = $3`,
    [
      key.shard,
      key.merchant,
      key.orderId,
      to.amount,
      to.currency,
      JSON.stringify(to.fields),
      webhookUrlIn(to.fields) ?? null,
    ],
  )
}

/**
 * Touches an order for its next txn: unpaid, unclaimed, fewer than 25 txns so far; where the payer
 * has `seen` how many, exactly so many.
 */
export async function touchToStart(
  t: Tx,
  key: OrderKey,
  txn: TxnId,
  seen?: number,
): Promise<Order | undefined> {
  const [row] = await t.get(
    `update orders set seq = seq + 1, txn_count = txn_count + 1, last_txn = $4
     where shard = $1 and merchant = $2 and order_id = $3
       and paid_by is null and claimed_by is null and txn_count < 25
       and ($5 < 0 or txn_count = $5)
     returning ${columns}`,
    [key.shard, key.merchant, key.orderId, txn, seen ?? -1],
  )
  return row && orderFrom(row)
}

/** Touches an order to put an OTP to the bank: unpaid, and claimed by nobody or by this txn. */
export async function touchToClaim(t: Tx, key: OrderKey, txn: TxnId): Promise<Touched | undefined> {
  const [row] = await t.get(
    `update orders set seq = seq + 1, claimed_by = $4
     where shard = $1 and merchant = $2 and order_id = $3
       and paid_by is null and (claimed_by is null or claimed_by = $4)
     returning ${touchedColumns}`,
    [key.shard, key.merchant, key.orderId, txn],
  )
  return row && touchedFrom(row)
}

/** What an answer does to the order's row. */
export interface Settlement {
  readonly txn: TxnId
  readonly claim: 'free' | 'keep' | 'take'
  /** Whether the txn's hold on money has ended with nothing taken: the order is unpaid again. */
  readonly released: boolean
  /** Money that the txn now holds, and how much of it was taken. */
  readonly money?: { readonly amount: Paise; readonly currency: string; readonly captured: Paise }
}

/**
 * Touches an order with a gateway's answer: frees, keeps or takes the claim for the txn, and makes
 * the txn the payer if it has money of the order's amount and no other txn has paid.
 */
export async function touchToSettle(
  t: Tx,
  key: OrderKey,
  by: Settlement,
): Promise<Touched | undefined> {
  const [row] = await t.get(
    `update orders set seq = seq + 1,
       claimed_by = case
         when claimed_by = $4 and $5 = 'free' then null
         when claimed_by is null and paid_by is null and $5 = 'take' then $4
         else claimed_by end,
       captured = case
         when (paid_by is null or paid_by = $4) and amount = $6 and currency = $7 and captured < $8
         then $8 else captured end,
       paid_by = case
         when paid_by = $4 and $9 = 1 then null
         when paid_by is null and amount = $6 and currency = $7 then $4
         else paid_by end
     where shard = $1 and merchant = $2 and order_id = $3
     returning ${touchedColumns}`,
    [
      key.shard,
      key.merchant,
      key.orderId,
      by.txn,
      by.claim,
      by.money?.amount ?? 0,
      by.money?.currency ?? '',
      by.money?.captured ?? 0,
      by.released ? 1 : 0,
    ],
  )
  return row && touchedFrom(row)
}

function touchedFrom(row: Row): Touched {
  return {
    seq: Number(row['seq']),
    amount: paise(Number(row['amount'])),
    currency: String(row['currency']),
    ...(row['claimed_by'] !== null && { claimedBy: row['claimed_by'] as TxnId }),
    ...(row['paid_by'] !== null && { paidBy: row['paid_by'] as TxnId }),
  }
}

function orderFrom(row: Row): Order {
  return {
    ...touchedFrom(row),
    shard: row['shard'] as Shard,
    merchant: row['merchant'] as MerchantId,
    orderId: row['order_id'] as OrderId,
    id: row['id'] as OrderUuid,
    txnCount: Number(row['txn_count']),
    ...(row['last_txn'] !== null && { lastTxn: row['last_txn'] as TxnId }),
    captured: paise(Number(row['captured'])),
    fields: JSON.parse(String(row['fields'])),
    createdAt: Number(row['created_at']),
  }
}
