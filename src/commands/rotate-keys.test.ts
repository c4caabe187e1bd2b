import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Client } from 'pg'
import { engines } from '../../test/databases.ts'
import { command, newFolder, refusalOf } from '../../test/program.ts'
import { run, testVariables } from '../../test/support.ts'
import { addMerchant } from '../add-merchant.ts'
import { factsOf } from '../cards/card.ts'
import { storeCard } from '../cards/store-card.ts'
import { readEnv, type Variables } from '../env.ts'
import { findAccount } from '../gateways/accounts.ts'
import type { JwtKeyId, MerchantId } from '../ids.ts'
import { wrappedBeginnings } from '../merchants/data-keys.ts'
import { findJwtKey, insertJwtKey } from '../merchants/jwt-keys.ts'
import { defaultSettings } from '../merchants/merchant.ts'
import { responseKeyOf, setResponseKey } from '../merchants/merchant-secrets.ts'
import { CannotStart, openStore } from '../open-store.ts'
import { Secret } from '../secret.ts'
import { endpointsOf } from '../webhooks/endpoints.ts'
import { addEndpoint } from '../webhooks/keep-endpoints.ts'

const [oldMaster, newMaster] = ['ab'.repeat(32), 'cd'.repeat(32)]
const shop = 'shop' as MerchantId
const kid = 'key_1' as JwtKeyId

