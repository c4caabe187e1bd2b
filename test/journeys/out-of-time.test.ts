import assert from 'node:assert/strict'
import { test } from 'node:test'
import { minuteMs, onBothEngines } from './shop.ts'

onBothEngines((shop) => {
  test('an OTP that comes after five minutes finds the payment closed', async () => {
    const { api, book, challenge, later, otp } = shop()
    const params = await challenge()
    await later(6 * minuteMs)
    const late = await api.submitOtp({ ...params, otp: await otp(params) })
    assert.deepEqual([late.status, late.resp_code], ['AUTHENTICATION_FAILED', 'TXN_EXPIRED'])
    const { charges, payments } = await book(params)
    assert.deepEqual([charges, payments[0]?.guesses], [0, 0])
  })

  test('a customer who walks away leaves a payment that closes by itself', async () => {
    const { becomes, challenge, events, later } = shop()
    const params = await challenge()
    await later(6 * minuteMs)
    const order = await becomes(params, 'AUTHENTICATION_FAILED')
    assert.deepEqual([order.status_id, order.resp_code], [26, 'TXN_EXPIRED'])
    assert.equal((await events(params)).at(-1)?.door, 'clock')
  })

  test('another SMS starts the five minutes anew, but ten from the first are the end', async () => {
    const { api, becomes, book, challenge, later, otp } = shop()
    const params = await challenge()
    await later(4 * minuteMs)
    await api.resendOtp(params)
    await later(4 * minuteMs)
    const again = await api.resendOtp(params)
    assert.equal(again.status, 'PENDING_VBV')
    await later(3 * minuteMs)
    const late = await api.submitOtp({ ...params, otp: await otp(params) })
    assert.deepEqual([late.status, late.resp_code], ['AUTHENTICATION_FAILED', 'TXN_EXPIRED'])
    await becomes(params, 'AUTHENTICATION_FAILED')
    assert.equal((await book(params)).charges, 0)
  })

  test('after a second SMS the OTP is good longer than five minutes from the first', async () => {
    const { api, challenge, later, otp } = shop()
    const params = await challenge()
    await later(4 * minuteMs)
    await api.resendOtp(params)
    await later(2 * minuteMs)
    assert.equal((await api.submitOtp({ ...params, otp: await otp(params) })).status, 'CHARGED')
  })

  test('no SMS is sent for a payment out of time', async () => {
    const { api, challenge, inbox, later } = shop()
    const params = await challenge()
    await later(6 * minuteMs)
    await assert.rejects(api.resendOtp(params), { http_status: 400, code: 'already_processed' })
    assert.equal((await inbox(params)).length, 1)
  })

  test('a merchant may want the end by time to be called AUTHORIZATION_FAILED', async () => {
    const { becomes, challenge, later, withSettings } = shop()
    await withSettings({ otp_failure_status: 'AUTHORIZATION_FAILED' }, async () => {
      const params = await challenge()
      await later(6 * minuteMs)
      assert.equal((await becomes(params, 'AUTHORIZATION_FAILED')).resp_code, 'TXN_EXPIRED')
    })
  })

  test('an order whose payment ran out of time is paid by the next one', async () => {
    const { api, challenge, later, order, otp, start } = shop()
    const params = await challenge()
    await later(6 * minuteMs)
    const { payment, txn_id } = await start(params)
    assert.equal(txn_id, `demo-${params.order_id}-2`)
    const next = payment?.authentication.params
    assert(next)
    await api.submitOtp({ ...next, otp: await otp(next) })
    assert.equal((await order(params)).status, 'CHARGED')
  })
})
