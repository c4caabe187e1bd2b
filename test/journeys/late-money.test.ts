import assert from 'node:assert/strict'
import { test } from 'node:test'
import { challengeIn, dayMs, minuteMs, onBothEngines } from './shop.ts'

/** The first look after a bank's no, with its spread; the bank changes its mind after 5 minutes. */
const lateLookMs = 17 * minuteMs

onBothEngines((shop) => {
  test('the bank takes money it had refused, after another payment: it goes back', async () => {
    const { api, becomes, book, events, happens, later, newOrder, order, otp, start } = shop()
    const of = await newOrder()
    const first = challengeIn(await start(of))
    const submission = { ...first, otp: await otp(first) }
    await shop().mood({ mood: 'late_success', next: 'otp' })
    assert.equal((await api.submitOtp(submission)).status, 'AUTHORIZATION_FAILED')
    const second = challengeIn(await start(of))
    await api.submitOtp({ ...second, otp: await otp(second) })
    await becomes(of, 'CHARGED')

    await later(lateLookMs)
    await happens(of, 'late_charge')
    await happens(of, 'refund_answered')
    const paid = await order(of)
    assert.deepEqual([paid.status, paid.txn_uuid, paid.amount_refunded], ['CHARGED', second.id, 0])
    const given = await api.submitOtp(submission)
    assert.deepEqual([given.status, given.status_id], ['AUTO_REFUNDED', 36])
    const [refund, ...more] = given.refunds
    assert.deepEqual(more, [])
    assert.deepEqual(
      [refund?.status, refund?.amount, refund?.initiated_by],
      ['SUCCESS', 100, 'AUTO_REFUNDED'],
    )
    const again = api.refundTxn({ unique_request_id: 'again', txn_id: first.id })
    await assert.rejects(again, { http_status: 400, code: 'invalid.amount.exceeded' })
    const { charges, payments, refunds } = await book(of)
    assert.deepEqual([charges, refunds], [2, [10_000]])
    assert.deepEqual(
      payments.map(({ refunded }) => refunded),
      [10_000, 0],
    )
    const late = (await events(of)).filter(({ kind }) => kind === 'late_charge')
    assert.deepEqual(
      late.map(({ txn }) => txn),
      [first.id],
    )
  })

  test('nobody else has paid meanwhile: the late money pays the order', async () => {
    const { api, becomes, book, challenge, later, otp } = shop()
    const params = await challenge()
    await shop().mood({ mood: 'late_success', next: 'otp' })
    await api.submitOtp({ ...params, otp: await otp(params) })
    await later(lateLookMs)
    const paid = await becomes(params, 'CHARGED')
    assert.equal(paid.maximum_eligible_refund_amount, 100)
    assert.deepEqual((await book(params)).refunds, [])
  })

  test('a merchant who wants no late money has it sent back', async () => {
    const { api, becomes, book, challenge, later, otp, withSettings } = shop()
    await withSettings({ refund_late_charges: true }, async () => {
      const params = await challenge()
      await shop().mood({ mood: 'late_success', next: 'otp' })
      await api.submitOtp({ ...params, otp: await otp(params) })
      await later(lateLookMs)
      const given = await becomes(params, 'AUTO_REFUNDED')
      assert.deepEqual([given.status_id, given.refunds.length], [36, 1])
      assert.deepEqual((await book(params)).refunds, [10_000])
    })
  })

  test('late money that is only held is released', async () => {
    const { api, book, events, happens, later, newOrder, otp, start } = shop()
    const of = await newOrder()
    const first = challengeIn(await start(of))
    await shop().mood({ mood: 'late_success', next: 'otp' })
    const submission = { ...first, otp: await otp(first), auto_capture: false }
    await api.submitOtp(submission)
    const second = challengeIn(await start(of))
    await api.submitOtp({ ...second, otp: await otp(second) })
    await later(lateLookMs)
    await happens(of, 'void_asked')
    assert.equal((await api.submitOtp(submission)).status, 'VOIDED')
    await later(dayMs)
    const { charges, payments } = await book(of)
    assert.deepEqual([charges, payments.map(({ state }) => state)], [1, ['voided', 'charged']])
    const voids = (await events(of)).filter(({ kind }) => kind === 'void_asked')
    assert.equal(voids.length, 1)
  })
})
