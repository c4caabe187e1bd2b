import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nextStep, type SubmitAnswer } from '../../sdk/src/directotp.ts'
import { cards, challengeIn, onBothEngines, refusal } from './shop.ts'

/** Longer than the first look at a payment in doubt takes to come, in milliseconds. */
const lookMs = 10_000

/** What a payment looks like while nobody knows. */
function assertInDoubt(answer: SubmitAnswer): void {
  assert.deepEqual([answer.status, answer.status_id], ['AUTHORIZING', 28])
  assert.equal(answer.resp_code, 'PENDING_AT_BANK')
  assert.deepEqual(nextStep(answer), { kind: 'wait' })
}

onBothEngines((shop) => {
  for (const mood of ['charged_then_timeout', 'charged_then_reset']) {
    test(`${mood}: the bank took the money in silence, and the order finds out`, async () => {
      const { api, becomes, book, challenge, later, otp, start, timeless } = shop()
      const params = await challenge()
      const submission = { ...params, otp: await otp(params) }
      await timeless(async () => {
        await shop().mood({ mood, next: 'otp' })
        assertInDoubt(await api.submitOtp(submission))
        assert.equal((await book(params)).charges, 1)

        const busy = await refusal(start(params))
        assert.equal(busy.http_status, 400)
        assert.match(busy.message, /Transaction is inprocess$/)
        await assert.rejects(api.updateOrder(params.order_id, { amount: '1.00' }), {
          code: 'INVALID_ACTION',
        })
        assertInDoubt(await api.submitOtp(submission))
      })

      await later(lookMs)
      const order = await becomes(params, 'CHARGED')
      assert.deepEqual([order.status_id, order.resp_code], [21, '00'])
      const { charges, payments } = await book(params)
      assert.deepEqual([charges, payments.length, payments[0]?.guesses], [1, 1, 1])
    })
  }

  for (const mood of ['timeout_before', 'reset_before']) {
    test(`${mood}: the bank never heard the OTP, so the customer may type it again`, async () => {
      const { api, becomes, book, challenge, later, otp } = shop()
      const params = await challenge()
      const submission = { ...params, otp: await otp(params) }
      await shop().mood({ mood, next: 'otp' })
      assertInDoubt(await api.submitOtp(submission))
      await later(lookMs)
      await becomes(params, 'PENDING_VBV')
      assert.equal((await book(params)).payments[0]?.guesses, 0)
      assert.equal((await api.submitOtp(submission)).status, 'CHARGED')
      assert.equal((await book(params)).charges, 1)
    })
  }

  test('an answer that says nothing is silence too, whether the bank acted or not', async () => {
    const { api, becomes, book, challenge, later, mood, otp } = shop()
    const strange = ['http_500', 'garbage', 'html', 'unknown_word']
    const stories = []
    for (const acted of [false, true]) {
      for (const name of strange) {
        const params = await challenge()
        const submission = { ...params, otp: await otp(params) }
        await mood({ mood: name, next: 'otp', acted })
        assertInDoubt(await api.submitOtp(submission))
        stories.push({ acted, submission, order: params })
      }
    }
    await later(lookMs)
    for (const { acted, submission, order } of stories) {
      await becomes(order, acted ? 'CHARGED' : 'PENDING_VBV')
      assert.equal((await api.submitOtp(submission)).status, 'CHARGED')
      assert.equal((await book(order)).charges, 1)
    }
  })

  test('a failed status question leaves the payment in doubt until one is answered', async () => {
    const { api, becomes, challenge, happens, later, mood, order, otp } = shop()
    const params = await challenge()
    await mood({ mood: 'charged_then_reset', next: 'otp' })
    await api.submitOtp({ ...params, otp: await otp(params) })
    await mood({ mood: 'http_500', next: 'sync' })
    await later(lookMs)
    await happens(params, 'gateway_answered')
    assert.equal((await order(params)).status, 'AUTHORIZING')
    await later(3 * lookMs)
    await becomes(params, 'CHARGED')
  })

  test('the answer to the start is lost: nothing to type yet, then payable again', async () => {
    const { api, becomes, book, inbox, later, newOrder, otp, start } = shop()
    const order = await newOrder()
    const lost = await start(order, { card_number: cards.startTimeout })
    assert.deepEqual([lost.status, lost.status_id, lost.payment], ['AUTHORIZING', 28, undefined])
    assert.deepEqual(nextStep(lost), { kind: 'wait' })
    await later(lookMs)
    const found = await becomes(order, 'PENDING_VBV')
    assert.equal(found.txn_uuid, lost.txn_uuid)
    assert.equal((await inbox({ id: lost.txn_uuid })).length, 1)

    const params = challengeIn(await start(order))
    assert.equal((await api.submitOtp({ ...params, otp: await otp(params) })).status, 'CHARGED')
    assert.equal((await book(order)).charges, 1)
  })

  test('while the bank is slow, nobody else moves the order and the OTP counts once', async () => {
    const { api, book, challenge, happens, mood, otp, start } = shop()
    const params = await challenge()
    const submission = { ...params, otp: await otp(params) }
    await mood({ mood: 'slow', next: 'otp', delay_ms: 4_000 })
    const first = api.submitOtp(submission)
    await happens(params, 'otp_submitted')
    const busy = await refusal(start(params))
    assert.match(busy.message, /Transaction is inprocess$/)
    const second = api.submitOtp(submission)
    const charged = await first
    assert.equal(charged.status, 'CHARGED')
    assert.deepEqual(await second, charged)
    const { charges, payments } = await book(params)
    assert.deepEqual([charges, payments.length, payments[0]?.guesses], [1, 1, 1])
  })
})
