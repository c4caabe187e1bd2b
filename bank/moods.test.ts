import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as t from './bank.fixture.ts'
import type { Bank } from './bank.ts'
import type { Mood, Question } from './mood.ts'

const isTimeout = { name: 'TimeoutError' }
const isReset = (error: unknown) =>
  error instanceof TypeError &&
  error.message === 'fetch failed' &&
  (error.cause as { code?: string }).code === 'ECONNRESET'

/** Starts a payment with the card of a mood and reads its OTP without the inbox's help. */
async function begun(mood: Mood): Promise<{ bank: Bank; id: string; otp: string }> {
  const bank = t.newBank()
  const { id } = await t.start(bank, { number: t.cardOf(mood) })
  return { bank, id, otp: await t.newestOtp(bank) }
}

test('otp_wrong: the right OTP is wrong', async () => {
  const { bank, id, otp } = await begun('otp_wrong')
  const answer = await t.submit(bank, id, otp)
  assert.equal(answer.state, 'otp_wrong')
  assert.equal(answer.attempts_left, 4)
})

test('late_sms: the SMS appears after 20 s', async () => {
  const bank = t.newBank()
  await t.start(bank, { number: t.cardOf('late_sms') })
  await t.ask(bank, 'POST /clock', { advance_ms: 19_999 })
  assert.equal((await t.inbox(bank)).length, 0)
  await t.ask(bank, 'POST /clock', { advance_ms: 1 })
  assert.equal((await t.inbox(bank)).length, 1)
})

test('no_sms: the SMS never appears, nor after a resend', async () => {
  const bank = t.newBank()
  const { id } = await t.start(bank, { number: t.cardOf('no_sms') })
  assert.equal((await t.ask(bank, `POST /payments/${id}/resend`)).sends, 2)
  await t.ask(bank, 'POST /clock', { advance_ms: 60_000 })
  assert.equal((await t.inbox(bank)).length, 0)
})

test('otp_expired: the first OTP is too old, a second one helps', async () => {
  const { bank, id, otp } = await begun('otp_expired')
  const answer = await t.submit(bank, id, otp)
  assert.equal(answer.state, 'otp_expired')
  assert.equal(answer.attempts_left, 4)
  await t.ask(bank, `POST /payments/${id}/resend`)
  assert.equal((await t.submit(bank, id, await t.newestOtp(bank))).state, 'charged')
})

test('locked: the first OTP locks the payment', async () => {
  const { bank, id, otp } = await begun('locked')
  const answer = await t.submit(bank, id, otp)
  assert.equal(answer.state, 'locked')
  assert.equal(answer.attempts_left, 0)
  assert.equal((await t.submit(bank, id, otp)).present_state, 'locked')
  assert.equal(await t.state(bank), 'locked')
})

test('ineligible: no OTP and nothing created, but the ACS page works', async () => {
  const bank = t.newBank()
  const number = t.cardOf('ineligible')
  const answer = await t.start(bank, { number })
  assert.equal(answer.state, 'not_eligible')
  assert.equal(answer.id, undefined)
  assert.equal(await t.state(bank), 'not_found')
  assert.equal((await t.start(bank, { number, auth: 'REDIRECT' })).state, 'redirect')
})

test('insufficient_funds: the right OTP is declined, for good', async () => {
  const { bank, id, otp } = await begun('insufficient_funds')
  assert.equal((await t.submit(bank, id, t.otherThan(otp))).state, 'otp_wrong')
  const answer = await t.submit(bank, id, otp)
  assert.deepEqual([answer.state, answer.code], ['declined', 'INSUFFICIENT_FUNDS'])
  assert.equal((await t.submit(bank, id, otp)).state, 'closed')
  assert.deepEqual(await t.charges(bank), [])
})

test('rejected: the acquirer refuses after the right OTP, for good', async () => {
  const { bank, id, otp } = await begun('rejected')
  assert.equal((await t.submit(bank, id, t.otherThan(otp))).state, 'otp_wrong')
  const answer = await t.submit(bank, id, otp)
  assert.deepEqual([answer.state, answer.code], ['rejected', 'RISK_BLOCKED'])
  assert.equal(answer.rrn, undefined)
  assert.equal((await t.submit(bank, id, otp)).present_state, 'rejected')
  assert.equal(await t.state(bank), 'rejected')
  assert.deepEqual(await t.charges(bank), [])
})

test('start_declined: no challenge at all', async () => {
  const bank = t.newBank()
  const answer = await t.start(bank, { number: t.cardOf('start_declined') })
  assert.deepEqual([answer.state, answer.code], ['declined', 'DO_NOT_HONOUR'])
  assert.equal(await t.state(bank), 'declined')
})

