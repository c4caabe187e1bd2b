import { isoSeconds } from '../clock.ts'
import type { Outage } from '../gateways/outage.ts'
import type { WebhookId } from '../ids.ts'
import type { WholeOrder } from '../payments/read-order.ts'
import type { Refund } from '../payments/refund.ts'
import type { Txn } from '../payments/txn.ts'
import { orderBody } from './order-view.ts'
import { outageBody } from './outage-view.ts'
import { refundEntry } from './refund-view.ts'
import type { OutageNews, WebhookName } from './webhook-name.ts'

/** What an envelope says of an order. */
export interface Webhook {
  readonly id: WebhookId
  readonly name: Exclude<WebhookName, OutageNews>
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

/**
 * The body of a webhook that tells of an outage, as it is now. Its `sequence` is 1 while it lasts
 * and 2 afterwards.
 */
export function outageWebhookBody(
  { id, name, at }: { readonly id: WebhookId; readonly name: OutageNews; readonly at: number },
  outage: Outage,
) {
  return {
    id,
    event_name: name,
    date_created: isoSeconds(at),
    sequence: outage.until === undefined ? 1 : 2,
    content: { outage: outageBody(outage) },
  }
}

/** The order's object shows one txn; here it lends its words to the event's. */
function txnContent({ order }: WholeOrder, txn: Txn, publicUrl: string) {
  const shown = orderBody({ order, txn, refunds: [] }, { publicUrl })
  const { card, payment_gateway_response } = shown
  return { ...shown.txn_detail, card, payment_gateway_response }
}
