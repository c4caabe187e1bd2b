import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { engines } from '../../test/databases.ts'
import type { Engine } from '../../test/support.ts'
import { openWorld } from '../../test/world.ts'
import { addMerchant } from '../add-merchant.ts'
import { requireKey } from '../api/auth.ts'
import { openDoor } from '../api/door.ts'
import { makePerform } from '../gateways/perform.ts'
import type { MerchantId } from '../ids.ts'
import { auditEntries } from '../merchants/audit-entries.ts'
import { keyHash } from '../merchants/key.ts'
import { insertKey } from '../merchants/merchants.ts'
import { Secret } from '../secret.ts'
import { accountRoutes } from './accounts.ts'

const keys = { demo: 'key-of-demo-0000', shop: 'key-of-shop-0000' }

const razorpay = {
  gateway: 'razorpay',
  credentials: { key_id: 'rzp_test_hush', key_secret: 'hush-secret' },
}

const letIn = { status: 200, body: '{"entity":"collection","count":0,"items":[]}' }
const lockedOut = {
  status: 401,
  body: '{"error":{"code":"BAD_REQUEST_ERROR","description":"Authentication failed"}}',
}

/** The routes for two merchants, a gateway that answers as a test says, and all that is told. */
async function open(t: TestContext, engine: Engine) {
  const at = await openWorld(engine)
  const gateway = { ...letIn }
  const world = {
    ...at.world,
    perform: makePerform(async () => ({
      status: gateway.status,
      body: (async function* () {
        yield Buffer.from(gateway.body)
      })(),
    })),
  }
  const { db, seal } = world
  await addMerchant({ db, seal }, { id: 'shop' as MerchantId, mode: 'sandbox', at: 0 })
  await db.tx(async (tx) => {
    for (const [id, key] of Object.entries(keys)) {
      insertKey(tx, { hash: keyHash(new Secret(key)), merchant: id as MerchantId, at: 0 })
    }
  })
  const told: string[] = []
  const app = openDoor({
    https: false,
    trustedProxies: [],
    limits: { perKey: 0, perAddress: 0 },
    logLevel: 'trace',
    logStream: { write: (line) => told.push(line) },
  })
  await app.register(async (scope) => {
    requireKey(scope, world)
    accountRoutes(scope, world)
  })
  const base = await app.listen({ host: '127.0.0.1', port: 0 })
  t.after(async () => {
    await app.close()
    await at.database.close()
  })
  const call = async (method: 'GET' | 'POST', path: string, body?: object, key = keys.demo) => {
    const response = await fetch(`${base}/console/accounts${path}`, {
      method,
      headers: { authorization: `Basic ${btoa(key)}`, 'content-type': 'application/json' },
      body: body ? JSON.stringify(body) : null,
    })
    const text = await response.text()
    told.push(text)
    const answer = JSON.parse(text)
    delete answer.error_info?.request_id
    return { status: response.status, body: answer }
  }
  return { db, gateway, call, told }
}

