import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { engines } from '../../test/databases.ts'
import { aStart, by, openWorld } from '../../test/world.ts'
import { type OrderId, shardOf } from '../ids.ts'
import { paise } from '../money.ts'
import { Refusal } from '../refusal.ts'
import { createOrder } from './create-order.ts'
import { eventsOf } from './events.ts'
import { type Fulfillment, keepFulfillment } from './keep-fulfillment.ts'
import { pay } from './pay.ts'

const told: Fulfillment = { id: 'f-1', status: 'SUCCESS', time: '2026-01-05T16:30:33', data: 'van' }

for (const engine of engines) {
  describe(`a delivery that a merchant tells of, on ${engine.name}`, () => {
    test('is kept in the history of a paid order, and told to nobody', async () => {
      const at = await openWorld(engine)
      const { world, merchant } = at
      const orderId = 'order-1' as OrderId
      const key = { shard: shardOf(merchant.id, orderId), merchant: merchant.id, orderId }
      const amount = paise(10_000)
      const fields = { 'metadata.webhook_url': 'http://hook.example/' }
      const order = { orderId, amount, currency: 'INR', fields }
      await createOrder(world, merchant, { order, ifDifferent: 'refuse', by })
      const tell = () => keepFulfillment(world, key, { told, by })
      const none = (error: unknown) =>
        error instanceof Refusal && error.reason === 'fulfillment_no_txn'
      await assert.rejects(tell(), none)

      at.script.push({ kind: 'charged', said: {}, amount })
      await pay(world, merchant, aStart(at, orderId))
      const before = await eventsOf(world.db.read, key)
      assert.equal(await tell(), at.clock.now)
      const [last, ...more] = (await eventsOf(world.db.read, key)).slice(before.length)
      assert.deepEqual(
        [last?.kind, last?.body, last?.by, last?.at, more],
        [
          'fulfillment_told',
          { fulfillment_id: 'f-1', status: 'SUCCESS', time: told.time, data: 'van' },
          by,
          at.clock.now,
          [],
        ],
      )
      const due = await world.db.read(
        'select kind from events where due_at is not null and seq = $1',
        [last?.seq ?? 0],
      )
      assert.deepEqual(due, [])

      const unknown = { ...key, orderId: 'order-2' as OrderId }
      await assert.rejects(keepFulfillment(world, unknown, { told, by }), none)
      await at.database.close()
    })
  })
}
