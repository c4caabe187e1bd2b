import type { Row, Tx, Value } from '../db/db.ts'
import type { MerchantId, OrderId, Shard, WebhookId } from '../ids.ts'
import type { Get, OrderKey } from '../payments/orders.ts'
import type { WebhookName } from '../wire/webhook-name.ts'
import type { Delivery, DeliveryKey } from './delivery.ts'
import type { EndpointKey } from './endpoints.ts'
import type { Lane, Room } from './room.ts'

const columns = `shard, merchant, order_id, seq, name, endpoint, id, attempts, lease, due_at,
  delivered_at, given_up_at, last_at, http_status, answer, created_at`

/** Inserts a delivery that is due at once. */
export function insertDelivery(t: Tx, delivery: Delivery): void {
  t.put(
    `insert into deliveries (shard, merchant, order_id, seq, name, endpoint, id, attempts, lease,
       due_at, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, 0, 0, $8, $9)`,
    [...keyOf(delivery), delivery.id, delivery.dueAt ?? null, delivery.createdAt],
  )
}

/** How the deliveries that are due are chosen. */
export interface Turn {
  readonly now: number
  /** The lane that had its turn last; absent: the first lane is next. */
  readonly after?: Lane | undefined
  readonly room: Pick<Room, 'left' | 'of'>
}

/**
 * The deliveries that are due, lane after lane in turn, the longest due of each first. Lanes
 * without room and paused ones are passed over as a whole, however much waits there. All shards:
 * chores only.
 */
export async function dueDeliveries(
  get: Get,
  { now, after, room }: Turn,
): Promise<readonly Delivery[]> {
  const any = await get('select seq from deliveries where due_at <= $1 order by due_at limit 1', [
    now,
  ])
  const deliveries: Delivery[] = []
  const seen = new Set<string>()
  let { merchant, endpoint }: { merchant: string; endpoint: string } = after ?? {
    merchant: '',
    endpoint: '',
  }
  while (any.length > 0 && deliveries.length < room.left()) {
    const [ofMerchant] = await get(
      `select min(endpoint) as endpoint from deliveries
       where merchant = $1 and endpoint > $2 and delivered_at is null and given_up_at is null`,
      [merchant, endpoint],
    )
    if (typeof ofMerchant?.['endpoint'] !== 'string') {
      const [next] = await get(
        `select min(merchant) as merchant from deliveries
         where merchant > $1 and delivered_at is null and given_up_at is null`,
        [merchant],
      )
      if (typeof next?.['merchant'] !== 'string' && merchant === '') break
      // Past the last merchant comes the first again, until a lane comes a second time.
      merchant = String(next?.['merchant'] ?? '')
      endpoint = ''
      continue
    }
    endpoint = ofMerchant['endpoint']
    const lane: Lane = { merchant: merchant as MerchantId, endpoint }
    const name = `${merchant}/${endpoint}`
    if (seen.has(name)) break
    seen.add(name)
    const most = room.of(lane, deliveries)
    if (most === 0) continue
    const rows = await get(
      `select ${columns} from deliveries
       where merchant = $1 and endpoint = $2 and delivered_at is null and given_up_at is null
         and due_at <= $3 and not exists (select 1 from endpoints e
           where e.merchant = $1 and e.id = $2 and e.paused_until > $3)
       order by due_at limit $4`,
      [merchant, endpoint, now, most],
    )
    deliveries.push(...rows.map(deliveryFrom))
  }
  return deliveries
}

/** Takes a due delivery in hand until then; `false` when somebody else has. */
export async function takeDelivery(t: Tx, delivery: Delivery, until: number): Promise<boolean> {
  const rows = await t.get(
    `update deliveries set lease = lease + 1, due_at = $8
     where shard = $1 and merchant = $2 and order_id = $3 and seq = $4 and name = $5
       and endpoint = $6 and lease = $7 and due_at is not null
     returning seq`,
    [...keyOf(delivery), delivery.lease, until],
  )
  return rows.length > 0
}

