import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { addMerchant } from '../src/add-merchant.ts'
import type { MerchantId } from '../src/ids.ts'
import { keyHash, keyId, newKey } from '../src/merchants/key.ts'
import { insertKey, revokeKey } from '../src/merchants/merchants.ts'
import { makeSeal } from '../src/seal.ts'
import type { Secret } from '../src/secret.ts'
import {
  type Answer,
  ask,
  type Caller,
  callerOf,
  challengeIn,
  type Form,
  rightOtp,
  testCard,
} from './caller.ts'
import { engines } from './databases.ts'
import { type Call, type Ids, keyOrName, open, rows } from './routes.ts'
import { startTestServer, type TestServer, testVariables } from './support.ts'
import { assertUnauthorized } from './unauthorized.ts'

const unknownIds: Ids = {
  order: 'acc-none',
  txn: `txn_${'0123456789abcdef'.repeat(2)}012`,
  txnOnWire: 'theirs-acc-0000-1',
  challenge: `ch_${'0123456789abcdef'.repeat(2)}012`,
  endpoint: `wep_${'0'.repeat(24)}`,
  customer: `cst_${'0'.repeat(35)}`,
  card: `ctk_${'0'.repeat(35)}`,
}

const malformedIds: Ids = {
  order: '%20%27%3B--',
  txn: 'txn_%27%3B--',
  txnOnWire: 'x',
  challenge: '%01',
  endpoint: '%27',
  customer: '%27',
  card: '%27',
}

let server: TestServer
let ours: Caller
let theirs: Caller
let revoked: string
let orders = 0

before(async () => {
  const sqlite = engines.find(({ name }) => name === 'sqlite')
  assert(sqlite)
  server = await startTestServer(sqlite)
  ours = callerOf(server)
  const { db } = server
  const master = Buffer.from(String(testVariables({ dataDir: '' })['MASTER_KEY']), 'hex')
  const merchant = 'theirs' as MerchantId
  await addMerchant({ db, seal: makeSeal(master) }, { id: merchant, mode: 'sandbox', at: 1 })
  const give = async (to: MerchantId): Promise<Secret> => {
    const key = newKey('sandbox')
    await db.tx(async (t) => insertKey(t, { hash: keyHash(key), merchant: to, at: 1 }))
    return key
  }
  theirs = callerOf({ url: server.url, merchant, key: (await give(merchant)).reveal() })
  const old = await give(server.merchant as MerchantId)
  await db.tx((t) => revokeKey(t, keyId(keyHash(old)), 2))
  revoked = old.reveal()
})
after(() => server.close())

test('every route of openapi.json has a row here, and every row a route', async () => {
  const { text } = await ask(`${server.url}/openapi.json`)
  const { paths } = JSON.parse(text) as { paths: Record<string, Record<string, object>> }
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  assert.deepEqual(routes.sort(), [...Object.keys(rows), ...open].sort())
  for (const route of open) {
    assert.equal((await ask(server.url + pathOf(route))).status, 200)
  }
})

function pathOf(route: string): string {
  return route.slice('GET '.length).replace('{merchant_id}', ours.merchant)
}

for (const [route, row] of Object.entries(rows)) {
  test(`${route} answers to its own merchant only`, async () => {
    const ids = await payment(ours)
    const call = row.call(ids, ours.merchant)
    const wrongKeys = [basic(`${revoked}:`), basic('sk_test_no_such_key_at_all:')]
    const unkeyed = await make(call)
    if (keyOrName.includes(route)) assert.equal(unkeyed.body['error_code'], 'missing')
    else assertUnauthorized(unkeyed)
    for (const authorization of wrongKeys) assertUnauthorized(await make(call, authorization))
    for (const merchant of ['theirs', 'nobody', `${ours.merchant}, theirs`]) {
      const named = row.call(ids, merchant)
      const form = named.form && { ...named.form, merchant_id: merchant }
      if (form) assertUnauthorized(await make({ ...named, form }, ours.authorization))
      const both = `${call.path}${call.path.includes('?') ? '&' : '?'}merchant_id=${merchant}`
      assertUnauthorized(await make({ ...call, path: both }, ours.authorization))
      for (const header of ['x-merchantid', 'x-merchant-id']) {
        assertUnauthorized(await make(call, ours.authorization, { [header]: merchant }))
      }
    }
    assert.equal((await make(call, ours.authorization)).status, row.own)
  })

  test(`${route} knows foreign ids no better than unknown ones`, async () => {
    const foreign = await payment(ours)
    const asked = (ids: Ids) => make(row.call(ids, theirs.merchant), theirs.authorization)
    const before_ = await historyOf(foreign.order)
    const theForeign = await asked(foreign)
    const theUnknown = await asked({ ...unknownIds, order: `acc-0${orders}` })
    assert.equal(theForeign.status, row.unknown, theForeign.text)
    assert.deepEqual(shapeOf(theForeign, foreign), shapeOf(theUnknown, unknownIds))
    assert.deepEqual(await historyOf(foreign.order), before_)
    const malformed = await asked(malformedIds)
    assert.equal(malformed.status, row.malformed, malformed.text)
  })
}

