import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { engines, type TestDatabase } from '../../test/databases.ts'
import { makeSeal, sealedUnder } from '../seal.ts'
import { Secret } from '../secret.ts'
import { checkProvider } from './check-provider.ts'
import { fingerprintOf, newDataKey, sealProvider, wrappedFor } from './data-key.ts'
import {
  allKeys,
  insertDataKey,
  newestKeys,
  supersededKeys,
  wrappedBeginnings,
} from './data-keys.ts'
import { NoDataKey, openKeyring } from './open-keyring.ts'
import { rewrapKeys } from './rewrap-keys.ts'

const [oldMaster, newMaster] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
const [oldSeal, newSeal] = [makeSeal(oldMaster), makeSeal(newMaster)]
const both = makeSeal(newMaster, oldMaster)

for (const engine of engines) {
  describe(`the keyring on ${engine.name}`, () => {
    let database: TestDatabase
    beforeEach(async () => {
      database = await engine.open()
    })
    afterEach(() => database.close())
    const ring = (seal = oldSeal, now = 5) =>
      openKeyring(database.db, sealProvider(seal), () => now)

    test('a key is made once, whoever asks first, and is the same for everybody', async () => {
      const rings = Array.from({ length: 6 }, () => ring())
      const keys = await Promise.all(rings.map((one) => one.current('shop', 'cards')))
      assert.equal(new Set(keys.map(({ key }) => key.toString('hex'))).size, 1)
      assert.equal((await allKeys(database.db.read)).length, 1)
      const [key] = keys
      assert(key)
      assert.equal(key.generation, 1)
      assert.deepEqual(await ring().ofGeneration('shop', 'cards', 1), key)
      for (const [owner, purpose] of [
        ['mall', 'cards'],
        ['shop', 'fingerprint'],
        ['', 'audit'],
      ] as const) {
        assert.notDeepEqual((await ring().current(owner, purpose)).key, key.key)
      }
      assert.deepEqual(await newestKeys(database.db.read, 'audit'), [
        { owner: '', generation: 1, createdAt: 5 },
      ])
    })

    test('the newest key is read again when it is renewed', async () => {
      const one = ring()
      const first = await one.current('shop', 'cards')
      const next = { owner: 'shop', purpose: 'cards', generation: 2 } as const
      const wrapped = await one.provider.wrap(newDataKey(), wrappedFor(next))
      await database.db.tx(async (t) => insertDataKey(t, { ...next, wrapped, at: 9 }))
      assert.equal(await one.current('shop', 'cards'), first)
      assert.equal((await one.renew('shop', 'cards')).generation, 2)
      assert.equal((await one.current('shop', 'cards')).generation, 2)
      assert.deepEqual((await one.ofGeneration('shop', 'cards', 1)).key, first.key)
      assert.deepEqual(await supersededKeys(database.db.read, 'cards', 9), [])
      assert.deepEqual(await supersededKeys(database.db.read, 'cards', 10), [
        { owner: 'shop', purpose: 'cards', generation: 1 },
      ])
      await assert.rejects(one.ofGeneration('shop', 'cards', 3), NoDataKey)
    })

    test('rewrapped, the same keys open by the new master key alone', async () => {
      const purposes = ['cards', 'fingerprint', 'audit'] as const
      const before = await Promise.all(purposes.map((one) => ring().current('shop', one)))
      const at = { db: database.db, keyring: ring(both) }
      const isCurrent = (text: string) => text.startsWith(sealedUnder(newSeal.keyId))
      assert.equal(await rewrapKeys(at, isCurrent), 3)
      assert.equal(await rewrapKeys(at, isCurrent), 0)
      const after = await Promise.all(purposes.map((one) => ring(newSeal).current('shop', one)))
      assert.deepEqual(after, before)
      await assert.rejects(ring(oldSeal).current('shop', 'cards'))
      assert.deepEqual(await wrappedBeginnings(database.db.read), [sealedUnder(newSeal.keyId)])
    })

    test('a row in the place of another, or changed, is no key', async () => {
      const one = ring()
      for (const owner of ['shop', 'mall']) await one.current(owner, 'cards')
      await one.current('shop', 'audit')
      const put = (sql: string) => database.db.tx(async (t) => t.put(sql, []))
      await put(
        `update data_keys set wrapped =
           (select wrapped from data_keys where owner = 'mall') where owner = 'shop'`,
      )
      await assert.rejects(ring().current('shop', 'cards'))
      await assert.rejects(ring().current('shop', 'audit'))
      await ring().current('mall', 'cards')
      await put("update data_keys set generation = 2 where owner = 'mall'")
      await assert.rejects(ring().current('mall', 'cards'))
    })

    test('what a provider gives back must be a key; a failure is forgotten', async () => {
      let answer: (() => Promise<Buffer>) | undefined = async () => Buffer.alloc(31)
      const own = sealProvider(oldSeal)
      const unwrap: typeof own.unwrap = (...of) => answer?.() ?? own.unwrap(...of)
      const one = openKeyring(database.db, checkProvider({ ...own, unwrap }, 1), () => 5)
      const kept = async () => (await allKeys(database.db.read)).length
      await assert.rejects(one.current('shop', 'cards'), /no 32 bytes/)
      assert.equal(await kept(), 0, 'a key that would not open is not kept')
      answer = () => new Promise(() => {})
      await assert.rejects(one.current('shop', 'cards'), /no answer/)
      answer = undefined
      const { key } = await one.current('shop', 'cards')
      assert.deepEqual((await ring().current('shop', 'cards')).key, key)
    })

    test('keys are not wrapped anew by a provider that would lose them', async () => {
      const before = await ring().current('shop', 'cards')
      const loses = { ...sealProvider(both), wrap: async () => 'text' }
      const keyring = openKeyring(database.db, checkProvider(loses), () => 5)
      await assert.rejects(rewrapKeys({ db: database.db, keyring }, () => false))
      assert.deepEqual(await ring().current('shop', 'cards'), before)
    })
  })
}

test('a fingerprint is the same for one key and another for another', async () => {
  const of = { owner: 'shop', purpose: 'fingerprint', generation: 1, id: 'g1' } as const
  const [one, two] = [newDataKey(), newDataKey()].map((key) => ({ ...of, key }))
  assert(one && two)
  const number = new Secret('4242424242424242')
  assert.equal(fingerprintOf(one, number), fingerprintOf(one, number))
  assert.match(fingerprintOf(one, number), /^[0-9a-f]{32}$/)
  assert.notEqual(fingerprintOf(one, number), fingerprintOf(two, number))
  assert.notEqual(fingerprintOf(one, number), fingerprintOf(one, new Secret('4242424242424241')))
})
