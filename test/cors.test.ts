import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { addMerchant } from '../src/add-merchant.ts'
import type { MerchantId } from '../src/ids.ts'
import { changeSettings } from '../src/merchants/merchants.ts'
import { makeSeal } from '../src/seal.ts'
import { ask, type Caller, callerOf } from './caller.ts'
import { engines } from './databases.ts'
import { startTestServer, type TestServer, testVariables } from './support.ts'
import { assertUnauthorized } from './unauthorized.ts'

const shop = 'https://shop.example'
const app = 'http://127.0.0.1:8080'
const theirShop = 'https://theirs.example'

for (const engine of engines) {
  describe(`pages of other origins on ${engine.name}`, () => {
    let server: TestServer
    let ours: Caller

    before(async () => {
      server = await startTestServer(engine)
      ours = callerOf(server)
      const { db } = server
      const master = Buffer.from(String(testVariables({ dataDir: '' })['MASTER_KEY']), 'hex')
      const id = 'theirs' as MerchantId
      await addMerchant({ db, seal: makeSeal(master) }, { id, mode: 'sandbox', at: 1 })
      await allow(server.merchant, `${shop},${app}`)
      await allow(id, theirShop)
    })
    after(() => server.close())

    async function allow(merchant: string, browser_origins: string): Promise<void> {
      assert(await server.db.tx((t) => changeSettings(t, merchant, { browser_origins })))
    }

    /** What a browser asks before a call with a JSON body. */
    function preflight(path: string, origin: string | undefined, method = 'POST') {
      const headers = {
        'access-control-request-method': method,
        'access-control-request-headers': 'content-type',
        ...(origin !== undefined && { origin }),
      }
      return fetch(server.url + path, { method: 'OPTIONS', headers })
    }

    const txn = `/v2/txns/txn_${'0'.repeat(35)}/authenticate`

    test('a preflight is answered for an origin of a merchant where a page may call', async () => {
      const routes = [
        ['POST', '/txns'],
        ['POST', txn],
        ['POST', `${txn}/ch_1/resend`],
        ['GET', '/orders/o-1'],
        ['GET', '/order/status'],
        ['POST', '/order/status'],
        ['POST', '/order_status'],
        ['GET', '/cards'],
        ['GET', '/card/list'],
        ['POST', '/card/tokenize'],
        ['GET', '/cardbins/411111'],
        ['GET', '/merchants/demo/paymentmethods'],
      ] as const
      for (const [method, path] of routes) {
        for (const origin of [shop, app, theirShop]) {
          const answer = await preflight(path, origin, method)
          assert.equal(answer.status, 204, path)
          const { headers } = answer
          assert.equal(headers.get('access-control-allow-origin'), origin)
          assert.equal(headers.get('access-control-allow-methods'), 'GET, POST')
          assert.match(headers.get('access-control-allow-headers') ?? '', /^content-type, /)
          assert.doesNotMatch(headers.get('access-control-allow-headers') ?? '', /authorization|\*/)
          assert.equal(headers.get('access-control-allow-credentials'), null)
          assert.match(headers.get('vary') ?? '', /\borigin\b/i)
        }
      }
    })

    test('no other preflight is, and it looks like nothing is there', async () => {
      const strangers = ['https://evil.example', `${shop}.evil.example`, 'https://shop.example:444']
      const asked: [string, string | undefined][] = [
        ...[...strangers, 'null', '', '*', shop.toUpperCase(), `${shop}, ${app}`, `${shop}/`].map(
          (origin): [string, string] => ['/txns', origin],
        ),
        ['/txns', undefined],
        ...['/orders', '/order/create', '/session', '/refunds', '/orders/o-1/refunds'].map(
          (path): [string, string] => [path, shop],
        ),
        ...['/v2/txns/t/capture', '/v2/txns/t/void', '/customers', '/console/metrics', '/x'].map(
          (path): [string, string] => [path, shop],
        ),
      ]
      for (const [path, origin] of asked) {
        const answer = await preflight(path, origin)
        assert.equal(answer.status, 404, `${path} ${origin}`)
        assert.equal(answer.headers.get('access-control-allow-origin'), null)
      }
    })

    test("a call comes from a page of the token's merchant, or of ours, or from none", async () => {
      const token = await tokenOf('cors-1')
      const own = { origin: shop }
      const read = await status('cors-1', token, own)
      assert.equal(read.status, 200)
      assert.equal(read.headers.get('access-control-allow-origin'), shop)
      assert.equal(read.headers.get('access-control-allow-credentials'), null)
      assert.equal((await status('cors-1', token, { origin: server.url })).status, 200)
      assert.equal((await status('cors-1', token, {})).status, 200)
      for (const origin of [theirShop, 'https://evil.example', 'null', `${shop}.evil.example`]) {
        assertUnauthorized(await status('cors-1', token, { origin }), origin)
      }
      const evil = await status('cors-1', token, { origin: 'https://evil.example' })
      assert.equal(evil.headers.get('access-control-allow-origin'), null)
      const keyed = await ask(`${server.url}/orders`, {
        form: { order_id: 'cors-2', amount: '1.00' },
        authorization: ours.authorization,
        headers: own,
      })
      assert.deepEqual(
        [keyed.status, keyed.headers.get('access-control-allow-origin')],
        [200, null],
        'an answer to a key is for no page',
      )
    })

    test('an origin that is taken back may call no more', async () => {
      const token = await tokenOf('cors-3')
      await allow(server.merchant, app)
      assert.equal((await preflight('/txns', shop)).status, 404)
      assertUnauthorized(await status('cors-3', token, { origin: shop }))
      assert.equal((await preflight('/txns', app)).status, 204)
      assert.equal((await status('cors-3', token, { origin: app })).status, 200)
      await allow(server.merchant, `${shop},${shop},${app}`)
      assert.equal((await preflight('/txns', shop)).status, 204)
    })

    async function tokenOf(order: string): Promise<string> {
      const { body } = await ours.create(order, { 'options.get_client_auth_token': 'true' })
      return (body['juspay'] as { client_auth_token: string }).client_auth_token
    }

    function status(order: string, token: string, headers: Record<string, string>) {
      return ask(`${server.url}/orders/${order}?client_auth_token=${token}`, { headers })
    }
  })
}
