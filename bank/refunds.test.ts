import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as t from './bank.fixture.ts'
import type { Bank } from './bank.ts'
import type { Mood } from './mood.ts'

/** A bank and a payment of ₹499 that was taken, by the card of a mood. */
async function charged(mood: Mood = 'ok'): Promise<{ bank: Bank; id: string }> {
  const bank = t.newBank()
  return { bank, id: await t.paid(bank, { number: t.cardOf(mood), capture: true }) }
}

test('a refund gives back at once, and is found by its reference', async () => {
  const { bank, id } = await charged()
  const answer = await t.refund(bank, id, 200_00)
  assert.deepEqual(answer, {
    http: 200,
    id: answer.id,
    reference: 'rfd-1',
    payment: id,
    amount: 200_00,
    currency: 'INR',
    state: 'refunded',
    code: 'APPROVED',
    message: 'Approved',
    arn: answer.arn,
  })
  assert.match(answer.id, /^rfd_[0-9a-f]{24}$/)
  assert.match(answer.arn ?? '', /^\d{23}$/)
  assert.deepEqual(await t.refundNow(bank), answer)
  const bare = new Request('http://shop.test/refunds/by-reference/rfd-1')
  assert.partialDeepStrictEqual(await (await bank.fetch(bare)).json(), { id: answer.id })
  const { state, captured, refunded } = await t.payment(bank)
  assert.deepEqual([state, captured, refunded], ['charged', 499_00, 200_00])
  assert.deepEqual([(await t.refundNow(bank, 'rfd-2')).http], [404])
  assert.equal((await t.refundNow(bank, 'rfd-2')).state, 'not_found')
})

test('many partial refunds, to the last paisa and no further', async () => {
  const { bank, id } = await charged()
  assert.equal((await t.refund(bank, id, 499_01, 'over')).code, 'REFUND_EXCEEDED')
  const all = Array.from({ length: 64 }, (_, n) => t.refund(bank, id, 100_00, `n-${n}`))
  const states = (await Promise.all(all)).map(({ state }) => state)
  assert.equal(states.filter((state) => state === 'refunded').length, 4)
  assert.equal((await t.refund(bank, id, 99_00, 'rest')).state, 'refunded')
  assert.equal((await t.refund(bank, id, 1, 'more')).code, 'REFUND_EXCEEDED')
  assert.equal((await t.payment(bank)).refunded, 499_00)
  assert.partialDeepStrictEqual(await t.charges(bank), [{ amount: 499_00 }])
})

test('the same reference is the same refund; another amount or payment is a 400', async () => {
  const { bank, id } = await charged()
  const other = await t.paid(bank, { reference: 'ref-2', order: 'order-2', capture: true })
  const all = Array.from({ length: 64 }, () => t.refund(bank, id, 100_00))
  const ids = new Set((await Promise.all(all)).map((answer) => answer.id))
  assert.equal(ids.size, 1)
  assert.equal((await t.refund(bank, id, 100_01)).http, 400)
  assert.equal((await t.refund(bank, other, 100_00)).http, 400)
  assert.equal((await t.payment(bank)).refunded, 100_00)
  assert.equal((await t.payment(bank, 'ref-2')).refunded, 0)
})

test('only what was captured is given back', async () => {
  const bank = t.newBank()
  const id = await t.paid(bank)
  assert.equal((await t.refund(bank, id, 1, 'a')).code, 'NOT_CAPTURED')
  await t.capture(bank, id, 100_00)
  assert.equal((await t.refund(bank, id, 100_01, 'b')).code, 'REFUND_EXCEEDED')
  assert.equal((await t.refund(bank, id, 100_00, 'c')).state, 'refunded')
  await t.capture(bank, id, 50_00, 'cap-2')
  assert.equal((await t.refund(bank, id, 50_00, 'd')).state, 'refunded')
  assert.equal(
    (await t.refund(bank, id, 1, 'a')).code,
    'NOT_CAPTURED',
    'the first word is the last',
  )
  assert.equal((await t.refund(bank, 'pay_none', 1, 'e')).http, 404)
})