test('resend_too_soon: no second SMS', async () => {
  const { bank, id } = await begun('resend_too_soon')
  const answer = await t.ask(bank, `POST /payments/${id}/resend`)
  assert.equal(answer.state, 'resend_too_soon')
  assert.deepEqual([answer['resend_after_ms'], answer.sends], [30_000, 1])
})

for (const [mood, lost] of [
  ['charged_then_timeout', isTimeout],
  ['charged_then_reset', isReset],
] as const) {
  test(`${mood}: the money is taken and the answer lost`, async () => {
    const { bank, id, otp } = await begun(mood)
    assert.equal((await t.submit(bank, id, t.otherThan(otp))).state, 'otp_wrong')
    await assert.rejects(t.submit(bank, id, otp), lost)
    assert.equal(await t.state(bank), 'charged')
    assert.equal((await t.submit(bank, id, otp)).state, 'closed')
    assert.equal((await t.charges(bank)).length, 1)
  })
}

test('start_timeout: the challenge is open and the answer lost', async () => {
  const bank = t.newBank()
  await assert.rejects(t.start(bank, { number: t.cardOf('start_timeout') }), isTimeout)
  const answer = await t.start(bank, { number: t.cardOf('start_timeout') })
  assert.equal(answer.state, 'otp_sent')
  assert.equal((await t.submit(bank, answer.id, await t.newestOtp(bank))).state, 'charged')
})

for (const [mood, lost] of [
  ['timeout_before', isTimeout],
  ['reset_before', isReset],
] as const) {
  test(`${mood}: the bank never heard the OTP`, async () => {
    const { bank, id, otp } = await begun(mood)
    await assert.rejects(t.submit(bank, id, otp), lost)
    assert.equal(await t.state(bank), 'otp_sent')
  })
}

for (const [mood, lost] of [
  ['timeout_after', isTimeout],
  ['reset_after', isReset],
] as const) {
  test(`${mood}: the bank heard the OTP, right or wrong, and nobody hears the bank`, async () => {
    const { bank, id, otp } = await begun(mood)
    await assert.rejects(t.submit(bank, id, t.otherThan(otp)), lost)
    assert.equal((await t.start(bank)).attempts_left, 4)
    await assert.rejects(t.submit(bank, id, otp), lost)
    assert.equal(await t.state(bank), 'charged')
  })

  test(`${mood}: on what comes after the OTP`, async () => {
    const bank = t.newBank()
    const id = await t.paid(bank)
    for (const on of ['capture', 'refund', 'refund_sync'] as const) {
      await t.ask(bank, 'POST /moods', { mood, account: 'acc', on, times: 1 })
      await assert.rejects(t.send(bank, ...t.callOf(on, id, '')), lost)
    }
    const { captured, refunded } = await t.payment(bank)
    assert.deepEqual([captured, refunded], [100_00, 100_00])
    const other = await t.paid(bank, { reference: 'ref-2', order: 'order-2' })
    await t.ask(bank, 'POST /moods', { mood, next: 'void' })
    await assert.rejects(t.release(bank, other), lost)
    assert.equal(await t.state(bank, 'ref-2'), 'voided')
  })
}

for (const capture of [true, false]) {
  test(`late_success: declined, and 5 minutes later taken after all (${capture})`, async () => {
    const { bank, id, otp } = await begun('late_success')
    assert.equal((await t.submit(bank, id, t.otherThan(otp), capture)).state, 'otp_wrong')
    const answer = await t.submit(bank, id, otp, capture)
    assert.deepEqual([answer.state, answer.code], ['declined', 'DO_NOT_HONOUR'])
    assert.equal((await t.submit(bank, id, otp, capture)).present_state, 'declined')
    await t.wait(bank, 5 * 60_000 - 1)
    assert.equal(await t.state(bank), 'declined')
    assert.equal((await t.capture(bank, id, 1_00, 'early')).code, 'NOT_AUTHORIZED')
    assert.deepEqual(await t.charges(bank), [])
    await t.wait(bank, 1)
    const late = await t.payment(bank)
    assert.deepEqual([late.state, late.code], [capture ? 'charged' : 'authorized', 'APPROVED'])
    const at = t.startOfTime + 5 * 60_000
    const charge = { order: 'order-1', reference: 'ref-1', amount: 499_00, at }
    if (!capture) assert.equal((await t.capture(bank, id, 499_00)).state, 'charged')
    assert.deepEqual(await t.charges(bank), [charge])
    assert.equal((await t.refund(bank, id, 499_00)).state, 'refunded')
  })
}

