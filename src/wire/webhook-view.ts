import { isoSeconds } from '../clock.ts'
import type { Outage } from '../gateways/outage.ts'
import type { WebhookId } from '../ids.ts'
import type { WholeOrder } from '../payments/read-order.ts'
import type { Refund } from '../payments/refund.ts'
import type { Txn } from '../payments/txn.ts'
import { orderBody } from './order-view.ts'
import { outageBody } from './outage-view.ts'
import { refundEntry } from './refund-view.ts'

/** What merchants are called back for of an order. */
const orderNews = [
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

/** What they are called back for of a gateway that is down, or of a network or issuer there. */
const outageNews = ['GATEWAY_DOWN', 'GATEWAY_RECOVERED'] as const

/** Everything that merchants are called back for. */
export const webhookNames = [...orderNews, ...outageNews] as const

/** One of them: the envelope's `event_name`. */
export type WebhookName = (typeof webhookNames)[number]

/** One of them that tells of an outage. */
export type OutageNews = (typeof outageNews)[number]

/** Whether it tells of an outage, and so of no order. */
export function isOutageNews(name: WebhookName): name is OutageNews {
  return (outageNews as readonly WebhookName[]).includes(name)
}

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