for (const engine of engines) {
  describe(`keys rotate on ${engine.name}`, () => {
    test('everything comes under the first master key, the old one opens nothing', async () => {
      const database = await engine.open()
      const under = (MASTER_KEY: string): Variables => ({ ...testVariables(database), MASTER_KEY })
      const open = (masterKey: string) => {
        const read = readEnv(under(masterKey))
        assert('ok' in read)
        return openStore(read.ok)
      }
      const bank = 'http://bank.example'
      const all = async (masterKey: string) => {
        const { db, seal, keyring } = await open(masterKey)
        const by = { db, seal, mode: 'sandbox', bankUrl: bank, publicUrl: bank } as const
        const [endpoint] = await endpointsOf(db.read, seal, shop)
        const found = {
          account: (await findAccount(by, shop, 'simulator'))?.access.credentials,
          responseKey: (await responseKeyOf(by, shop))?.reveal(),
          jwtKey: (await findJwtKey(db.read, seal, { merchant: shop, kid }))?.privateKey.reveal(),
          signing: endpoint?.access.secrets.map(({ secret }) => secret.reveal()),
          fingerprint: (await keyring.current(shop, 'fingerprint')).key,
          cards: (await keyring.current(shop, 'cards')).generation,
        }
        await db.close()
        return found
      }
      const store = await open(oldMaster)
      await addMerchant(store, { id: shop, mode: 'sandbox', at: 1 })
      const said = { url: 'http://hook.example/', events: [], headers: {} } as const
      await addEndpoint(store, shop, { said, now: 1, actor: 'test' })
      const privateKey = new Secret('private')
      const jwt = { merchant: shop, kid, publicKey: '', privateKey, createdAt: 1 }
      await store.db.tx(async (t) => {
        setResponseKey(t, store.seal, { merchant: shop, key: new Secret('rk'), at: 1 })
        await insertJwtKey(t, store.seal, jwt)
      })
      await store.db.close()
      const before = await all(oldMaster)
      assert.equal(before.cards, 1)

      const rotate = async (masterKeys: string) => {
        const { code, output } = await command(['keys', 'rotate'], under(masterKeys))
        assert.equal(code, 0, output)
        return output
      }
      const both = `${newMaster},${oldMaster}`
      const first = await rotate(both)
      assert.match(first, /^1 merchants have a new key for cards$/m)
      assert.match(first, /^3 data keys wrapped anew$/m)
      assert.match(first, /^4 secrets sealed anew$/m)
      assert.deepEqual(await all(newMaster), { ...before, cards: 2 })
      await assert.rejects(open(oldMaster), CannotStart)
      const again = await rotate(newMaster)
      assert.match(again, /^0 secrets sealed anew$/m)
      assert.equal((await all(newMaster)).cards, 3, 'each rotation makes a key')

      const { db } = await open(newMaster)
      await db.tx(async (t) =>
        t.put('update accounts set credentials = $1', [`${'v1.'}${'0'.repeat(8)}.AA`]),
      )
      await db.close()
      await assert.rejects(open(both), /not in MASTER_KEY/)
      await database.close()
    })

    test('a module comes and goes by rotations, and a wrong one loses no key', async () => {
      const database = await engine.open()
      const folder = await newFolder()
      const module = async (name: string, text: string) => {
        await writeFile(join(folder, name), text)
        return { ...testVariables(database), KEY_PROVIDER: join(folder, name) }
      }
      const plain = testVariables(database)
      const wraps = await module(
        'kms.mjs',
        `export const wrap = async (key) => key.toString('base64')
         export const unwrap = async (text) => Buffer.from(text, 'base64')`,
      )
      const wrong = await module(
        'wrong.mjs',
        `export const wrap = async (key) => key
         export const unwrap = async (text) => Buffer.from(text)`,
      )
      const keys = async (variables: Variables) => {
        const read = readEnv(variables)
        assert('ok' in read)
        const { db, keyring } = await openStore(read.ok)
        const { key } = await keyring.current(shop, 'fingerprint')
        await keyring.current(shop, 'cards')
        const beginnings = await wrappedBeginnings(db.read)
        await db.close()
        return { key, outside: beginnings.map((beginning) => beginning.startsWith('p1.')) }
      }
      const rotated = async (variables: Variables) => {
        const { code, output } = await command(['keys', 'rotate'], variables)
        assert.equal(code, 0, output)
        return new Set((await keys(variables)).outside)
      }
      const { key } = await keys(plain)
      assert.match(await refusalOf(['keys', 'rotate'], wrong), /its wrap gave no text/)
      assert.deepEqual((await keys(plain)).key, key)
      assert.deepEqual(await rotated(wraps), new Set([true]))
      assert.deepEqual(await rotated({ ...wraps, KEY_PROVIDER_WRAPS: 'off' }), new Set([false]))
      assert.deepEqual((await keys(plain)).key, key)
      await database.close()
    })

    if (engine.name === 'postgres') {
      test('a card that is committed under the old key when all others are done', async () => {
        const database = await engine.open()
        const variables = testVariables(database)
        const read = readEnv(variables)
        assert('ok' in read)
        const store = await openStore(read.ok)
        const number = new Secret('4242424242424242')
        const card = { number, expiryMonth: '11', expiryYear: '2027' }
        await storeCard(
          { ...store, now: Date.now },
          {
            merchant: { id: shop, settings: defaultSettings('sandbox') },
            customer: 'asha',
            card,
            facts: factsOf(card, 'VISA', { fingerprint: '1', issuer: undefined }),
            actor: 'test',
          },
        )
        const slow = new Client(database.databaseUrl)
        await slow.connect()
        const { rows } = await slow.query('delete from cards returning *')
        await slow.query('begin')
        const places = Object.keys(rows[0]).map((_, i) => `$${i + 1}`)
        const into = `insert into cards (${Object.keys(rows[0])}) values (${places})`
        await slow.query(into, Object.values(rows[0]))

        const rotation = run('src/main.ts', ['keys', 'rotate'], variables)
        const looks = `select pid from pg_stat_activity
          where query like $1 and datname = current_database()`
        // Not before it waits; one that does not wait is done by then.
        const waits = async () => (await store.db.read(looks, ['%from pg_locks%'])).length > 0
        while (rotation.child.exitCode === null && !(await waits()));
        await slow.query('commit')
        await slow.end()
        assert.equal(await rotation.ended, 0, rotation.output())
        assert.match(rotation.output(), /^1 cards sealed anew$/m)
        const found = await store.db.read('select generation from cards', [])
        assert.deepEqual(found, [{ generation: 2 }])
        await store.db.close()
        await database.close()
      })
    }

    test('a secret that is damaged is named, and stops it', async () => {
      const database = await engine.open()
      const variables = { ...testVariables(database), MASTER_KEY: oldMaster }
      const read = readEnv(variables)
      assert('ok' in read)
      const store = await openStore(read.ok)
      await addMerchant(store, { id: shop, mode: 'sandbox', at: 1 })
      await store.db.tx(async (t) =>
        t.put('update accounts set credentials = $1', [`v1.${store.seal.keyId}.AAAA`]),
      )
      await store.db.close()
      const both = { ...variables, MASTER_KEY: `${newMaster},${oldMaster}` }
      const { code, output } = await command(['keys', 'rotate'], both)
      assert.equal(code, 2, output)
      assert.match(output, /the gateway credentials of shop\/simulator is damaged/)
      await database.close()
    })
  })
}
