import { createHmac, timingSafeEqual } from 'node:crypto'
import type { OrderAnswer, TxnDetail } from './order.ts'
import type { Card, GatewayResponse } from './payment.ts'
import type { RefundEntry } from './refund.ts'

/** Everything that a merchant is called back for. */
export type WebhookName = OrderNews | OutageNews

/** What of it is about an order. */
export type OrderNews =
  | 'ORDER_SUCCEEDED'
  | 'ORDER_FAILED'
  | 'ORDER_AUTHORIZED'
  | 'ORDER_PARTIAL_CHARGED'
  | 'ORDER_CAPTURE_FAILED'
  | 'ORDER_VOIDED'
  | 'ORDER_VOID_FAILED'
  | 'ORDER_REFUNDED'
  | 'ORDER_REFUND_FAILED'
  | 'REFUND_INITIATED'
  | 'REFUND_MANUAL_REVIEW_NEEDED'
  | 'AUTO_REFUND_SUCCEEDED'
  | 'AUTO_REFUND_FAILED'
  | 'TXN_CREATED'
  | 'TXN_CHARGED'
  | 'TXN_FAILED'

/** What of it is about an account's gateway, or a network or issuer there: down, or up again. */
export type OutageNews = 'GATEWAY_DOWN' | 'GATEWAY_RECOVERED'

/** The txn of an event, where it is one txn's. */
export type WebhookTxn = TxnDetail & { card: Card; payment_gateway_response: GatewayResponse }

/** A time in which something at a gateway was, or still is, down. */
export interface Outage {
  id: string
  payment_method_type: 'CARD'
  /** The network; `null`: all. */
  payment_method: string | null
  /** The bank; `null`: all. */
  issuer: string | null
  gateway: string | null
  /** One account of the merchant's; `null`: the gateway itself. */
  account: string | null
  /** UNKNOWN: nobody has tried it for long, or its account has changed. */
  status: 'DOWN' | 'RECOVERED' | 'UNKNOWN'
  since: string
  until: string | null
}

interface AnyWebhook {
  /** The same whenever this event is delivered, so that a second delivery is known. */
  id: string
  date_created: string
  /** The number of the order's newest event: the order of the highest one is the newest. */
  sequence: number
}

/** What the server calls back with about an order. */
export interface OrderWebhook extends AnyWebhook {
  event_name: OrderNews
  /** The order as it was when this was sent, which may be later than the event. */
  content: { order: Omit<OrderAnswer, 'juspay'>; txn?: WebhookTxn; refund?: RefundEntry }
}

/** What it calls back with about an outage: `sequence` is 1 while it lasts, and 2 afterwards. */
export interface OutageWebhook extends AnyWebhook {
  event_name: OutageNews
  content: { outage: Outage }
}

/** What the server calls back with: `event_name` tells which of the two. */
export type Webhook = OrderWebhook | OutageWebhook

/** The headers of a request as Node has them, or as `fetch` does; names in any case. */
export type WebhookHeaders = Headers | Record<string, string | string[] | undefined>

/** A signature that is older was caught on its way and is sent again by somebody else. */
const toleranceSeconds = 5 * 60

/**
 * The webhook that a request brings, when it is signed with the endpoint's secret (`whsec_…`) and
 * was sent within the last five minutes; `undefined` when not. `body` is the request's own, as it
 * came, not parsed and written again.
 */
export function verifyWebhook(
  headers: WebhookHeaders,
  body: string | Uint8Array,
  secret: string,
): Webhook | undefined {
  const id = headerOf(headers, 'webhook-id')
  const timestamp = headerOf(headers, 'webhook-timestamp')
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  if (!id || !/^\d{1,12}$/.test(timestamp) || key.length === 0) return undefined
  const age = Math.floor(Date.now() / 1_000) - Number(timestamp)
  if (Math.abs(age) > toleranceSeconds) return undefined
  const right = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()
  const signed = headerOf(headers, 'webhook-signature')
    .split(' ')
    .some((one) => isSignature(one, right))
  return signed ? webhookIn(body) : undefined
}

/** One of the header's `v1,…`; there are two while a secret is being changed. */
function isSignature(text: string, right: Buffer): boolean {
  const [version, base64 = ''] = text.split(',')
  const given = Buffer.from(base64, 'base64')
  return version === 'v1' && given.length === right.length && timingSafeEqual(given, right)
}

function webhookIn(body: string | Uint8Array): Webhook {
  return JSON.parse(typeof body === 'string' ? body : Buffer.from(body).toString('utf8'))
}

function headerOf(headers: WebhookHeaders, name: string): string {
  if (headers instanceof Headers) return headers.get(name) ?? ''
  const [, value] = Object.entries(headers).find(([key]) => key.toLowerCase() === name) ?? []
  return typeof value === 'string' ? value : ''
}
