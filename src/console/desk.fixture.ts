import type { TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import type { ScriptedWorld } from '../../test/world.ts'
import { requireKey } from '../api/auth.ts'
import { openDoor } from '../api/door.ts'
import { keyHash } from '../merchants/key.ts'
import { insertKey } from '../merchants/merchants.ts'
import type { World } from '../payments/world.ts'
import { Secret } from '../secret.ts'

const key = 'key-of-demo-0000'

/** What a call of the merchant's console carries. */
export const headers = { authorization: `Basic ${btoa(key)}` }

/** Serves some routes to the world's merchant until the test ends; gives their base URL. */
export async function openDesk(
  t: TestContext,
  { world, merchant, database }: ScriptedWorld,
  routes: (scope: FastifyInstance, world: World) => void,
): Promise<string> {
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
    routes(scope, world)
  })
  t.after(async () => {
    await app.close()
    await database.close()
  })
  return app.listen({ host: '127.0.0.1', port: 0 })
}
