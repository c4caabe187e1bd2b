import { Type } from 'typebox'
import { isoSeconds } from '../clock.ts'
import { gatewayNamed } from '../gateways/catalog.ts'
import { rupees } from '../money.ts'
import { reversalDueAt } from '../payments/duty.ts'
import type { StoredEvent } from '../payments/events.ts'
import { type Refund, refundsOfTxn } from '../payments/refund.ts'
import { type Txn, txnIdOnWire } from '../payments/txn.ts'
import type { Delivery } from '../webhooks/delivery.ts'
import { OrderBody } from '../wire/order-view.ts'
import { FreeForm, RefundEntry, refundEntry, TextOrNull } from '../wire/refund-view.ts'
import { shownStatus, TxnStatusText, unifiedOf } from '../wire/status.ts'
import { DeliveryBody, deliveryBody } from './webhook-bodies.ts'

const PaymentBody = Type.Object({
  txn_id: Type.String(),
  txn_uuid: Type.String(),
  status: TxnStatusText,
  shown_status: TxnStatusText,
  late: Type.Boolean({ description: "Whether its money is not the order's" }),
  amount: Type.Number(),
  captured: Type.Number(),
  refunded: Type.Number(),
  auth_type: Type.String(),
  gateway: Type.String(),
  auth_account_id: Type.String(),
  routing: Type.Union([FreeForm, Type.Null()], { description: 'Why this account' }),
  tries: Type.Integer({ description: 'How many times a gateway was asked to start it' }),
  response_code: TextOrNull,
  response_message: TextOrNull,
  under_way: TextOrNull,
  date_created: Type.String(),
  last_updated: Type.String(),
  next_look: TextOrNull,
  flagged_at: TextOrNull,
  reversal_due_at: TextOrNull,
  refunds: Type.Array(RefundEntry),
})

const EventBody = Type.Object({
  sequence: Type.Integer(),
  kind: Type.String(),
  txn_uuid: TextOrNull,
  at: Type.String(),
  door: Type.String({ description: 'api, browser, clock or gateway' }),
  request_id: TextOrNull,
  routing_id: TextOrNull,
  details: FreeForm,
  webhooks: Type.Array(DeliveryBody),
})

/** An order with everything that happened to it. */
export const TimelineBody = Type.Object({
  order: OrderBody,
  payments: Type.Array(PaymentBody),
  events: Type.Array(EventBody),
})

/** A payment as the operator sees it: as it is, and as it is shown to the merchant's callers. */
export function paymentBody(txn: Txn, refunds: readonly Refund[]): Type.Static<typeof PaymentBody> {
  return {
    txn_id: txnIdOnWire(txn),
    txn_uuid: txn.id,
    status: txn.status,
    shown_status: shownStatus(txn).status,
    late: txn.late,
    amount: rupees(txn.amount),
    captured: rupees(txn.captured),
    refunded: rupees(txn.refunded),
    auth_type: txn.authType,
    gateway: gatewayNamed(txn.gateway).wireName,
    auth_account_id: txn.account,
    routing: txn.choice ? { ...txn.choice } : null,
    tries: txn.tries,
    ...unifiedOf(txn.code),
    under_way: txn.instruction?.kind ?? null,
    date_created: isoSeconds(txn.createdAt),
    last_updated: isoSeconds(txn.updatedAt),
    next_look: timeOf(txn.dueAt),
    flagged_at: timeOf(txn.flaggedAt),
    reversal_due_at: timeOf(reversalDueAt(txn)),
    refunds: refundsOfTxn(refunds, txn.id).map((one) => refundEntry(one, txn)),
  }
}

/** One line of an order's history, with what became of the webhooks that told of it. */
export function eventBody(
  event: StoredEvent,
  deliveries: readonly Delivery[],
): Type.Static<typeof EventBody> {
  return {
    sequence: event.seq,
    kind: event.kind,
    txn_uuid: event.txn ?? null,
    at: isoSeconds(event.at),
    door: event.by.door,
    request_id: event.by.requestId ?? null,
    routing_id: event.by.routingId ?? null,
    details: event.body,
    webhooks: deliveries.filter(({ seq }) => seq === event.seq).map(deliveryBody),
  }
}

function timeOf(at: number | undefined): string | null {
  return at === undefined ? null : isoSeconds(at)
}
