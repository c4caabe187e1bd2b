import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openBank } from '../../bank/bank.ts'
import { type ServedBank, serve } from '../../bank/serve.ts'
import { engines } from '../databases.ts'
import { startTestServer, type TestServer } from '../support.ts'
import { call, valuesFor } from './play.ts'

const [sqlite] = engines
assert(sqlite)
let bank: ServedBank
let server: TestServer

before(async () => {
  bank = await serve({
    host: '127.0.0.1',
    port: 0,
    open: (publicUrl) => openBank({ book: { kind: 'memory' }, publicUrl }),
  })
  server = await startTestServer(sqlite, { BANK_URL: bank.url })
})
after(() => server.close())

test('a gateway that is gone: a resend is refused, an OTP costs its attempt, no more', async () => {
  const values = valuesFor(server, 'gone')
  const post = (path: string, form: Record<string, string>) =>
    call(server, { request: { method: 'POST', path, form } }, values)
  await post('/orders', { order_id: 'gone', amount: '1' })
  const { body: started } = await post('/txns', {
    order_id: 'gone',
    merchant_id: '{merchant}',
    payment_method_type: 'CARD',
    card_number: '4242424242424242',
    card_exp_month: '11',
    card_exp_year: '27',
    card_security_code: '123',
    auth_type: 'OTP',
    format: 'json',
  })
  const { id, challenge_id: challenge } = paramsOf(started)
  await bank.close()

  const resent = await post(`/v2/txns/${id}/authenticate/${challenge}/resend`, {})
  assert.equal(resent.status, 400)
  const {
    status,
    error_code: code,
    error_message: message,
  } = resent.body as Record<string, unknown>
  assert.deepEqual(
    { status, code, message },
    { status: 'Invalid Request', code: 'cannot_process_response', message: 'Resend OTP failed' },
  )

  const submitted = await post(`/v2/txns/${id}/authenticate`, {
    challenge_id: challenge,
    'answer.otp': '123456',
  })
  const answer = submitted.body as { status: string; resp_code: string }
  assert.equal(answer.status, 'PENDING_VBV')
  assert.equal(answer.resp_code, 'GATEWAY_UNREACHABLE')
  assert.deepEqual(paramsOf(answer), {
    ...paramsOf(started),
    times_otp_sent: 2,
    current_attempt: 2,
  })
})

function paramsOf(body: unknown): { readonly id: string; readonly challenge_id: string } {
  const { payment } = body as {
    payment: { authentication: { params: { id: string; challenge_id: string } } }
  }
  return payment.authentication.params
}