test('a txn and a challenge that are not one pair are as unknown as any', async () => {
  const [mine, other] = [await payment(theirs), await payment(theirs)]
  const foreign = await payment(ours)
  const pairs = [
    [mine.txn, foreign.challenge],
    [foreign.txn, mine.challenge],
    [foreign.txnOnWire, foreign.challenge],
    [`${theirs.merchant}-${foreign.order}-1`, foreign.challenge],
    [mine.txn, other.challenge],
    [other.txn, mine.challenge],
    [`${ours.merchant}-${mine.order}-1`, mine.challenge],
    [mine.order, mine.challenge],
    [`${theirs.merchant}-%01-1`, mine.challenge],
    [`${theirs.merchant}-${mine.order}-99`, mine.challenge],
  ] as const
  const shapes = []
  for (const [id, challenge_id] of pairs) {
    const form = { challenge_id, 'answer.otp': rightOtp }
    const submitted = await theirs.call(`/v2/txns/${id}/authenticate`, form)
    const resent = await theirs.call(`/v2/txns/${id}/authenticate/${challenge_id}/resend`, {})
    assert.equal(submitted.body.error_message, 'Invalid authentication account id.')
    shapes.push(shapeOf(submitted, mine), shapeOf(resent, mine))
  }
  assert.equal(new Set(shapes.map((shape) => JSON.stringify(shape))).size, 1)
  for (const { order: id } of [mine, other]) {
    assert.equal((await theirs.status(id)).body.status, 'PENDING_VBV')
  }
  assert.equal((await ours.status(foreign.order)).body.status, 'PENDING_VBV')
})

test('a path that no id can have is nowhere, whoever asks', async () => {
  for (const call of [
    { path: '/merchants/%00/paymentmethods' },
    { path: '/customers/%00' },
    { path: '/customers/a%00b', form: {} },
    { path: '/customers/%00/payment_methods' },
    { path: '/orders/%00' },
    { path: '/cardbins/%00' },
    { path: '/console/accounts/%00' },
    { path: '/console/accounts/%00/check', form: {} },
    { path: '/console/webhooks/%00/rotate', form: {} },
    { path: `/v2/pay/start/%00/${unknownIds.txn}` },
  ]) {
    for (const authorization of [ours.authorization, undefined]) {
      const answer = await make(call, authorization)
      assert.deepEqual([answer.status, answer.body['error_code']], [404, 'not_found'], call.path)
    }
  }
})

test('a page of another merchant is not there, as of an unknown id', async () => {
  const ids = await payment(ours)
  const { id } = (await ours.status(ids.order)).body
  const pages = [
    (merchant: string, txn: string) => `/v2/pay/start/${merchant}/${txn}`,
    (merchant: string, txn: string) => `/v2/pay/finish/${merchant}/${txn}/${ids.order}`,
    (merchant: string, txn: string) =>
      `/merchant/pay/${merchant}/${txn === ids.txn ? id : `ord_${'0'.repeat(32)}`}`,
  ]
  const before_ = await historyOf(ids.order)
  for (const page of pages) {
    for (const form of [undefined, {}]) {
      const at = (merchant: string, txn: string) => ask(server.url + page(merchant, txn), { form })
      const unknown = await at(ours.merchant, unknownIds.txn)
      assert.equal(unknown.status, 404)
      for (const merchant of [theirs.merchant, 'nobody', '%01', '%27']) {
        const foreign = await at(merchant, ids.txn)
        assert.equal(foreign.status, 404)
        assert.equal(anyRequestId(foreign.text), anyRequestId(unknown.text))
      }
    }
  }
  assert.deepEqual(await historyOf(ids.order), before_)
  const own = `${server.url}/v2/pay/start/${ours.merchant}/${ids.txn}`
  assert.equal((await ask(own)).status, 200)
})

