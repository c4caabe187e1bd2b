import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cards, challengeIn, onBothEngines, refusal } from './shop.ts'

onBothEngines((shop) => {
  test('a new SMS makes the one before worthless, and gives no attempt back', async () => {
    const { api, challenge, inbox, otp, wrongOtp } = shop()
    const params = await challenge()
    await api.submitOtp({ ...params, otp: await wrongOtp(params) })
    const first = await otp(params)
    const again = challengeIn(await api.resendOtp(params))
    assert.deepEqual([again.times_otp_sent, again.current_attempt], [2, 2])
    assert.equal(again.challenge_id, params.challenge_id)
    assert.equal((await inbox(params)).length, 2)

    const old = await api.submitOtp({ ...params, otp: first })
    assert.equal(old.resp_code, 'INCORRECT_OTP')
    assert.equal(challengeIn(old).current_attempt, 3)
    assert.equal((await api.submitOtp({ ...params, otp: await otp(params) })).status, 'CHARGED')
  })

  test('after the third SMS there is no fourth, and the third one still pays', async () => {
    const { api, book, challenge, otp, raw, server } = shop()
    const params = await challenge()
    assert.deepEqual([params.max_otp_send_limit, params.resend_otp_allowed], [3, true])
    await api.resendOtp(params)
    const third = challengeIn(await api.resendOtp(params))
    assert.deepEqual([third.times_otp_sent, third.resend_otp_allowed], [3, false])

    const path = `/v2/txns/${params.id}/authenticate/${params.challenge_id}/resend`
    const authorization = `Basic ${btoa(`${server.key}:`)}`
    const refused = await raw(path, { method: 'POST', headers: { authorization } })
    assert.equal(refused.status, 400)
    const { error_info: _details, ...words } = (await refused.json()) as Record<string, unknown>
    assert.deepEqual(words, {
      status: 'Invalid Request',
      error_code: 'max_limit_exceeded',
      error_message: 'Max OTP send limit exceeded.',
    })
    assert.equal((await book(params)).payments[0]?.sends, 3)
    assert.equal((await api.submitOtp({ ...params, otp: await otp(params) })).status, 'CHARGED')
  })

  test('asking again too soon is refused, costs nothing, and says when to come back', async () => {
    const { api, challenge, inbox, later, withSettings } = shop()
    await withSettings({ resend_cooldown_seconds: 30 }, async () => {
      const params = await challenge()
      const soon = await refusal(api.resendOtp(params))
      assert.deepEqual([soon.http_status, soon.code], [400, 'resend_too_soon'])
      assert(soon.retry_after !== undefined && soon.retry_after > 0 && soon.retry_after <= 30)
      assert.equal((await inbox(params)).length, 1)
      await later(30_000)
      assert.equal(challengeIn(await api.resendOtp(params)).times_otp_sent, 2)
    })
  })

  test('an SMS comes late, but it comes', async () => {
    const { api, challenge, inbox, later, otp } = shop()
    const params = await challenge({ card_number: cards.lateSms })
    assert.deepEqual(await inbox(params), [])
    await later(20_000)
    assert.equal((await api.submitOtp({ ...params, otp: await otp(params) })).status, 'CHARGED')
  })

  test('no SMS comes, so the customer asks for another', async () => {
    const { api, challenge, inbox, mood, otp } = shop()
    await mood({ mood: 'no_sms', next: 'start' })
    const params = await challenge()
    assert.deepEqual(await inbox(params), [])
    await api.resendOtp(params)
    assert.equal((await api.submitOtp({ ...params, otp: await otp(params) })).status, 'CHARGED')
  })

  test('an OTP too old for the bank costs an attempt; the next SMS has a good one', async () => {
    const { api, challenge, otp } = shop()
    const params = await challenge({ card_number: cards.otpExpired })
    const old = await api.submitOtp({ ...params, otp: await otp(params) })
    assert.deepEqual([old.status, old.resp_code], ['PENDING_VBV', 'OTP_EXPIRED'])
    assert.equal(challengeIn(old).current_attempt, 2)
    await api.resendOtp(params)
    assert.equal((await api.submitOtp({ ...params, otp: await otp(params) })).status, 'CHARGED')
  })
})
