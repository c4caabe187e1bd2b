import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Answer, ask, type Caller, callerOf, challengeIn, rightOtp } from './caller.ts'
import { engines } from './databases.ts'
import { denied, type Forgery, malformed } from './forgeries/envelopes.ts'
import { type Forge, forged, inParts } from './forgeries/forge.ts'
import { otherMerchant } from './forgeries/other-merchant.ts'
import { opened, post, sealed, sealerOf } from './sealer.ts'
import { startTestServer, type TestServer } from './support.ts'
import { assertUnauthorized } from './unauthorized.ts'

const order = 'forged'
const path = `/v4/orders/${order}/refunds`

let server: TestServer
let ours: Caller
let theirs: Caller
let forge: Forge
let calls = 0

before(async () => {
  const [sqlite] = engines
  assert(sqlite)
  server = await startTestServer(sqlite)
  ours = callerOf(server)
  theirs = await otherMerchant(server)
  const revoked = await sealerOf(ours)
  await ours.call(`/console/jwt-keys/${revoked.kid}/revoke`, {})
  forge = {
    ours: await sealerOf(ours),
    second: await sealerOf(ours),
    theirs: await sealerOf(theirs),
    revoked,
    claims: () => ({ unique_request_id: `forged-${++calls}`, amount: '0.01' }),
  }
  for (const caller of [ours, theirs]) await pay(caller)
})
after(() => server.close())

/** How the merchant's backend sends an envelope. */
async function send(forgery: Forgery): Promise<Answer> {
  return post(forge.ours, path, await forgery(forge))
}

test('an envelope made as the forged ones are, with nothing wrong, is taken', async () => {
  const answer = await send((right) => inParts(forged(right)))
  assert.equal(answer.status, 200, answer.text)
  const { amount_refunded: refunded } = await opened(forge.ours, answer.body)
  assert.equal(refunded, 0.01)
})

test('there are more than a hundred of them', () => {
  assert(Object.keys(denied).length + Object.keys(malformed).length > 100)
})

for (const [name, forgery] of Object.entries(denied)) {
  test(`refused as a wrong key is: ${name}`, async () => {
    await changesNothing(async () => assertUnauthorized(await send(forgery), name))
  })
}

for (const [name, forgery] of Object.entries(malformed)) {
  test(`refused as the same body in clear is: ${name}`, async () => {
    await changesNothing(async () => {
      const { status, body, headers } = await send(forgery)
      assert.deepEqual([status, body.error_code], [400, 'INVALID_REQUEST'])
      assert.match(String(headers.get('content-type')), /^application\/json/)
    })
  })
}

test('the right envelope is refused to whoever is not its merchant', async () => {
  await changesNothing(async () => {
    const json = async () => sealed(forge.ours, forge.claims())
    const at = async (headers: Record<string, string>, authorization?: string) =>
      assertUnauthorized(
        await ask(server.url + path, {
          json: await json(),
          headers,
          ...(authorization !== undefined && { authorization }),
        }),
      )
    await at({})
    await at({ 'x-merchantid': 'nobody' })
    await at({ 'x-merchantid': '' })
    await at({ 'x-merchantid': "demo' or '1'='1" })
    await at({ 'x-merchantid': theirs.merchant })
    await at({ 'x-merchantid': `${ours.merchant}, ${theirs.merchant}` })
    await at({ 'x-merchantid': ours.merchant, 'x-merchant-id': theirs.merchant })
    await at({ 'x-merchantid': ours.merchant }, theirs.authorization)
    await at({ 'x-merchantid': theirs.merchant }, ours.authorization)
    await at({ 'x-merchantid': ours.merchant }, 'Basic')
    const named = `${path}?merchant_id=${theirs.merchant}`
    assertUnauthorized(await post(forge.ours, named, await json()))
  })
})

test('an envelope of 64 KiB is too large, and none is too small', async () => {
  const { ours: sealer } = forge
  const huge = await sealed(sealer, { udf1: 'x'.repeat(64 * 1024) })
  assert.equal((await post(sealer, path, huge)).status, 413)
  const raw = await fetch(server.url + path, { method: 'POST' })
  const text = await raw.text()
  assertUnauthorized({ status: raw.status, text, body: JSON.parse(text) })
})

test('refused forgeries leave no trace in the log but their refusals', () => {
  const log = server.log.join('')
  for (const said of ['unique_request_id', 'encryptedKey', 'evil.example', 'passwd', 'err']) {
    assert(!log.includes(said), said)
  }
})

/** Runs what must not give back anything. */
async function changesNothing(work: () => Promise<void>): Promise<void> {
  const before_ = await refunds()
  await work()
  assert.deepEqual(await refunds(), before_)
}

async function refunds(): Promise<unknown> {
  const [row] = await server.db.read('select count(*) as count from refunds', [])
  return row?.['count']
}

async function pay(caller: Caller): Promise<void> {
  await caller.create(order)
  const { status } = await caller.submit(challengeIn(await caller.start(order)), rightOtp)
  assert.equal(status, 200)
}
