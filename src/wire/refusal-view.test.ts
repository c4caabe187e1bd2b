import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refusal, type RefusalName, type RefusalRow, refusals } from '../refusal.ts'
import { refusalBody, refusalHeaders, refusalStatus } from './refusal-view.ts'

test('a wrong key gets the documented 401', () => {
  const refusal = new Refusal('access_denied')
  assert.equal(refusalStatus(refusal), 401)
  assert.deepEqual(refusalHeaders(refusal), { 'www-authenticate': 'Basic realm="directotp"' })
  assert.deepEqual(refusalBody(refusal, 'req_1'), {
    status: 'error',
    error_code: 'access_denied',
    error_message: 'Invalid Authentication',
    error_info: {
      category: 'USER_ERROR',
      code: 'UNAUTHORIZED',
      developer_message: 'Invalid Authentication',
      user_message: 'Invalid Authentication',
      request_id: 'req_1',
      href: 'NA',
      fields: [],
    },
  })
})

test('the subject, the order, the fields and the wait are told', () => {
  const fields = [{ field_name: 'order_id', reason: 'exists' }]
  const body = refusalBody(
    new Refusal('order_already_created', { subject: 'o-1', orderId: 'o-1', fields }),
    'req_1',
  )
  assert.equal(body.error_message, 'Order with id = "o-1" already created.')
  assert.equal(body.order_id, 'o-1')
  assert.deepEqual(body.error_info?.fields, fields)
  const soon = new Refusal('resend_too_soon', { retryAfterSeconds: 7 })
  assert.deepEqual(refusalHeaders(soon), { 'retry-after': '7' })
  assert.equal('order_id' in refusalBody(soon, 'req_1'), false)
})

test('a refused fingerprint is told in error_info alone', () => {
  const body = refusalBody(new Refusal('fingerprint_invalid'), 'req_1')
  assert.deepEqual(Object.keys(body), ['error_info'])
  assert.equal(body.error_info?.user_message, 'card_number is invalid.')
})

test('every refusal has a body whose words are text, and an HTTP error status', () => {
  for (const name of Object.keys(refusals) as RefusalName[]) {
    const refusal = new Refusal(name, { subject: 'a reason' })
    const body = refusalBody(refusal, 'req_1')
    const { infoOnly }: RefusalRow = refusals[name]
    const info = body.error_info?.developer_message
    const words = infoOnly ? [info] : [body.status, body.error_code, body.error_message]
    // The refund of an unknown order is documented without any words of its own.
    for (const text of words) if (name !== 'refund_unknown_order') assert(text)
    assert.doesNotMatch(body.error_message ?? '', /\{\}/)
    assert(refusalStatus(refusal) >= 400 && refusalStatus(refusal) < 600)
  }
})
