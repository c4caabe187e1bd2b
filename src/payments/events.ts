import type { Tx } from '../db/db.ts'
import type { TxnId } from '../ids.ts'
import type { OrderKey } from './orders.ts'

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
  | 'status_changed'
  | 'late_charge'
  | 'card_forgotten'

/** Through which door a change came, and which call brought it. */
export interface By {
  readonly door: 'api' | 'browser' | 'clock'
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
  readonly body: Readonly<Record<string, string | number | boolean | undefined>>
}

/** Appends an event to its order's history. */
export function appendEvent(t: Tx, order: OrderKey, event: NewEvent): void {
  t.put(
    `insert into events (shard, merchant, order_id, seq, kind, txn, at, door, request_id,
       routing_id, body)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
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
    ],
  )
}
