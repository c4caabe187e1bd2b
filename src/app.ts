import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import type { Bank } from '../bank/bank.ts'
import { addMerchant } from './add-merchant.ts'
import { requireKey } from './api/auth.ts'
import { binRoutes } from './api/bins.ts'
import { callbackRoutes } from './api/callbacks.ts'
import { cardBinRoutes } from './api/cardbins.ts'
import { cardRoutes, tokenizeRoute } from './api/cards.ts'
import { openToPages } from './api/cors.ts'
import { customerRoutes } from './api/customers.ts'
import { docsRoutes, documentOptions } from './api/docs.ts'
import { openDoor } from './api/door.ts'
import { fulfillmentRoutes } from './api/fulfillment.ts'
import { healthRoutes } from './api/health.ts'
import { mandateRoutes } from './api/mandates.ts'
import { merchantRoutes } from './api/merchants.ts'
import { offerRoutes } from './api/offers.ts'
import { orderListRoutes } from './api/order-list.ts'
import { orderRoutes } from './api/orders.ts'
import { outsideRoutes } from './api/outside.ts'
import { payPages } from './api/pay-pages.ts'
import { savedMethodRoutes } from './api/payment-methods.ts'
import { paymentPage } from './api/payment-page.ts'
import { refundRoutes } from './api/refunds.ts'
import { sessionRoutes } from './api/session.ts'
import { txnRoutes } from './api/txns.ts'
import { v4Routes } from './api/v4.ts'
import { walletRoutes } from './api/wallets.ts'
import { openChores, startChores } from './chores/chores.ts'
import { accountRoutes } from './console/accounts.ts'
import { jwtKeyRoutes } from './console/jwt-keys.ts'
import { metrics } from './console/metrics.ts'
import { orderTimeline } from './console/orders.ts'
import { outageRoutes } from './console/outages.ts'
import { routingRuleRoutes } from './console/routing-rules.ts'
import { webhookRoutes } from './console/webhooks.ts'
import { apiKeyForm, type Env, readApiKey, type Sandbox } from './env.ts'
import type { MerchantId } from './ids.ts'
import { keyHash, newKey } from './merchants/key.ts'
import { responseKeyOf, setResponseKey } from './merchants/merchant-secrets.ts'
import { insertKey, merchantByKey } from './merchants/merchants.ts'
import { mountBank } from './mount-bank.ts'
import { CannotStart, ownFile, type Store, takeDataDir } from './open-store.ts'
import { openWorld } from './open-world.ts'
import type { World } from './payments/world.ts'
import type { Secret } from './secret.ts'

/** The merchant of the welcome. */
interface Demo {
  readonly merchant: MerchantId
  readonly key: Secret
  readonly responseKey: Secret
}

/** A server that listens. */
export interface App {
  readonly publicUrl: string
  /** What a developer needs to take a first payment; in sandbox mode only. */
  readonly demo?: Demo & { readonly bankUrl: string }
  /** Stops accepting, finishes what is under way (10 s at most), closes the database. */
  readonly close: () => Promise<void>
}

/** No call to a gateway that a caller still waits for is cut short before this. */
const closingMs = 10_000

/** Composes the server by plain arguments and lets it listen. Throws `CannotStart`. */
export async function startApp(env: Env, log: { write(line: string): void }): Promise<App> {
  const unlock = takeDataDir(env)
  const held = env.port === 0 ? await holdPort(env.host) : undefined
  const port = held?.port ?? env.port
  const { world, line, store, bank, close } = await openWorld(env, { port, unlock })
  const { publicUrl, bankUrl } = world
  const demo = env.sandbox && (await prepareDemo(env, env.sandbox, store))
  const app = openDoor({
    https: publicUrl.startsWith('https:'),
    trustedProxies: env.trustedProxies,
    limits: { perKey: env.rateLimitPerKey, perAddress: env.rateLimitPerAddress },
    logLevel: env.logLevel,
    logStream: log,
  })
  await addRoutes(app, world, { bank, docs: env.docs })
  await held?.release()
  await listen(app, { host: env.host, port })
  const chores = startChores(openChores(world, line), (error) =>
    app.log.error({ err: error }, 'chore failed'),
  )
  return {
    publicUrl,
    ...(demo && { demo: { ...demo, bankUrl } }),
    close: async () => {
      await Promise.race([
        Promise.all([app.close(), chores.stop()]),
        sleep(closingMs, undefined, { ref: false }),
      ])
      await close()
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

/** A free port, kept until the server listens: links have to name it before. */
async function holdPort(host: string) {
  const server = createServer().listen(0, host).unref()
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const release = async () => {
    server.close()
    await once(server, 'close')
  }
  return { port, release }
}

const demoKeyFile = {
  name: 'demo-key',
  make: () => newKey('sandbox').reveal(),
  read: readApiKey,
  form: apiKeyForm,
}

/** The merchant of the welcome, with the keys that they are given there. */
async function prepareDemo(env: Env, sandbox: Sandbox, store: Store): Promise<Demo> {
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
  const { demoResponseKey: responseKey } = sandbox
  if ((await responseKeyOf(store, merchant))?.reveal() !== responseKey.reveal()) {
    await store.db.tx(async (t) =>
      setResponseKey(t, store.seal, { merchant, key: responseKey, at }),
    )
  }
  return { merchant, key, responseKey }
}

/** What a server has beside its API. */
interface Extras {
  readonly bank: Bank | undefined
  /** Whether it has pages for developers. */
  readonly docs: boolean
}

async function addRoutes(app: FastifyInstance, world: World, { bank, docs }: Extras) {
  await app.register(swagger, documentOptions(world.publicUrl))
  // Bodies are built from the schemas' own types, and JSON.stringify is as fast as a compiled one.
  app.setSerializerCompiler(() => JSON.stringify)
  await app.register((pages) => addApi(pages, world))
  await app.register(async (scope) => v4Routes(scope, world))
  await app.register((scope) => callbackRoutes(scope, world))
  payPages(app, world)
  paymentPage(app, world)
  healthRoutes(app, world)
  // Half a megabyte that never changes is written once.
  let document: string | undefined
  app.get('/openapi.json', { schema: { hide: true } }, (_request, reply) => {
    document ??= JSON.stringify(app.swagger())
    return reply.type('application/json; charset=utf-8').send(document)
  })
  if (docs) await app.register((scope) => docsRoutes(scope, world.publicUrl))
  if (bank) await app.register((scope) => mountBank(scope, bank))
}

/** What pages may call, and of that what wants a key or a client token. */
async function addApi(pages: FastifyInstance, world: World): Promise<void> {
  await openToPages(pages, world)
  tokenizeRoute(pages, world)
  cardBinRoutes(pages, world)
  merchantRoutes(pages, world)
  await pages.register(async (scope) => {
    requireKey(scope, world)
    orderRoutes(scope, world)
    sessionRoutes(scope, world)
    txnRoutes(scope, world)
    refundRoutes(scope, world)
    orderListRoutes(scope, world)
    fulfillmentRoutes(scope, world)
    customerRoutes(scope, world)
    cardRoutes(scope, world)
    binRoutes(scope, world)
    savedMethodRoutes(scope, world)
    offerRoutes(scope)
    walletRoutes(scope)
    mandateRoutes(scope)
    outsideRoutes(scope)
    orderTimeline(scope, world)
    metrics(scope, world)
    webhookRoutes(scope, world)
    jwtKeyRoutes(scope, world)
    routingRuleRoutes(scope, world)
    accountRoutes(scope, world)
    outageRoutes(scope, world)
  })
}
