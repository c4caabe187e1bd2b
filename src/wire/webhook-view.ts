import { isoSeconds } from '../clock.ts'
import type { WebhookId } from '../ids.ts'
import type { WholeOrder } from '../payments/read-order.ts'
import type { Refund } from '../payments/refund.ts'
import type { Txn } from '../payments/txn.ts'
import { orderBody } from './order-view.ts'
import { refundEntry } from './refund-view.ts'

/** Everything that merchants are called back for. */
export const webhookNames = [
  'ORDER_SUCCEEDED',
  'ORDER_FAILED',
  'ORDER_AUTHORIZED',
  'ORDER_PARTIAL_CHARGED',
  'ORDER_CAPTURE_FAILED',
  'ORDER_VOIDED',
  'ORDER_VOID_FAILED',
  'ORDER_REFUNDED',
  'ORDER_REFUND_FAILED',
  'REFUND_INITIATED',
  'REFUND_MANUAL_REVIEW_NEEDED',
  'AUTO_REFUND_SUCCEEDED',
  'AUTO_REFUND_FAILED',
  'TXN_CREATED',
  'TXN_CHARGED',
  'TXN_FAILED',
] as const

/** One of them: the envelope's `event_name`. */
export type WebhookName = (typeof webhookNames)[number]

/** What an envelope says. */
export interface Webhook {
  readonly id: WebhookId
  readonly name: WebhookName
  /** When the event happened, in epoch milliseconds. */
  readonly at: number
  /** The order as it is now, not as it was at the event. */
  readonly whole: WholeOrder
  /** The txn of the event, where the envelope shows it beside the order. */
  readonly txn?: Txn
  readonly refund?: Refund
}

/**
 * The body of a webhook. It always carries the whole order, and with `sequence` the number of the
 * order's newest event: whoever keeps the order of the highest sequence has the newest one, in
 * whatever order webhooks arrive.
 */
export function webhookBody(webhook: Webhook, publicUrl: string) {
  const { id, name, at, whole, txn, refund } = webhook
  return {
    id,
    event_name: name,
    date_created: isoSeconds(at),
    sequence: whole.order.seq,
    content: {
      order: orderBody(whole, { publicUrl }),
      ...(txn && { txn: txnContent(whole, txn, publicUrl) }),
      ...(txn && refund && { refund: refundEntry(refund, txn) }),
    },
  }
}

/** The order's object shows one txn; here it lends its words to the event's. */
function txnContent({ order }: WholeOrder, txn: Txn, publicUrl: string) {
  const shown = orderBody({ order, txn, refunds: [] }, { publicUrl })
  const { card, payment_gateway_response } = shown
  return { ...shown.txn_detail, card, payment_gateway_response }
}