test('slow: acts at once, answers later; a caller that leaves changes nothing', async () => {
  const bank = t.newBank()
  const { id } = await t.start(bank)
  const otp = await t.newestOtp(bank)
  const mood = { mood: 'slow', card: '4111111111111111', delay_ms: 120_000 }
  await t.ask(bank, 'POST /moods', mood)
  const leave = new AbortController()
  const answer = bank.fetch(
    new Request(`http://shop.test/bank/payments/${id}/otp`, {
      method: 'POST',
      body: JSON.stringify({ otp, capture: true }),
      signal: leave.signal,
    }),
  )
  const gone = assert.rejects(answer, { name: 'AbortError' })
  while ((await t.state(bank)) !== 'charged') await new Promise(setImmediate)
  leave.abort()
  await gone
})

test('slow: the answer comes in the end', async () => {
  const { bank, id, otp } = await begun('ok')
  await t.ask(bank, 'POST /moods', { mood: 'slow', next: 'otp', delay_ms: 1 })
  assert.equal((await t.submit(bank, id, otp)).state, 'charged')
})

test('a caller that left before is not heard', async () => {
  const bank = t.newBank()
  const init = { method: 'POST', body: JSON.stringify(t.opening()), signal: AbortSignal.abort() }
  const request = new Request('http://shop.test/bank/payments', init)
  await assert.rejects(bank.fetch(request), { name: 'AbortError' })
  assert.equal(await t.state(bank), 'not_found')
})

test('close resets a slow call', async () => {
  const { bank, id, otp } = await begun('ok')
  await t.ask(bank, 'POST /moods', { mood: 'slow', next: 'otp', delay_ms: 120_000 })
  const answer = assert.rejects(t.submit(bank, id, otp), isReset)
  while ((await t.state(bank)) !== 'charged') await new Promise(setImmediate)
  await bank.close()
  await answer
})

for (const [mood, status, body] of [
  ['http_500', 500, '{"error":"internal_error"}'],
  ['garbage', 200, '\u0001{"state": "char'],
  ['html', 502, '<html><body><h1>502 Bad Gateway</h1></body></html>'],
  ['unknown_word', 200, '{"state":"under_review"}'],
] as const) {
  test(`${mood}: instead of the answer to an OTP, and the bank did not act`, async () => {
    const { bank, id, otp } = await begun(mood)
    const response = await t.send(bank, ...t.callOf('otp', id, otp))
    assert.deepEqual([response.status, await response.text()], [status, body])
    assert.equal(await t.state(bank), 'otp_sent')
  })

  test(`${mood}: on any question, the bank having acted or not`, async () => {
    for (const on of ['start', 'otp', 'resend', 'sync'] satisfies Question[]) {
      for (const acted of [true, false]) {
        const bank = t.newBank()
        const begun = on === 'start' ? undefined : await t.start(bank)
        const otp = begun ? await t.newestOtp(bank) : ''
        await t.ask(bank, 'POST /moods', { mood, account: 'acc', times: 1, on, acted })
        const response = await t.send(bank, ...t.callOf(on, begun?.id ?? '', otp))
        assert.deepEqual([response.status, await response.text()], [status, body])
        const after = { start: 'otp_sent', otp: 'charged', resend: 'otp_sent', sync: 'otp_sent' }
        const before = { ...after, start: 'not_found', otp: 'otp_sent' }
        assert.equal(await t.state(bank), (acted ? after : before)[on], `${on} ${acted}`)
        const sends = (await t.inbox(bank)).length
        const expected = on === 'start' ? Number(acted) : on === 'resend' ? 1 + Number(acted) : 1
        assert.equal(sends, expected, `${on} ${acted}`)
      }
    }
  })

  test(`${mood}: on any question after the OTP, the bank having acted or not`, async () => {
    for (const on of ['capture', 'void', 'refund', 'refund_sync'] satisfies Question[]) {
      for (const acted of [true, false]) {
        const bank = t.newBank()
        const id = await t.paid(bank, { capture: on.startsWith('refund') })
        if (on === 'refund_sync') await t.refund(bank, id, 100_00)
        await t.ask(bank, 'POST /moods', { mood, account: 'acc', times: 1, on, acted })
        const response = await t.send(bank, ...t.callOf(on, id, ''))
        assert.deepEqual([response.status, await response.text()], [status, body])
        const { state, captured, refunded } = await t.payment(bank)
        const held = ['authorized', 0, 0]
        const after = {
          capture: acted ? ['charged', 100_00, 0] : held,
          void: acted ? ['voided', 0, 0] : held,
          refund: ['charged', 499_00, acted ? 100_00 : 0],
          refund_sync: ['charged', 499_00, 100_00],
        }
        assert.deepEqual([state, captured, refunded], after[on], `${on} ${acted}`)
        assert.notEqual((await t.ask(bank, ...t.callOf(on, id, ''))).state, 'refused')
      }
    }
  })
}

