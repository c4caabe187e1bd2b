import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { directotp, nextStep } from '../../sdk/src/directotp.ts'
import type { MerchantId } from '../../src/ids.ts'
import { keyHash, keyId, newKey } from '../../src/merchants/key.ts'
import { insertKey, revokeKey } from '../../src/merchants/merchants.ts'
import { onBothEngines } from './shop.ts'

describe('with a bank nobody can reach', () => {
  onBothEngines(
    (shop) => {
      test('a payment is declined at once, and the order may be tried again', async () => {
        const { newOrder, order: statusOf, start } = shop()
        const order = await newOrder()
        const declined = await start(order)
        assert.deepEqual([declined.status, declined.status_id], ['JUSPAY_DECLINED', 22])
        assert.equal(declined.resp_code, 'GATEWAY_UNREACHABLE')
        assert.deepEqual(nextStep(declined), { kind: 'finished', status: 'JUSPAY_DECLINED' })
        assert.equal((await start(order)).txn_id, `demo-${order.order_id}-2`)
        assert.equal((await statusOf(order)).status, 'JUSPAY_DECLINED')
      })
    },
    { BANK_URL: 'http://127.0.0.1:2/bank' },
  )
})

onBothEngines((shop) => {
  test('a revoked key opens nothing from the next call on', async () => {
    const { newOrder, server } = shop()
    const order = await newOrder()
    const key = newKey('sandbox')
    const merchant = server.merchant as MerchantId
    const hash = keyHash(key)
    await server.db.tx(async (t) => insertKey(t, { hash, merchant, at: 0 }))
    const api = directotp({ baseUrl: server.url, apiKey: key.reveal(), merchantId: merchant })
    assert.equal((await api.orderStatus(order.order_id)).status, 'NEW')
    assert(await server.db.tx((t) => revokeKey(t, keyId(hash), 1)))
    await assert.rejects(api.orderStatus(order.order_id), {
      name: 'RefusedError',
      http_status: 401,
      code: 'access_denied',
    })
    assert.equal((await shop().order(order)).status, 'NEW')
  })

  test("a key under another merchant's name opens nothing", async () => {
    const { newOrder, server } = shop()
    const order = await newOrder()
    const api = directotp({ baseUrl: server.url, apiKey: server.key, merchantId: 'other' })
    await assert.rejects(api.orderStatus(order.order_id), { http_status: 401 })
  })
})