test('what was delivered to another merchant is not shown, nor sent again', async () => {
  await endpointOf(ours, 'TXN_CREATED')
  const { order } = await payment(ours)
  const id = await deliveredOf(order)
  for (const which of [`order_id=${order}`, `id=${id}`]) {
    const { body } = await theirs.call(`/console/webhooks/deliveries?${which}`)
    assert.deepEqual(body, { deliveries: [] })
  }
  const again = '/console/webhooks/redeliver'
  const unknown = await theirs.call(again, { order_id: 'acc-none' })
  assert.equal(unknown.status, 404)
  for (const which of [{ order_id: order }, { id }]) {
    const foreign = await theirs.call(again, which)
    assert.equal(anyRequestId(foreign.text), anyRequestId(unknown.text))
  }
  const [from, to] = [-3_600_000, 3_600_000].map((ms) => new Date(Date.now() + ms).toISOString())
  const day = { from: String(from), to: String(to) }
  assert.equal((await theirs.call(again, day)).body['redelivered'], 0)
  assert.equal((await ours.call(again, { id })).body['redelivered'], 1)
})

test('two merchants may give their orders the same id', async () => {
  const id = `acc-${++orders}`
  assert.equal((await ours.create(id)).body.status, 'NEW')
  assert.equal((await theirs.create(id, { amount: '7.00' })).body['amount'], 7)
  assert.equal((await ours.status(id)).body['amount'], 100)
})

async function payment(caller: Caller): Promise<Ids> {
  const id = `acc-${String(++orders).padStart(4, '0')}`
  assert.equal((await caller.create(id)).status, 200)
  const started = await caller.start(id)
  const { id: txn, challenge_id: challenge } = challengeIn(started)
  const endpoint = await endpointOf(caller, 'REFUND_MANUAL_REVIEW_NEEDED')
  const { customer, card } = await cardOf(caller, id)
  const txnOnWire = String(started.body.txn_id)
  return { order: id, txn, txnOnWire, challenge, endpoint, customer, card }
}

/** A new customer, and a card of theirs. */
async function cardOf(caller: Caller, reference: string) {
  const customer = String(
    (await caller.call('/customers', { object_reference_id: reference })).body.id,
  )
  const added = await caller.call('/card/add', { customer_id: customer, ...testCard })
  assert.equal(added.status, 200, added.text)
  return { customer, card: String(added.body['card_token']) }
}

/** The id of the first webhook that the clock makes of an order. */
async function deliveredOf(order: string): Promise<string> {
  for (let looks = 0; looks < 100; looks++) {
    const { body } = await ours.call(`/console/webhooks/deliveries?order_id=${order}`)
    const [first] = body['deliveries'] as { id: string }[]
    if (first) return first.id
    await sleep(50)
  }
  return assert.fail(`${order} is announced`)
}

/** A webhook endpoint where nobody listens. */
async function endpointOf(caller: Caller, events: string): Promise<string> {
  const url = 'http://127.0.0.1:9/'
  const added = await caller.call('/console/webhooks', { url, events })
  assert.equal(added.status, 200, added.text)
  return String(added.body.id)
}

function make(call: Call, authorization?: string, headers?: Form): Promise<Answer> {
  const { form } = call
  return ask(server.url + call.path, {
    form,
    ...(authorization !== undefined && { authorization }),
    ...(headers && { headers }),
  })
}

/** An answer without what is new in every answer, and without the ids that were asked about. */
function shapeOf(answer: Answer, ids: Ids): object {
  let { text } = answer
  for (const id of [ids.txn, ids.challenge, ids.customer, ids.card])
    text = text.replaceAll(id, 'ID')
  text = text.replace(/acc-\d+/g, 'ORDER').replace(/ord_[0-9a-f]{32}/g, 'ORD')
  text = text.replace(/"date_created":"[^"]*"/, '')
  text = text.replace(/c?tkn_[\w.-]+/g, 'TOKEN').replace(/("\w*expiry)":"[^"]*"/gi, '$1')
  return { status: answer.status, text: anyRequestId(text) }
}

function anyRequestId(text: string): string {
  return text.replace(/req_[0-9a-f]{32}/g, 'REQUEST')
}

/** Everything that is written of our order: whoever may not touch it changes nothing of it. */
async function historyOf(id: string) {
  const of = [ours.merchant, id]
  const [found] = await server.db.read(
    'select seq, txn_count, fields from orders where merchant = $1 and order_id = $2',
    of,
  )
  const txns = await server.db.read(
    'select otp_attempts, otp_sends, closed_by from txns where merchant = $1 and order_id = $2',
    of,
  )
  return { ...found, txns: txns.map((txn) => ({ ...txn })) }
}

function basic(text: string): string {
  return `Basic ${Buffer.from(text).toString('base64')}`
}
