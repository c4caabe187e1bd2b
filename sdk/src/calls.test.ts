import assert from 'node:assert/strict'
import { test } from 'node:test'
import { directotp } from './directotp.ts'

interface Asked {
  readonly method: string | undefined
  readonly url: string
  readonly headers: Headers
  readonly body: unknown
}

/** A `fetch` that answers the same to everything and keeps what it was asked. */
function listening(answer: object = {}, status = 200) {
  const asked: Asked[] = []
  const fake: typeof fetch = async (url, init = {}) => {
    const { method, headers, body } = init
    const said = typeof body === 'string' ? JSON.parse(body) : undefined
    asked.push({ method, url: String(url), headers: new Headers(headers), body: said })
    return Response.json(answer, { status })
  }
  return { asked, fetch: fake }
}

const at = { baseUrl: 'https://pay.example', merchantId: 'acme' }
const card = { card_number: '4242424242424242', card_exp_month: '12', card_exp_year: '30' }

type Client = ReturnType<typeof backend>['client']

function backend() {
  const { asked, fetch } = listening()
  return { asked, client: directotp({ ...at, apiKey: 'sk_test_of-acme', fetch }) }
}

/** Each call with what it asks of the server: method, path and query, body. */
const calls: readonly [(client: Client) => Promise<object>, string, unknown?][] = [
  [
    (otp) => otp.session({ order_id: 'o', amount: '1.00', action: 'paymentPage' }),
    'POST /session',
    { order_id: 'o', amount: '1.00', action: 'paymentPage' },
  ],
  [(otp) => otp.listOrders(), 'GET /orders'],
  [(otp) => otp.listOrders({ count: 20, offset: 40 }), 'GET /orders?count=20&offset=40'],
  [
    (otp) => otp.createOrder({ order_id: 'o', amount: '1', 'options.get_client_auth_token': true }),
    'POST /orders',
    { order_id: 'o', amount: '1', 'options.get_client_auth_token': true },
  ],
  [
    (otp) => otp.orderStatus('o', { 'options.add_full_gateway_response': true }),
    'GET /orders/o?options.add_full_gateway_response=true',
  ],
  [
    (otp) =>
      otp.fulfill('o/1', {
        fulfillment_status: 'SUCCESS',
        fulfillment_command: 'NO_ACTION',
        fulfillment_time: '2026-01-05T10:00:00Z',
        fulfillment_id: 'parcel-1',
      }),
    'POST /orders/o%2F1/fulfillment',
    {
      fulfillment_status: 'SUCCESS',
      fulfillment_command: 'NO_ACTION',
      fulfillment_time: '2026-01-05T10:00:00Z',
      fulfillment_id: 'parcel-1',
    },
  ],
  [
    (otp) => otp.startPayment({ order: { order_id: 'o', amount: '1' }, auth_type: 'OTP', ...card }),
    'POST /txns',
    {
      order: { order_id: 'o', amount: '1' },
      auth_type: 'OTP',
      ...card,
      ...{ merchant_id: 'acme', payment_method_type: 'CARD', format: 'json' },
    },
  ],
  [
    (otp) => otp.customers.create({ object_reference_id: 'c', first_name: 'Asha' }),
    'POST /customers',
    { object_reference_id: 'c', first_name: 'Asha' },
  ],
  [(otp) => otp.customers.get('c 1'), 'GET /customers/c%201'],
  [
    (otp) => otp.customers.get('c', { 'options.get_client_auth_token': true }),
    'GET /customers/c?options.get_client_auth_token=true',
  ],
  [
    (otp) => otp.customers.update('c', { last_name: 'Rao' }),
    'POST /customers/c',
    { last_name: 'Rao' },
  ],
  [(otp) => otp.customers.list({ count: 5 }), 'GET /customers?count=5'],
  [
    (otp) => otp.cards.tokenize({ ...card, card_security_code: '123' }),
    'POST /card/tokenize',
    { ...card, card_security_code: '123', merchant_id: 'acme' },
  ],
  [
    (otp) => otp.cards.add({ customer_id: 'c', ...card }),
    'POST /cards',
    { customer_id: 'c', ...card, merchant_id: 'acme' },
  ],
  [
    (otp) => otp.cards.add({ customer_id: 'c', token: 'ctkn_1' }),
    'POST /cards',
    { customer_id: 'c', token: 'ctkn_1', merchant_id: 'acme' },
  ],
  [(otp) => otp.cards.list({ customer_id: 'c' }), 'GET /cards?customer_id=c'],
  [
    (otp) => otp.cards.update({ card_token: 'ctk_1', nickname: 'blue' }),
    'POST /card/update',
    { card_token: 'ctk_1', nickname: 'blue', merchant_id: 'acme' },
  ],
  [
    (otp) => otp.cards.delete({ card_token: 'ctk_1' }),
    'POST /card/delete',
    { card_token: 'ctk_1', merchant_id: 'acme' },
  ],
  [
    (otp) => otp.cards.fingerprint({ card_token: 'ctk_1' }),
    'POST /v2/card/fingerprint',
    { card_token: 'ctk_1', merchant_id: 'acme' },
  ],
  [
    (otp) => otp.cardBin('424242424', { 'options.check_direct_otp_support': true }),
    'GET /cardbins/424242424?options.check_direct_otp_support=true',
  ],
  [(otp) => otp.eligibleBins(), 'GET /v2/bins/eligibility?auth_type=OTP'],
  [(otp) => otp.paymentMethods(), 'GET /merchants/acme/paymentmethods'],
  [(otp) => otp.savedMethods('c'), 'GET /customers/c/payment_methods'],
]

