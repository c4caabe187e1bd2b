import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { changeSettings } from '../../src/merchants/merchants.ts'
import { ask, type Caller, callerOf, challengeIn, rightOtp, testCard } from '../caller.ts'
import { engines } from '../databases.ts'
import { opened, post, type Sealer, type Sealing, sealed, sealedCall, sealerOf } from '../sealer.ts'
import { startTestServer, type TestServer } from '../support.ts'
import { assertUnauthorized } from '../unauthorized.ts'
import { type OpenApi, routeOf, servedIn, type Validate, validatorOf } from '../wire/openapi.ts'

const ways: readonly Sealing[] = [
  { framing: 'parts', alg: 'RSA-OAEP' },
  { framing: 'parts', alg: 'RSA-OAEP-256' },
  { framing: 'jwt', alg: 'RSA-OAEP' },
  { framing: 'jwt', alg: 'RSA-OAEP-256' },
]

for (const engine of engines) {
  describe(`encrypted calls on ${engine.name}`, () => {
    let server: TestServer
    let caller: Caller
    let sealer: Sealer
    let document: OpenApi
    let validate: Validate
    let orders = 0

    before(async () => {
      server = await startTestServer(engine)
      caller = callerOf(server)
      sealer = await sealerOf(caller)
      document = (await (await fetch(`${server.url}/openapi.json`)).json()) as OpenApi
      validate = validatorOf(document)
    })
    after(() => server.close())

    const nextOrder = () => `sealed-${++orders}`
    const call = (path: string, claims: object, how?: Sealing) =>
      sealedCall(sealer, path, { claims, ...(how && { how }) })
    const startOf = (order_id: string) => ({
      order_id,
      merchant_id: server.merchant,
      payment_method_type: 'CARD',
      auth_type: 'OTP',
      ...testCard,
    })

    async function paid(order: string): Promise<void> {
      await caller.create(order)
      const { status } = await caller.submit(challengeIn(await caller.start(order)), rightOtp)
      assert.equal(status, 200)
    }

    for (const how of ways) {
      test(`a payment and its refunds, ${how.framing} and ${how.alg}`, async () => {
        const order = nextOrder()
        await caller.create(order)
        const started = await call('/v4/txns', startOf(order), how)
        assert.deepEqual([started.order_id, started.status], [order, 'PENDING_VBV'])
        const params = started.payment?.authentication.params
        assert(params, 'an encrypted call gets JSON, never a page')
        await caller.submit(params, rightOtp)
        const status = await call('/v4/order-status', { order_id: order }, how)
        assert.deepEqual([status.status, status.amount], ['CHARGED', 100])
        const half = { unique_request_id: `${order}-a`, amount: '50.00' }
        const first = await call(`/v4/orders/${order}/refunds`, half, how)
        assert.equal((first['refunds'] as object[]).length, 1)
        const rest = { unique_request_id: `${order}-b` }
        const second = await call(`/v4/order/${order}/refunds`, rest, how)
        assert.equal(second['amount_refunded'], 100)
      })

      test(`order status by GET, ${how.framing} and ${how.alg}`, async () => {
        const order = nextOrder()
        await caller.create(order)
        const query = new URLSearchParams(await sealed(sealer, { order_id: order }, how))
        const headers = { 'x-merchant-id': server.merchant }
        const answer = await ask(`${server.url}/v4/order-status?${query}`, { headers })
        assert.equal((await opened(sealer, answer.body)).status, 'NEW')
        assert.deepEqual(validate('GET /v4/order-status', 200, answer.body), [])
      })
    }

    test('the document shows the envelopes of every encrypted route', async () => {
      const met = new Set<string>()
      const order = nextOrder()
      await paid(order)
      for (const framing of ['parts', 'jwt'] as const) {
        const fresh = nextOrder()
        await caller.create(fresh)
        const calls = [
          ['/v4/order-status', { order_id: order }],
          [`/v4/orders/${order}/refunds`, { unique_request_id: `1-${framing}`, amount: '1.00' }],
          [`/v4/order/${order}/refunds`, { unique_request_id: `2-${framing}`, amount: '1.00' }],
          ['/v4/txns', startOf(fresh)],
          ['/v4/session', { order_id: nextOrder(), amount: '100.00', action: 'paymentPage' }],
        ] as const
        for (const [path, claims] of calls) {
          const { status, body } = await post(
            sealer,
            path,
            await sealed(sealer, claims, { framing }),
          )
          const route = routeOf(document, 'POST', path)
          assert(route)
          assert.deepEqual([status, validate(route, status, body)], [200, []])
          met.add(route)
        }
      }
      const all = servedIn(document).filter((route) => route.startsWith('POST /v4/'))
      assert.deepEqual([...met].sort(), all.sort())
    })

    test('a refusal comes in clear, and the call can be mended and sent again', async () => {
      const order = nextOrder()
      await caller.create(order)
      const { own, server: to, kid } = sealer
      const refused = await post(
        sealer,
        `/v4/orders/${order}/refunds`,
        await sealed({ own, server: to, kid }, { unique_request_id: 'r1' }),
      )
      assert.equal(refused.status, 400)
      assert.equal(refused.body.error_code, 'invalid.order.not_successful')
      const unknown = await call('/v4/order-status', { order_id: 'nothing' })
      assert.deepEqual([unknown.status, unknown['status_id']], ['NOT_FOUND', 40])
    })

    test('of lists in an envelope only one for a text is refused', async () => {
      const order = nextOrder()
      const claims = { order_id: order, amount: '1.00', payment_filter: { options: [{ a: 1 }] } }
      const opened = await call('/v4/session', claims)
      assert.equal(opened.status, 'NEW')
      const refund = await sealed(sealer, { unique_request_id: 'r1', order_id: [order] })
      const { status, body } = await post(sealer, `/v4/orders/${order}/refunds`, refund)
      assert.equal(status, 400)
      assert.match(String(body['error_message']), /a list stands where a text belongs/)
    })

    test('the same envelope is taken once, and a malformed one can be sent again', async () => {
      const order = nextOrder()
      await caller.create(order)
      const envelope = await sealed(sealer, { order_id: order })
      assert.equal((await post(sealer, '/v4/order-status', envelope)).status, 200)
      assertUnauthorized(await post(sealer, '/v4/order-status', envelope))
      assertUnauthorized(await post(sealer, `/v4/orders/${order}/refunds`, envelope))
      const headers = { 'x-merchantid': server.merchant }
      const query = new URLSearchParams(envelope)
      assertUnauthorized(await ask(`${server.url}/v4/order-status?${query}`, { headers }))
      const compact = { JWT: Object.values(envelope).join('.') }
      assertUnauthorized(await post(sealer, '/v4/order-status', compact))
      const malformed = await sealed(sealer, { order_id: ['a', 'list'] })
      for (let times = 0; times < 2; times++) {
        const { status, body } = await post(sealer, '/v4/order-status', malformed)
        assert.deepEqual([status, body.error_code], [400, 'INVALID_REQUEST'])
      }
      const tooLong = await sealed(sealer, { order_id: order, unique_request_id: 'x'.repeat(300) })
      for (let times = 0; times < 2; times++) {
        const { status } = await post(sealer, `/v4/orders/${order}/refunds`, tooLong)
        assert.equal(status, 400)
      }
    })

    test('one envelope sent ten times at once is taken once', async () => {
      const order = nextOrder()
      await paid(order)
      const envelope = await sealed(sealer, { unique_request_id: 'once', amount: '1.00' })
      const path = `/v4/orders/${order}/refunds`
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => post(sealer, path, envelope)),
      )
      const statuses = answers.map(({ status }) => status).sort()
      assert.deepEqual(statuses, [200, ...Array(9).fill(401)])
    })

    test('claims that name another order than the path give nothing back', async () => {
      const [mine, other] = [nextOrder(), nextOrder()]
      await paid(mine)
      await paid(other)
      const claims = { order_id: mine, unique_request_id: 'moved' }
      const envelope = await sealed(sealer, claims)
      const moved = await post(sealer, `/v4/orders/${other}/refunds`, envelope)
      assert.equal(moved.status, 400)
      assert.equal((await caller.status(other)).body['amount_refunded'], 0)
    })

    test('a merchant may have it that every refund names its order in what is signed', async () => {
      const order = nextOrder()
      await paid(order)
      const path = `/v4/orders/${order}/refunds`
      const { merchant, db } = server
      const demand = (signed_refund_order: boolean) =>
        db.tx((t) => changeSettings(t, merchant, { signed_refund_order }))
      await demand(true)
      const unnamed = await post(sealer, path, await sealed(sealer, { unique_request_id: 'un' }))
      assert.deepEqual([unnamed.status, unnamed.body.error_message], [400, 'order_id is missing.'])
      await call(path, { unique_request_id: 'named', order_id: order })
      await demand(false)
    })

    test('an API key beside the envelope must be right, and the same merchant’s', async () => {
      const order = nextOrder()
      await caller.create(order)
      const path = `${server.url}/v4/order-status`
      const at = async (authorization: string, headers = {}) =>
        ask(path, { json: await sealed(sealer, { order_id: order }), authorization, headers })
      assert.equal((await at(caller.authorization)).status, 200)
      const named = { 'x-merchantid': server.merchant }
      assert.equal((await at(caller.authorization, named)).status, 200)
      const wrong = `Basic ${Buffer.from('sk_test_wrong:').toString('base64')}`
      assertUnauthorized(await at(wrong, named))
      assertUnauthorized(await at('Bearer x', named))
      assertUnauthorized(await at(caller.authorization, { 'x-merchantid': 'other' }))
      assertUnauthorized(await at(caller.authorization, { ...named, 'x-merchant-id': 'other' }))
    })

    test('times in the claims are kept to, and none need be there', async () => {
      const order = nextOrder()
      await caller.create(order)
      const now = Math.floor(Date.now() / 1000)
      const fits = [{ iat: now }, { nbf: now - 5, exp: now + 60 }, { iat: now + 30 }, { exp: now }]
      for (const times of fits) {
        await call('/v4/order-status', { order_id: order, ...times })
      }
    })

    test('a key is revoked from the next call on, and both are in the audit log', async () => {
      const own = await sealerOf(caller)
      const path = `/console/jwt-keys/${own.kid}/revoke`
      await sealedCall(own, '/v4/order-status', { claims: { order_id: 'x' } })
      assert.deepEqual((await caller.call(path, {})).body, { kid: own.kid, revoked: true })
      assertUnauthorized(await post(own, '/v4/order-status', await sealed(own, { order_id: 'x' })))
      assert.equal((await caller.call(path, {})).status, 404)
      const entries = await server.db.read(
        `select deed, actor from audit_entries
         where merchant = $1 and subject = $2 order by seq`,
        [server.merchant, own.kid],
      )
      assert.deepEqual(
        entries.map(({ deed }) => deed),
        ['jwt_key_added', 'jwt_key_revoked'],
      )
      assert(entries.every(({ actor }) => /^key [0-9a-f]{12}$/.test(String(actor))))
    })

    test('what was said is not logged, and our keys are kept sealed', async () => {
      const order = nextOrder()
      await caller.create(order)
      await call('/v4/txns', startOf(order))
      const log = server.log.join('')
      for (const said of [testCard['card_number'], 'encryptedPayload', 'BEGIN', order]) {
        assert(!log.includes(String(said)), String(said))
      }
      const kept = await server.db.read('select public_key, sealed from jwt_keys', [])
      assert(kept.length > 0)
      for (const { public_key: pem, sealed: text } of kept) {
        assert.match(String(pem), /^-----BEGIN PUBLIC KEY-----\n/)
        assert.match(String(text), /^v1\.[0-9a-f]{8}\.[A-Za-z0-9_-]+$/)
      }
    })
  })
}
