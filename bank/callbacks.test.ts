import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import {
  ask,
  cardOf,
  newBank,
  newestOtp,
  paid,
  refund,
  start,
  submit,
  wait,
} from './bank.fixture.ts'
import type { Bank } from './bank.ts'

interface Call {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A server that is called back, and a bank; `next` gives the calls in their order. */
async function listening(t: TestContext) {
  const calls: Call[] = []
  const wanted: ((call: Call) => void)[] = []
  const server = createServer(async (request, response) => {
    const body = await text(request).catch(() => undefined)
    if (body === undefined) return
    const call = { headers: request.headers, body }
    const want = wanted.shift()
    if (want) want(call)
    else calls.push(call)
    response.writeHead(500).end('refused')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const bank = newBank()
  t.after(async () => {
    await bank.close()
    server.closeAllConnections()
    server.close()
  })
  const next = async () => {
    const call = calls.shift() ?? (await new Promise<Call>((resolve) => wanted.push(resolve)))
    return { ...call, said: JSON.parse(call.body) }
  }
  return { bank, calls, next, callback_url: `http://127.0.0.1:${port}/news` }
}

function signatureOf({ headers, body }: Call, key: string): string {
  const signed = `${headers['x-bank-event-id']}.${headers['x-bank-timestamp']}.${body}`
  return createHmac('sha256', key).update(signed).digest('hex')
}

async function payWith(bank: Bank, more: object): Promise<void> {
  const { id } = await start(bank, { ...more })
  await submit(bank, id, await newestOtp(bank))
}

test('what becomes of a payment is told, signed, once a change', async (t) => {
  const { bank, calls, next, callback_url } = await listening(t)
  const id = await paid(bank, { callback_url, number: cardOf('callbacks') })
  const held = await next()
  assert.deepEqual(held.said, {
    payment: id,
    reference: 'ref-1',
    amount: 499_00,
    currency: 'INR',
    state: 'authorized',
    captured: 0,
    refunds: [],
  })
  assert.equal(held.headers['content-type'], 'application/json')
  assert.equal(held.headers['x-bank-signature'], signatureOf(held, 'acc'))
  await ask(bank, `POST /payments/${id}/capture`, { reference: 'cap-1', amount: 100_00 })
  assert.deepEqual([(await next()).said.state, calls.length], ['charged', 0])
  await ask(bank, 'GET /payments/by-reference/ref-1')
  await ask(bank, 'POST /moods', { mood: 'refund_pending', next: 'refund' })
  await refund(bank, id, 30_00)
  const refunds = async () => (await next()).said.refunds.map((one: { state: string }) => one.state)
  assert.deepEqual(await refunds(), ['refund_pending'])
  await wait(bank, 3_600_000)
  assert.deepEqual(await refunds(), ['refunded'])
})

test('who names a secret is signed by it; nobody is told without a place or a mood', async (t) => {
  const { bank, next, callback_url } = await listening(t)
  const number = cardOf('callbacks')
  await payWith(bank, { number, reference: 'no-place' })
  await payWith(bank, { callback_url, reference: 'no-mood' })
  await ask(bank, 'POST /moods', { mood: 'callbacks', account: 'acc' })
  await payWith(bank, { callback_url, callback_secret: 'own', reference: 'ref-3' })
  const told = await next()
  assert.deepEqual([told.said.reference, told.said.state], ['ref-3', 'charged'])
  assert.equal(told.headers['x-bank-signature'], signatureOf(told, 'own'))
})

test('late money is told when its time has come', async (t) => {
  const { bank, next, callback_url } = await listening(t)
  await ask(bank, 'POST /moods', { mood: 'callbacks', next: 'start' })
  await payWith(bank, { callback_url, number: cardOf('late_success') })
  assert.equal((await next()).said.state, 'declined')
  await wait(bank, 5 * 60_000)
  assert.equal((await next()).said.state, 'charged')
})

test('by a clock that runs it is told without anybody asking', async (t) => {
  const { next, callback_url } = await listening(t)
  let late = 0
  const bank = newBank({ now: () => Date.now() + late })
  t.after(() => bank.close())
  await ask(bank, 'POST /moods', { mood: 'callbacks', next: 'start' })
  await payWith(bank, { callback_url, number: cardOf('late_success') })
  assert.equal((await next()).said.state, 'declined')
  // A call like any other sets the alarm anew: of the five minutes 50 ms are left.
  late = 5 * 60_000 - 50
  await ask(bank, 'GET /clock')
  assert.equal((await next()).said.state, 'charged')
})

test('twice is the same event twice; out of order the older word comes last', async (t) => {
  const { bank, next, callback_url } = await listening(t)
  await payWith(bank, { callback_url, number: cardOf('callbacks_twice') })
  const [first, again] = [await next(), await next()]
  assert.deepEqual(
    [again.headers['x-bank-event-id'], again.body],
    [first.headers['x-bank-event-id'], first.body],
  )
  const number = cardOf('callbacks_reordered')
  await payWith(bank, { callback_url, number, reference: 'ref-2' })
  const [final, older] = [await next(), await next()]
  assert.deepEqual([final.said.state, older.said.state], ['charged', 'pending'])
  assert.notEqual(final.headers['x-bank-event-id'], older.headers['x-bank-event-id'])
  for (const call of [final, older]) {
    assert.equal(call.headers['x-bank-signature'], signatureOf(call, 'acc'))
  }
  await payWith(bank, { callback_url, number: cardOf('callbacks_forged'), reference: 'ref-3' })
  const forged = await next()
  assert.equal(forged.said.state, 'charged')
  assert.notEqual(forged.headers['x-bank-signature'], signatureOf(forged, 'acc'))
})

test('the book is the same whether the bank calls back or not', async (t) => {
  const { bank, next, callback_url } = await listening(t)
  const quiet = newBank()
  t.after(() => quiet.close())
  const number = cardOf('callbacks')
  await payWith(bank, { callback_url, number })
  await next()
  await payWith(quiet, { number })
  assert.deepEqual(await ask(bank, 'GET /book'), await ask(quiet, 'GET /book'))
})

test('the page as HTML sends itself to the page, which then asks', async () => {
  const bank = newBank()
  const { redirect_html: page, redirect_url } = await start(bank, {
    auth: 'REDIRECT',
    number: cardOf('page_html'),
  })
  assert.equal(redirect_url, undefined)
  const [, acs = ''] = /action="([^"]+)"/.exec(String(page)) ?? []
  const asked = await bank.fetch(new Request(acs, { method: 'POST', body: 'creq=1' }))
  assert.match(await asked.text(), /Approve this payment/)
  const nothing = await bank.fetch(new Request(acs, { method: 'POST', body: 'x=1' }))
  assert.equal(nothing.status, 400)
  await bank.close()
})
