import assert from 'node:assert/strict'
import type { Tx } from '../db/db.ts'
import { newWebhookId } from '../ids.ts'
import { dueEvents, postponeEvent, type StoredEvent, takeEvent } from '../payments/events.ts'
import { webhookUrlIn } from '../payments/order.ts'
import { findOrder } from '../payments/orders.ts'
import type { World } from '../payments/world.ts'
import { insertDelivery } from './deliveries.ts'
import { namesOf, orderEndpoint } from './delivery.ts'
import { type Endpoint, wants } from './endpoint.ts'
import { interestsOf } from './endpoints.ts'

/** A pass takes this many events at the most; the next one comes at once. */
const mostPerPass = 256

/**
 * One pass over the events that merchants are to be told of: writes a delivery for each thing that
 * an event announces and each endpoint that wants it, in the tx that takes the event off. Gives the
 * number of events done; `onError` hears of an event that failed, which comes due again.
 */
export async function announceOnce(
  world: World,
  onError: (error: unknown) => void,
): Promise<number> {
  const { db } = world
  const events = await dueEvents(db.read, world.now(), mostPerPass)
  const merchants = [...new Set(events.map(({ key }) => key.merchant))]
  const endpoints = new Map(
    await Promise.all(merchants.map(async (id) => [id, await interestsOf(db.read, id)] as const)),
  )
  const byOrder = Map.groupBy(events, ({ key }) => `${key.merchant}/${key.orderId}`)
  const done = await Promise.all(
    [...byOrder.values()].map(async (ofOrder) => {
      const all = endpoints.get(ofOrder[0]?.key.merchant as Endpoint['merchant']) ?? []
      try {
        await db.tx((t) => announce(t, { events: ofOrder, endpoints: all, now: world.now() }))
        return ofOrder.length
      } catch (error) {
        onError(error)
        await putOff(world, ofOrder)
        return 0
      }
    }),
  )
  return done.reduce((sum, one) => sum + one, 0)
}

/** An event that can't be told is a bug: others come first, and it is tried again. */
const putOffMs = 60_000

async function putOff({ db, now }: World, events: readonly StoredEvent[]): Promise<void> {
  const until = now() + putOffMs
  await db.tx(async (t) => {
    for (const { key, seq } of events) postponeEvent(t, key, { seq, until })
  })
}

interface Announcing {
  /** Of one order, so that the tx stays in its shard. */
  readonly events: readonly StoredEvent[]
  readonly endpoints: readonly Pick<Endpoint, 'id' | 'events'>[]
  readonly now: number
}

async function announce(t: Tx, { events, endpoints, now }: Announcing): Promise<void> {
  const [first] = events
  if (!first) return
  const order = await findOrder(t.get, first.key)
  assert(order, 'an event has an order')
  const named = webhookUrlIn(order.fields) !== undefined
  for (const event of events) {
    if (!(await takeEvent(t, event.key, event.seq))) continue
    for (const name of namesOf(event, order.amount)) {
      const wanting = endpoints.filter((one) => one.id !== orderEndpoint && wants(one, name))
      const ids = [...wanting.map(({ id }) => id), ...(named ? [orderEndpoint] : [])]
      const id = newWebhookId(event.key.shard)
      for (const endpoint of ids) {
        insertDelivery(t, {
          ...event.key,
          seq: event.seq,
          name,
          endpoint,
          id,
          attempts: 0,
          lease: 0,
          dueAt: now,
          createdAt: event.at,
        })
      }
    }
  }
}
