import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { engines } from '../../test/databases.ts'
import { anOrder } from '../../test/world.ts'
import { announceOnce } from './announce.ts'
import { openPostman } from './deliver-due.ts'
import { waitAfter } from './delivery.ts'
import { endpointsOf } from './endpoints.ts'
import { enableEndpoint } from './keep-endpoints.ts'
import { byTest, happen, openPostbox, type Postbox, seen } from './postbox.fixture.ts'

const down = { status: 500, answer: 'down' }
const fine = { status: 200, answer: 'ok' }

async function endpointOf({ world, merchant }: Postbox) {
  const [endpoint] = await endpointsOf(world.db.read, world.seal, merchant.id)
  assert(endpoint)
  return endpoint
}

/** Moves the clock to each next moment at which something is due, until the time is over. */
async function live(box: Postbox, ms: number): Promise<void> {
  const end = box.clock.now + ms
  for (;;) {
    await box.run()
    const [next] = await box.world.db.read(
      `select min(case when e.paused_until > d.due_at then e.paused_until else d.due_at end) as at
       from deliveries d join endpoints e on e.merchant = d.merchant and e.id = d.endpoint`,
    )
    const at = next?.['at']
    if (at === null || at === undefined || Number(at) > end) break
    box.clock.now = Number(at)
  }
  box.clock.now = end
  await box.run()
}