/** Puts a due delivery off until then, or for good (`null`), if nobody has it in hand. */
export function putOff(t: Tx, delivery: Delivery, until: number | null): void {
  t.put(
    `update deliveries set due_at = $8
     where shard = $1 and merchant = $2 and order_id = $3 and seq = $4 and name = $5
       and endpoint = $6 and lease = $7 and due_at is not null`,
    [...keyOf(delivery), delivery.lease, until],
  )
}

/** Gives up a due delivery that can go nowhere, if nobody has it in hand. */
export function giveUp(t: Tx, delivery: Delivery, why: { at: number; answer: string }): void {
  t.put(
    `update deliveries set due_at = null, given_up_at = $8, answer = $9
     where shard = $1 and merchant = $2 and order_id = $3 and seq = $4 and name = $5
       and endpoint = $6 and lease = $7 and due_at is not null`,
    [...keyOf(delivery), delivery.lease, why.at, why.answer],
  )
}

/** What an attempt leaves behind. */
export interface Attempted {
  readonly at: number
  readonly httpStatus?: number
  readonly answer: string
  readonly dueAt?: number
  readonly deliveredAt?: number
  readonly givenUpAt?: number
}

/** Writes what came of an attempt; `false`, and nothing written, when its lease is another's. */
export async function endAttempt(t: Tx, delivery: Delivery, to: Attempted): Promise<boolean> {
  const rows = await t.get(
    `update deliveries set attempts = attempts + 1, last_at = $8, http_status = $9, answer = $10,
       due_at = $11, delivered_at = $12, given_up_at = $13
     where shard = $1 and merchant = $2 and order_id = $3 and seq = $4 and name = $5
       and endpoint = $6 and lease = $7
     returning seq`,
    [
      ...keyOf(delivery),
      delivery.lease,
      to.at,
      to.httpStatus ?? null,
      to.answer,
      to.dueAt ?? null,
      to.deliveredAt ?? null,
      to.givenUpAt ?? null,
    ],
  )
  return rows.length > 0
}

/** Makes all that waits for an endpoint due. All its shards. */
export function unparkDeliveries(t: Tx, endpoint: EndpointKey, now: number): void {
  t.put(
    `update deliveries set due_at = $3
     where merchant = $1 and endpoint = $2 and delivered_at is null and given_up_at is null
       and (due_at is null or due_at > $3)`,
    [endpoint.merchant, endpoint.id, now],
  )
}

/** Removes all that waits for an endpoint. All its shards. */
export function deleteWaiting(t: Tx, endpoint: EndpointKey): void {
  t.put(
    `delete from deliveries
     where merchant = $1 and endpoint = $2 and delivered_at is null and given_up_at is null`,
    [endpoint.merchant, endpoint.id],
  )
}

/** How many deliveries wait, by endpoint. All shards of the merchant. */
export async function waitingCounts(get: Get, merchant: MerchantId): Promise<Map<string, number>> {
  const rows = await get(
    `select endpoint, count(*) as waiting from deliveries
     where merchant = $1 and delivered_at is null and given_up_at is null group by endpoint`,
    [merchant],
  )
  return new Map(rows.map((row) => [String(row['endpoint']), Number(row['waiting'])]))
}

/** The deliveries about an order, by the numbers of their events. */
export async function deliveriesOfOrder(
  get: Get,
  order: OrderKey,
  most: number,
): Promise<Delivery[]> {
  const rows = await get(
    `select ${columns} from deliveries where shard = $1 and merchant = $2 and order_id = $3
     order by seq limit $4`,
    [order.shard, order.merchant, order.orderId, most],
  )
  return rows.map(deliveryFrom)
}

/** Names one webhook: what one event announces, to whatever endpoints. */
export interface WebhookKey {
  readonly shard: Shard
  readonly merchant: MerchantId
  readonly id: string
}

/** The deliveries of one webhook. */
export async function deliveriesOfWebhook(get: Get, key: WebhookKey): Promise<Delivery[]> {
  const rows = await get(
    `select ${columns} from deliveries where shard = $1 and merchant = $2 and id = $3`,
    [key.shard, key.merchant, key.id],
  )
  return rows.map(deliveryFrom)
}

