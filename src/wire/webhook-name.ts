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