for (const [make, line, body] of calls) {
  test(`${line} is asked with the key`, async () => {
    const { asked, client } = backend()
    await make(client)
    const [first] = asked
    assert(first && asked.length === 1)
    assert.equal(`${first.method} ${first.url.slice(at.baseUrl.length)}`, line)
    assert.deepEqual(first.body, body)
    assert.equal(first.headers.get('authorization'), `Basic ${btoa('sk_test_of-acme:')}`)
    assert.equal(first.headers.get('x-merchantid'), 'acme')
  })
}

/** Each call that names something in its path. */
const namings: readonly ((client: Client, id: string) => Promise<object>)[] = [
  (otp, id) => otp.orderStatus(id),
  (otp, id) => otp.updateOrder(id, { udf1: 'x' }),
  (otp, id) => otp.refundOrder(id, { unique_request_id: 'r' }),
  (otp, id) => otp.customers.get(id),
  (otp, id) => otp.customers.update(id, { last_name: 'Rao' }),
  (otp, id) => otp.savedMethods(id),
  (otp, id) => otp.cardBin(id),
  (otp, id) => otp.captureTxn({ id }),
  (otp, id) => otp.submitOtp({ id, challenge_id: 'ch', otp: '123456' }),
  (otp, id) => otp.resendOtp({ id: 't', challenge_id: id }),
]

test('an id that would lead to another path is thrown back, and nothing is asked', async () => {
  const { asked, client } = backend()
  for (const name of namings) {
    for (const id of ['', '.', '..']) {
      await assert.rejects(name(client, id), TypeError)
      assert.equal(asked.length, 0)
    }
  }
  await client.orderStatus('...')
  await client.orderStatus('.o')
  assert.equal(asked.length, 2)
})

test('a browser shows its client token instead, in bodies and in the query of a GET', async () => {
  const clientAuthToken = `tkn_${'ab'.repeat(16)}`
  const { asked, fetch } = listening()
  const client = directotp({ ...at, clientAuthToken, fetch })
  await client.startPayment({ order_id: 'o', auth_type: 'OTP', card_token: 'ctkn_1' })
  await client.submitOtp({ id: 't', challenge_id: 'ch', otp: '123456' })
  await client.resendOtp({ id: 't', challenge_id: 'ch' })
  await client.cards.tokenize({ ...card, card_security_code: '123' })
  for (const { headers, body, url } of asked) {
    assert.equal(headers.has('authorization'), false)
    assert.equal(Object(body).client_auth_token, clientAuthToken)
    assert(!url.includes(clientAuthToken))
  }
  await client.orderStatus('o')
  await client.cards.list({ customer_id: 'c' })
  await client.cards.list()
  assert.deepEqual(
    asked.slice(4).map(({ url, body }) => [url, body]),
    [
      [`${at.baseUrl}/orders/o?client_auth_token=${clientAuthToken}`, undefined],
      [`${at.baseUrl}/cards?customer_id=c&client_auth_token=${clientAuthToken}`, undefined],
      [`${at.baseUrl}/cards?client_auth_token=${clientAuthToken}`, undefined],
    ],
  )
})

test('no error repeats the client token, nor a card that was to be tokenised', async () => {
  const clientAuthToken = `tkn_${'ab'.repeat(16)}`
  const said = `${clientAuthToken} ${card.card_number}`
  const answer = { status: 'error', error_code: said, error_message: said }
  const client = directotp({ ...at, clientAuthToken, fetch: listening(answer, 400).fetch })
  for (const call of [client.orderStatus('o'), client.cards.tokenize(card)]) {
    await assert.rejects(call, (error: Error) => {
      assert(!error.message.includes(clientAuthToken) && !error.message.includes(card.card_number))
      return true
    })
  }
})

test('no error repeats the temporary token of a card that was to be stored', async () => {
  const token = 'ctkn_not-for-anyone-else'
  const { fetch } = listening({ error_code: token }, 400)
  const client = directotp({ ...at, apiKey: 'sk_test_of-acme', fetch })
  await assert.rejects(client.cards.add({ customer_id: 'c', token }), { code: '[withheld]' })
})

test('a client without a fetch of its own calls the global one as no method', async (t) => {
  // A browser's fetch throws when it is called as a method of another object.
  const { asked, fetch: fake } = listening()
  t.mock.method(globalThis, 'fetch', function (this: unknown, ...how: Parameters<typeof fetch>) {
    assert(this === undefined || this === globalThis)
    return fake(...how)
  })
  await directotp({ ...at, apiKey: 'sk_test_of-acme' }).orderStatus('o')
  assert.equal(asked.length, 1)
})