for (const engine of engines) {
  describe(`/console/accounts on ${engine.name}`, () => {
    test('an account is added, listed, changed, switched off and on', async (t) => {
      const { call } = await open(t, engine)
      const more = { networks: 'VISA', otp_bins: '411111', min_amount: '1', max_amount: 500.5 }
      const added = await call('POST', '', { ...razorpay, ...more, gateway_reference_id: 'south' })
      assert.equal(added.status, 200)
      const { check, warning, ...account } = added.body
      const said =
        "Without webhook_secret its callbacks can't be verified, and are refused. " +
        'Account simulator shares the payments with it until it is disabled.'
      assert.deepEqual({ check, warning }, { check: 'works', warning: said })
      assert.deepEqual(account, {
        id: 'razorpay-1',
        gateway: 'razorpay',
        gateway_id: 23,
        gateway_reference_id: 'south',
        base_url: null,
        networks: ['VISA'],
        otp_bins: ['411111'],
        weight: 100,
        min_amount: 1,
        max_amount: 500.5,
        holds: true,
        credentials: ['key_id', 'key_secret'],
        callback_url: 'http://pay.example/callbacks/razorpay/demo/razorpay-1',
        state: 'active',
        disabled_at: null,
        date_created: '2026-11-22T10:00:00Z',
      })
      const { accounts } = (await call('GET', '')).body
      const ids = accounts.map(({ id }: { id: string }) => id)
      assert.deepEqual(ids.sort(), ['razorpay-1', 'simulator'])
      const listed = accounts.find(({ id }: { id: string }) => id === 'razorpay-1')
      assert.deepEqual(listed, account)
      assert.deepEqual((await call('GET', '/razorpay-1')).body, account)
      const changed = await call('POST', '/razorpay-1', { weight: 3, networks: '' })
      const after = { ...account, weight: 3, networks: null }
      assert.deepEqual(changed.body, { ...after, check: 'not_asked', warning: null })
      const off = await call('POST', '/razorpay-1/disable')
      const disabled = { state: 'disabled', disabled_at: '2026-11-22T10:00:00Z' }
      assert.deepEqual(off.body, { ...after, ...disabled })
      assert.deepEqual((await call('POST', '/razorpay-1/enable')).body, after)
    })

    test('lists are taken as they are shown', async (t) => {
      const { call } = await open(t, engine)
      await call('POST', '', razorpay)
      for (const networks of [['VISA', 'RUPAY'], []]) {
        const lists = { networks, otp_bins: ['411111', '60698512'] }
        const { body } = await call('POST', '/razorpay-1', { ...lists, merchant_id: 'demo' })
        assert.deepEqual({ networks: body.networks, otp_bins: body.otp_bins }, lists)
      }
      const { body } = await call('GET', '/razorpay-1')
      const { networks, otp_bins, weight, max_amount } = body
      const same = await call('POST', '/razorpay-1', { networks, otp_bins, weight, max_amount })
      assert.deepEqual(same.body, { ...body, check: 'not_asked', warning: null })
    })

    test('what the gateway says of the credentials is told at once', async (t) => {
      const { call, gateway } = await open(t, engine)
      Object.assign(gateway, lockedOut)
      const refused = await call('POST', '', razorpay)
      assert.equal(refused.status, 400)
      assert.equal(refused.body.error_code, 'account_locked_out')
      assert.match(refused.body.error_message, /^The gateway refuses these credentials: ./)
      const unasked = await call('POST', '', { ...razorpay, check: false })
      assert.equal(unasked.body.check, 'not_asked')
      const locked = await call('POST', '/razorpay-1/check')
      assert.equal(locked.body.check, 'locked_out')
      assert.match(locked.body.message, /./)
      Object.assign(gateway, letIn)
      const works = await call('POST', '/razorpay-1/check')
      assert.deepEqual(works.body, { id: 'razorpay-1', check: 'works', message: null })
      Object.assign(gateway, { status: 502, body: '<html>' })
      assert.equal((await call('POST', '/razorpay-1/check')).body.check, 'unknown')
      const unknown = await call('POST', '', razorpay)
      assert.equal(unknown.status, 200)
      assert.equal(unknown.body.check, 'unknown')
      assert.match(unknown.body.warning, /^no answer: ./)
    })

    test('what is wrong is named, and never quoted', async (t) => {
      const { call, told } = await open(t, engine)
      const { credentials } = razorpay
      const wrong: [object, string][] = [
        [{}, 'gateway is missing.'],
        [{ ...razorpay, weight: 1_001 }, 'weight is invalid.'],
        [{ ...razorpay, base_url: 'http://hush:hush@a.example' }, 'base_url is invalid.'],
        [{ ...razorpay, check: 'perhaps' }, 'check is invalid.'],
        [{ gateway: 'razorpay' }, 'credentials.key_id is missing.'],
        [{ ...razorpay, max_amout: 'hush' }, 'max_amout is unknown.'],
        [{ ...razorpay, max_amouts: ['hush'] }, 'max_amouts is unknown.'],
        [{ ...razorpay, credentials: ['hush'] }, 'credentials is unknown.'],
        [
          { ...razorpay, credentials: { ...credentials, key: 'hush' } },
          'credentials.key is unknown.',
        ],
        ...[['hush'], ['VISA,RUPAY'], ['none'], [1], [['VISA']], [{}]].map(
          (networks): [object, string] => [{ ...razorpay, networks }, 'networks is invalid.'],
        ),
        ...[[], ['41111'], [411_111]].map((otp_bins): [object, string] => [
          { ...razorpay, otp_bins },
          'otp_bins is invalid.',
        ]),
        [
          { ...razorpay, credentials: { ...credentials, key_id: 'rzp_live_hush' } },
          'credentials are of live mode, this server is in sandbox mode.',
        ],
        [{ ...razorpay, id: 'simulator' }, 'Another gateway account has this id.'],
      ]
      for (const [body, message] of wrong) {
        const answer = await call('POST', '', body)
        assert.equal(answer.status, 400)
        assert.equal(answer.body.error_message, message)
      }
      assert(!told.join('').includes('hush'))
    })

    test('credentials are in no answer, no line of the log and no audit entry', async (t) => {
      const { call, told, db, gateway } = await open(t, engine)
      await call('POST', '', razorpay)
      const { credentials } = razorpay
      await call('POST', '/razorpay-1', { credentials: { ...credentials, webhook_secret: 'hush' } })
      Object.assign(gateway, lockedOut)
      for (const deed of ['', '/check', '/disable', '/enable']) {
        await call('POST', `/razorpay-1${deed}`, { credentials })
      }
      await call('GET', '')
      assert(told.length > 10)
      const merchant = 'demo' as MerchantId
      const entries = await auditEntries(db.read, { merchant, after: 0, most: 100 })
      const deeds = ['account_added', 'account_changed', 'account_disabled', 'account_enabled']
      assert.deepEqual(
        entries.map(({ deed }) => deed),
        deeds,
      )
      assert(!/hush/.test(told.join('') + JSON.stringify(entries)))
    })

    test("unknown and another merchant's are one and the same", async (t) => {
      const { call } = await open(t, engine)
      await call('POST', '', { ...razorpay, id: 'mine' })
      for (const deed of ['', '/check', '/disable', '/enable']) {
        const foreign = await call('POST', `/mine${deed}`, {}, keys.shop)
        assert.equal(foreign.status, 404)
        assert.deepEqual(foreign, await call('POST', `/none${deed}`, {}, keys.shop))
      }
      const foreign = await call('GET', '/mine', undefined, keys.shop)
      assert.equal(foreign.status, 404)
      assert.deepEqual(foreign, await call('GET', '/none', undefined, keys.shop))
      const { accounts } = (await call('GET', '', undefined, keys.shop)).body
      assert.deepEqual(
        accounts.map(({ id }: { id: string }) => id),
        ['simulator'],
      )
      assert.equal((await call('GET', '', undefined, 'not-a-key-at-all')).status, 401)
      const same = await call('POST', '', { ...razorpay, id: 'mine' }, keys.shop)
      assert.equal(same.status, 200)
    })
  })
}
