import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { clientTokenHash } from '../../src/merchants/client-token.ts'
import { type Answer, ask, type Caller, callerOf, type Form, testCard } from '../caller.ts'
import { engines } from '../databases.ts'
import { startTestServer, type TestServer } from '../support.ts'
import { assertUnauthorized } from '../unauthorized.ts'
import { flipped } from './forge.ts'
import { otherMerchant } from './other-merchant.ts'

let server: TestServer
let ours: Caller
let theirs: Caller
let orders = 0

before(async () => {
  const [sqlite] = engines
  assert(sqlite)
  server = await startTestServer(sqlite)
  ours = callerOf(server)
  theirs = await otherMerchant(server)
})
after(() => server.close())

const payment = { payment_method_type: 'CARD', auth_type: 'OTP', format: 'json' }

/** A start without any key, as a page makes it. */
function startAs(token: string, order: string, more: Form = {}): Promise<Answer> {
  const form = { order_id: order, merchant_id: ours.merchant, ...payment, ...testCard }
  return ask(`${server.url}/txns`, { form: { ...form, client_auth_token: token, ...more } })
}

/** An order of a merchant's and a client token for it. */
async function tokenOf(caller: Caller): Promise<{ order: string; token: string }> {
  const order = `token-${++orders}`
  const created = await caller.create(order, { 'options.get_client_auth_token': 'true' })
  const { client_auth_token: token } = created.body['juspay'] as { client_auth_token: string }
  return { order, token }
}

async function customerToken(): Promise<string> {
  const fields = { object_reference_id: 'buyer', mobile_number: '9876543210' }
  const wish = { 'options.get_client_auth_token': 'true' }
  const { body } = await ours.call('/customers', { ...fields, ...wish })
  return (body['juspay'] as { client_auth_token: string }).client_auth_token
}

/** Client tokens that are not one of this order, each made from a right one. */
const wrongClients: Readonly<Record<string, (token: string) => string | Promise<string>>> = {
  'of another order': async () => (await tokenOf(ours)).token,
  'of another merchant': async () => (await tokenOf(theirs)).token,
  'of a customer': () => customerToken(),
  'with a character changed': flipped,
  'with another shard': (token) => `tkn_000${token.slice(7)}`,
  'cut short': (token) => token.slice(0, -1),
  'a digit too long': (token) => `${token}0`,
  'in capitals': (token) => token.toUpperCase(),
  'without its prefix': (token) => token.slice(4),
  'with a space': (token) => `${token} `,
  'of nobody': () => `tkn_${'0'.repeat(32)}`,
  'no token': () => 'x',
  SQL: () => "tkn_' or '1'='1",
  'an API key': () => server.key,
  'too old': async (token) => {
    await endOf(token, 'expires_at')
    return token
  },
  'used up': async (token) => {
    await endOf(token, 'uses_left')
    return token
  },
}

for (const [name, wrong] of Object.entries(wrongClients)) {
  test(`a client token is refused: ${name}`, async () => {
    const { order, token } = await tokenOf(ours)
    assertUnauthorized(await startAs(await wrong(token), order), name)
    assert.equal((await ours.status(order)).body['txn_uuid'], undefined)
  })
}

test('a right client token is taken, and a wrong key beside it is not mended by it', async () => {
  const { order, token } = await tokenOf(ours)
  const url = `${server.url}/orders/${order}?client_auth_token=${token}`
  assert.equal((await ask(url)).status, 200)
  assertUnauthorized(await ask(url, { authorization: 'Basic bm9ib2R5Og==' }))
  assertUnauthorized(await ask(url, { headers: { 'x-merchantid': theirs.merchant } }))
  assertUnauthorized(await startAs(token, order, { merchant_id: theirs.merchant }))
  const refund = { unique_request_id: 'r', client_auth_token: token }
  assertUnauthorized(await ask(`${server.url}/orders/${order}/refunds`, { form: refund }))
  assertUnauthorized(await ask(`${server.url}/console/jwt-keys?client_auth_token=${token}`))
  assertUnauthorized(await ask(`${server.url}/v4/order-status?client_auth_token=${token}`))
  assert.equal((await startAs(token, order)).status, 200)
})

