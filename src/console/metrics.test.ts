import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engines } from '../../test/databases.ts'
import { openWorld } from '../../test/world.ts'
import { addMerchant } from '../add-merchant.ts'
import { dayMs } from '../clock.ts'
import { newOutage } from '../gateways/outage.ts'
import { writeOutages } from '../gateways/outages.ts'
import { type MerchantId, type OrderId, shardOf } from '../ids.ts'
import { appendEvent } from '../payments/events.ts'
import { headers, openDesk } from './desk.fixture.ts'
import { metrics } from './metrics.ts'

for (const engine of engines) {
  test(`alarms and outages of a merchant's own are counted, on ${engine.name}`, async (t) => {
    const there = await openWorld(engine)
    const { world, merchant, clock } = there
    const { db, seal } = world
    const shop = 'shop' as MerchantId
    await addMerchant({ db, seal }, { id: shop, mode: 'sandbox', at: 0 })
    const base = await openDesk(t, there, metrics)
    const counts = async () => {
      const body = await (await fetch(`${base}/console/metrics`, { headers })).text()
      const of = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(body)?.[1])
      return [of('directotp_outages_open'), of('directotp_gateway_alarms')]
    }
    assert.deepEqual(await counts(), [0, 0])

    const alarm = (of: MerchantId, seq: number, at: number) => {
      const order = { shard: shardOf(of, 'order-1'), merchant: of, orderId: 'order-1' as OrderId }
      const by = { door: 'clock' } as const
      return db.tx(async (tx) =>
        appendEvent(tx, order, { seq, kind: 'gateway_alarm', at, by, body: {} }),
      )
    }
    await alarm(merchant.id, 1, clock.now)
    await alarm(merchant.id, 2, clock.now - 7 * dayMs - 1)
    await alarm(shop, 1, clock.now)
    assert.deepEqual(await counts(), [0, 1])

    const down = (scope: string, of: MerchantId | '') =>
      newOutage({
        ...{ scope, network: '', issuer: '', merchant: of },
        ...{ signal: 'start', since: clock.now },
      })
    const mine = down('demo/simulator', merchant.id)
    const opened = [
      ...[mine, down('simulator', ''), down('shop/simulator', shop)],
      ...[down('simulator', shop), down('payu', '')],
    ]
    await db.tx(async (tx) => writeOutages(tx, { opened, closed: [], tried: [] }))
    assert.deepEqual(await counts(), [2, 1])
    const closed = [{ ...mine, until: clock.now, ending: 'recovered' } as const]
    await db.tx(async (tx) => writeOutages(tx, { opened: [], closed, tried: [] }))
    assert.deepEqual(await counts(), [1, 1])
  })
}
