import type { Tx } from '../db/db.ts'
import { type OutageToTell, outagesToTell, takeOutageNews } from '../gateways/outage-news.ts'
import { newWebhookId, type OrderId, shardOf } from '../ids.ts'
import type { World } from '../payments/world.ts'
import { insertDelivery } from './deliveries.ts'
import { orderEndpoint } from './delivery.ts'
import { wants } from './endpoint.ts'
import { interestsAt } from './endpoints.ts'

/** Outages are rare; what is left comes in the next pass, at once. */
const mostPerPass = 16

/**
 * One pass over the outages that began or ended: writes a delivery for each endpoint that wants to
 * know and whose merchant has an account there, or is the one whom alone it concerns, in the tx
 * that takes the news on. Gives the number of news told.
 */
export async function announceOutages({ db, now }: Pick<World, 'db' | 'now'>): Promise<number> {
  const outages = await outagesToTell(db.read, mostPerPass)
  const told = await Promise.all(outages.map((outage) => db.tx((t) => announce(t, outage, now()))))
  return told.filter((isOurs) => isOurs).length
}

async function announce(t: Tx, outage: OutageToTell, now: number): Promise<boolean> {
  if (!(await takeOutageNews(t, outage))) return false
  const { id, scope, merchant, since, until = since, isBegun } = outage
  const name = isBegun ? 'GATEWAY_RECOVERED' : 'GATEWAY_DOWN'
  const place = { gateway: merchant === '' ? scope : '', merchant }
  const endpoints = (await interestsAt(t.get, place)).filter(
    (one) => one.id !== orderEndpoint && wants(one, name),
  )
  for (const [owner, theirs] of Map.groupBy(endpoints, (one) => one.merchant)) {
    const shard = shardOf(owner, id)
    const webhook = newWebhookId(shard)
    for (const endpoint of theirs) {
      insertDelivery(t, {
        ...{ shard, merchant: owner, orderId: id as OrderId, seq: isBegun ? 2 : 1, name },
        ...{ endpoint: endpoint.id, id: webhook, attempts: 0, lease: 0, dueAt: now },
        createdAt: isBegun ? until : since,
      })
    }
  }
  return true
}
