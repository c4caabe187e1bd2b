import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engines } from '../../test/databases.ts'
import type { Value } from '../db/db.ts'
import type { MerchantId, OrderId, Shard } from '../ids.ts'
import { dueEvents } from '../payments/events.ts'
import type { Get } from '../payments/orders.ts'
import {
  deleteWaiting,
  deliveriesOfOrder,
  deliveriesOfWebhook,
  dueDeliveries,
  momentIn,
  redeliverOrder,
  redeliverSpan,
  redeliverWebhook,
  unparkDeliveries,
  waitingCounts,
} from './deliveries.ts'

const merchant = 'demo' as MerchantId
const key = { shard: 1 as Shard, merchant, orderId: 'o' as OrderId }
const endpoint = { merchant, id: 'wep_1' }
const span = { merchant, from: 0, to: 1 }

test('every look at what is due, and at what waits, goes by its index', async () => {
  const database = await engines[0]?.open()
  assert(database?.db.engine === 'sqlite')
  const plans: string[] = []
  const explain: Get = async (sql: string, values: readonly Value[]) => {
    const rows = await database.db.read(`explain query plan ${sql}`, values)
    plans.push(rows.map((row) => row['detail']).join('; '))
    return []
  }
  const t = {
    get: (sql: string, values: readonly Value[] = []) => explain(sql, values),
    put: (sql: string, values: readonly Value[] = []) => void explain(sql, values),
  }
  const goesBy = async (index: RegExp, work: () => unknown) => {
    plans.length = 0
    await work()
    await new Promise(setImmediate)
    const [plan = '', ...more] = plans
    assert.equal(more.length, 0)
    assert.match(plan, index)
    assert.doesNotMatch(plan, /SCAN (deliveries|events)|TEMP B-TREE FOR ORDER/)
  }
  await goesBy(/USING INDEX events_due \(due_at<\?\)/, () => dueEvents(explain, 1, 2))
  const room = { left: () => 1, of: () => 1 }
  await goesBy(/USING INDEX deliveries_due \(due_at<\?\)/, () =>
    dueDeliveries(explain, { now: 1, room }),
  )
  const waiting = /deliveries_waiting \(merchant=\?( AND endpoint=\?)?( AND due_at>\?)?\)/
  await goesBy(waiting, () => unparkDeliveries(t, endpoint, 1))
  await goesBy(waiting, () => deleteWaiting(t, endpoint))
  await goesBy(waiting, () => waitingCounts(explain, merchant))
  const created = /deliveries_created \(merchant=\? AND created_at>\? AND created_at<\?\)/
  await goesBy(created, () => momentIn(explain, span, 1_000))
  await goesBy(created, () => redeliverSpan(t, span, { now: 1 }))
  const own = /sqlite_autoindex_deliveries_1 \(shard=\? AND merchant=\? AND order_id=\?/
  await goesBy(own, () => deliveriesOfOrder(explain, key, 1))
  await goesBy(own, () => redeliverOrder(t, key, { now: 1 }))
  const named = /deliveries_id \(shard=\? AND merchant=\? AND id=\?\)/
  await goesBy(named, () => deliveriesOfWebhook(explain, { ...key, id: 'e' }))
  await goesBy(named, () => redeliverWebhook(t, { ...key, id: 'e' }, { now: 1 }))
  await database.close()
})
