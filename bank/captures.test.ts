import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as t from './bank.fixture.ts'
import type { Bank } from './bank.ts'
import type { Mood } from './mood.ts'

const day = 24 * 3_600_000

/** A bank and a payment of ₹499 that holds its money, by the card of a mood. */
async function held(mood: Mood = 'ok'): Promise<{ bank: Bank; id: string }> {
  const bank = t.newBank()
  return { bank, id: await t.paid(bank, { number: t.cardOf(mood) }) }
}

/** Captures ₹199 of it, or releases it. */
const asked = (bank: Bank, id: string, kind: 'capture' | 'void', reference = 'a') =>
  kind === 'capture' ? t.capture(bank, id, 199_00, reference) : t.release(bank, id, reference)

test('a capture takes what is held, in parts, until all is taken', async () => {
  const { bank, id } = await held()
  const first = await t.capture(bank, id, 199_00, 'a')
  assert.partialDeepStrictEqual(first, {
    http: 200,
    id,
    reference: 'ref-1',
    state: 'charged',
    code: 'APPROVED',
    amount: 499_00,
    captured: 199_00,
    refunded: 0,
  })
  assert.match(first.rrn ?? '', /^\d{12}$/)
  assert.equal(first.pending, undefined)
  await t.wait(bank, 5)
  assert.equal((await t.capture(bank, id, 300_00, 'b')).captured, 499_00)
  const over = await t.capture(bank, id, 1, 'c')
  assert.deepEqual(
    [over.http, over.state, over.code, over.present_state],
    [200, 'refused', 'AMOUNT_EXCEEDED', 'charged'],
  )
  assert.equal((await t.payment(bank)).captured, 499_00)
  const at = t.startOfTime + 5
  const charge = { order: 'order-1', reference: 'ref-1', amount: 499_00, at }
  assert.deepEqual(await t.charges(bank), [charge])
})

test('a partly captured payment is charged, and stays so', async () => {
  const { bank, id } = await held()
  assert.equal((await t.capture(bank, id, 499_01, 'a')).code, 'AMOUNT_EXCEEDED')
  await t.capture(bank, id, 199_00, 'b')
  await t.wait(bank, 40 * day)
  const { state, captured } = await t.payment(bank)
  assert.deepEqual([state, captured], ['charged', 199_00])
  assert.partialDeepStrictEqual(await t.charges(bank), [{ amount: 199_00 }])
})

test('64 captures at once: one reference takes once, 64 take no more than is held', async () => {
  const { bank, id } = await held()
  const all = Array.from({ length: 64 }, (_, n) => n)
  const same = await Promise.all(all.map(() => t.capture(bank, id, 99_00, 'same')))
  assert.ok(same.every(({ state, captured }) => state === 'charged' && captured === 99_00))
  const many = await Promise.all(all.map((n) => t.capture(bank, id, 100_00, `n-${n}`)))
  assert.equal(many.filter(({ state }) => state === 'charged').length, 4)
  assert.equal((await t.payment(bank)).captured, 499_00)
})

test('the same reference repeats the outcome, a refusal too; another amount is a 400', async () => {
  const { bank, id } = await held()
  assert.equal((await t.capture(bank, id, 500_00, 'a')).state, 'refused')
  const first = await t.capture(bank, id, 100_00, 'b')
  assert.deepEqual(await t.capture(bank, id, 100_00, 'b'), first)
  const again = await t.capture(bank, id, 500_00, 'a')
  assert.deepEqual([again.state, again.code], ['refused', 'AMOUNT_EXCEEDED'])
  assert.equal((await t.capture(bank, id, 101_00, 'b')).http, 400)
  assert.equal((await t.release(bank, id, 'b')).http, 400)
  assert.equal((await t.payment(bank)).captured, 100_00)
  const other = await t.paid(bank, { reference: 'ref-2', order: 'order-2' })
  const theirs = await t.capture(bank, other, 101_00, 'b')
  assert.equal(theirs.captured, 101_00, 'a reference belongs to its payment')
})

test('a void releases what is held, once and for good', async () => {
  const { bank, id } = await held()
  const answer = await t.release(bank, id)
  assert.deepEqual([answer.state, answer.code, answer.captured], ['voided', 'VOIDED', 0])
  assert.deepEqual(await t.release(bank, id), answer)
  for (const kind of ['capture', 'void'] as const) {
    const late = await asked(bank, id, kind, `late-${kind}`)
    assert.deepEqual(
      [late.state, late.code, late.present_state],
      ['refused', 'NOT_AUTHORIZED', 'voided'],
      kind,
    )
  }
  assert.equal(await t.state(bank), 'voided')
  assert.deepEqual(await t.charges(bank), [])
})

test('nothing is released once something is taken', async () => {
  const bank = t.newBank()
  const taken = await t.paid(bank, { capture: true })
  const parted = await t.paid(bank, { reference: 'ref-2', order: 'order-2' })
  await t.capture(bank, parted, 1)
  for (const id of [taken, parted]) {
    const { state, code, present_state } = await t.release(bank, id)
    assert.deepEqual([state, code, present_state], ['refused', 'ALREADY_CAPTURED', 'charged'])
  }
  assert.equal((await t.capture(bank, taken, 1)).code, 'AMOUNT_EXCEEDED')
})

