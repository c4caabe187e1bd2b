import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import type { Bank } from '../bank/bank.ts'
import { addMerchant } from './add-merchant.ts'
import { requireKey } from './api/auth.ts'
import { openDoor } from './api/door.ts'
import { healthRoutes } from './api/health.ts'
import { orderRoutes } from './api/orders.ts'
import { payPages } from './api/pay-pages.ts'
import { txnRoutes } from './api/txns.ts'
import { startChores } from './chores/chores.ts'
import { lockDataDir } from './db/lock.ts'
import { apiKeyForm, type Env, publicUrlAt, readApiKey, type Sandbox } from './env.ts'
import { makePerform } from './gateways/perform.ts'
import { keyHash, newKey } from './merchants/key.ts'
import { insertKey, merchantByKey } from './merchants/merchants.ts'
import { mountBank } from './mount-bank.ts'
import { CannotStart, openStore, ownFile, type Store } from './open-store.ts'
import { orphanLeases } from './payments/txns.ts'
import type { World } from './payments/world.ts'
import type { Secret } from './secret.ts'

/** A server that listens. */
export interface App {
  readonly publicUrl: string
  /** What a developer needs to take a first payment; in sandbox mode only. */
  readonly demo?: { readonly merchant: string; readonly key: Secret; readonly bankUrl: string }
  /** Stops accepting, finishes what is under way (10 s at most), closes the database. */
  readonly close: () => Promise<void>
}

/** No call to a gateway that a caller still waits for is cut short before this. */
const closingMs = 10_000

/** Composes the server by plain arguments and lets it listen. Throws `CannotStart`. */
export async function startApp(env: Env, log: { write(line: string): void }): Promise<App> {
  const unlock = env.databaseUrl ? undefined : takeDataDir(env.dataDir)
  const store = await openStore(env)
  const port = env.port === 0 ? await freePort(env.host) : env.port
  const publicUrl = env.publicUrl ?? publicUrlAt(env.host, port)
  const inside = env.sandbox && !env.sandbox.bankUrl ? env.sandbox : undefined
  const bank = inside && (await openBankInside(env, inside, publicUrl))
  const bankUrl = env.sandbox?.bankUrl ?? `${publicUrl}/bank`
  const demo = env.sandbox && (await prepareDemo(env, env.sandbox, store))
  const world = makeWorld(env, store, { publicUrl, bankUrl, bank })
  // Nobody else uses an embedded database, so every question under way in it is a dead process's.
  if (unlock) await store.db.tx(async (t) => orphanLeases(t, world.now()))
  const app = openDoor({
    https: publicUrl.startsWith('https:'),
    trustedProxies: env.trustedProxies,
    limits: { perKey: env.rateLimitPerKey, perAddress: env.rateLimitPerAddress },
    logLevel: env.logLevel,
    logStream: log,
  })
  await addRoutes(app, world, bank)
  await listen(app, { host: env.host, port })
  const chores = startChores(world, (error) => app.log.error({ err: error }, 'chore failed'))
  return {
    publicUrl,
    ...(demo && { demo: { ...demo, bankUrl } }),
    close: async () => {
      await Promise.race([
        Promise.all([app.close(), chores.stop()]),
        sleep(closingMs, undefined, { ref: false }),
      ])
      await store.db.close()
      await bank?.close()
      unlock?.()
    },
  }
}

async function listen(app: FastifyInstance, at: { host: string; port: number }): Promise<void> {
  try {
    await app.listen(at)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : 'an error'
    throw new CannotStart(`the server can't listen on ${at.host}:${at.port} (${code})`)
  }
}

/** A port that is free now: links have to name it before the server listens. */
async function freePort(host: string): Promise<number> {
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function takeDataDir(dataDir: string): () => void {
  try {
    return lockDataDir(dataDir)
  } catch (error) {
    throw new CannotStart(error instanceof Error ? error.message : 'the data folder is in use')
  }
}

async function openBankInside(env: Env, sandbox: Sandbox, publicUrl: string): Promise<Bank> {
  // Loaded only here: in live mode the simulated bank is not even in memory.
  const { openBank } = await import('../bank/bank.ts')
  return openBank({
    book:
      sandbox.bankBook === 'memory'
        ? { kind: 'memory' }
        : { kind: 'file', path: join(env.dataDir, 'bank.db') },
    publicUrl: `${publicUrl}/bank`,
  })
}

const demoKeyFile = {
  name: 'demo-key',
  make: () => newKey('sandbox').reveal(),
  read: readApiKey,
  form: apiKeyForm,
}

/** The merchant of the welcome, and a key that opens their account. */
async function prepareDemo(env: Env, sandbox: Sandbox, store: Store) {
  const key = sandbox.demoApiKey ?? ownFile(env.dataDir, demoKeyFile)
  const at = Date.now()
  const merchant = sandbox.demoMerchantId
  await addMerchant(store, { id: merchant, mode: 'sandbox', at })
  const hash = keyHash(key)
  await store.db.tx(async (t) => insertKey(t, { hash, merchant, at }))
  const owner = await merchantByKey({ db: store.db, mode: env.mode }, hash)
  if (!owner) {
    const mend = sandbox.demoApiKey
      ? 'set another DEMO_API_KEY'
      : `remove ${join(env.dataDir, demoKeyFile.name)}, and the next start makes another`
    throw new CannotStart(`the demo API key was revoked; ${mend}`)
  }
  if (owner.id !== merchant) {
    throw new CannotStart(
      `the demo API key belongs to the merchant ${owner.id}, not to ${merchant}; ` +
        'unset DEMO_MERCHANT_ID, or set a DEMO_API_KEY of its own',
    )
  }
  return { merchant, key }
}

interface Surroundings {
  readonly publicUrl: string
  readonly bankUrl: string
  readonly bank: Bank | undefined
}

function makeWorld(env: Env, store: Store, { bank, ...urls }: Surroundings): World {
  return {
    ...store,
    ...urls,
    mode: env.mode,
    perform: makePerform(bank ? (request) => bank.fetch(request) : fetch),
    now: bank ? () => bank.now() : Date.now,
    elapsed: () => performance.now(),
    luck: Math.random,
    sleep: (ms) => sleep(ms),
  }
}

async function addRoutes(app: FastifyInstance, world: World, bank: Bank | undefined) {
  await app.register(swagger, {
    openapi: {
      info: { title: 'directotp', version: '0.1.0' },
      servers: [{ url: world.publicUrl }],
      components: { securitySchemes: { key: { type: 'http', scheme: 'basic' } } },
      security: [{ key: [] }],
    },
  })
  // Bodies are built from the schemas' own types, and JSON.stringify is as fast as a compiled one.
  app.setSerializerCompiler(() => JSON.stringify)
  await app.register(async (scope) => {
    requireKey(scope, world)
    orderRoutes(scope, world)
    txnRoutes(scope, world)
  })
  payPages(app, world)
  healthRoutes(app, world)
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger())
  if (bank) await app.register((scope) => mountBank(scope, bank))
}
