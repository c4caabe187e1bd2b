import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { engines } from '../../test/databases.ts'
import { openWorld } from '../../test/world.ts'
import { callbackRoutes } from './callbacks.ts'
import { openDoor } from './door.ts'

const [sqlite] = engines
assert(sqlite)

for (const perAddress of [0, 100]) {
  const others = perAddress === 0 ? 'no other limit' : 'a limit of addresses'
  test(`an account's callbacks have a limit of their own, beside ${others}`, async (t) => {
    const at = await openWorld(sqlite)
    const app = openDoor({
      https: false,
      trustedProxies: [],
      limits: { perKey: 0, perAddress },
      logLevel: 'silent',
      logStream: { write() {} },
    })
    t.after(async () => {
      await app.close()
      await at.database.close()
    })
    await app.register((scope) => callbackRoutes(scope, at.world, 2))
    let events = 0
    const call = (key: string) => {
      const body = JSON.stringify({ reference: 'other' })
      const [id, time] = [`event-${++events}`, String(at.clock.now)]
      const signature = createHmac('sha256', key).update(`${id}.${time}.${body}`).digest('hex')
      return app.inject({
        method: 'POST',
        url: '/callbacks/simulator/demo/simulator',
        body,
        headers: {
          'x-bank-event-id': id,
          'x-bank-timestamp': time,
          'x-bank-signature': signature,
        },
      })
    }
    // Forgeries do not use it up.
    for (let i = 0; i < 5; i++) assert.equal((await call('forged')).statusCode, 401)
    for (let i = 0; i < 2; i++) assert.equal((await call('demo-simulator')).statusCode, 200)
    const refused = await call('demo-simulator')
    assert.deepEqual([refused.statusCode, refused.json().error_code], [429, 'rate_limited'])
    assert.equal((await call('forged')).statusCode, 401)
  })
}
