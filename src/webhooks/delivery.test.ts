import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventKind, NewEvent } from '../payments/events.ts'
import {
  afterFailure,
  answerText,
  leaseHasTime,
  leaseUntil,
  namesOf,
  waitAfter,
} from './delivery.ts'

const moved = (body: NewEvent['body'], kind: EventKind = 'status_changed') =>
  namesOf({ kind, body }, 10_000).join(' ')

test('what each event announces', () => {
  assert.equal(moved({}, 'txn_started'), 'TXN_CREATED')
  assert.equal(moved({ to: 'CHARGED', captured: 10_000 }), 'ORDER_SUCCEEDED TXN_CHARGED')
  assert.equal(moved({ to: 'CHARGED' }), 'ORDER_SUCCEEDED TXN_CHARGED')
  assert.equal(moved({ to: 'CHARGED', captured: 9_999 }), 'ORDER_PARTIAL_CHARGED TXN_CHARGED')
  assert.equal(moved({ to: 'AUTHORIZED' }), 'ORDER_AUTHORIZED')
  for (const to of ['AUTHENTICATION_FAILED', 'AUTHORIZATION_FAILED', 'JUSPAY_DECLINED']) {
    assert.equal(moved({ to }), 'TXN_FAILED ORDER_FAILED')
    assert.equal(moved({ to, order_paid: true }), 'TXN_FAILED')
  }
  assert.equal(moved({ to: 'CAPTURE_FAILED' }), 'ORDER_CAPTURE_FAILED')
  assert.equal(moved({ to: 'VOIDED' }), 'ORDER_VOIDED')
  assert.equal(moved({ to: 'VOID_FAILED' }), 'ORDER_VOID_FAILED')
  for (const to of ['PENDING_VBV', 'AUTHORIZING', 'CAPTURE_INITIATED', 'VOID_INITIATED']) {
    assert.equal(moved({ to }), '')
  }
})

test('late money is announced only when it has become the money of the order', () => {
  const late = { to: 'CHARGED', captured: 10_000, late: true }
  assert.equal(moved(late, 'late_charge'), '')
  assert.equal(moved({ ...late, to: 'VOIDED' }), '')
  assert.equal(
    moved({ to: 'CHARGED', captured: 10_000 }, 'late_charge'),
    'ORDER_SUCCEEDED TXN_CHARGED',
  )
})

test('refunds that were asked for, and ours', () => {
  const ours = { source: 'AUTO_REFUNDED' }
  const asked = { source: 'API' }
  assert.equal(moved(asked, 'refund_asked'), 'REFUND_INITIATED')
  assert.equal(moved(ours, 'refund_asked'), '')
  const answered = (body: NewEvent['body']) => moved(body, 'refund_answered')
  assert.equal(answered({ ...asked, to: 'SUCCESS' }), 'ORDER_REFUNDED')
  assert.equal(answered({ ...ours, to: 'SUCCESS' }), 'AUTO_REFUND_SUCCEEDED')
  assert.equal(answered({ ...asked, to: 'FAILURE' }), 'ORDER_REFUND_FAILED')
  assert.equal(answered({ ...ours, to: 'FAILURE' }), 'AUTO_REFUND_FAILED')
  assert.equal(answered({ ...asked, to: 'MANUAL_REVIEW' }), 'REFUND_MANUAL_REVIEW_NEEDED')
  assert.equal(answered({ ...asked, to: 'PENDING' }), '')
})

test('the ladder: 16 retries within a day, with up to a tenth more', () => {
  const minutes = Array.from({ length: 16 }, (_, i) => waitAfter(i + 1, 0) / 60_000)
  assert.deepEqual(minutes, [1, 5, 5, 10, 10, 10, 10, 10, 60, 60, 60, 60, 60, 360, 360, 360])
  assert.equal(waitAfter(1, 0.5), 63_000)
  assert.equal(waitAfter(400, 0), 360 * 60_000)
  const at = { now: 1_000, luck: 0, failures: 1 }
  assert.deepEqual(afterFailure(16, at), { dueAt: 1_000 + 360 * 60_000 })
  assert.deepEqual(afterFailure(17, at), { givenUpAt: 1_000 })
})

test('at an endpoint that keeps failing nothing is given up', () => {
  const at = { now: 0, luck: 0, failures: 5 }
  assert.deepEqual(afterFailure(17, at), { dueAt: 360 * 60_000 })
  assert.deepEqual(afterFailure(90, at), { dueAt: 360 * 60_000 })
  assert.deepEqual(afterFailure(17, { ...at, failures: 4 }), { givenUpAt: 0 })
})

test('a lease has the time of one attempt for as long as its grace lasts', () => {
  assert(leaseHasTime(leaseUntil(0), 0))
  assert(leaseHasTime(leaseUntil(0), 5_000))
  assert(!leaseHasTime(leaseUntil(0), 5_001))
})

test('an answer is kept to 1 KiB and has nothing that a terminal would obey', () => {
  const said = '\u0000ok\r\n\u001b[31m\u202ered\u2028\u009b\ufeff'
  assert.equal(answerText(Buffer.from(said)), ' ok   [31m red   ')
  assert.equal(answerText(Buffer.from('a'.repeat(5_000))).length, 1_024)
  const cut = answerText(Buffer.from(`${'a'.repeat(1_023)}é`))
  assert(cut.isWellFormed() && cut.length === 1_024)
})
