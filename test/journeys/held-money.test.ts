import assert from 'node:assert/strict'
import { test } from 'node:test'
import { challengeIn, dayMs, minuteMs, onBothEngines } from './shop.ts'

const hold = { auto_capture: false }

onBothEngines((shop) => {
  test('a hotel takes what the guest owes, and gives a part of it back', async () => {
    const { api, book, order, paid, refundBecomes } = shop()
    const params = await paid(hold)
    const { id, order_id } = params
    const early = api.refundOrder(order_id, { unique_request_id: 'early' })
    await assert.rejects(early, { http_status: 400, code: 'invalid.order.not_successful' })
    const captured = await api.captureTxn({ id })
    assert.deepEqual(
      [captured.status, captured.status_id, captured.resp_code],
      ['CHARGED', 21, '00'],
    )
    assert.equal(captured.maximum_eligible_refund_amount, 100)
    await assert.rejects(api.captureTxn({ id }), { http_status: 400, code: 'INVALID_ACTION' })
    await assert.rejects(api.voidTxn({ id }), { http_status: 400, code: 'INVALID_ACTION' })
    await api.refundOrder(order_id, { unique_request_id: 'minibar', amount: '12.50' })
    await refundBecomes(params, 'minibar', 'SUCCESS')
    assert.equal((await order(params)).maximum_eligible_refund_amount, 87.5)
    const [payment] = (await book(params)).payments
    assert.deepEqual([payment?.captured, payment?.refunded], [10_000, 1_250])
  })

  test('a shop takes each parcel’s part as it leaves', async () => {
    const { api, book, order, paid } = shop()
    const params = await paid(hold)
    const { id } = params
    const first = { id, amount: '30.00', idempotence_key: 'parcel-1' }
    const part = await api.captureTxn(first)
    assert.deepEqual([part.status, part.status_id], ['PARTIAL_CHARGED', 37])
    assert.equal(part.maximum_eligible_refund_amount, 30)
    assert.equal((await api.captureTxn(first)).maximum_eligible_refund_amount, 30)
    const over = api.captureTxn({ id, amount: '70.01', idempotence_key: 'parcel-2' })
    await assert.rejects(over, { http_status: 400, code: 'invalid.amount.exceeded' })
    await api.captureTxn({ id, idempotence_key: 'parcel-2' })
    assert.equal((await order(params)).status, 'CHARGED')
    assert.equal((await book(params)).payments[0]?.captured, 10_000)
  })

  test('a guest never comes: the money is released, and the order may be paid anew', async () => {
    const { api, book, order, otp, paid, start } = shop()
    const params = await paid(hold)
    const { id } = params
    const voided = await api.voidTxn({ id })
    assert.deepEqual([voided.status, voided.status_id], ['VOIDED', 31])
    await assert.rejects(api.captureTxn({ id }), { http_status: 400, code: 'INVALID_ACTION' })
    const { charges, payments } = await book(params)
    assert.deepEqual([charges, payments[0]?.state], [0, 'voided'])
    const second = challengeIn(await start(params))
    await api.submitOtp({ ...second, otp: await otp(second) })
    assert.equal((await order(params)).status, 'CHARGED')
  })

  for (const what of ['capture', 'void'] as const) {
    test(`the bank takes its time to ${what}, and may refuse`, async () => {
      const { api, becomes, later, mood, paid } = shop()
      const params = await paid(hold)
      const ask = () => (what === 'capture' ? api.captureTxn(params) : api.voidTxn(params))
      await mood({ mood: `${what}_declined`, next: what })
      assert.equal((await ask()).status, what === 'capture' ? 'CAPTURE_FAILED' : 'VOID_FAILED')
      await mood({ mood: `${what}_pending`, next: what })
      const begun = what === 'capture' ? 'CAPTURE_INITIATED' : 'VOID_INITIATED'
      assert.equal((await ask()).status, begun)
      await assert.rejects(ask(), { http_status: 400, message: /inprocess/ })
      await later(minuteMs)
      await becomes(params, what === 'capture' ? 'CHARGED' : 'VOIDED')
    })

    for (const mood of ['timeout_after', 'timeout_before']) {
      test(`${mood}: the answer to a ${what} is lost, and the truth found`, async () => {
        const { api, becomes, book, later, paid } = shop()
        const params = await paid(hold)
        await shop().mood({ mood, next: what })
        const lost = await (what === 'capture' ? api.captureTxn(params) : api.voidTxn(params))
        assert.equal(lost.status, 'AUTHORIZED')
        await later(minuteMs)
        const { state, ours } = endings[`${what} ${mood}`] ?? assert.fail()
        await becomes(params, ours)
        assert.equal((await book(params)).payments[0]?.state, state)
      })
    }
  }

  test('money that nobody captures is released after seven days', async () => {
    const { becomes, book, happens, later, order, paid } = shop()
    const params = await paid(hold)
    await later(7 * dayMs - minuteMs)
    assert.equal((await order(params)).status, 'AUTHORIZED')
    await later(minuteMs)
    await becomes(params, 'VOIDED')
    await happens(params, 'void_asked')
    assert.equal((await book(params)).payments[0]?.state, 'voided')
  })
})

/** How the bank has it, and how the order shows it, once the truth is found. */
const endings: Record<
  string,
  { state: string; ours: 'CHARGED' | 'VOIDED' | 'CAPTURE_FAILED' | 'VOID_FAILED' }
> = {
  'capture timeout_after': { state: 'charged', ours: 'CHARGED' },
  'capture timeout_before': { state: 'authorized', ours: 'CAPTURE_FAILED' },
  'void timeout_after': { state: 'voided', ours: 'VOIDED' },
  'void timeout_before': { state: 'authorized', ours: 'VOID_FAILED' },
}