test('what a pending capture takes can be given back once it is done', async () => {
  const bank = t.newBank()
  const id = await t.paid(bank, { number: t.cardOf('capture_pending') })
  await t.capture(bank, id, 499_00)
  assert.equal((await t.refund(bank, id, 499_00, 'a')).code, 'NOT_CAPTURED')
  await t.wait(bank, 10_000)
  assert.equal((await t.refund(bank, id, 499_00, 'b')).state, 'refunded')
})

for (const [mood, ms] of [
  ['refund_pending', 3_600_000],
  ['refund_stuck', 11 * 24 * 3_600_000],
] as const) {
  test(`${mood}: success after ${ms / 3_600_000} hours, its amount bound till then`, async () => {
    const { bank, id } = await charged(mood)
    const answer = await t.refund(bank, id, 300_00)
    const { state, code, arn } = answer
    assert.deepEqual([state, code, arn], ['refund_pending', 'IN_PROGRESS', undefined])
    assert.equal((await t.refund(bank, id, 199_01, 'over')).code, 'REFUND_EXCEEDED')
    await t.wait(bank, ms - 1)
    assert.deepEqual(await t.refund(bank, id, 300_00), answer)
    assert.deepEqual(await t.refundNow(bank), answer)
    assert.equal((await t.payment(bank)).refunded, 0)
    await t.wait(bank, 1)
    const done = await t.refundNow(bank)
    assert.deepEqual([done.state, done.code, done.id], ['refunded', 'APPROVED', answer.id])
    assert.match(done.arn ?? '', /^\d{23}$/)
    assert.equal((await t.payment(bank)).refunded, 300_00)
  })
}

test('refund_declined: refused for good, and its amount is free again', async () => {
  const { bank, id } = await charged('refund_declined')
  const { state, code, arn } = await t.refund(bank, id, 499_00)
  assert.deepEqual([state, code, arn], ['refund_declined', 'REFUND_DECLINED', undefined])
  assert.equal((await t.payment(bank)).refunded, 0)
  await t.ask(bank, 'POST /moods', { mood: 'ok', account: 'acc' })
  assert.equal((await t.refund(bank, id, 499_00)).state, 'refund_declined')
  assert.equal((await t.refund(bank, id, 499_00, 'b')).state, 'refunded')
})

test('a refund the bank would refuse or repeat anyway takes no turn of a mood', async () => {
  const { bank, id } = await charged()
  const first = await t.refund(bank, id, 100_00)
  await t.ask(bank, 'POST /moods', { mood: 'refund_declined', account: 'acc', times: 1 })
  assert.deepEqual(await t.refund(bank, id, 100_00), first)
  assert.equal((await t.refund(bank, id, 400_00, 'b')).code, 'REFUND_EXCEEDED')
  assert.equal((await t.refund(bank, id, 100_00, 'c')).code, 'REFUND_DECLINED')
  assert.equal((await t.refund(bank, id, 100_00, 'd')).state, 'refunded')
})

test('the book lists refunds in order of creation, as they stand', async () => {
  const { bank, id } = await charged()
  await t.ask(bank, 'POST /moods', { mood: 'refund_pending', next: 'refund' })
  await t.refund(bank, id, 100_00, 'z')
  await t.wait(bank, 5)
  await t.refund(bank, id, 200_00, 'a')
  await t.refund(bank, id, 200_00, 'b')
  const book = await t.ask(bank, 'GET /book')
  const of = { payment: 'ref-1', order: 'order-1' }
  const at = t.startOfTime + 5
  assert.deepEqual(book['refunds'], [
    { reference: 'z', ...of, amount: 100_00, state: 'refund_pending', at: t.startOfTime },
    { reference: 'a', ...of, amount: 200_00, state: 'refunded', at },
    { reference: 'b', ...of, amount: 200_00, state: 'refund_declined', at },
  ])
  assert.partialDeepStrictEqual(book['payments'], [{ captured: 499_00, refunded: 200_00 }])
})
