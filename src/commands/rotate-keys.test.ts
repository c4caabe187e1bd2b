import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { engines } from '../../test/databases.ts'
import { command } from '../../test/program.ts'
import { testVariables } from '../../test/support.ts'
import { addMerchant } from '../add-merchant.ts'
import { readEnv, type Variables } from '../env.ts'
import { findAccount } from '../gateways/accounts.ts'
import type { JwtKeyId, MerchantId } from '../ids.ts'
import { findJwtKey, insertJwtKey } from '../merchants/jwt-keys.ts'
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
      const all = async (masterKey: string) => {
        const { db, seal, keyring } = await open(masterKey)
        const by = { db, seal, bankUrl: '' }
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

      const run = async (masterKeys: string) => {
        const { code, output } = await command(['keys', 'rotate'], under(masterKeys))
        assert.equal(code, 0, output)
        return output
      }
      const both = `${newMaster},${oldMaster}`
      const first = await run(both)
      assert.match(first, /^1 merchants have a new key for cards$/m)
      assert.match(first, /^3 data keys wrapped anew$/m)
      assert.match(first, /^4 secrets sealed anew$/m)
      assert.deepEqual(await all(newMaster), { ...before, cards: 2 })
      await assert.rejects(open(oldMaster), CannotStart)
      const again = await run(newMaster)
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