/** When redelivered things are due, and to which endpoint; absent: to all that are still there. */
export interface Again {
  readonly now: number
  readonly endpoint?: string | undefined
}

/** Makes the deliveries of one webhook due with all their attempts; gives how many. */
export async function redeliverWebhook(t: Tx, key: WebhookKey, again: Again): Promise<number> {
  const rows = await t.get(
    `update deliveries set attempts = 0, lease = lease + 1, due_at = $4, delivered_at = null,
       given_up_at = null
     where shard = $1 and merchant = $2 and id = $3 and ($5 = '' or endpoint = $5)
       and (endpoint = 'order'
         or exists (select 1 from endpoints e where e.merchant = $2 and e.id = endpoint))
     returning seq`,
    [key.shard, key.merchant, key.id, again.now, again.endpoint ?? ''],
  )
  return rows.length
}

/** Makes the deliveries about an order due with all their attempts; gives how many. */
export async function redeliverOrder(t: Tx, order: OrderKey, again: Again): Promise<number> {
  const rows = await t.get(
    `update deliveries set attempts = 0, lease = lease + 1, due_at = $4, delivered_at = null,
       given_up_at = null
     where shard = $1 and merchant = $2 and order_id = $3 and ($5 = '' or endpoint = $5)
       and (endpoint = 'order'
         or exists (select 1 from endpoints e where e.merchant = $2 and e.id = endpoint))
     returning seq`,
    [order.shard, order.merchant, order.orderId, again.now, again.endpoint ?? ''],
  )
  return rows.length
}

/** A merchant's events from one moment until before another, in epoch milliseconds. */
export interface Span {
  readonly merchant: MerchantId
  readonly from: number
  readonly to: number
}

/** When the event of the span's delivery number `n` happened; `undefined`: there are fewer. */
export async function momentIn(get: Get, span: Span, n: number): Promise<number | undefined> {
  const [row] = await get(
    `select created_at from deliveries
     where merchant = $1 and created_at >= $2 and created_at < $3
     order by created_at limit 1 offset $4`,
    [span.merchant, span.from, span.to, n - 1],
  )
  return row && Number(row['created_at'])
}

/** Makes the deliveries of a span due with all their attempts; gives how many. All its shards. */
export async function redeliverSpan(t: Tx, span: Span, again: Again): Promise<number> {
  const rows = await t.get(
    `update deliveries set attempts = 0, lease = lease + 1, due_at = $4, delivered_at = null,
       given_up_at = null
     where merchant = $1 and created_at >= $2 and created_at < $3 and ($5 = '' or endpoint = $5)
       and (endpoint = 'order'
         or exists (select 1 from endpoints e where e.merchant = $1 and e.id = endpoint))
     returning seq`,
    [span.merchant, span.from, span.to, again.now, again.endpoint ?? ''],
  )
  return rows.length
}

function keyOf(key: DeliveryKey): Value[] {
  return [key.shard, key.merchant, key.orderId, key.seq, key.name, key.endpoint]
}

function deliveryFrom(row: Row): Delivery {
  return {
    shard: row['shard'] as Shard,
    merchant: row['merchant'] as MerchantId,
    orderId: row['order_id'] as OrderId,
    seq: Number(row['seq']),
    name: row['name'] as WebhookName,
    endpoint: String(row['endpoint']),
    id: row['id'] as WebhookId,
    attempts: Number(row['attempts']),
    lease: Number(row['lease']),
    ...(row['due_at'] !== null && { dueAt: Number(row['due_at']) }),
    ...(row['delivered_at'] !== null && { deliveredAt: Number(row['delivered_at']) }),
    ...(row['given_up_at'] !== null && { givenUpAt: Number(row['given_up_at']) }),
    ...(row['last_at'] !== null && { lastAt: Number(row['last_at']) }),
    ...(row['http_status'] !== null && { httpStatus: Number(row['http_status']) }),
    ...(row['answer'] !== null && { answer: String(row['answer']) }),
    createdAt: Number(row['created_at']),
  }
}
