import type { Row, Tx } from '../db/db.ts'
import type { Transcript } from '../gateways/transcript.ts'
import type { MerchantId, OrderId, Shard, TxnId } from '../ids.ts'
import type { Get, OrderKey } from './orders.ts'
import { isFinal, type TxnStatus } from './txn.ts'

/** Everything that can be said of an order. */
export type EventKind =
  | 'order_created'
  | 'order_changed'
  | 'txn_started'
  | 'otp_submitted'
  | 'otp_resend_asked'
  | 'bank_page_opened'
  | 'gateway_asked'
  | 'gateway_answered'
  | 'callback_heard'
  | 'gateway_alarm'
  | 'gateway_changed'
  | 'no_gateway'
  | 'status_changed'
  | 'late_charge'
  | 'flagged'
  | 'capture_asked'
  | 'void_asked'
  | 'refund_asked'
  | 'refund_sent'
  | 'refund_answered'
  | 'card_forgotten'
  | 'fulfillment_told'
  | 'card_saved'
  | 'card_not_saved'

/** Through which door a change came, and which call brought it. */
export interface By {
  readonly door: 'api' | 'browser' | 'clock' | 'gateway'
  readonly requestId?: string
  readonly routingId?: string
}

/** One line of an order's history. Never holds a secret. */
export interface NewEvent {
  /** Its number, which touching the order gave. */
  readonly seq: number
  readonly kind: EventKind
  readonly txn?: TxnId
  readonly at: number
  readonly by: By
  readonly body: Readonly<
    Record<string, string | number | boolean | undefined | readonly Transcript[]>
  >
}

/** The kinds that merchants may want to be called back for. */
const news: ReadonlySet<EventKind> = new Set([
  'txn_started',
  'status_changed',
  'late_charge',
  'refund_asked',
  'refund_answered',
])

/** A payment on its way is no news yet; where it arrives is. */
function isNews({ kind, body }: NewEvent): boolean {
  return news.has(kind) && (kind !== 'status_changed' || isFinal(body['to'] as TxnStatus))
}

/**
 * Appends an event to its order's history. Where it is news and somebody wants to be called back,
 * the event is due: the history is the webhooks' outbox too.
 */
export function appendEvent(t: Tx, order: OrderKey, event: NewEvent): void {
  t.put(
    `insert into events (shard, merchant, order_id, seq, kind, txn, at, door, request_id,
       routing_id, body, due_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, case
       when $12 = 1 and (exists (select 1 from endpoints where merchant = $2) or exists (
         select 1 from orders
         where shard = $1 and merchant = $2 and order_id = $3 and webhook_url is not null))
       then cast($7 as bigint) end)`,
    [
      order.shard,
      order.merchant,
      order.orderId,
      event.seq,
      event.kind,
      event.txn ?? null,
      event.at,
      event.by.door,
      event.by.requestId ?? null,
      event.by.routingId ?? null,
      JSON.stringify(event.body),
      isNews(event) ? 1 : 0,
    ],
  )
}

/** An event as its order's history has it. */
export type StoredEvent = NewEvent & { readonly key: OrderKey }

/** The history of an order, the oldest event first. */
export async function eventsOf(get: Get, order: OrderKey): Promise<StoredEvent[]> {
  const rows = await get(
    `select shard, merchant, order_id, seq, kind, txn, at, door, request_id, routing_id, body
     from events where shard = $1 and merchant = $2 and order_id = $3 order by seq`,
    [order.shard, order.merchant, order.orderId],
  )
  return rows.map(eventFrom)
}

/** How often gateways have said to a merchant since then what needs a person. */
export async function countAlarms(get: Get, merchant: MerchantId, since: number): Promise<number> {
  const [row] = await get(
    `select count(*) as alarms from events
     where merchant = $1 and at >= $2 and kind = 'gateway_alarm'`,
    [merchant, since],
  )
  return Number(row?.['alarms'])
}

/** When a txn was last hurried by its gateway's news, in epoch milliseconds. */
export async function lastHeardAt(
  get: Get,
  order: OrderKey,
  txn: TxnId,
): Promise<number | undefined> {
  const [row] = await get(
    `select max(at) as at from events
     where shard = $1 and merchant = $2 and order_id = $3 and kind = 'callback_heard'
       and txn = $4`,
    [order.shard, order.merchant, order.orderId, txn],
  )
  return typeof row?.['at'] === 'number' ? row['at'] : undefined
}

/** One event of an order by its number, or `undefined`. */
export async function findEvent(
  get: Get,
  order: OrderKey,
  seq: number,
): Promise<StoredEvent | undefined> {
  const [row] = await get(
    `select shard, merchant, order_id, seq, kind, txn, at, door, request_id, routing_id, body
     from events where shard = $1 and merchant = $2 and order_id = $3 and seq = $4`,
    [order.shard, order.merchant, order.orderId, seq],
  )
  return row && eventFrom(row)
}

/** The events that merchants are still to be told of, the oldest first. All shards: chores only. */
export async function dueEvents(get: Get, now: number, most: number): Promise<StoredEvent[]> {
  const rows = await get(
    `select shard, merchant, order_id, seq, kind, txn, at, door, request_id, routing_id, body
     from events where due_at <= $1 order by due_at limit $2`,
    [now, most],
  )
  return rows.map(eventFrom)
}

/** Takes a due event off the outbox; `false` when somebody else has. */
export async function takeEvent(t: Tx, order: OrderKey, seq: number): Promise<boolean> {
  const rows = await t.get(
    `update events set due_at = null
     where shard = $1 and merchant = $2 and order_id = $3 and seq = $4 and due_at is not null
     returning seq`,
    [order.shard, order.merchant, order.orderId, seq],
  )
  return rows.length > 0
}

/** Puts a due event off that could not be told, so that it does not stand before the others. */
export function postponeEvent(t: Tx, order: OrderKey, to: { seq: number; until: number }): void {
  t.put(
    `update events set due_at = $5
     where shard = $1 and merchant = $2 and order_id = $3 and seq = $4 and due_at is not null`,
    [order.shard, order.merchant, order.orderId, to.seq, to.until],
  )
}

function eventFrom(row: Row): StoredEvent {
  return {
    key: {
      shard: row['shard'] as Shard,
      merchant: row['merchant'] as MerchantId,
      orderId: row['order_id'] as OrderId,
    },
    seq: Number(row['seq']),
    kind: row['kind'] as EventKind,
    ...(row['txn'] !== null && { txn: row['txn'] as TxnId }),
    at: Number(row['at']),
    by: {
      door: row['door'] as By['door'],
      ...(row['request_id'] !== null && { requestId: String(row['request_id']) }),
      ...(row['routing_id'] !== null && { routingId: String(row['routing_id']) }),
    },
    body: JSON.parse(String(row['body'])),
  }
}
