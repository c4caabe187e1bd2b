import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type DirectOtp, directotp, nextStep, RefusedError } from '../sdk/src/directotp.ts'
import { rightOtp } from './caller.ts'
import { engines } from './databases.ts'
import { startTestServer, type TestServer } from './support.ts'

const [sqlite] = engines
assert(sqlite)
let server: TestServer
let otp: DirectOtp

before(async () => {
  server = await startTestServer(sqlite)
  otp = directotp({ ...places(), apiKey: server.key })
})
after(() => server.close())

const places = () => ({ baseUrl: server.url, merchantId: server.merchant })
const card = { card_number: '4242424242424242', card_exp_month: '12', card_exp_year: '30' }
const typed = { ...card, card_security_code: '123' }
const wantsToken = { 'options.get_client_auth_token': true }

test('customers are created, read by either id, changed and listed', async () => {
  const told = { object_reference_id: 'sdk-asha', first_name: 'Asha' }
  const customer = await otp.customers.create({ ...told, ...wantsToken })
  assert.match(customer.juspay?.client_auth_token ?? '', /^tkn_/)
  const { juspay, ...plain } = customer
  assert.deepEqual(await otp.customers.get('sdk-asha'), plain)
  assert((await otp.customers.get(customer.id, wantsToken)).juspay)
  assert.equal((await otp.customers.update(customer.id, { last_name: 'Rao' })).last_name, 'Rao')
  const { list } = await otp.customers.list({ count: 1 })
  assert.deepEqual(
    list.map(({ id }) => id),
    [customer.id],
  )
  await assert.rejects(otp.customers.get('sdk-nobody'), RefusedError)
})

test('cards are stored, listed, renamed, fingerprinted, paid with and deleted', async () => {
  const customer_id = 'sdk-ravi'
  await otp.customers.create({ object_reference_id: customer_id })
  const added = await otp.cards.add({ customer_id, ...card, nickname: 'blue' })
  const { card_token } = added
  const { cards } = await otp.cards.list({ customer_id, 'options.check_mandate_support': true })
  const [first] = cards
  assert(first && cards.length === 1)
  assert.equal(first.card_fingerprint, added.card_fingerprint)
  assert.equal(first.mandate_support, false)
  await otp.cards.update({ card_token, nickname: 'green' })
  const saved = await otp.savedMethods(customer_id)
  const { CARD } = saved.saved_payment_methods.payment_method_details
  assert.equal(CARD[0]?.nickname, 'green')
  for (const which of [{ card_token }, { card_number: card.card_number }]) {
    const { card_fingerprint } = await otp.cards.fingerprint(which)
    assert.equal(card_fingerprint, added.card_fingerprint)
  }
  await assert.rejects(otp.cards.fingerprint({ card_number: '4242' }), {
    name: 'RefusedError',
    code: 'INVALID_INPUT',
    message: 'POST /v2/card/fingerprint: 400 INVALID_INPUT card_number is invalid.',
  })
  const order = { order_id: 'sdk-stored', amount: '10.00', customer_id }
  const paying = { card_token, card_security_code: '123', auth_type: 'OTP' } as const
  assert.equal(await paid(await otp.startPayment({ order, ...paying })), 'CHARGED')
  assert.equal((await otp.cards.delete({ card_token, customer_id })).deleted, true)
  assert.deepEqual((await otp.cards.list({ customer_id })).cards, [])
})

async function paid(started: Awaited<ReturnType<DirectOtp['startPayment']>>): Promise<string> {
  const next = nextStep(started)
  assert(next.kind === 'otp')
  return (await otp.submitOtp({ ...next.params, otp: rightOtp })).status
}