/** A temporary token of the test card, made for a merchant. */
async function sealedCard(merchant = ours.merchant): Promise<string> {
  const form = { merchant_id: merchant, name_on_card: 'Asha', ...testCard }
  const { body, text } = await ask(`${server.url}/card/tokenize`, { form })
  assert.match(String(body['token']), /^ctkn_/, text)
  return String(body['token'])
}

/** A stored card of a customer of ours. */
async function storedCard(caller: Caller, customer: string): Promise<string> {
  const { card_security_code: _cvv, ...card } = testCard
  const person = { object_reference_id: customer, mobile_number: '9876543210' }
  await caller.call('/customers', person)
  const form = { merchant_id: caller.merchant, customer_id: customer, ...card }
  const { body, text } = await caller.call('/card/add', form)
  assert.match(String(body['card_token']), /^ctk_/, text)
  return String(body['card_token'])
}

/** A token of nobody's: what is sealed in it was changed at `at`, counted in characters. */
const changed = (at: number) => (token: string) => {
  const { length } = 'ctkn_'
  const place = at < 0 ? token.length + at : length + at
  return token.slice(0, place) + (token[place] === 'A' ? 'B' : 'A') + token.slice(place + 1)
}

const wrongCards: Readonly<Record<string, (token: string) => string | Promise<string>>> = {
  'a temporary one of another merchant': () => sealedCard(theirs.merchant),
  'a temporary one with its version changed': changed(1),
  'a temporary one with its key changed': changed(4),
  'a temporary one with its iv changed': changed(30),
  'a temporary one with its card changed': changed(80),
  'a temporary one with its end changed': changed(-4),
  'a temporary one cut short': (token) => token.slice(0, -4),
  'a temporary one with more behind it': (token) => `${token}AAAA`,
  'a temporary one twice': async (token) => {
    assert.equal((await payWith(token, 'token-spent')).status, 200)
    return token
  },
  'the sealed card under the other prefix': (token) => token.replace('ctkn_', 'ctk_'),
  'a bare prefix': () => 'ctkn_',
  'a card in clear': () =>
    `ctkn_${Buffer.from('{"number":"4242424242424242"}').toString('base64url')}`,
  'a stored one of nobody': () => `ctk_${'0'.repeat(35)}`,
  'a stored one of another merchant': () => storedCard(theirs, 'buyer'),
  'a stored one of another customer': () => storedCard(ours, 'somebody-else'),
  'no token': () => 'x',
  SQL: () => "ctk_' or '1'='1",
}

/** Pays an order of the customer `buyer` with a token. */
async function payWith(token: string, order = `token-${++orders}`): Promise<Answer> {
  await ours.create(order, { customer_id: 'buyer' })
  const form = { order_id: order, merchant_id: ours.merchant, ...payment, card_token: token }
  return ours.call('/txns', form)
}

for (const [name, wrong] of Object.entries(wrongCards)) {
  test(`a card token is refused: ${name}`, async () => {
    const { status, body } = await payWith(await wrong(await sealedCard()))
    const { error_info: info, ...words } = body
    assert.equal(status, 400, name)
    assert.deepEqual(words, {
      status: 'invalid_request_error',
      error_code: 'invalid',
      error_message: 'No card could be located for token',
    })
    assert.equal((info as { developer_message: string }).developer_message, words.error_message)
  })
}

test('right card tokens are taken', async () => {
  assert.equal((await payWith(await sealedCard())).status, 200)
  assert.equal((await payWith(await storedCard(ours, 'buyer'))).status, 200)
})

/** Lets a client token end, by its time or by its uses. */
async function endOf(token: string, column: 'expires_at' | 'uses_left'): Promise<void> {
  const texts = {
    expires_at: 'update client_tokens set expires_at = 1 where hash = $1 returning hash',
    uses_left: 'update client_tokens set uses_left = 0 where hash = $1 returning hash',
  }
  const rows = await server.db.tx((t) => t.get(texts[column], [clientTokenHash(token)]))
  assert.equal(rows.length, 1)
}
