import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { engines } from '../../test/databases.ts'
import { anOrder } from '../../test/world.ts'
import type { MerchantId } from '../ids.ts'
import { announceOnce } from './announce.ts'
import { addEndpoint, removeEndpoint } from './keep-endpoints.ts'
import { byTest, happen, openPostbox, type Postbox, seen } from './postbox.fixture.ts'
import { redeliver, type Which } from './redeliver.ts'

const again = (box: Postbox, which: Which, more: { endpoint?: string; merchant?: string } = {}) =>
  redeliver(box.world, (more.merchant ?? box.merchant.id) as MerchantId, {
    which,
    endpoint: more.endpoint,
    now: box.clock.now,
  })

for (const engine of engines) {
  describe(`redelivery on ${engine.name}`, () => {
    test('by id, by order and by time, under the same id and to one endpoint or all', async () => {
      const box = await openPostbox(engine)
      const one = await box.add({ url: 'http://one.example/' })
      await box.add({ url: 'http://two.example/' })
      const begun = box.clock.now
      for (const id of ['first', 'second']) {
        await anOrder(box, id)
        await happen(box, id)
        box.clock.now += 1_000
      }
      await box.run()
      assert.equal(box.posts.length, 4)
      const [first] = await box.deliveries('first')
      assert(first)
      const sentAgain = async (work: ReturnType<typeof redeliver>) => {
        const before = box.posts.length
        const { count } = (await work) ?? { count: 0 }
        await box.run()
        const posts = box.posts.slice(before)
        assert.equal(posts.length, count)
        return posts
          .map((post) => `${seen(post).body.content.order.order_id} ${post.target.hostname}`)
          .sort()
      }
      assert.deepEqual(await sentAgain(again(box, { id: first.id })), [
        'first one.example',
        'first two.example',
      ])
      assert.equal(box.posts.filter((post) => seen(post).id === first.id).length, 4)
      const endpoint = one.endpoint.id
      assert.deepEqual(await sentAgain(again(box, { orderId: 'second' }, { endpoint })), [
        'second one.example',
      ])
      assert.deepEqual(await sentAgain(again(box, { from: begun, to: begun + 1 })), [
        'first one.example',
        'first two.example',
      ])
      assert.equal((await sentAgain(again(box, { from: begun, to: begun + 1_001 }))).length, 4)
      assert.deepEqual(await again(box, { from: begun + 1, to: begun + 1_000 }), { count: 0 })
      await box.database.close()
    })

    test('what was given up has all its attempts again', async () => {
      const box = await openPostbox(engine)
      await box.add()
      await anOrder(box, 'up')
      await happen(box, 'up')
      await box.run()
      await box.world.db.tx(async (t) =>
        t.put('update deliveries set attempts = 17, delivered_at = null, given_up_at = 1'),
      )
      await again(box, { orderId: 'up' })
      const [waiting] = await box.deliveries('up')
      assert.equal(waiting?.attempts, 0)
      assert.equal(waiting.givenUpAt, undefined)
      await box.run()
      assert.equal((await box.deliveries('up'))[0]?.deliveredAt, box.clock.now)
      await box.database.close()
    })

    test("unknown ids, another merchant's, and endpoints that are gone count nothing", async () => {
      const box = await openPostbox(engine)
      const { endpoint } = await box.add()
      await anOrder(box, 'mine')
      await happen(box, 'mine')
      await box.run()
      const id = (await box.deliveries('mine'))[0]?.id ?? ''
      const from = box.clock.now - 1
      const all: Which[] = [{ id }, { orderId: 'mine' }, { from, to: from + 9_000 }]
      for (const which of all) {
        const none = 'from' in which ? { count: 0 } : undefined
        assert.deepEqual(await again(box, which, { merchant: 'other' }), none)
        assert.equal(await again(box, which, { endpoint: 'wep_0' }), undefined)
        const theirs = { merchant: 'other', endpoint: endpoint.id }
        assert.equal(await again(box, which, theirs), undefined)
      }
      assert.equal(await again(box, { id: 'evt_V2_none' }), undefined)
      assert.equal(await again(box, { id: `evt_V2_${'0'.repeat(32)}` }), undefined)
      assert.equal(await removeEndpoint(box.world, endpoint, byTest(box)), true)
      assert.equal(await removeEndpoint(box.world, endpoint, byTest(box)), false)
      for (const which of all) {
        const none = 'from' in which ? { count: 0 } : undefined
        assert.deepEqual(await again(box, which), none)
      }
      await box.run()
      assert.equal(box.posts.length, 1)
      await box.database.close()
    })

    test('a removed endpoint takes what waits for it along, and nothing else', async () => {
      const box = await openPostbox(engine)
      const { endpoint } = await box.add({ url: 'http://dead.example/' })
      await box.add({ url: 'http://alive.example/' })
      await anOrder(box, 'removed')
      await happen(box, 'removed')
      box.answer = () => ({ status: 500, answer: '' })
      await box.run()
      await removeEndpoint(box.world, endpoint, byTest(box))
      const left = await box.deliveries('removed')
      assert.equal(left.length, 1)
      assert.notEqual(left[0]?.endpoint, endpoint.id)
      await box.database.close()
    })

    test('a long time is done in parts that meet without a gap', async () => {
      const box = await openPostbox(engine)
      const { endpoint } = await box.add()
      await anOrder(box, 'long')
      const row = { ...box.orderKey('long'), from: box.clock.now }
      await box.world.db.tx(async (t) => {
        for (let i = 0; i < 1_010; i++) {
          t.put(
            `insert into deliveries (shard, merchant, order_id, seq, name, endpoint, id, attempts,
               lease, delivered_at, created_at)
             values ($1, $2, $3, $4, 'TXN_CREATED', $5, $6, 1, 1, 1, $7)`,
            [row.shard, row.merchant, row.orderId, i, endpoint.id, `e${i}`, row.from + (i >> 3)],
          )
        }
      })
      const whole = { from: row.from, to: row.from + 10_000 }
      const part = await again(box, whole)
      assert(part)
      assert.deepEqual(part, { count: 1_000, goOnFrom: row.from + 125 })
      const rest = await again(box, { ...whole, from: part.goOnFrom ?? 0 })
      assert.deepEqual(rest, { count: 10 })
      await box.database.close()
    })

    test('sealed for one endpoint opens for no other', async () => {
      const box = await openPostbox(engine)
      const { endpoint } = await box.add()
      const said = { url: 'http://x.example/', events: [], headers: {} }
      const other = await addEndpoint(box.world, box.merchant.id, { said, ...byTest(box) })
      await box.world.db.tx(async (t) =>
        t.put(
          `update endpoints set sealed = (select sealed from endpoints where id = $1)
           where id = $2`,
          [endpoint.id, other.endpoint.id],
        ),
      )
      await anOrder(box, 'moved')
      await happen(box, 'moved')
      const errors: unknown[] = []
      await announceOnce(box.world, assert.ifError)
      await box.postman.once((error) => errors.push(error))
      await box.postman.settled()
      assert.equal(errors.length, 1)
      // Nobody else has to wait for it.
      assert.deepEqual(
        box.posts.map(({ target }) => target.hostname),
        ['hook.example'],
      )
      await box.database.close()
    })
  })
}
