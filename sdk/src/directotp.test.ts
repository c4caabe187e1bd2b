import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as textOf } from 'node:stream/consumers'
import { after, before, beforeEach, test } from 'node:test'
import { inspect } from 'node:util'
import {
  ConnectionError,
  DirectOtpError,
  directotp,
  RefusedError,
  ServerError,
  TimeoutError,
} from './directotp.ts'

const cardNumber = '4242424242424242'
const cvv = '987'
const otp = '135790'
const apiKey = 'sk_test_not-for-anyone-else'

interface Seen {
  readonly method: string | undefined
  readonly path: string | undefined
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

let seen: Seen[] = []
let answer: (reply: ServerResponse, body: string) => void

const server = createServer(async (request, reply) => {
  const text = await textOf(request).catch(() => undefined)
  if (text === undefined) return
  const { method, url: path, headers } = request
  seen.push({ method, path, headers, text })
  answer(reply, text)
})
let baseUrl = ''

before(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
after(() => {
  server.closeAllConnections()
  server.close()
})
beforeEach(() => {
  seen = []
  answer = (reply) => json(reply, 200, { status: 'NEW' })
})

function json(reply: ServerResponse, status: number, body: object, headers = {}) {
  reply.writeHead(status, { 'content-type': 'application/json', ...headers })
  reply.end(JSON.stringify(body))
}

function client(more = {}) {
  return directotp({ baseUrl: `${baseUrl}/`, apiKey, merchantId: 'acme', ...more })
}

const payment = {
  order_id: 'o-1',
  auth_type: 'OTP',
  card_number: cardNumber,
  card_security_code: cvv,
} as const

const submission = { id: 'txn_1', challenge_id: 'ch_1', otp }

async function failed(call: Promise<unknown>): Promise<DirectOtpError> {
  const error = await call.then(
    () => assert.fail('it brought an answer'),
    (thrown: unknown) => thrown,
  )
  assert(error instanceof DirectOtpError, String(error))
  return error
}

test('each call goes to its place with its body', async () => {
  const api = client()
  await api.createOrder({
    order_id: 'o-1',
    amount: '10.00',
    metadata: { 'txns.auto_capture': 'false' },
  })
  await api.updateOrder('o/1', { udf1: 'x' })
  await api.orderStatus('o-1')
  await api.startPayment({ ...payment, gateway_id: 100 })
  await api.submitOtp({ ...submission, auto_capture: false })
  await api.resendOtp(submission)
  await api.captureTxn({ id: 'txn_1' })
  await api.captureTxn({ id: 'txn/1', amount: '4.00', idempotence_key: 'box-1' })
  await api.voidTxn({ id: 'txn_1' })
  await api.refundOrder('o/1', { unique_request_id: 'r-1', metadata: { reason: 'late' } })
  await api.refundTxn({ unique_request_id: 'r-2', txn_id: 'acme-o-1-1', amount: '4.00' })
  const told = seen.map(({ method, path, text }) => [method, path, text && JSON.parse(text)])
  assert.deepEqual(told, [
    [
      'POST',
      '/orders',
      { order_id: 'o-1', amount: '10.00', metadata: { 'txns.auto_capture': 'false' } },
    ],
    ['POST', '/orders/o%2F1', { udf1: 'x' }],
    ['GET', '/orders/o-1', ''],
    [
      'POST',
      '/txns',
      {
        ...payment,
        gateway_id: 100,
        merchant_id: 'acme',
        payment_method_type: 'CARD',
        format: 'json',
      },
    ],
    [
      'POST',
      '/v2/txns/txn_1/authenticate',
      { challenge_id: 'ch_1', 'answer.otp': otp, auto_capture: false },
    ],
    ['POST', '/v2/txns/txn_1/authenticate/ch_1/resend', ''],
    ['POST', '/v2/txns/txn_1/capture', {}],
    ['POST', '/v2/txns/txn%2F1/capture', { amount: '4.00', idempotence_key: 'box-1' }],
    ['POST', '/v2/txns/txn_1/void', ''],
    ['POST', '/orders/o%2F1/refunds', { unique_request_id: 'r-1', metadata: { reason: 'late' } }],
    ['POST', '/refunds', { unique_request_id: 'r-2', txn_id: 'acme-o-1-1', amount: '4.00' }],
  ])
})

test('every call says who calls, and carries the ids of the call or of the client', async () => {
  const api = client({ routingId: 'everyone' })
  await api.orderStatus('o-1')
  await api.orderStatus('o-1', {}, { requestId: 'r-1', routingId: 'cust-1' })
  const [first, second] = seen.map(({ headers }) => headers)
  assert.equal(first?.authorization, `Basic ${btoa(`${apiKey}:`)}`)
  assert.equal(first?.['x-merchantid'], 'acme')
  assert.equal(first?.['x-routing-id'], 'everyone')
  assert.match(String(first?.['x-request-id']), /^[0-9a-f-]{36}$/)
  assert.equal(second?.['x-routing-id'], 'cust-1')
  assert.equal(second?.['x-request-id'], 'r-1')
})

test('the answer is given as it is', async () => {
  const body = { status: 'NOT_FOUND', status_id: 40, order_id: 'o-1' }
  answer = (reply) => json(reply, 200, body)
  assert.deepEqual(await client().orderStatus('o-1'), body)
})

test('a refusal tells its code, its fields and when to come back', async () => {
  const fields = [{ field_name: 'order_id', reason: 'missing' }]
  const body = { error_code: 'resend_too_soon', error_message: 'Wait.', error_info: { fields } }
  answer = (reply) => json(reply, 400, body, { 'retry-after': '7', 'x-request-id': 'theirs' })
  const error = await failed(client().resendOtp(submission))
  assert(error instanceof RefusedError)
  assert.equal(error.name, 'RefusedError')
  assert.equal(error.http_status, 400)
  assert.equal(error.code, 'resend_too_soon')
  assert.deepEqual(error.fields, fields)
  assert.equal(error.retry_after, 7)
  assert.equal(error.request_id, 'theirs')
  assert.equal(error.outcome_unknown, false)
  assert.match(error.message, /resend: 400 resend_too_soon Wait\.$/)
})

test('a refusal without details has its words and the id of the answer', async () => {
  const refused = (body: object) => {
    answer = (reply) => json(reply, 400, body, { 'x-request-id': 'theirs' })
    return failed(client().refundOrder('o-1', { unique_request_id: 'r-1' }))
  }
  const words = { error_message: 'Amount is invalid.', error_code: 'invalid amount' }
  const wrong = await refused({ status_id: -1, status: 'ERROR', ...words })
  const gone = await refused({ status_id: 40, status: 'NOT_FOUND', order_id: 'o-1' })
  for (const error of [wrong, gone]) {
    assert(error instanceof RefusedError)
    assert.equal(error.request_id, 'theirs')
    assert.deepEqual(error.fields, [])
    assert.equal(error.outcome_unknown, false)
  }
  assert.equal(wrong.code, 'invalid amount')
  assert.equal(wrong.message, 'POST /orders/o-1/refunds: 400 invalid amount Amount is invalid.')
  assert.equal(gone.code, 'NOT_FOUND')
  assert.equal(gone.message, 'POST /orders/o-1/refunds: 400 NOT_FOUND')
})

test('a refusal in words that are none of ours is a refusal all the same', async () => {
  answer = (reply) => reply.writeHead(404).end('<html>')
  const error = await failed(client().orderStatus('o-1', {}, { requestId: 'r-1' }))
  assert(error instanceof RefusedError)
  assert.equal(error.code, undefined)
  assert.deepEqual(error.fields, [])
  assert.equal(error.request_id, 'r-1')
})

test('after a server error, or an answer that is none, a written change is in doubt', async () => {
  const strange: [number, string][] = [
    [500, '{"error_code":"internal_error"}'],
    [502, '<html>'],
    [200, 'not json'],
    [200, '[]'],
    [302, ''],
  ]
  for (const [status, text] of strange) {
    answer = (reply) => reply.writeHead(status, { location: `${baseUrl}/elsewhere` }).end(text)
    const error = await failed(client().submitOtp(submission))
    assert(error instanceof ServerError, `${status} ${text}`)
    assert.equal(error.http_status, status)
    assert.equal(error.outcome_unknown, true)
    assert.match(error.message, /the outcome is unknown/)
    assert.equal((await failed(client().orderStatus('o-1'))).outcome_unknown, false)
  }
  assert(seen.every(({ path }) => path !== '/elsewhere'))
})

test('a time-out says that the outcome is unknown', async () => {
  answer = () => {}
  const error = await failed(client().submitOtp(submission, { timeoutMs: 20, requestId: 'r-1' }))
  assert(error instanceof TimeoutError)
  assert.equal(error.outcome_unknown, true)
  assert.equal(error.request_id, 'r-1')
  assert.match(error.message, /no answer within 20 ms; the outcome is unknown/)
})

test('the time limit covers the whole answer, not only its beginning', async () => {
  answer = (reply) => reply.writeHead(200).write('{"status":')
  assert((await failed(client({ timeoutMs: 50 }).submitOtp(submission))) instanceof TimeoutError)
})

test('a connection that breaks leaves doubt, one that was refused does not', async () => {
  answer = (reply) => reply.destroy()
  const broken = await failed(client().submitOtp(submission))
  assert(broken instanceof ConnectionError)
  assert.equal(broken.outcome_unknown, true)
  const closed = createServer().listen(0, '127.0.0.1')
  await once(closed, 'listening')
  const { port } = closed.address() as AddressInfo
  closed.close()
  await once(closed, 'close')
  const nowhere = client({ baseUrl: `http://127.0.0.1:${port}` })
  const refused = await failed(nowhere.submitOtp(submission))
  assert(refused instanceof ConnectionError)
  assert.equal(refused.outcome_unknown, false)
  assert.match(refused.message, /ECONNREFUSED/)
})

test('no error repeats a card, an OTP or a key, not even when the answer does', async () => {
  const answers: ((reply: ServerResponse, body: string) => void)[] = [
    (reply, body) => json(reply, 400, { error_code: body, error_message: `bad: ${body}` }),
    (reply, body) => {
      const fields = [{ field_name: body, reason: body }]
      json(reply, 422, { error_info: { code: body, developer_message: body, fields } })
    },
    (reply, body) => reply.writeHead(200).end(`it was ${body}`),
    (reply, body) => reply.writeHead(500).end(body),
    (reply) => reply.destroy(),
    () => {},
  ]
  const api = client({ timeoutMs: 100 })
  for (const one of answers) {
    answer = one
    // A random id might have the CVV's digits.
    const how = { requestId: 'r-1' }
    for (const call of [
      () => api.startPayment(payment, how),
      () => api.submitOtp(submission, how),
    ]) {
      const error = await failed(call())
      const inspected = inspect(error, { depth: 9 })
      const shown = `${error} ${error.stack} ${JSON.stringify(error)} ${inspected}`
      for (const secret of [cardNumber, cvv, otp, apiKey]) assert(!shown.includes(secret), shown)
    }
  }
})

test('the client shows no key', () => {
  assert(!inspect(client(), { depth: 9, showHidden: true }).includes('sk_test'))
})

test('another fetch can be brought along', async () => {
  const api = client({ fetch: async () => Response.json({ status: 'CHARGED' }) })
  assert.equal((await api.orderStatus('o-1')).status, 'CHARGED')
  assert.equal(seen.length, 0)
})
