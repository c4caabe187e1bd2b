import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cards, challengeIn, onBothEngines } from './shop.ts'

onBothEngines((shop) => {
  test('a hotel holds the money when the OTP is submitted', async () => {
    const { api, book, challenge, order, otp, start } = shop()
    const params = await challenge()
    const submission = { ...params, otp: await otp(params), auto_capture: false }
    const held = await api.submitOtp(submission)
    assert.deepEqual([held.status, held.status_id], ['AUTHORIZED', 24])
    const status = await order(params)
    assert.deepEqual([status.status, status.status_id], ['AUTHORIZED', 24])
    assert.equal(status.maximum_eligible_refund_amount, 0)
    const { charges, payments } = await book(params)
    assert.deepEqual([charges, payments[0]?.state], [0, 'authorized'])
    await assert.rejects(start(params), { http_status: 400, code: 'INVALID_ACTION' })
  })

  test('a shop says at the order that money is held, or at the OTP that it is not', async () => {
    const { api, newOrder, otp, start } = shop()
    const later = { metadata: { 'txns.auto_capture': 'false' } }
    const held = challengeIn(await start(await newOrder(later)))
    assert.equal((await api.submitOtp({ ...held, otp: await otp(held) })).status, 'AUTHORIZED')
    const order = await newOrder(later)
    assert.deepEqual(order.metadata, later.metadata)
    const now = challengeIn(await start(order))
    const submission = { ...now, otp: await otp(now), auto_capture: true }
    assert.equal((await api.submitOtp(submission)).status, 'CHARGED')
  })

  test('the second of two open payments pays, and then the first takes no OTP', async () => {
    const { api, book, newOrder, order: statusOf, otp, start } = shop()
    const order = await newOrder()
    const first = challengeIn(await start(order))
    const second = challengeIn(await start(order, { card_number: cards.documented }))
    await api.submitOtp({ ...second, otp: '123456' })
    const status = await statusOf(order)
    assert.deepEqual([status.status, status.txn_uuid], ['CHARGED', second.id])
    const submission = { ...first, otp: await otp(first) }
    await assert.rejects(api.submitOtp(submission), { http_status: 400, code: 'INVALID_ACTION' })
    const { charges, payments } = await book(order)
    assert.deepEqual([charges, payments.map(({ guesses }) => guesses)], [1, [0, 1]])
  })

  test('an order with the longest texts is paid like any other', async () => {
    const { newOrder, start } = shop()
    const long = 'ü'.repeat(2_048)
    const texts = { customer_phone: long, customer_email: long, ip_address: long, user_agent: long }
    assert.equal((await start(await newOrder(texts))).status, 'PENDING_VBV')
  })

  test('a paid order takes no other payment and no change', async () => {
    const { api, book, challenge, otp, start } = shop()
    const params = await challenge()
    await api.submitOtp({ ...params, otp: await otp(params) })
    const paid = { http_status: 400, code: 'INVALID_ACTION', message: /is already paid\.$/ }
    await assert.rejects(start(params), paid)
    await assert.rejects(api.updateOrder(params.order_id, { udf1: 'x' }), paid)
    assert.equal((await book(params)).payments.length, 1)
  })

  test('an order takes 25 payments at most', async () => {
    const { book, newOrder, start } = shop()
    const order = await newOrder()
    for (let n = 1; n <= 25; n++) {
      assert.equal((await start(order)).txn_id, `demo-${order.order_id}-${n}`)
    }
    await assert.rejects(start(order), { http_status: 400, code: 'max_limit_exceeded' })
    assert.equal((await book(order)).payments.length, 25)
  })

  test('a new amount ends the open challenge, and the next payment is of that amount', async () => {
    const { api, book, challenge, order, otp, start } = shop()
    const params = await challenge()
    const updated = await api.updateOrder(params.order_id, { amount: '120.50', udf2: 'gift' })
    assert.deepEqual(
      [updated.amount, updated.effective_amount, updated.udf2],
      [120.5, 120.5, 'gift'],
    )
    const closed = { http_status: 400, code: 'order_amount_mismatch' }
    await assert.rejects(api.submitOtp({ ...params, otp: await otp(params) }), closed)
    await assert.rejects(api.resendOtp(params), closed)
    assert.equal((await book(params)).payments[0]?.guesses, 0)
    const next = challengeIn(await start(params))
    await api.submitOtp({ ...next, otp: await otp(next) })
    const paid = await order(params)
    assert.deepEqual([paid.status, paid.txn_detail?.txn_amount], ['CHARGED', 120.5])
  })

  test('a change of anything else leaves the challenge open', async () => {
    const { api, challenge, otp } = shop()
    const params = await challenge()
    await api.updateOrder(params.order_id, { amount: '100', description: 'Two tickets' })
    assert.equal((await api.submitOtp({ ...params, otp: await otp(params) })).status, 'CHARGED')
  })

  test('creating an order twice makes one; another amount is refused', async () => {
    const { api, events } = shop()
    const wanted = { order_id: 'twice', amount: '10.00', customer_id: 'asha' }
    const first = await api.createOrder(wanted)
    assert.deepEqual(await api.createOrder({ ...wanted, amount: '10' }), first)
    await assert.rejects(api.createOrder({ ...wanted, amount: '11.00' }), {
      http_status: 400,
      code: 'order_already_created',
    })
    assert.equal((await events(wanted)).length, 1)
    assert.equal((await shop().order(wanted)).amount, 10)
  })

  test('the older call creates, and then changes, the same order', async () => {
    const { order, raw, server } = shop()
    const create = async (amount: string) => {
      const answer = await raw('/order/create', {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${server.key}:`)}` },
        body: new URLSearchParams({ order_id: 'older', amount }),
      })
      assert.equal(answer.status, 200)
      return (await answer.json()) as { id: string; status: string; status_id: number }
    }
    const first = await create('10.00')
    assert.deepEqual([first.status, first.status_id], ['CREATED', 1])
    assert.equal((await create('12.00')).id, first.id)
    assert.equal((await order({ order_id: 'older' })).amount, 12)
  })

  test('everything said of an order is kept, and amounts that are none are refused', async () => {
    const { api, order } = shop()
    const said = {
      customer_id: 'asha',
      customer_email: 'asha@example.com',
      customer_phone: '9000000001',
      description: 'Two tickets',
      product_id: 'prod-7',
      return_url: 'https://shop.example/back',
      ip_address: '198.51.100.7',
      user_agent: 'Mozilla/5.0',
      billing_address_city: 'Pune',
      shipping_address_postal_code: '411001',
      udf10: '<ten> & "more" ₹',
      metadata: { 'shelf.row': '7' },
    }
    await api.createOrder({ order_id: 'full', amount: '1.05', ...said })
    const { amount, ...shown } = await order({ order_id: 'full' })
    assert.equal(amount, 1.05)
    assert.deepEqual({ ...shown, ...said }, shown)
    for (const wrong of ['10.005', '1e3', '-1', '0', ' 10', '', 'ten']) {
      const asked = api.createOrder({ order_id: 'odd', amount: wrong })
      await assert.rejects(asked, { http_status: 400, code: 'INVALID_REQUEST' }, wrong)
    }
    assert.equal((await api.orderStatus('odd')).status, 'NOT_FOUND')
  })

  test("each call's ids are in the order's history", async () => {
    const { api, events, otp } = shop()
    const how = { requestId: 'trace-1', routingId: 'asha' }
    const order = await api.createOrder({ order_id: 'traced', amount: '5' }, how)
    const { start } = shop()
    const params = challengeIn(await start(order))
    const submission = { ...params, otp: await otp(params) }
    await api.submitOtp(submission, { requestId: 'trace-2', routingId: 'asha' })
    const traced = (await events(order)).filter(({ routing_id }) => routing_id === 'asha')
    const ids = traced.map(({ kind, request_id }) => [kind, request_id])
    assert.deepEqual(ids, [
      ['order_created', 'trace-1'],
      ['otp_submitted', 'trace-2'],
      ['status_changed', 'trace-2'],
    ])
  })
})