test('next: the next call of that kind, once, whoever asks', async () => {
  const { bank, id, otp } = await begun('ok')
  await t.ask(bank, 'POST /moods', { mood: 'reset_before', next: 'otp' })
  assert.equal(await t.state(bank), 'otp_sent')
  await assert.rejects(t.submit(bank, id, otp), isReset)
  assert.equal((await t.submit(bank, id, otp)).state, 'charged')
  assert.deepEqual((await t.ask(bank, 'GET /moods'))['moods'], [])
})

test('times: so many calls; a call that could not act takes no turn', async () => {
  const { bank, id, otp } = await begun('ok')
  await t.ask(bank, 'POST /moods', { mood: 'otp_wrong', account: 'acc', times: 2 })
  assert.equal((await t.start(bank)).state, 'otp_sent')
  assert.equal((await t.submit(bank, id, otp)).state, 'otp_wrong')
  await t.ask(bank, 'POST /moods', { mood: 'http_500', next: 'otp' })
  assert.equal((await t.submit(bank, id, otp)).http, 500)
  assert.equal((await t.submit(bank, id, otp)).state, 'otp_wrong')
  assert.equal((await t.submit(bank, id, otp)).state, 'charged')
})

test('a card, its BIN or its account; the narrowest rule wins, and ok hides the rest', async () => {
  const number = '4111111111111111'
  for (const target of [{ card: number }, { bin: '411111' }, { account: 'acc' }]) {
    const bank = t.newBank()
    await t.ask(bank, 'POST /moods', { mood: 'start_declined', ...target })
    assert.equal((await t.start(bank)).state, 'declined')
    const other = { number: '5299920210000277', account: 'other', reference: 'ref-2' }
    assert.equal((await t.start(bank, other)).state, 'otp_sent')
    await t.ask(bank, 'POST /moods', { mood: 'ok', card: number })
    assert.equal((await t.start(bank, { reference: 'ref-3' })).state, 'otp_sent')
    await t.ask(bank, 'DELETE /moods')
  }
  const bank = t.newBank()
  await t.ask(bank, 'POST /moods', { mood: 'ineligible', bin: '411111' })
  await t.ask(bank, 'POST /moods', { mood: 'start_declined', account: 'acc' })
  assert.equal((await t.start(bank)).state, 'not_eligible')
  await t.ask(bank, 'DELETE /moods')
  assert.equal((await t.start(bank)).state, 'otp_sent')
})

test('a mood of the bank and a mood of the line act together', async () => {
  const { bank, id, otp } = await begun('insufficient_funds')
  await t.ask(bank, 'POST /moods', { mood: 'http_500', next: 'otp', acted: true })
  assert.equal((await t.submit(bank, id, otp)).http, 500)
  assert.equal(await t.state(bank), 'declined')
})

test('moods are listed without card numbers, and contradictions are refused', async () => {
  const bank = t.newBank()
  await t.ask(bank, 'POST /moods', { mood: 'slow', card: '4111111111111111', times: 3 })
  assert.deepEqual((await t.ask(bank, 'GET /moods'))['moods'], [
    {
      id: 1,
      mood: 'slow',
      last_four: '1111',
      on: 'otp',
      acted: true,
      times_left: 3,
      delay_ms: 2000,
    },
  ])
  for (const wrong of [
    { mood: 'slow' },
    { mood: 'merry', account: 'acc' },
    { mood: 'slow', account: 'acc', bin: '411111' },
    { mood: 'locked', next: 'start' },
    { mood: 'capture_pending', next: 'void' },
    { mood: 'refund_stuck', next: 'refund_sync' },
    { mood: 'timeout_after', next: 'refund', acted: true },
    { mood: 'locked', account: 'acc', on: 'otp' },
    { mood: 'locked', account: 'acc', acted: true },
    { mood: 'locked', account: 'acc', delay_ms: 5 },
    { mood: 'ok', next: 'otp', times: 2 },
    { mood: 'ok', bin: '4111' },
    { mood: 'ok', acount: 'acc' },
  ]) {
    const answer = await t.ask(bank, 'POST /moods', wrong)
    assert.equal(answer.http, 400, JSON.stringify(wrong))
    assert.ok(answer.problems && answer.problems.length > 0)
  }
})
