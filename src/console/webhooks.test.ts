import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { engines } from '../../test/databases.ts'
import type { Engine } from '../../test/support.ts'
import { anOrder } from '../../test/world.ts'
import { addMerchant } from '../add-merchant.ts'
import { requireKey } from '../api/auth.ts'
import { openDoor } from '../api/door.ts'
import { type MerchantId, newWebhookId } from '../ids.ts'
import { auditEntries } from '../merchants/audit-entries.ts'
import { keyHash, keyId } from '../merchants/key.ts'
import { insertKey } from '../merchants/merchants.ts'
import { Secret } from '../secret.ts'
import { insertDelivery } from '../webhooks/deliveries.ts'
import { happen, openPostbox } from '../webhooks/postbox.fixture.ts'
import { webhookRoutes } from './webhooks.ts'

const keys = { demo: 'key-of-demo-0000', shop: 'key-of-shop-0000' }

/** The routes for two merchants, and what their log has said. */
async function open(t: TestContext, engine: Engine) {
  const box = await openPostbox(engine)
  const { db, seal } = box.world
  await addMerchant({ db, seal }, { id: 'shop' as MerchantId, mode: 'sandbox', at: 0 })
  await db.tx(async (tx) => {
    for (const [id, key] of Object.entries(keys)) {
      insertKey(tx, { hash: keyHash(new Secret(key)), merchant: id as MerchantId, at: 0 })
    }
  })
  const log: string[] = []
  const app = openDoor({
    https: false,
    trustedProxies: [],
    limits: { perKey: 0, perAddress: 0 },
    logLevel: 'trace',
    logStream: { write: (line) => log.push(line) },
  })
  await app.register(async (scope) => {
    requireKey(scope, box.world)
    webhookRoutes(scope, box.world)
  })
  const base = await app.listen({ host: '127.0.0.1', port: 0 })
  t.after(async () => {
    await app.close()
    await box.database.close()
  })
  const call = async (method: 'GET' | 'POST', url: string, body?: object, key = keys.demo) => {
    const response = await fetch(`${base}/console/webhooks${url}`, {
      method,
      headers: { authorization: `Basic ${btoa(key)}`, 'content-type': 'application/json' },
      body: body ? JSON.stringify(body) : null,
    })
    const text = await response.text()
    const answer = JSON.parse(text)
    delete answer.error_info?.request_id
    return { status: response.status, body: answer, text: JSON.stringify(answer) }
  }
  return { box, call, log }
}

const down = { status: 503, answer: 'busy' }