for (const engine of engines) {
  describe(`the circuit on ${engine.name}`, () => {
    test('one event at a dead endpoint follows the ladder, and is not given up', async () => {
      const box = await openPostbox(engine)
      await box.add()
      await anOrder(box, 'ladder')
      await happen(box, 'ladder')
      const times: number[] = []
      box.answer = () => {
        times.push(box.clock.now)
        return down
      }
      await live(box, 26 * 3_600_000)
      const waits = times.slice(1).map((time, i) => time - (times[i] ?? 0))
      assert.deepEqual(
        waits,
        Array.from({ length: 16 }, (_, i) => waitAfter(i + 1, 0)),
      )
      const [delivery] = await box.deliveries('ladder')
      assert.equal(delivery?.attempts, 17)
      assert.equal(delivery.givenUpAt, undefined)
      assert.equal(delivery.httpStatus, 500)
      assert.equal(delivery.answer, 'down')
      const endpoint = await endpointOf(box)
      assert.equal(endpoint.failures, 17)
      assert.equal(endpoint.pausedUntil, delivery.dueAt)
      await box.database.close()
    })

    test('what only this endpoint refuses is given up while others arrive', async () => {
      const box = await openPostbox(engine)
      await box.add()
      await anOrder(box, 'poison')
      await anOrder(box, 'good')
      await happen(box, 'poison')
      box.answer = (post) => (seen(post).body.content.order.order_id === 'poison' ? down : fine)
      for (let attempt = 1; attempt <= 17; attempt++) {
        await box.run()
        await happen(box, 'good')
        await box.run()
        box.clock.now += waitAfter(attempt, 0)
      }
      const [delivery] = await box.deliveries('poison')
      assert.equal(delivery?.attempts, 17)
      assert(delivery.givenUpAt !== undefined && delivery.dueAt === undefined)
      assert((await box.deliveries('good')).every(({ deliveredAt }) => deliveredAt))
      await box.database.close()
    })

    test('from the fifth failure on nothing is sent until one probe', async () => {
      const box = await openPostbox(engine)
      await box.add()
      await anOrder(box, 'many')
      for (let i = 0; i < 40; i++) await happen(box, 'many')
      box.answer = () => down
      await box.run()
      const first = box.posts.length
      // What was under way together counts as often as it takes to pause, not sixteen times.
      assert(first >= 5 && first <= 16, String(first))
      const endpoint = await endpointOf(box)
      assert.equal(endpoint.failures, 5)
      assert.equal(endpoint.pausedUntil, box.clock.now + waitAfter(5, 0))
      const untouched = (await box.deliveries('many')).filter(({ attempts }) => attempts === 0)
      assert.equal(untouched.length, 40 - first)
      // However many wait, none of them is written to.
      assert(untouched.every(({ dueAt, lease }) => dueAt === box.clock.now && lease === 0))

      await happen(box, 'many')
      box.clock.now = endpoint.pausedUntil - 1
      await box.run()
      assert.equal(box.posts.length, first)

      box.clock.now = endpoint.pausedUntil
      const other = openPostman(box.world, box.line)
      const answer = Promise.withResolvers<typeof down>()
      box.answer = () => answer.promise
      await Promise.all([box.postman.once(assert.ifError), other.once(assert.ifError)])
      // As long as the probe has no answer, nobody probes with what has come meanwhile.
      await happen(box, 'many')
      await announceOnce(box.world, assert.ifError)
      await other.once(assert.ifError)
      answer.resolve(down)
      await Promise.all([box.postman.settled(), other.settled()])
      await box.run()
      assert.equal(box.posts.length, first + 1)
      assert.equal((await endpointOf(box)).failures, 6)

      box.answer = () => fine
      await live(box, waitAfter(6, 0) + 15_000)
      const all = await box.deliveries('many')
      assert(all.every(({ deliveredAt }) => deliveredAt !== undefined))
      assert.deepEqual(
        { ...(await endpointOf(box)), access: undefined },
        { ...endpoint, access: undefined, failures: 0, pausedUntil: 0 },
      )
      await box.database.close()
    })

    test('a success ends the failures of those that were sent beside it', async () => {
      const box = await openPostbox(engine)
      await box.add()
      await anOrder(box, 'mixed')
      await happen(box, 'mixed')
      await box.run()
      for (let i = 0; i < 16; i++) await happen(box, 'mixed')
      await announceOnce(box.world, assert.ifError)
      const later = Promise.withResolvers<typeof fine>()
      let sent = 0
      box.answer = () => (++sent <= 5 ? down : later.promise)
      await box.postman.once(assert.ifError)
      while (sent < 16 || (await endpointOf(box)).failures < 5) await new Promise(setImmediate)
      later.resolve(fine)
      await box.postman.settled()
      assert.equal(sent, 16)
      const { failures, pausedUntil } = await endpointOf(box)
      assert.deepEqual({ failures, pausedUntil }, { failures: 0, pausedUntil: 0 })
      await box.database.close()
    })

    test('down for a day, then up: everything arrives, under its first ids', async () => {
      const box = await openPostbox(engine)
      await box.add()
      box.answer = () => down
      for (let hour = 0; hour < 24; hour++) {
        await anOrder(box, `day-${hour}`)
        await happen(box, `day-${hour}`)
        await live(box, 3_600_000)
      }
      const tried = new Map(box.posts.map((post) => [seen(post).body.content.order.order_id, post]))
      const before = box.posts.length
      assert(before < 100, `${before} attempts at a dead endpoint`)
      box.answer = () => fine
      await live(box, 6 * 3_600_000 + 15_000)
      const arrived = box.posts.slice(before).map(seen)
      const ids = new Map(arrived.map(({ id, body }) => [body.content.order.order_id, id]))
      for (let hour = 0; hour < 24; hour++) {
        const [delivery, ...more] = await box.deliveries(`day-${hour}`)
        assert.equal(more.length, 0)
        assert(delivery?.deliveredAt !== undefined && delivery.givenUpAt === undefined)
        assert.equal(ids.get(`day-${hour}`), delivery.id)
        const first = tried.get(`day-${hour}`)
        if (first) assert.equal(seen(first).id, delivery.id)
      }
      assert.equal((await endpointOf(box)).failures, 0)
      await box.database.close()
    })

    test('410 disables: what comes waits undue, and enabling sends all of it', async () => {
      const box = await openPostbox(engine)
      const { endpoint } = await box.add()
      await anOrder(box, 'gone')
      await happen(box, 'gone')
      box.answer = () => ({ status: 410, answer: 'never again' })
      await box.run()
      assert.equal((await endpointOf(box)).disabledAt, box.clock.now)
      for (let i = 0; i < 3; i++) await happen(box, 'gone')
      await live(box, 30 * 86_400_000)
      assert.equal(box.posts.length, 1)
      const waiting = await box.deliveries('gone')
      assert.equal(waiting.length, 4)
      assert(waiting.every((one) => one.dueAt === undefined && one.givenUpAt === undefined))

      box.answer = () => fine
      const enabled = await enableEndpoint(box.world, endpoint, byTest(box))
      assert.equal(enabled?.disabledAt, undefined)
      await box.run()
      assert.equal(box.posts.length, 5)
      assert.equal(new Set(box.posts.map((post) => seen(post).id)).size, 4)
      assert((await box.deliveries('gone')).every(({ deliveredAt }) => deliveredAt !== undefined))
      await box.database.close()
    })

    test('any 2xx is an acknowledgement, a redirect or silence is a failure', async () => {
      const box = await openPostbox(engine)
      await box.add()
      const answers: [number, boolean][] = [
        [200, true],
        [202, true],
        [299, true],
        [301, false],
        [307, false],
        [404, false],
        [199, false],
      ]
      for (const [status, isFine] of answers) {
        const id = `status-${status}`
        await anOrder(box, id)
        await happen(box, id)
        box.answer = () => ({ status, answer: '' })
        await box.run()
        const [delivery] = await box.deliveries(id)
        assert.equal(delivery?.deliveredAt !== undefined, isFine, id)
        assert.equal(delivery?.httpStatus, status)
      }
      await enableEndpoint(box.world, await endpointOf(box), byTest(box))
      box.answer = () => Promise.reject(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }))
      await anOrder(box, 'silent')
      await happen(box, 'silent')
      await box.run()
      const [silent] = await box.deliveries('silent')
      assert.equal(silent?.httpStatus, undefined)
      assert.equal(silent?.answer, 'ECONNREFUSED')
      await box.database.close()
    })
  })
}
