import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayMs } from '../clock.ts'
import type { RefundVerdict } from '../gateways/gateway.ts'
import { newRefundRef } from '../ids.ts'
import { paise } from '../money.ts'
import {
  isHeldBack,
  isRefundOver,
  isRequestId,
  judgeRefund,
  nextRefund,
  type Refund,
  type RefundCircumstances,
  type RefundStatus,
} from './refund.ts'
import { aTxn } from './txn.fixture.ts'

const now = Date.UTC(2026, 10, 22, 10)
const settlesWithinMs = 3_000
const amount = paise(4_000)
const said = { ref: 'ref_1', code: 'X' }

const { shard, merchant, orderId, id: txn } = aTxn()

/** A refund that was sent just now. */
function aRefund(change: Partial<Refund> = {}): Refund {
  return {
    shard,
    merchant,
    orderId,
    id: 'back-1',
    ref: newRefundRef(shard),
    txn,
    amount,
    status: 'PENDING',
    source: 'API',
    metadata: {},
    said: {},
    sent: true,
    lease: 1,
    leaseUntil: now + 15_000,
    askedAt: now,
    looks: 1,
    dueAt: now + 15_000,
    createdAt: now,
    updatedAt: now,
    ...change,
  }
}

function heard(
  refund: Refund,
  verdict: RefundVerdict,
  at: Partial<RefundCircumstances> = {},
): Refund {
  return judgeRefund(refund, verdict, { asked: 'send', now, luck: 0, settlesWithinMs, ...at })
}

const verdicts = {
  refunded: { kind: 'refunded', said: { ...said, arn: '7453' }, amount },
  pending: { kind: 'refund_pending', said },
  onHold: { kind: 'refund_on_hold', said },
  failed: { kind: 'refund_failed', said },
  notFound: { kind: 'not_found' },
  silence: { kind: 'unknown', because: 'TimeoutError', sent: true },
  notSent: { kind: 'unknown', because: 'ECONNREFUSED', sent: false },
} satisfies Record<string, RefundVerdict>

const review = aRefund({ status: 'MANUAL_REVIEW' })
const nextLook = now + 15_000
const settled = { asked: 'sync', now: now + settlesWithinMs } as const

type Row = readonly [
  Refund,
  keyof typeof verdicts,
  'send' | 'sync',
  RefundStatus,
  sent: boolean,
  dueAt: number | undefined,
]

test('each answer about a refund has its status, whether it was sent, and its next look', () => {
  const table: readonly Row[] = [
    [aRefund(), 'refunded', 'send', 'SUCCESS', true, undefined],
    [aRefund(), 'failed', 'send', 'FAILURE', true, undefined],
    [aRefund(), 'pending', 'send', 'PENDING', true, nextLook],
    [aRefund(), 'onHold', 'send', 'MANUAL_REVIEW', true, nextLook],
    [aRefund(), 'silence', 'send', 'PENDING', true, nextLook],
    [aRefund(), 'notSent', 'send', 'PENDING', false, nextLook],
    [aRefund(), 'notFound', 'send', 'PENDING', true, nextLook],
    [aRefund(), 'refunded', 'sync', 'SUCCESS', true, undefined],
    [aRefund(), 'failed', 'sync', 'FAILURE', true, undefined],
    [aRefund(), 'pending', 'sync', 'PENDING', true, nextLook],
    [aRefund(), 'onHold', 'sync', 'MANUAL_REVIEW', true, nextLook],
    [aRefund(), 'silence', 'sync', 'PENDING', true, nextLook],
    [aRefund(), 'notSent', 'sync', 'PENDING', true, nextLook],
    [review, 'refunded', 'sync', 'SUCCESS', true, undefined],
    [review, 'failed', 'sync', 'FAILURE', true, undefined],
    [review, 'pending', 'sync', 'MANUAL_REVIEW', true, nextLook],
    [review, 'onHold', 'sync', 'MANUAL_REVIEW', true, nextLook],
    [review, 'silence', 'sync', 'MANUAL_REVIEW', true, nextLook],
  ]
  for (const [refund, heardOf, asked, status, sent, dueAt] of table) {
    const to = heard(refund, verdicts[heardOf], { asked })
    const what = `${refund.status} ${asked} ${heardOf}`
    assert.deepEqual([to.status, to.sent, to.dueAt], [status, sent, dueAt], what)
    assert.equal(to.leaseUntil, 0, what)
  }
})

test('a refund on hold needs a person from then on, and has the gateway’s words', () => {
  const later = now + 1_000
  const onHold = heard(aRefund(), verdicts.onHold, { now: later })
  assert.deepEqual([onHold.updatedAt, onHold.said], [later, said])
  assert.equal(heard(onHold, verdicts.onHold, { now: later + 1 }).updatedAt, later)
})

