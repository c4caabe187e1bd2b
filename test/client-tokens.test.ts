import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { addMerchant } from '../src/add-merchant.ts'
import type { MerchantId } from '../src/ids.ts'
import { keyHash, newKey } from '../src/merchants/key.ts'
import { insertKey } from '../src/merchants/merchants.ts'
import { makeSeal } from '../src/seal.ts'
import {
  type Answer,
  ask,
  type Caller,
  callerOf,
  challengeIn,
  type Form,
  rightOtp,
  testCard,
} from './caller.ts'
import { engines } from './databases.ts'
import { type Call, type Ids, keyOrName, rows } from './routes.ts'
import { startTestServer, type TestServer, testVariables } from './support.ts'
import { assertUnauthorized } from './unauthorized.ts'

/** The only routes that take the client token of an order. */
const ofOrders: ReadonlySet<string> = new Set([
  'GET /orders/{order_id}',
  'GET /order/status',
  'POST /order/status',
  'GET /order_status',
  'POST /order_status',
  'POST /txns',
  'POST /v2/txns/{id}/authenticate',
  'POST /v2/txns/{id}/authenticate/{challenge_id}/resend',
])

const wanted: Form = { 'options.get_client_auth_token': 'true' }

interface Paying extends Ids {
  readonly token: string
}

