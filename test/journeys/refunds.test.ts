import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayMs, minuteMs, onBothEngines } from './shop.ts'

onBothEngines((shop) => {
  test('a shop gives money back in parts, until nothing is left', async () => {
    const { api, book, order, paid, refundBecomes } = shop()
    const params = await paid()
    const metadata = { reason: 'too small' }
    const shoes = { unique_request_id: 'shoes', amount: '60.00', metadata }
    const answer = await api.refundOrder(params.order_id, shoes)
    assert.deepEqual(
      [answer.status, answer.refunded, answer.amount_refunded],
      ['CHARGED', false, 60],
    )
    const [asked] = answer.refunds
    assert.deepEqual([asked?.status, asked?.sent_to_gateway], ['PENDING', false])
    assert.deepEqual(asked?.metadata, metadata)
    const sent = await refundBecomes(params, 'shoes', 'SUCCESS')
    assert.deepEqual([sent.sent_to_gateway, sent.amount, sent.initiated_by], [true, 60, 'API'])
    assert(sent.arn && sent.id)

    const again = api.refundOrder(params.order_id, shoes)
    await assert.rejects(again, { http_status: 400, message: /already completed/ })
    const more = { unique_request_id: 'more', amount: '40.01' }
    const tooMuch = api.refundOrder(params.order_id, more)
    await assert.rejects(tooMuch, { http_status: 400, code: 'invalid.amount.exceeded' })

    const txn = await api.refundTxn({ unique_request_id: 'rest', txn_id: params.id })
    assert.deepEqual([txn.amount, txn.status, txn.sent_to_gateway], [40, 'PENDING', false])
    await refundBecomes(params, 'rest', 'SUCCESS')
    const done = await order(params)
    assert.deepEqual(
      [done.status, done.refunded, done.amount_refunded, done.maximum_eligible_refund_amount],
      ['CHARGED', true, 100, 0],
    )
    const { payments, refunds } = await book(params)
    assert.deepEqual([payments[0]?.refunded, refunds], [10_000, [6_000, 4_000]])
  })

  test('a refund that the bank refuses leaves its amount to be given back', async () => {
    const { api, mood, order, paid, refundBecomes } = shop()
    const params = await paid()
    await mood({ mood: 'refund_declined', next: 'refund' })
    await api.refundOrder(params.order_id, { unique_request_id: 'first' })
    const failed = await refundBecomes(params, 'first', 'FAILURE')
    assert.deepEqual([failed.error_code, failed.arn], ['REFUND_DECLINED', null])
    const left = await order(params)
    assert.deepEqual([left.amount_refunded, left.maximum_eligible_refund_amount], [0, 100])
    await api.refundOrder(params.order_id, { unique_request_id: 'second' })
    await refundBecomes(params, 'second', 'SUCCESS')
  })

  for (const mood of ['timeout_after', 'reset_before', 'http_500']) {
    test(`${mood}: the answer to a refund is lost, and the money goes back once`, async () => {
      const { api, book, happens, later, paid, refundBecomes } = shop()
      const params = await paid()
      await shop().mood({ mood, next: 'refund' })
      await api.refundOrder(params.order_id, { unique_request_id: 'lost' })
      await happens(params, 'gateway_answered')
      await later(minuteMs)
      await refundBecomes(params, 'lost', 'SUCCESS')
      assert.deepEqual((await book(params)).refunds, [10_000])
    })
  }

  test('a stuck refund is for a person after ten days, and ends on the eleventh', async () => {
    const { api, book, happens, later, mood, order, paid, refundBecomes } = shop()
    const params = await paid()
    await mood({ mood: 'refund_stuck', next: 'refund' })
    await api.refundOrder(params.order_id, { unique_request_id: 'stuck' })
    await happens(params, 'gateway_answered')
    const [pending] = (await order(params)).refunds
    assert.deepEqual([pending?.status, pending?.sent_to_gateway], ['PENDING', true])
    await later(10 * dayMs)
    await refundBecomes(params, 'stuck', 'MANUAL_REVIEW')
    assert.equal((await order(params)).maximum_eligible_refund_amount, 0)
    await later(dayMs)
    assert((await refundBecomes(params, 'stuck', 'SUCCESS')).arn)
    assert.deepEqual((await book(params)).refunds, [10_000])
  })
})
