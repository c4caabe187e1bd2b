import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nextStep } from '../../sdk/src/directotp.ts'
import { cards, challengeIn, onBothEngines } from './shop.ts'

onBothEngines((shop) => {
  test('a customer reads the OTP in their SMS, types it, and has paid', async () => {
    const { api, inbox, book, newOrder, start } = shop()
    const order = await newOrder({ amount: '499.50', customer_id: 'asha', udf1: 'red' })
    assert.deepEqual([order.status, order.status_id, order.amount], ['NEW', 10, 499.5])

    const started = await start(order)
    assert.deepEqual([started.status, started.status_id], ['PENDING_VBV', 23])
    assert.equal(started.txn_id, `demo-${order.order_id}-1`)
    const params = challengeIn(started)
    assert.equal(params.id, started.txn_uuid)
    assert.deepEqual(
      [params.times_otp_sent, params.current_attempt, params.max_attempts],
      [1, 1, 3],
    )

    const [otp = '', ...more] = await inbox(params)
    assert.match(otp, /^\d{6}$/)
    assert.equal(more.length, 0)
    const paid = await api.submitOtp({ ...params, otp })
    assert.deepEqual([paid.status, paid.status_id, paid.resp_code], ['CHARGED', 21, '00'])
    assert.deepEqual(nextStep(paid), { kind: 'finished', status: 'CHARGED' })

    const status = await shop().order(order)
    assert.deepEqual([status.status, status.status_id], ['CHARGED', 21])
    assert.equal(status.txn_uuid, params.id)
    assert.equal(status.card?.last_four_digits, '1111')
    assert.deepEqual([status.customer_id, status.udf1], ['asha', 'red'])
    assert.equal(status.maximum_eligible_refund_amount, 499.5)
    assert.equal((await book(order)).charges, 1)
  })

  test("the documented test card's OTP is 123456", async () => {
    const { api, challenge } = shop()
    const params = await challenge({ card_number: cards.documented })
    assert.equal((await api.submitOtp({ ...params, otp: '123456' })).status, 'CHARGED')
  })

  test('the txn can be named by its readable id as well', async () => {
    const { api, challenge, otp } = shop()
    const params = await challenge()
    const id = `demo-${params.order_id}-1`
    const paid = await api.submitOtp({ ...params, id, otp: await otp(params) })
    assert.deepEqual([paid.status, paid.txn_uuid], ['CHARGED', params.id])
  })

  test('the same OTP once more is answered with the end, and never reaches the bank', async () => {
    const { api, book, challenge, otp } = shop()
    const params = await challenge()
    const submission = { ...params, otp: await otp(params) }
    const first = await api.submitOtp(submission)
    assert.deepEqual(await api.submitOtp(submission), first)
    assert.deepEqual(await api.submitOtp({ ...params, otp: '0000' }), first)
    const { payments, charges } = await book(params)
    assert.deepEqual([charges, payments[0]?.guesses], [1, 1])
  })

  test('an order nobody created is an answer', async () => {
    assert.deepEqual(await shop().api.orderStatus('never'), {
      status: 'NOT_FOUND',
      status_id: 40,
      order_id: 'never',
    })
  })
})
