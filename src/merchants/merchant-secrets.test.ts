import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { engines } from '../../test/databases.ts'
import type { MerchantId } from '../ids.ts'
import { makeSeal } from '../seal.ts'
import { Secret } from '../secret.ts'
import { responseKeyOf, setResponseKey } from './merchant-secrets.ts'
import { insertMerchant } from './merchants.ts'

const seal = makeSeal(Buffer.alloc(32, 7))
const [shop, other] = ['shop', 'other'] as MerchantId[] as [MerchantId, MerchantId]

for (const engine of engines) {
  describe(`response keys on ${engine.name}`, () => {
    test('are sealed for their merchant, and the last one counts', async () => {
      const { db, close } = await engine.open()
      const set = (key: string, at: number) =>
        db.tx(async (t) => setResponseKey(t, seal, { merchant: shop, key: new Secret(key), at }))
      for (const merchant of [shop, other]) {
        await db.tx((t) => insertMerchant(t, merchant, 1))
        assert.equal(await responseKeyOf({ db, seal }, merchant), undefined)
      }
      await set('first_key', 1)
      assert.equal((await responseKeyOf({ db, seal }, shop))?.reveal(), 'first_key')
      await set('second_key', 2)
      assert.equal((await responseKeyOf({ db, seal }, shop))?.reveal(), 'second_key')
      assert.equal(await responseKeyOf({ db, seal }, other), undefined)

      const rows = await db.read('select * from merchant_secrets', [])
      assert.equal(rows.length, 1)
      assert.doesNotMatch(JSON.stringify(rows), /first_key|second_key/)
      await db.tx(async (t) => t.put('update merchant_secrets set merchant = $1', [other]))
      await assert.rejects(responseKeyOf({ db, seal }, other))
      await close()
    })
  })
}
