import type { MerchantId, OrderId, Shard, WebhookId } from '../ids.ts'
import type { NewEvent } from '../payments/events.ts'
import type { RefundStatus } from '../payments/refund.ts'
import type { TxnStatus } from '../payments/txn.ts'
import type { WebhookName } from '../wire/webhook-name.ts'

/** Names one delivery: of one thing that an event or outage announces, to one endpoint. */
export interface DeliveryKey {
  readonly shard: Shard
  readonly merchant: MerchantId
  /** The order's, or of an outage's news the outage's: `name` tells which. */
  readonly orderId: OrderId
  /** The number of the event; of an outage's beginning 1, of its end 2. */
  readonly seq: number
  readonly name: WebhookName
  /** The endpoint's id, or {@link orderEndpoint} for the URL that the order names itself. */
  readonly endpoint: string
}

/** Stands for the URL that an order names in `metadata.webhook_url`. */
export const orderEndpoint = 'order'

/** What one endpoint is to be told, and how far that has come. */
export interface Delivery extends DeliveryKey {
  /** The same for all endpoints and at all attempts. */
  readonly id: WebhookId
  readonly attempts: number
  /** How often somebody took it in hand: the fencing number of the attempt under way. */
  readonly lease: number
  /** When it is to be sent, or the attempt under way is taken for lost. */
  readonly dueAt?: number
  readonly deliveredAt?: number
  readonly givenUpAt?: number
  readonly lastAt?: number
  /** What the last attempt was answered; absent when there was no answer. */
  readonly httpStatus?: number
  /** The beginning of that answer, or why there was none. */
  readonly answer?: string
  /** When the event happened, in epoch milliseconds. */
  readonly createdAt: number
}

/**
 * What an event announces to the merchant, by its kind and body. `amount`: the order's, in paise.
 */
export function namesOf(
  { kind, body }: Pick<NewEvent, 'kind' | 'body'>,
  amount: number,
): readonly WebhookName[] {
  switch (kind) {
    case 'txn_started':
      return ['TXN_CREATED']
    case 'status_changed':
    case 'late_charge':
      // Money that is not the order's goes back; its return is what there will be to tell.
      return body['late'] ? [] : namesOfStatus(body, amount)
    case 'refund_asked':
      return body['source'] === 'API' ? ['REFUND_INITIATED'] : []
    case 'refund_answered':
      return namesOfRefund(body)
    default:
      return []
  }
}

function namesOfStatus(body: NewEvent['body'], amount: number): readonly WebhookName[] {
  const to = body['to'] as TxnStatus
  switch (to) {
    case 'CHARGED': {
      const isPart = Number(body['captured'] ?? amount) < amount
      return [isPart ? 'ORDER_PARTIAL_CHARGED' : 'ORDER_SUCCEEDED', 'TXN_CHARGED']
    }
    case 'AUTHORIZED':
      return ['ORDER_AUTHORIZED']
    case 'AUTHENTICATION_FAILED':
    case 'AUTHORIZATION_FAILED':
    case 'JUSPAY_DECLINED':
      return body['order_paid'] ? ['TXN_FAILED'] : ['TXN_FAILED', 'ORDER_FAILED']
    case 'CAPTURE_FAILED':
      return ['ORDER_CAPTURE_FAILED']
    case 'VOIDED':
      return ['ORDER_VOIDED']
    case 'VOID_FAILED':
      return ['ORDER_VOID_FAILED']
    case 'STARTED':
    case 'PENDING_VBV':
    case 'AUTHORIZING':
    case 'CAPTURE_INITIATED':
    case 'VOID_INITIATED':
    case 'AUTO_REFUNDED':
      return []
    default:
      return to satisfies never
  }
}

function namesOfRefund(body: NewEvent['body']): readonly WebhookName[] {
  const isOurs = body['source'] === 'AUTO_REFUNDED'
  const to = body['to'] as RefundStatus
  switch (to) {
    case 'SUCCESS':
      return [isOurs ? 'AUTO_REFUND_SUCCEEDED' : 'ORDER_REFUNDED']
    case 'FAILURE':
      return [isOurs ? 'AUTO_REFUND_FAILED' : 'ORDER_REFUND_FAILED']
    case 'MANUAL_REVIEW':
      return ['REFUND_MANUAL_REVIEW_NEEDED']
    case 'PENDING':
      return []
    default:
      return to satisfies never
  }
}

/** What a webhook shows beside the order: the event's txn, or that and its refund. */
export function shownBeside(name: WebhookName): 'nothing' | 'txn' | 'refund' {
  switch (name) {
    case 'TXN_CHARGED':
    case 'TXN_FAILED':
      return 'txn'
    case 'AUTO_REFUND_SUCCEEDED':
    case 'AUTO_REFUND_FAILED':
      return 'refund'
    default:
      return 'nothing'
  }
}

/** As many of an order are shown: it has 25 txns at most, and few events each. */
export const mostOfOrder = 2_000

/** An attempt has this long in all, from the name's look-up to the end of the answer. */
export const attemptMs = 10_000

/** Reading the order before it, and writing what came of it, are done within this. */
const graceMs = 5_000

/** Until when whoever takes a delivery in hand has it to themselves. */
export function leaseUntil(now: number): number {
  return now + attemptMs + graceMs
}

/** Whether a lease still has the time of a whole attempt. */
export function leaseHasTime(until: number, now: number): boolean {
  return now + attemptMs <= until
}

/** Minutes after each failed attempt: Juspay's 16 retries within a day. */
const ladderMinutes = [1, 5, 5, 10, 10, 10, 10, 10, 60, 60, 60, 60, 60, 360, 360, 360] as const

/** How long to wait after this many failures, in milliseconds; `luck` adds up to a tenth. */
export function waitAfter(failures: number, luck: number): number {
  const step = Math.min(Math.max(failures, 1), ladderMinutes.length) - 1
  return Math.round((ladderMinutes[step] ?? 360) * 60_000 * (1 + luck / 10))
}

/** Fewer failures in a row may be anybody's; so many are the endpoint's own. */
const failuresToPause = 5

/** Whether so many failures in a row pause an endpoint. */
export function isPausing(failures: number): boolean {
  return failures >= failuresToPause
}

/** What a failed attempt of a delivery leads to, when its endpoint has failed so often in a row. */
export function afterFailure(
  attempts: number,
  at: { readonly now: number; readonly luck: number; readonly failures: number },
): { readonly dueAt: number } | { readonly givenUpAt: number } {
  const isSpent = attempts > ladderMinutes.length
  if (isSpent && !isPausing(at.failures)) return { givenUpAt: at.now }
  return { dueAt: at.now + waitAfter(attempts, at.luck) }
}

/** As much of an answer as tells a person what went wrong. */
export const longestAnswerBytes = 1_024

/** An answer's beginning as text that no terminal, page or database takes for anything else. */
export function answerText(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes.subarray(0, longestAnswerBytes))
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
}
