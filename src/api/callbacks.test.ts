import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { engines } from '../../test/databases.ts'
import { openWorld } from '../../test/world.ts'
import { addAccount } from '../gateways/keep-accounts.ts'
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

test('a callback that is refused is told in the log, and nothing of what it says', async (t) => {
  const at = await openWorld(sqlite)
  const { world, merchant } = at
  const lines: Record<string, unknown>[] = []
  const app = openDoor({
    https: false,
    trustedProxies: [],
    limits: { perKey: 0, perAddress: 0 },
    logLevel: 'warn',
    logStream: { write: (line) => lines.push(JSON.parse(line)) },
  })
  t.after(async () => {
    await app.close()
    await at.database.close()
  })
  await app.register((scope) => callbackRoutes(scope, world))
  const text = {
    gateway: 'razorpay',
    'credentials.key_id': 'rzp_test_1',
    'credentials.key_secret': 'hush',
  }
  const order = { text, check: false, anyHost: false, actor: 'test', now: 0 }
  await addAccount(world, merchant.id, order)
  const call = async (path: string, key: string, sentAt = at.clock.now) => {
    const body = JSON.stringify({ reference: 'hush' })
    const [id, time] = ['event-1', String(sentAt)]
    const signature = createHmac('sha256', key).update(`${id}.${time}.${body}`).digest('hex')
    const signed = {
      ...{ 'x-bank-event-id': id, 'x-bank-timestamp': time, 'x-bank-signature': signature },
      'x-razorpay-signature': signature,
    }
    const url = `/callbacks/${path}`
    const { statusCode } = await app.inject({ method: 'POST', url, body, headers: signed })
    assert.equal(statusCode, 401)
    const told = lines.splice(0)
    assert(!JSON.stringify(told).includes('hush'))
    assert(!JSON.stringify(told).includes(signature))
    return told.map(({ msg, gateway, merchant, account, why }) => [
      ...[msg, gateway, merchant, account, why],
    ])
  }
  const refused = (gateway: string, account: string, why: string) => [
    ['callback refused', gateway, 'demo', account, why],
  ]
  const own = 'simulator/demo/simulator'
  assert.deepEqual(await call(own, 'forged'), refused('simulator', 'simulator', 'forged'))
  const old = at.clock.now - 30 * 86_400_000
  const stale = refused('simulator', 'simulator', 'stale')
  assert.deepEqual(await call(own, 'demo-simulator', old), stale)
  const unknown = refused('payu', 'none', 'unknown account')
  assert.deepEqual(await call('payu/demo/none', 'forged'), unknown)
  const other = refused('payu', 'simulator', 'unknown account')
  assert.deepEqual(await call('payu/demo/simulator', 'forged'), other)
  const unverified = refused('razorpay', 'razorpay-1', 'no secret')
  assert.deepEqual(await call('razorpay/demo/razorpay-1', 'forged'), unverified)
  const long = [['callback refused', undefined, undefined, undefined, 'unknown account']]
  assert.deepEqual(await call(`payu/demo/${'x'.repeat(65)}`, 'forged'), long)
})