test('a payment that holds nothing gives nothing; an unknown one is not found', async () => {
  const bank = t.newBank()
  const { id } = await t.start(bank)
  for (const kind of ['capture', 'void'] as const) {
    const { state, code, present_state } = await asked(bank, id, kind, kind)
    assert.deepEqual([state, code, present_state], ['refused', 'NOT_AUTHORIZED', 'otp_sent'])
    const none = await asked(bank, 'pay_none', kind)
    assert.deepEqual([none.http, none.state], [404, 'not_found'])
  }
})

for (const [kind, before, after] of [
  ['capture', ['authorized', 0], ['charged', 199_00]],
  ['void', ['authorized', 0], ['voided', 0]],
] as const) {
  test(`${kind}_pending: done 10 seconds later, and nothing else meanwhile`, async () => {
    const { bank, id } = await held(`${kind}_pending`)
    const answer = await asked(bank, id, kind)
    assert.deepEqual([answer.state, answer.captured, answer.pending], [...before, kind])
    for (const other of ['capture', 'void'] as const) {
      const { state, code } = await asked(bank, id, other, `other-${other}`)
      assert.deepEqual([state, code], ['refused', 'IN_PROGRESS'])
    }
    await t.wait(bank, 9_999)
    assert.deepEqual(await asked(bank, id, kind), answer)
    assert.equal((await t.payment(bank)).pending, kind)
    await t.wait(bank, 1)
    for (const now of [await t.payment(bank), await asked(bank, id, kind)]) {
      assert.deepEqual([now.state, now.captured, now.pending], [...after, undefined])
    }
    const { payments } = (await t.ask(bank, 'GET /book')) as unknown as { payments: object[] }
    assert.partialDeepStrictEqual(payments, [{ ended_at: t.startOfTime + 10_000 }])
  })

  test(`${kind}_declined: refused for good, the money still held`, async () => {
    const { bank, id } = await held(`${kind}_declined`)
    for (let n = 0; n < 2; n++) {
      const { state, code, present_state } = await asked(bank, id, kind)
      const word = `${kind.toUpperCase()}_DECLINED`
      assert.deepEqual([state, code, present_state], ['refused', word, 'authorized'])
    }
    await t.ask(bank, 'POST /moods', { mood: 'ok', account: 'acc' })
    assert.equal((await asked(bank, id, kind, 'b')).state, after[0])
  })
}

test('a second capture under way: the payment is charged, that capture not yet', async () => {
  const { bank, id } = await held()
  await t.capture(bank, id, 100_00, 'a')
  await t.ask(bank, 'POST /moods', { mood: 'capture_pending', next: 'capture' })
  const second = await t.capture(bank, id, 399_00, 'b')
  assert.deepEqual(
    [second.state, second.captured, second.pending],
    ['authorized', 100_00, 'capture'],
  )
  const payment = await t.payment(bank)
  assert.deepEqual([payment.state, payment.pending], ['charged', 'capture'])
  assert.equal((await t.capture(bank, id, 100_00, 'a')).state, 'charged')
  await t.wait(bank, 10_000)
  assert.equal((await t.capture(bank, id, 399_00, 'b')).captured, 499_00)
})

test('a call the bank would refuse or repeat anyway takes no turn of a mood', async () => {
  const { bank, id } = await held()
  const first = await t.capture(bank, id, 100_00, 'a')
  await t.ask(bank, 'POST /moods', { mood: 'capture_declined', account: 'acc', times: 1 })
  assert.deepEqual(await t.capture(bank, id, 100_00, 'a'), first)
  assert.equal((await t.capture(bank, id, 400_00, 'b')).code, 'AMOUNT_EXCEEDED')
  assert.equal((await t.capture(bank, id, 100_00, 'c')).code, 'CAPTURE_DECLINED')
  assert.equal((await t.capture(bank, id, 100_00, 'd')).state, 'charged')
})

test('after 30 days the bank itself releases what nobody captured', async () => {
  const { bank, id } = await held()
  await t.wait(bank, 30 * day - 1)
  assert.equal(await t.state(bank), 'authorized')
  await t.wait(bank, 1)
  const { state, code, captured } = await t.payment(bank)
  assert.deepEqual([state, code, captured], ['voided', 'AUTHORIZATION_EXPIRED', 0])
  assert.equal((await t.capture(bank, id, 1)).code, 'NOT_AUTHORIZED')
})

test('a capture accepted within the 30 days is done after them', async () => {
  const { bank, id } = await held('capture_pending')
  await t.wait(bank, 30 * day - 1)
  await asked(bank, id, 'capture')
  await t.wait(bank, 9_999)
  assert.deepEqual(
    [await t.state(bank), (await t.payment(bank)).pending],
    ['authorized', 'capture'],
  )
  await t.wait(bank, 1)
  assert.equal(await t.state(bank), 'charged')
})