test('a card is saved by paying with it, once a token of it has paid', async () => {
  const customer_id = 'sdk-mira'
  await otp.customers.create({ object_reference_id: customer_id })
  const { token } = await otp.cards.tokenize(typed)
  const order = { order_id: 'sdk-saved', amount: '10.00', customer_id, ...wantsToken }
  const once = { card_token: token, save_to_locker: true, auth_type: 'OTP' } as const
  const started = await otp.startPayment({ order, ...once })
  assert(started.juspay)
  assert.equal(await paid(started), 'CHARGED')
  assert.equal((await otp.cards.list({ customer_id })).cards.length, 1)
  await otp.createOrder({ order_id: 'sdk-saved-2', amount: '10.00' })
  await assert.rejects(otp.startPayment({ order_id: 'sdk-saved-2', ...once }), RefusedError)
})

test('a BIN tells whether an OTP will do, and what can be paid with is told', async () => {
  const bin = await otp.cardBin('424242424', { 'options.check_direct_otp_support': true })
  assert.equal(bin.direct_otp_support, true)
  assert.equal('mandate_support' in bin, false)
  assert((await otp.eligibleBins()).bins.includes('424242'))
  const { payment_methods } = await otp.paymentMethods()
  assert(payment_methods.some(({ payment_method }) => payment_method === 'VISA'))
})

test('orders tell of their payment, are listed, and fulfilled once they are paid', async () => {
  const order = { order_id: 'sdk-sent', amount: '10.00' }
  const entered = { ...typed, auth_type: 'OTP' } as const
  assert.equal(await paid(await otp.startPayment({ order, ...entered })), 'CHARGED')
  const full = { 'options.add_full_gateway_response': true, ...wantsToken }
  const status = await otp.orderStatus('sdk-sent', full)
  assert('payment_gateway_response' in status && status.juspay)
  assert(status.payment_gateway_response?.gateway_response)
  const [newest] = (await otp.listOrders({ count: 1 })).list
  assert.equal(newest?.order_id, 'sdk-sent')
  const told = await otp.fulfill('sdk-sent', {
    fulfillment_status: 'SUCCESS',
    fulfillment_command: 'NO_ACTION',
    fulfillment_time: '2026-01-05T10:00:00Z',
    fulfillment_id: 'parcel-1',
  })
  assert.equal(told.status, 'SUCCESS')
})

test('a browser pays its own order by the token of its session, and no other', async () => {
  const { sdk_payload } = await otp.session({ order_id: 'sdk-page', amount: '10.00' })
  const { clientAuthToken } = sdk_payload.payload
  const page = directotp({ ...places(), clientAuthToken })
  const { token } = await page.cards.tokenize(typed)
  const wish = { order_id: 'sdk-page', card_token: token, auth_type: 'OTP' } as const
  const next = nextStep(await page.startPayment(wish))
  assert(next.kind === 'otp')
  const again = nextStep(await page.resendOtp(next.params))
  assert(again.kind === 'otp')
  const { status } = await page.submitOtp({ ...again.params, otp: rightOtp })
  assert.equal(status, 'CHARGED')
  assert.equal((await page.orderStatus('sdk-page')).status, 'CHARGED')
  await otp.createOrder({ order_id: 'sdk-theirs', amount: '10.00' })
  await assert.rejects(page.orderStatus('sdk-theirs'), { code: 'access_denied' })
})

test("a browser lists the cards of its own customer by a token of theirs, no other's", async () => {
  const { juspay } = await otp.customers.create({ object_reference_id: 'sdk-own', ...wantsToken })
  await otp.cards.add({ customer_id: 'sdk-own', ...(await otp.cards.tokenize(typed)) })
  assert(juspay)
  const page = directotp({ ...places(), clientAuthToken: juspay.client_auth_token })
  assert.equal((await page.cards.list({ customer_id: 'sdk-own' })).cards.length, 1)
  assert.equal((await page.cards.list()).cards.length, 1)
  assert.deepEqual(await page.savedMethods('sdk-own'), await otp.savedMethods('sdk-own'))
  await assert.rejects(page.cards.list({ customer_id: 'sdk-asha' }), { code: 'access_denied' })
})