for (const engine of engines) {
  describe(`client tokens on ${engine.name}`, () => {
    let server: TestServer
    let ours: Caller
    let theirs: Caller
    let orders = 0

    before(async () => {
      server = await startTestServer(engine)
      ours = callerOf(server)
      const { db, url } = server
      const master = Buffer.from(String(testVariables({ dataDir: '' })['MASTER_KEY']), 'hex')
      const merchant = 'theirs' as MerchantId
      await addMerchant({ db, seal: makeSeal(master) }, { id: merchant, mode: 'sandbox', at: 1 })
      const key = newKey('sandbox')
      await db.tx(async (t) => insertKey(t, { hash: keyHash(key), merchant, at: 1 }))
      theirs = callerOf({ url, merchant, key: key.reveal() })
    })
    after(() => server.close())

    /** An order with an open challenge, and a client token for it. */
    async function paying(caller: Caller): Promise<Paying> {
      const order = `tok-${String(++orders).padStart(4, '0')}`
      const created = await caller.create(order, wanted)
      const started = await caller.start(order)
      const { id: txn, challenge_id: challenge } = challengeIn(started)
      const txnOnWire = String(started.body.txn_id)
      const none = '0'.repeat(35)
      const rest = { endpoint: `wep_${none}`, customer: `cst_${none}`, card: `ctk_${none}` }
      return { order, txn, txnOnWire, challenge, ...rest, token: tokenIn(created) }
    }

    /** A call without a key, with the token in its body, or in the query where it has none. */
    function byToken({ path, form }: Call, token: string, headers?: Form): Promise<Answer> {
      const client_auth_token = token
      if (form) {
        const body = { ...form, client_auth_token }
        return ask(server.url + path, { form: body, ...(headers && { headers }) })
      }
      const query = new URLSearchParams({ client_auth_token })
      const url = `${server.url}${path}${path.includes('?') ? '&' : '?'}${query}`
      return ask(url, headers && { headers })
    }

    for (const [route, row] of Object.entries(rows)) {
      test(`${route} by the client token of an order`, async () => {
        const mine = await paying(ours)
        const call = row.call(mine, ours.merchant)
        if (keyOrName.includes(route)) {
          assert.equal((await byToken(call, mine.token)).body['error_code'], 'missing')
          return
        }
        if (!ofOrders.has(route)) return assertUnauthorized(await byToken(call, mine.token))
        const other = await paying(ours)
        const foreign = await paying(theirs)
        const customers = await ours.call('/customers', {
          object_reference_id: `asha-${mine.order}`,
          ...wanted,
        })
        const wrong = [
          ...[other.token, foreign.token, tokenIn(customers), '', 'tkn_', `${mine.token}0`],
          mine.token.toUpperCase(),
          `tkn_${'0'.repeat(32)}`,
        ]
        for (const token of wrong) assertUnauthorized(await byToken(call, token), token)
        assertUnauthorized(await byToken(row.call(other, ours.merchant), mine.token))
        assertUnauthorized(await byToken(row.call(foreign, theirs.merchant), mine.token))
        const named = row.call(mine, theirs.merchant)
        if (named.form?.['merchant_id']) assertUnauthorized(await byToken(named, mine.token))
        const header = { 'x-merchantid': theirs.merchant }
        assertUnauthorized(await byToken(call, mine.token, header))
        const badKey = `Basic ${Buffer.from('sk_test_nobody:').toString('base64')}`
        assertUnauthorized(await byToken(call, mine.token, { authorization: badKey }))
        assert.equal((await byToken(call, mine.token)).status, row.own)
      })
    }

    test('cards are listed by the client token of their customer, and of no other', async () => {
      const tokenOf = async (customer: string) => {
        const form = { object_reference_id: customer, ...wanted }
        return tokenIn(await ours.call('/customers', form))
      }
      const [asha, ravi] = [await tokenOf('asha'), await tokenOf('ravi')]
      const { token } = await paying(ours)
      const listing = (customer: string): Call[] => [
        { path: `/cards?customer_id=${customer}` },
        { path: `/card/list?customer_id=${customer}` },
        { path: `/customers/${customer}/payment_methods` },
        { path: `/customers/${customer}/payment_methods`, form: {} },
      ]
      for (const call of listing('asha')) {
        assert.equal((await byToken(call, asha)).status, 200, call.path)
        assertUnauthorized(await byToken(call, ravi), call.path)
        assertUnauthorized(await byToken(call, token), call.path)
      }
      for (const nobody of ['nobody', `cst_${'0'.repeat(35)}`]) {
        for (const call of listing(nobody)) assertUnauthorized(await byToken(call, asha), call.path)
      }
    })

    test('a payment is made from its start to its end by a client token', async () => {
      const order = `tok-${++orders}-pays`
      const client_auth_token = tokenIn(await ours.create(order, wanted))
      const start = {
        order_id: order,
        merchant_id: ours.merchant,
        payment_method_type: 'CARD',
        auth_type: 'OTP',
        format: 'json',
        ...testCard,
      }
      for (const name of ['gateway_id', 'auth_account_id']) {
        const routed = { path: '/txns', form: { ...start, [name]: '100' } }
        assertUnauthorized(await byToken(routed, client_auth_token), "the way is the merchant's")
      }
      const challenge = challengeIn(
        await byToken({ path: '/txns', form: start }, client_auth_token),
      )
      const path = `/v2/txns/${challenge.id}/authenticate`
      const resend = { path: `${path}/${challenge.challenge_id}/resend`, form: {} }
      assert.equal((await byToken(resend, client_auth_token)).status, 200)
      const { challenge_id } = challenge
      const form = { challenge_id, 'answer.otp': rightOtp }
      const held = { path, form: { ...form, auto_capture: 'false' } }
      assertUnauthorized(await byToken(held, client_auth_token), "capture is the merchant's")
      const submitted = await byToken({ path, form }, client_auth_token)
      assert.equal(submitted.body.status, 'CHARGED')
      const { body } = await byToken({ path: `/orders/${order}` }, client_auth_token)
      assert.equal(body.status, 'CHARGED')
    })

    test('a client token orders nothing, and gets no other token', async () => {
      const { token, order } = await paying(ours)
      const start = rows['POST /txns']?.call({ ...(await paying(ours)), order }, ours.merchant)
      assert(start?.form)
      const form = { ...start.form, 'order.order_id': order, 'order.amount': '100.00' }
      assertUnauthorized(await byToken({ path: '/txns', form }, token))
      const { order_id: _, ...without } = form as Record<string, string>
      assertUnauthorized(await byToken({ path: '/txns', form: without }, token))
      const query = new URLSearchParams(wanted)
      const { status, body } = await byToken({ path: `/orders/${order}?${query}` }, token)
      assert.deepEqual([status, body['juspay']], [200, undefined])
    })

    test('where a key is sent, a token is not looked at', async () => {
      const { order } = await paying(ours)
      assert.equal((await ours.call(`/orders/${order}?client_auth_token=wrong`)).status, 200)
    })

    test('30 calls, then no more', async () => {
      const { token, order } = await paying(ours)
      const call = { path: `/orders/${order}` }
      for (let n = 1; n <= 30; n++) assert.equal((await byToken(call, token)).status, 200, `${n}`)
      assertUnauthorized(await byToken(call, token))
    })

    test('of 40 calls at once 30 are answered at most', async () => {
      const { token, order } = await paying(ours)
      const calls = Array.from({ length: 40 }, () => byToken({ path: `/orders/${order}` }, token))
      const statuses = (await Promise.all(calls)).map(({ status }) => status)
      assert.deepEqual(
        [200, 401].map((one) => statuses.filter((status) => status === one).length),
        [30, 10],
      )
    })

    test('every answer that may carry a token does so when it is asked', async () => {
      const order = `tok-${++orders}-asks`
      const created = { order_id: order, amount: '1.00' }
      const { authorization } = ours
      const nested = { ...created, options: { get_client_auth_token: true } }
      const answers = [
        await ours.call('/orders', { ...created, ...wanted }),
        await ask(`${server.url}/orders`, { authorization, json: nested }),
        await ask(`${server.url}/orders`, { authorization, json: { ...created, ...wanted } }),
        await ours.call('/order/create', { ...created, ...wanted }),
        await ours.call(`/orders/${order}`, { udf1: 'x', ...wanted }),
        await ours.call(`/orders/${order}?${new URLSearchParams(wanted)}`),
        await ours.call(`/order/status?${new URLSearchParams({ order_id: order, ...wanted })}`),
        await ours.call('/order/status', { order_id: order, ...wanted }),
        await ours.call('/session', { ...created, udf1: 'x' }),
      ]
      const tokens = answers.map((answer, i) =>
        i < 8 ? tokenIn(answer) : /tkn_[0-9a-f]{32}/.exec(answer.text)?.[0],
      )
      assert.equal(new Set(tokens).size, answers.length)
      for (const token of tokens) {
        assert(token)
        assert.equal((await byToken({ path: `/orders/${order}` }, token)).status, 200)
      }
      assert(!(await ours.status(order)).text.includes('tkn_'))
    })

    test('no token is in the log or in the database', async () => {
      const { token } = await paying(ours)
      assert(server.log.length > 50)
      assert(!server.log.join('').includes('tkn_'))
      for (const table of ['client_tokens', 'orders', 'events', 'txns', 'audit_entries']) {
        const rows = await server.db.read(`select * from ${table}`)
        assert(!JSON.stringify(rows).includes(token.slice('tkn_'.length)), table)
      }
    })

    // The last one, because it moves the clock of the server.
    test('a quarter of an hour later a token opens nothing', async () => {
      const { token, order } = await paying(ours)
      const call = { path: `/orders/${order}` }
      assert.equal((await byToken(call, token)).status, 200)
      const moved = { method: 'POST', body: JSON.stringify({ advance_ms: 15 * 60_000 }) }
      assert((await fetch(`${server.bankUrl}/clock`, moved)).ok)
      assertUnauthorized(await byToken(call, token))
    })
  })
}

/** The client token of an answer that must have one. */
function tokenIn(answer: Answer): string {
  const juspay = answer.body['juspay'] as Record<string, string> | undefined
  const { client_auth_token: token, client_auth_token_expiry: expiry } = juspay ?? {}
  assert(token, answer.text)
  assert.match(token, /^tkn_[0-9a-f]{32}$/)
  assert.match(expiry ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  return token
}
