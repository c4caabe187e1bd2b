import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Caller, callerOf, challengeIn, rightOtp } from '../caller.ts'
import { engines } from '../databases.ts'
import { pemOf, type Sealer, sealerOf } from '../sealer.ts'
import { startTestServer, type TestServer } from '../support.ts'
import { frontUrl, type NodeClient, openFront, type Setup, startClient } from './node-client.ts'
import { calls, type Mode } from './node-client-calls.ts'
import { keepTable } from './paper.ts'

let server: TestServer
let caller: Caller
let sealer: Sealer
let front: Awaited<ReturnType<typeof openFront>>
const clients = {} as Record<Mode, NodeClient>
const found: Record<Mode, string[]> = { key: [], sealed: [] }

before(async () => {
  const [sqlite] = engines
  assert(sqlite)
  server = await startTestServer(sqlite)
  caller = callerOf(server)
  sealer = await sealerOf(caller)
  front = await openFront(server.url)
  const { merchant: merchantId, key: apiKey } = server
  clients.key = await startClient(front, { merchantId, baseUrl: frontUrl, apiKey })
  clients.sealed = await startClient(front, {
    merchantId,
    baseUrl: frontUrl,
    apiKey,
    jweAuth: jweAuth(),
  })
})
after(async () => {
  for (const client of Object.values(clients)) await client.end()
  await front.close()
  await server.close()
})

/** The keys as the client is configured with them. */
function jweAuth(): NonNullable<Setup['jweAuth']> {
  const privateKey = String(sealer.own.export({ type: 'pkcs8', format: 'pem' }))
  return { keyId: sealer.kid, publicKey: pemOf(sealer.server), privateKey }
}

for (const mode of ['key', 'sealed'] as const) {
  describe(`expresscheckout-nodejs, ${mode}`, () => {
    const shop = {
      mode,
      order: `node-${mode}`,
      customer: `buyer-${mode}`,
      told: new Map<string, Readonly<Record<string, unknown>>>(),
      pay: async (order: string) => {
        await caller.create(order)
        const { status } = await caller.submit(challengeIn(await caller.start(order)), rightOtp)
        assert.equal(status, 200)
      },
      submit: async () => {
        const started = shop.told.get('payments.create')
        const answer = { status: 200, text: '', headers: new Headers(), body: started ?? {} }
        const { status } = await caller.submit(challengeIn(answer), rightOtp)
        assert.equal(status, 200)
      },
    }
    for (const { name, sealed, ask, check } of calls) {
      test(name, async () => {
        const before_ = server.log.length
        const told = await clients[mode].call(await ask(shop))
        if (told.answer) shop.told.set(name, told.answer)
        const result = check(told, shop)
        const how = sealed && mode === 'sealed' ? 'encrypted: ' : ''
        const route = lastRoute(before_)
        assert.equal(route?.startsWith('/v4/') ?? false, how !== '', `${name} goes to ${route}`)
        found[mode].push(`${how}${result}`)
      })
    }
  })
}

/** The route of the last answer in the log. */
function lastRoute(from: number): string | undefined {
  const lines = server.log.slice(from).map((line) => JSON.parse(line))
  return lines.findLast(({ msg }) => msg === 'answered')?.route
}

test('with keys for encrypted calls alone, other calls are never sent', async () => {
  const { merchant: merchantId } = server
  const client = await startClient(front, { merchantId, baseUrl: frontUrl, jweAuth: jweAuth() })
  const status = { resource: 'order', method: 'status', words: ['node-sealed'] } as const
  assert.equal((await client.call(status)).answer?.['status'], 'CHARGED')
  const requests = [
    { resource: 'order', method: 'create', words: [{ order_id: 'x', amount: 1 }] },
    { resource: 'order', method: 'update', words: ['x', { amount: 1 }] },
    { resource: 'customer', method: 'get', words: ['x'] },
  ] as const
  const answered = server.log.length
  for (const request of requests) {
    const { error } = await client.call(request)
    assert.equal(error?.['name'], 'TypeError')
  }
  assert.equal(server.log.length, answered)
  await client.end()
})

test('docs/compatibility.md says what was found', () => {
  keepTable(
    'expresscheckout-nodejs 1.0.0',
    calls.map(({ name }, i) => [`\`${name}\``, found.key[i] ?? '', found.sealed[i] ?? '']),
  )
})
