import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nextStep } from '../../sdk/src/directotp.ts'
import { challengeIn, onBothEngines } from './shop.ts'

onBothEngines((shop) => {
  test('a customer mistypes the OTP, tries again, and has paid', async () => {
    const { api, book, challenge, otp, wrongOtp } = shop()
    const params = await challenge()
    const wrong = await api.submitOtp({ ...params, otp: await wrongOtp(params) })
    assert.deepEqual([wrong.status, wrong.status_id], ['PENDING_VBV', 23])
    assert.equal(wrong.resp_code, 'INCORRECT_OTP')
    const still = challengeIn(wrong)
    assert.deepEqual([still.current_attempt, still.submit_otp_allowed], [2, true])
    assert.equal(still.challenge_id, params.challenge_id)
    const paid = await api.submitOtp({ ...still, otp: await otp(params) })
    assert.equal(paid.status, 'CHARGED')
    assert.equal((await book(params)).payments[0]?.guesses, 2)
  })

  test('three wrong OTPs end the payment, and a fourth, right one changes nothing', async () => {
    const { api, book, challenge, order, otp, wrongOtp } = shop()
    const params = await challenge()
    const wrong = { ...params, otp: await wrongOtp(params) }
    const answers = [await api.submitOtp(wrong), await api.submitOtp(wrong)]
    assert.deepEqual(
      answers.map(challengeIn).map((open) => open.current_attempt),
      [2, 3],
    )
    const last = await api.submitOtp(wrong)
    assert.deepEqual([last.status, last.status_id], ['AUTHENTICATION_FAILED', 26])
    assert.equal(last.resp_code, 'OTP_ATTEMPTS_EXCEEDED')
    assert.equal(last.payment?.authentication.params?.submit_otp_allowed, false)
    assert.equal(last.payment?.authentication.params?.current_attempt, 3)

    const late = await api.submitOtp({ ...params, otp: await otp(params) })
    assert.deepEqual(late, last)
    assert.equal((await order(params)).status, 'AUTHENTICATION_FAILED')
    const { charges, payments } = await book(params)
    assert.deepEqual([charges, payments[0]?.guesses], [0, 3])
  })

  test('an OTP that cannot be one is refused and costs no attempt', async () => {
    const { api, book, challenge, otp } = shop()
    const params = await challenge()
    for (const text of ['12a456', '123', '12345678901', ' 123456', '१२३४५६']) {
      await assert.rejects(api.submitOtp({ ...params, otp: text }), { code: 'otp_invalid' })
    }
    await assert.rejects(api.submitOtp({ ...params, otp: '' }), { code: 'otp_missing' })
    const nameless = { ...params, challenge_id: '', otp: '123456' }
    await assert.rejects(api.submitOtp(nameless), { code: 'challenge_id_missing' })
    assert.equal((await book(params)).payments[0]?.guesses, 0)
    assert.equal((await api.submitOtp({ ...params, otp: await otp(params) })).status, 'CHARGED')
  })

  test("another txn's challenge opens nothing, and looks like one that never was", async () => {
    const { api, book, challenge, otp } = shop()
    const mine = await challenge()
    const theirs = await challenge()
    const submission = { ...mine, challenge_id: theirs.challenge_id, otp: await otp(mine) }
    const words = {
      http_status: 400,
      code: 'invalid',
      message: /Invalid authentication account id\.$/,
    }
    await assert.rejects(api.submitOtp(submission), words)
    await assert.rejects(api.submitOtp({ ...submission, id: 'txn_unknown' }), words)
    assert.equal((await book(mine)).payments[0]?.guesses, 0)
  })

  test('a merchant may want one wrong OTP to be the end', async () => {
    const { api, challenge, withSettings, wrongOtp } = shop()
    await withSettings({ fail_on_first_wrong_otp: true }, async () => {
      const params = await challenge()
      const wrong = await api.submitOtp({ ...params, otp: await wrongOtp(params) })
      assert.deepEqual(nextStep(wrong), { kind: 'finished', status: 'AUTHENTICATION_FAILED' })
      assert.equal(wrong.resp_code, 'INCORRECT_OTP')
    })
  })

  test('a merchant may want that end to be called AUTHORIZATION_FAILED', async () => {
    const { api, challenge, withSettings, wrongOtp } = shop()
    await withSettings({ otp_failure_status: 'AUTHORIZATION_FAILED' }, async () => {
      const params = await challenge()
      const wrong = { ...params, otp: await wrongOtp(params) }
      await api.submitOtp(wrong)
      await api.submitOtp(wrong)
      const last = await api.submitOtp(wrong)
      assert.deepEqual([last.status, last.status_id], ['AUTHORIZATION_FAILED', 27])
      assert.equal(last.resp_code, 'OTP_ATTEMPTS_EXCEEDED')
    })
  })

  test('a merchant may want the newer form of the challenge, which takes the OTP too', async () => {
    const { api, newOrder, otp, server, start, withSettings } = shop()
    await withSettings({ challenge_method: 'GET' }, async () => {
      const started = await start(await newOrder())
      const params = challengeIn(started)
      assert.equal(started.payment?.authentication.method, 'GET')
      const page = `${server.url}/v2/pay/start/demo/${params.id}`
      assert.equal(started.payment?.authentication.url, page)
      assert.equal((await api.submitOtp({ ...params, otp: await otp(params) })).status, 'CHARGED')
    })
  })
})
