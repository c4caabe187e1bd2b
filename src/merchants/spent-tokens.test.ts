import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { engines } from '../../test/databases.ts'
import type { MerchantId } from '../ids.ts'
import { purgeSpentTokens, spendOnce } from './spent-tokens.ts'

for (const engine of engines) {
  describe(`one-time tokens on ${engine.name}`, () => {
    test('one of many who spend a token at once is the first; others have their own', async () => {
      const { db, close } = await engine.open()
      const shop = { merchant: 'shop' as MerchantId, hash: 'a'.repeat(64), expiresAt: 100 }
      const spend = (token = shop) => db.tx((t) => spendOnce(t, token))
      const firsts = await Promise.all(Array.from({ length: 10 }, () => spend()))
      assert.equal(firsts.filter((first) => first).length, 1)
      assert.equal(await spend({ ...shop, merchant: 'mall' as MerchantId }), true)
      assert.equal(await spend({ ...shop, hash: 'b'.repeat(64), expiresAt: 99 }), true)

      const purge = (before: number, most = 10) =>
        db.tx((t) => purgeSpentTokens(t, { before, most }))
      assert.equal(await purge(99), 0)
      assert.equal(await purge(100), 1)
      assert.equal(await spend(), false, 'it is remembered as long as it would be good')
      assert.equal(await purge(101, 1), 1)
      assert.equal(await purge(101), 1)
      assert.equal(await spend(), true)
      await close()
    })
  })
}