test('whatever is heard, the table of moves allows what follows', () => {
  for (const status of Object.keys(nextRefund) as RefundStatus[]) {
    if (isRefundOver(status)) continue
    for (const verdict of Object.values(verdicts)) {
      for (const asked of ['send', 'sync'] as const) {
        for (const age of [0, 4_000, 11 * dayMs, 91 * dayMs]) {
          const to = heard(aRefund({ status }), verdict, { asked, now: now + age })
          assert(to.status === status || nextRefund[status].includes(to.status), verdict.kind)
          if (isRefundOver(to.status)) assert.equal(to.dueAt, undefined)
        }
      }
    }
  }
  assert.deepEqual([nextRefund.SUCCESS, nextRefund.FAILURE], [[], []])
})

test('the gateway’s words are kept, and the newer ones win', () => {
  const known = aRefund({ said: { ref: 'ref_1', code: 'IN_PROGRESS' } })
  assert.deepEqual(heard(known, verdicts.refunded).said, { ref: 'ref_1', code: 'X', arn: '7453' })
  assert.deepEqual(heard(known, verdicts.pending).said, { ref: 'ref_1', code: 'X' })
  assert.deepEqual(heard(known, verdicts.silence).said, { ref: 'ref_1', code: 'IN_PROGRESS' })
})

test('a refund pending for ten days needs a person, and can still end by itself', () => {
  const old = aRefund({ createdAt: now - 10 * dayMs, looks: 9 })
  for (const verdict of [verdicts.pending, verdicts.silence, verdicts.notSent]) {
    const to = heard(old, verdict, { asked: 'sync' })
    assert.deepEqual([to.status, to.dueAt], ['MANUAL_REVIEW', now + dayMs], verdict.kind)
    const young = aRefund({ ...old, createdAt: old.createdAt + 1 })
    assert.equal(heard(young, verdict, { asked: 'sync' }).status, 'PENDING', verdict.kind)
  }
  const reviewed = heard(old, verdicts.pending, { asked: 'sync' })
  assert.equal(heard(reviewed, verdicts.refunded, { asked: 'sync' }).status, 'SUCCESS')
})

test('what the gateway does not know is sent again by the same name, in time', () => {
  const refund = aRefund()
  const early = heard(refund, verdicts.notFound, { asked: 'sync', now: now + 2_999 })
  assert.deepEqual([early.sent, early.status, early.dueAt], [true, 'PENDING', now + 3_000])
  const certain = heard(refund, verdicts.notFound, settled)
  assert.deepEqual([certain.sent, certain.status, certain.dueAt], [false, 'PENDING', settled.now])
  assert.equal(certain.ref, refund.ref)
})

test('what needs a person is never sent again, and fails if it never was', () => {
  const unknownThere = heard(review, verdicts.notFound, settled)
  assert.deepEqual([unknownThere.status, unknownThere.dueAt], ['FAILURE', undefined])
  const old = aRefund({ createdAt: now - 10 * dayMs })
  const never = heard(old, verdicts.notSent)
  assert.deepEqual([never.status, never.sent, isHeldBack(never)], ['MANUAL_REVIEW', false, true])
  assert(never.dueAt !== undefined && never.dueAt > now)
  const lost = heard(old, verdicts.notFound, settled)
  assert.deepEqual([lost.status, isHeldBack(lost)], ['MANUAL_REVIEW', true])
  const over = heard(never, verdicts.notSent)
  assert.deepEqual([over.status, over.dueAt], ['FAILURE', undefined])
  assert.match(over.said.message ?? '', /could not be reached/)
})

test('after ninety days nobody asks by itself any more', () => {
  const asked = { asked: 'sync', now } as const
  const old = aRefund({ status: 'MANUAL_REVIEW', createdAt: now - 90 * dayMs })
  assert.equal(heard(old, verdicts.pending, asked).dueAt, undefined)
  assert.equal(heard(old, verdicts.refunded, asked).status, 'SUCCESS')
  const younger = aRefund({ ...old, createdAt: old.createdAt + 1 })
  assert(heard(younger, verdicts.pending, asked).dueAt !== undefined)
})

test('a request id is letters, digits, dots, dashes and underscores, 64 at the most', () => {
  for (const id of ['1', 'a'.repeat(64), 'A.b_c-9', '0f8fad5b-d9cb-469f-a165-70867728950e']) {
    assert(isRequestId(id), id)
  }
  for (const id of ['', 'a'.repeat(65), 'a b', 'auto:1:1', 'a/b', 'é', 'a\n']) {
    assert(!isRequestId(id), id)
  }
})
