import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engines } from '../../test/databases.ts'
import { openWorld } from '../../test/world.ts'
import { requireKey } from '../api/auth.ts'
import { openDoor } from '../api/door.ts'
import { keyHash } from '../merchants/key.ts'
import { insertKey } from '../merchants/merchants.ts'
import { Secret } from '../secret.ts'
import { routingRuleRoutes } from './routing-rules.ts'

const key = 'key-of-demo-0000'

for (const engine of engines) {
  test(`/console/routing-rules shows and takes rules, on ${engine.name}`, async (t) => {
    const { world, merchant, database } = await openWorld(engine)
    const hash = keyHash(new Secret(key))
    await world.db.tx(async (tx) => insertKey(tx, { hash, merchant: merchant.id, at: 0 }))
    const app = openDoor({
      https: false,
      trustedProxies: [],
      limits: { perKey: 0, perAddress: 0 },
      logLevel: 'silent',
      logStream: { write: () => {} },
    })
    await app.register(async (scope) => {
      requireKey(scope, world)
      routingRuleRoutes(scope, world)
    })
    t.after(async () => {
      await app.close()
      await database.close()
    })
    const base = await app.listen({ host: '127.0.0.1', port: 0 })
    const ask = async (body?: object) => {
      const headers = { authorization: `Basic ${btoa(key)}`, 'content-type': 'application/json' }
      const post = { method: 'POST', body: JSON.stringify(body) }
      const url = `${base}/console/routing-rules`
      const response = await fetch(url, { headers, ...(body && post) })
      return Object(await response.json())
    }
    assert.deepEqual(await ask(), { version: 0, rules: '[]', actor: null, date_created: null })
    const rules = '[{"name":"all","use":["simulator"]}]'
    const kept = await ask({ rules })
    assert.deepEqual([kept.version, kept.rules], [1, rules])
    assert.match(kept.actor, /^key /)
    assert.deepEqual(await ask(), kept)
    const wrong = await ask({ rules: '[{"name":"all"}]' })
    assert.equal(wrong.error_message, 'rules: [0]: use or split is needed.')
    assert.equal((await ask({})).error_message, 'rules is missing.')
    assert.deepEqual(await ask(), kept)
  })
}
