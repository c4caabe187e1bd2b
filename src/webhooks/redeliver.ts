import { dayMs } from '../clock.ts'
import type { Db } from '../db/db.ts'
import { type MerchantId, type OrderId, shardIn, shardOf } from '../ids.ts'
import {
  type Again,
  momentIn,
  redeliverOrder,
  redeliverSpan,
  redeliverWebhook,
} from './deliveries.ts'
import { orderEndpoint } from './delivery.ts'
import { interestsOf } from './endpoints.ts'

/** What is to be sent again: one webhook, all about an order, or all of a time. */
export type Which =
  | { readonly id: string }
  | { readonly orderId: string }
  /** Epoch milliseconds; `to` is outside. */
  | { readonly from: number; readonly to: number }

/** How many deliveries are due again. */
export interface Redelivered {
  readonly count: number
  /** Where a time of very many deliveries goes on: the next call's `from`. */
  readonly goOnFrom?: number
}

/** The longest time that one call may name. */
export const longestSpanMs = 31 * dayMs

/**
 * As many as one tx writes in a few milliseconds; all events of the last one's moment are added.
 */
const mostOfSpan = 1_000

/**
 * Makes deliveries of a merchant due again, under the same webhook ids and with all their attempts,
 * at one endpoint or at all that are still there. `undefined` when there is no such webhook, order
 * or endpoint, or it is another merchant's.
 */
export async function redeliver(
  { db }: { readonly db: Db },
  merchant: MerchantId,
  { which, ...again }: { readonly which: Which } & Again,
): Promise<Redelivered | undefined> {
  const { endpoint = orderEndpoint } = again
  if (endpoint !== orderEndpoint) {
    const all = await interestsOf(db.read, merchant)
    if (!all.some(({ id }) => id === endpoint)) return undefined
  }
  if ('id' in which) {
    const shard = shardIn(which.id)
    if (shard === undefined) return undefined
    const key = { shard, merchant, id: which.id }
    return counted(await db.tx((t) => redeliverWebhook(t, key, again)))
  }
  if ('orderId' in which) {
    const orderId = which.orderId as OrderId
    const order = { shard: shardOf(merchant, orderId), merchant, orderId }
    return counted(await db.tx((t) => redeliverOrder(t, order, again)))
  }
  const span = { merchant, ...which }
  const last = await momentIn(db.read, span, mostOfSpan)
  const to = last === undefined ? span.to : last + 1
  const count = await db.tx((t) => redeliverSpan(t, { ...span, to }, again))
  return to < span.to ? { count, goOnFrom: to } : { count }
}

function counted(count: number): Redelivered | undefined {
  return count === 0 ? undefined : { count }
}