for (const engine of engines) {
  describe(`/console/webhooks on ${engine.name}`, () => {
    test('each change makes one entry of the audit log, by the key that made it', async (t) => {
      const { box, call } = await open(t, engine)
      const { body: added } = await call('POST', '', { url: 'http://hook.example/' })
      for (const deed of ['rotate', 'enable', 'remove', 'remove', 'rotate', 'enable']) {
        await call('POST', `/${added.id}/${deed}`)
      }
      const all = { merchant: box.merchant.id, after: 0, most: 100 }
      const entries = await auditEntries(box.world.db.read, all)
      const actor = `key ${keyId(keyHash(new Secret(keys.demo)))}`
      const deeds = ['webhook_added', 'webhook_rotated', 'webhook_enabled', 'webhook_removed']
      assert.deepEqual(
        entries.map((entry) => [entry.deed, entry.subject, entry.actor]),
        deeds.map((deed) => [deed, added.id, actor]),
      )
    })

    test('endpoints are added, listed, rotated and removed; a secret is shown once', async (t) => {
      const { call, log } = await open(t, engine)
      const added = await call('POST', '', {
        url: 'http://hook.example/',
        user: 'me',
        password: 'hush-password',
        events: 'ORDER_SUCCEEDED,ORDER_FAILED',
        headers: { 'X-Token': 'hush-token' },
      })
      assert.equal(added.status, 200)
      const { secret, ...endpoint } = added.body
      assert.match(secret, /^whsec_/)
      assert.deepEqual(endpoint, {
        id: endpoint.id,
        url: 'http://hook.example/',
        events: ['ORDER_SUCCEEDED', 'ORDER_FAILED'],
        user: 'me',
        headers: ['X-Token'],
        secrets: 1,
        state: 'active',
        failures: 0,
        paused_until: null,
        disabled_at: null,
        date_created: '2026-11-22T10:00:00Z',
      })
      const rotated = await call('POST', `/${endpoint.id}/rotate`)
      assert.notEqual(rotated.body.secret, secret)
      assert.equal(rotated.body.secrets, 2)
      const listed = await call('GET', '')
      assert.deepEqual(listed.body, { endpoints: [{ ...endpoint, secrets: 2, waiting: 0 }] })
      assert(!/hush|whsec/.test(listed.text))
      assert(!/hush|whsec/.test(log.join('')), 'the log tells a secret')
      const removed = await call('POST', `/${endpoint.id}/remove`)
      assert.deepEqual(removed.body, { id: endpoint.id, removed: true })
      assert.deepEqual((await call('GET', '')).body, { endpoints: [] })
      const own = await call('POST', '/order/rotate')
      assert.match(own.body.secret, /^whsec_/)
      assert.equal(own.body.secrets, 1)
      // It stands for no URL that could go, and receivers know its secret.
      assert.equal((await call('POST', '/order/remove')).status, 404)
      assert.equal((await call('POST', '/order/rotate')).body.secrets, 2)
    })

    test('what is wrong is named, and never quoted', async (t) => {
      const { call, log } = await open(t, engine)
      const url = 'http://hook.example/'
      const wrong: [object, string][] = [
        [{}, 'url is missing.'],
        [{ url: 'http://hush:hush@hook.example/' }, 'url is invalid.'],
        [{ url, user: 'hush' }, 'password is missing.'],
        [{ url, user: 'hush:', password: 'hush' }, 'user is invalid.'],
        [{ url, events: 'hush' }, 'events is invalid.'],
        [{ url, headers: { Host: 'hush' } }, 'headers is invalid.'],
        [{ url, headers: { 'X-A': 'hush\r\nX: 1' } }, 'headers is invalid.'],
      ]
      for (const [body, message] of wrong) {
        const answer = await call('POST', '', body)
        assert.equal(answer.status, 400)
        assert.equal(answer.body.error_message, message)
        assert(!answer.text.includes('hush'))
      }
      assert(!log.join('').includes('hush'))
    })

    test('deliveries show their state, and are sent again', async (t) => {
      const { box, call } = await open(t, engine)
      const { endpoint } = await box.add()
      await anOrder(box, 'one')
      await happen(box, 'one')
      box.answer = () => down
      await box.run()
      const shown = await call('GET', '/deliveries?order_id=one')
      const [delivery] = shown.body.deliveries
      assert.deepEqual(delivery, {
        id: delivery.id,
        event_name: 'TXN_CREATED',
        order_id: 'one',
        event: 2,
        endpoint: endpoint.id,
        state: 'waiting',
        attempts: 1,
        next_attempt: '2026-11-22T10:01:00Z',
        last_attempt: '2026-11-22T10:00:00Z',
        delivered_at: null,
        http_status: 503,
        answer: 'busy',
        date_created: '2026-11-22T10:00:00Z',
      })
      assert.equal((await call('GET', '')).body.endpoints[0].waiting, 1)
      const byId = await call('GET', `/deliveries?id=${delivery.id}`)
      assert.deepEqual(byId.body, shown.body)

      box.answer = () => ({ status: 200, answer: '' })
      const span = { from: '2026-11-22T10:00:00Z', to: '2026-11-22T15:31:00.5+05:30' }
      for (const body of [{ id: delivery.id }, { order_id: 'one' }, span]) {
        assert.deepEqual((await call('POST', '/redeliver', body)).body, { redelivered: 1 })
        await box.run()
      }
      assert.equal(box.posts.length, 4)
      const [after] = (await call('GET', '/deliveries?order_id=one')).body.deliveries
      assert.equal(after.state, 'delivered')
      assert.equal(after.attempts, 1)
    })

    test('an order of hundreds of deliveries shows the newest ones too', async (t) => {
      const { box, call } = await open(t, engine)
      const key = box.orderKey('many')
      const at = box.clock.now
      await box.world.db.tx(async (tx) => {
        for (let seq = 1; seq <= 501; seq++) {
          const fresh = { id: newWebhookId(key.shard), attempts: 0, lease: 0, createdAt: at }
          insertDelivery(tx, { ...key, ...fresh, seq, name: 'TXN_CREATED', endpoint: 'order' })
        }
      })
      const { deliveries } = (await call('GET', '/deliveries?order_id=many')).body
      assert.equal(deliveries.at(-1).event, 501)
    })

    test('a disabled endpoint is shown as one, and enabled', async (t) => {
      const { box, call } = await open(t, engine)
      const { endpoint } = await box.add()
      await anOrder(box, 'off')
      await happen(box, 'off')
      box.answer = () => ({ status: 410, answer: '' })
      await box.run()
      const [shown] = (await call('GET', '')).body.endpoints
      assert.equal(shown.state, 'disabled')
      assert.equal(shown.disabled_at, '2026-11-22T10:00:00Z')
      assert.equal(shown.waiting, 1)
      const enabled = await call('POST', `/${endpoint.id}/enable`)
      assert.equal(enabled.body.state, 'active')
      box.answer = () => ({ status: 200, answer: '' })
      await box.run()
      assert.equal((await call('GET', '')).body.endpoints[0].waiting, 0)
    })

    test("unknown and another merchant's are one and the same", async (t) => {
      const { box, call } = await open(t, engine)
      const { endpoint } = await box.add()
      await anOrder(box, 'mine')
      await happen(box, 'mine')
      await box.run()
      const id = (await box.deliveries('mine'))[0]?.id
      for (const action of ['rotate', 'enable', 'remove']) {
        const foreign = await call('POST', `/${endpoint.id}/${action}`, undefined, keys.shop)
        assert.equal(foreign.status, 404)
        const unknown = await call('POST', `/wep_${'0'.repeat(24)}/${action}`)
        assert.deepEqual(foreign, unknown)
      }
      for (const [mine, none] of [
        [{ id }, { id: `evt_V2_${'0'.repeat(32)}` }],
        [{ order_id: 'mine' }, { order_id: 'none' }],
        [{ order_id: 'mine', endpoint: endpoint.id }, { order_id: '../..' }],
      ] as const) {
        const foreign = await call('POST', '/redeliver', mine, keys.shop)
        assert.equal(foreign.status, 404)
        assert.deepEqual(foreign, await call('POST', '/redeliver', none))
      }
      assert.deepEqual((await call('GET', '', undefined, keys.shop)).body, { endpoints: [] })
      for (const query of [`id=${id}`, 'order_id=mine', 'id=x', 'order_id=..']) {
        const { body } = await call('GET', `/deliveries?${query}`, undefined, keys.shop)
        assert.deepEqual(body, { deliveries: [] })
      }
      await box.run()
      assert.equal(box.posts.length, 1)
      assert.equal((await call('GET', '', undefined, 'not-a-key-at-all')).status, 401)
    })

    test('what to send again is said in exactly one way', async (t) => {
      const { call } = await open(t, engine)
      const at = '2026-11-22T10:00:00Z'
      const wrong: [object, string][] = [
        [{}, 'id is missing.'],
        [{ id: 'a', order_id: 'b' }, 'id is invalid.'],
        [{ id: 'a', from: at, to: at }, 'id is invalid.'],
        [{ from: at }, 'to is missing.'],
        [{ to: at }, 'from is missing.'],
        [{ from: 'yesterday', to: at }, 'from is invalid.'],
        [{ from: '2026-11-22', to: at }, 'from is invalid.'],
        [{ from: '2026-13-45T10:00:00Z', to: at }, 'from is invalid.'],
        [{ from: at, to: at }, 'to is invalid.'],
        [{ from: '2026-10-01T00:00:00Z', to: at }, 'to is invalid.'],
      ]
      for (const [body, message] of wrong) {
        const answer = await call('POST', '/redeliver', body)
        assert.equal(answer.status, 400)
        assert.equal(answer.body.error_message, message)
      }
      assert.equal((await call('GET', '/deliveries')).status, 400)
      assert.equal((await call('GET', '/deliveries?id=a&order_id=b')).status, 400)
      const none = await call('POST', '/redeliver', { from: at, to: '2026-11-22T10:00:01Z' })
      assert.deepEqual(none.body, { redelivered: 0 })
    })
  })
}
