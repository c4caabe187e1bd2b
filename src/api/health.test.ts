import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Db } from '../db/db.ts'
import type { World } from '../payments/world.ts'
import { openDoor } from './door.ts'
import { healthRoutes } from './health.ts'

/** The routes over a database whose writes are counted, and end when the test says so. */
function health(t: TestContext) {
  const app = openDoor({
    https: false,
    trustedProxies: [],
    limits: { perKey: 0, perAddress: 0 },
    logLevel: 'silent',
    logStream: { write() {} },
  })
  t.after(() => app.close())
  const clock = { elapsed: 0 }
  const writes: PromiseWithResolvers<undefined>[] = []
  const db = {
    tx: () => {
      const write = Promise.withResolvers<undefined>()
      writes.push(write)
      return write.promise
    },
  } as unknown as Db
  const world = { db, now: () => 0, elapsed: () => clock.elapsed } as World
  healthRoutes(app, world)
  const ready = () => app.inject('/ready').then(({ statusCode }) => statusCode)
  const begun = async (n: number) => {
    while (writes.length < n) await new Promise(setImmediate)
    return writes[n - 1] as PromiseWithResolvers<undefined>
  }
  return { ready, begun, writes, clock }
}

test('all who ask whether the server is ready share one write a second', async (t) => {
  const { ready, begun, writes, clock } = health(t)
  const asking = Array.from({ length: 20 }, ready)
  const first = await begun(1)
  clock.elapsed = 5_000
  first.resolve(undefined)
  assert.deepEqual(new Set(await Promise.all(asking)), new Set([200]))
  clock.elapsed += 999
  assert.equal(await ready(), 200)
  assert.equal(writes.length, 1)
  clock.elapsed += 1
  const again = ready()
  ;(await begun(2)).resolve(undefined)
  assert.equal(await again, 200)
})

test('a database that takes no writes is told, and asked again after a second', async (t) => {
  const { ready, begun, clock } = health(t)
  const asking = ready()
  ;(await begun(1)).reject(new Error('disk full'))
  assert.equal(await asking, 503)
  assert.equal(await ready(), 503)
  clock.elapsed += 1_000
  const again = ready()
  ;(await begun(2)).resolve(undefined)
  assert.equal(await again, 200)
})
