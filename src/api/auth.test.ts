import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { engines } from '../../test/databases.ts'
import { openWorld, type ScriptedWorld } from '../../test/world.ts'
import type { OrderId } from '../ids.ts'
import { issueClientToken } from '../merchants/issue-client-token.ts'
import { keyHash, keyId, newKey } from '../merchants/key.ts'
import { insertKey } from '../merchants/merchants.ts'
import { requireKey } from './auth.ts'
import { openDoor } from './door.ts'

const key = newKey('sandbox')

let at: ScriptedWorld
let app: FastifyInstance
let url: string

before(async () => {
  const [sqlite] = engines
  assert(sqlite)
  at = await openWorld(sqlite)
  const merchant = at.merchant.id
  await at.world.db.tx(async (t) => insertKey(t, { hash: keyHash(key), merchant, at: 0 }))
  app = openDoor({
    https: false,
    trustedProxies: [],
    limits: { perKey: 0, perAddress: 0 },
    logLevel: 'silent',
    logStream: { write: () => {} },
  })
  await app.register(async (scope) => {
    requireKey(scope, at.world)
    for (const client of ['order', 'customer'] as const) {
      scope.get(`/${client}`, { config: { client } }, ({ actor, client }) => ({ actor, client }))
    }
    scope.get('/neither', ({ actor }) => ({ actor }))
  })
  url = await app.listen({ host: '127.0.0.1', port: 0 })
})
after(async () => {
  await app.close()
  await at.database.close()
})

test('a token opens only the routes of its kind, and those know whose it is', async () => {
  const { id: merchant } = at.merchant
  const scopes = {
    order: { merchant, order: 'o-1' as OrderId },
    customer: { merchant, customer: 'asha' },
  }
  for (const [kind, scope] of Object.entries(scopes)) {
    const { token } = await issueClientToken(at.world, scope)
    for (const route of ['order', 'customer', 'neither']) {
      const answer = await fetch(`${url}/${route}?client_auth_token=${token}`)
      assert.equal(answer.status, route === kind ? 200 : 401, `${kind} at ${route}`)
      if (route === kind) {
        assert.deepEqual(await answer.json(), { actor: 'client token', client: scope })
        assert.equal(answer.headers.get('x-jp-merchant-id'), merchant)
      }
    }
  }
})

test('a key opens all of them, and is known by its id', async () => {
  const authorization = `Basic ${btoa(`${key.reveal()}:`)}`
  for (const path of ['/order?client_auth_token=x', '/customer', '/neither']) {
    const answer = await fetch(url + path, { headers: { authorization } })
    assert.deepEqual(await answer.json(), { actor: `key ${keyId(keyHash(key))}` })
  }
})
