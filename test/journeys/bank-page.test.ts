import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { MerchantId } from '../../src/ids.ts'
import { insertMerchant } from '../../src/merchants/merchants.ts'
import { cards, challengeIn, minuteMs, onBothEngines, pageIn, type Shop } from './shop.ts'

const returnUrl = 'https://shop.example/back?cart=7'

/** Presses the button of our page; gives where the customer's browser goes. */
async function press({ raw }: Shop, page: string): Promise<string> {
  const answer = await raw(page, { method: 'POST' })
  assert.equal(answer.status, 303)
  return answer.headers.get('location') ?? ''
}

/** Decides on the bank's page and follows the way back; gives what the shop is told. */
async function decide(shop: Shop, bankPage: string, decision: 'approve' | 'cancel') {
  assert.equal((await shop.raw(bankPage)).status, 200)
  const body = new URLSearchParams({ decision })
  const back = await shop.raw(bankPage, { method: 'POST', body })
  assert.equal(back.status, 303)
  return comeBack(shop, back.headers.get('location') ?? '')
}

/** What the shop reads in the URL that a customer comes back by. */
async function comeBack({ raw }: Shop, finishPage: string) {
  const answer = await raw(finishPage)
  assert.equal(answer.status, 302)
  const url = new URL(answer.headers.get('location') ?? '')
  assert.equal(url.origin + url.pathname, 'https://shop.example/back')
  const {
    signature,
    signature_algorithm: algorithm,
    ...told
  } = Object.fromEntries(url.searchParams)
  assert(signature && algorithm === 'HMAC-SHA256')
  return told
}

onBothEngines((shop) => {
  before(async () => {
    const { db } = shop().server
    await db.tx(async (t) => insertMerchant(t, 'other' as MerchantId, 0))
  })

  test('a customer gives up on the OTP and approves at the bank', async () => {
    const { api, book, newOrder, order: statusOf, otp, raw, server, start } = shop()
    const order = await newOrder({ return_url: returnUrl })
    const params = challengeIn(await start(order))
    const page = await raw(params.fallback_url)
    assert.deepEqual(
      [page.status, page.headers.get('content-type')],
      [200, 'text/html; charset=utf-8'],
    )

    const bankPage = await press(shop(), params.fallback_url)
    assert(bankPage.startsWith(`${server.bankUrl}/acs/`), bankPage)
    const submission = { ...params, otp: await otp(params) }
    const closed = { http_status: 400, code: 'already_processed' }
    await assert.rejects(api.submitOtp(submission), closed)
    await assert.rejects(api.resendOtp(params), closed)
    assert.equal((await statusOf(order)).status, 'PENDING_VBV')

    const told = await decide(shop(), bankPage, 'approve')
    const { order_id } = order
    assert.deepEqual(told, { cart: '7', order_id, status: 'CHARGED', status_id: '21' })
    const paid = await statusOf(order)
    assert.deepEqual([paid.status, paid.txn_uuid], ['CHARGED', params.id])
    const { charges, payments } = await book(order)
    assert.deepEqual([charges, payments[0]?.guesses], [1, 0])
    assert.deepEqual(await comeBack(shop(), `/v2/pay/finish/demo/${params.id}/${order_id}`), told)
  })

  test('looking at the page changes nothing: the OTP still pays', async () => {
    const { api, challenge, events, otp, raw } = shop()
    const params = await challenge()
    const untouched = await events(params)
    for (const page of [params.fallback_url, params.fallback_url.replace('?fallback=true', '')]) {
      for (const method of ['GET', 'HEAD']) assert.equal((await raw(page, { method })).status, 200)
    }
    assert.deepEqual(await events(params), untouched)
    assert.equal((await api.submitOtp({ ...params, otp: await otp(params) })).status, 'CHARGED')
  })

  test('a customer cancels at the bank', async () => {
    const { newOrder, order: statusOf, start } = shop()
    const order = await newOrder({ return_url: returnUrl })
    const page = pageIn(await start(order, { card_number: cards.ineligible }))
    const told = await decide(shop(), await press(shop(), page), 'cancel')
    assert.deepEqual([told['status'], told['status_id']], ['AUTHENTICATION_FAILED', '26'])
    assert.equal((await statusOf(order)).resp_code, 'USER_DECLINED')
  })

  test('from ₹500 the bank declines an approved payment', async () => {
    const { newOrder, start } = shop()
    const order = await newOrder({ amount: '500.00', return_url: returnUrl })
    const page = pageIn(await start(order, { auth_type: 'THREE_DS' }))
    const told = await decide(shop(), await press(shop(), page), 'approve')
    assert.deepEqual([told['status'], told['status_id']], ['AUTHORIZATION_FAILED', '27'])
  })

  test('from ₹700 the bank takes its time, and then it has paid', async () => {
    const { becomes, book, later, newOrder, start } = shop()
    const order = await newOrder({ amount: '700.00', return_url: returnUrl })
    const page = pageIn(await start(order, { auth_type: 'THREE_DS' }))
    const told = await decide(shop(), await press(shop(), page), 'approve')
    assert.deepEqual([told['status'], told['status_id']], ['AUTHORIZING', '28'])
    await later(minuteMs)
    await becomes(order, 'CHARGED')
    assert.equal((await book(order)).charges, 1)
  })

  test('a customer approves and never comes back; the order finds out by itself', async () => {
    const { becomes, later, newOrder, raw, start } = shop()
    const order = await newOrder()
    const bankPage = await press(shop(), pageIn(await start(order, { auth_type: 'THREE_DS' })))
    await raw(bankPage, { method: 'POST', body: new URLSearchParams({ decision: 'approve' }) })
    await later(2 * minuteMs)
    await becomes(order, 'CHARGED')
  })

  test('a page nobody answers closes after a quarter of an hour', async () => {
    const { becomes, later, newOrder, start } = shop()
    const order = await newOrder()
    await start(order, { auth_type: 'THREE_DS' })
    await later(16 * minuteMs)
    assert.equal((await becomes(order, 'AUTHENTICATION_FAILED')).resp_code, 'TXN_EXPIRED')
  })

  test('an order whose amount grew meanwhile is not paid by the old amount', async () => {
    const { api, newOrder, order: statusOf, start } = shop()
    const order = await newOrder({ return_url: returnUrl })
    const params = challengeIn(await start(order))
    const bankPage = await press(shop(), params.fallback_url)
    await api.updateOrder(order.order_id, { amount: '9999.00' })
    // The clock gives the money back at once, and that would be over soon.
    await shop().mood({ mood: 'refund_pending', next: 'refund' })
    const told = await decide(shop(), bankPage, 'approve')
    assert.deepEqual([told['status'], told['status_id']], ['AUTHORIZING', '28'])
    const { status, resp_code, maximum_eligible_refund_amount } = await statusOf(order)
    assert.deepEqual(
      [status, resp_code, maximum_eligible_refund_amount],
      ['AUTHORIZING', 'LATE_CHARGE', 0],
    )
  })

  test('a charge by the page after another payment has paid is kept as a late one', async () => {
    const { api, book, events, newOrder, order: statusOf, otp, start } = shop()
    const order = await newOrder({ return_url: returnUrl })
    const first = challengeIn(await start(order))
    const bankPage = await press(shop(), first.fallback_url)
    const second = challengeIn(await start(order))
    await api.submitOtp({ ...second, otp: await otp(second) })

    const told = await decide(shop(), bankPage, 'approve')
    assert.deepEqual([told['status'], told['status_id']], ['CHARGED', '21'])
    const late = (await events(order)).filter(({ kind }) => kind === 'late_charge')
    assert.deepEqual(
      late.map(({ txn }) => txn),
      [first.id],
    )
    const paid = await statusOf(order)
    assert.deepEqual([paid.status, paid.txn_uuid], ['CHARGED', second.id])
    assert.equal(paid.maximum_eligible_refund_amount, 100)
    assert.equal((await book(order)).charges, 2)
  })

  test('once the order is paid, the page leads back to the shop, not to the bank', async () => {
    const { api, book, newOrder, otp, start } = shop()
    const order = await newOrder({ return_url: returnUrl })
    const first = challengeIn(await start(order))
    const second = challengeIn(await start(order))
    await api.submitOtp({ ...second, otp: await otp(second) })
    const told = await comeBack(shop(), await press(shop(), first.fallback_url))
    assert.equal(told['status'], 'CHARGED')
    assert.equal((await book(order)).charges, 1)
  })

  test('after a new amount the page leads to no bank that asks for the old one', async () => {
    const { api, newOrder, start } = shop()
    const order = await newOrder({ return_url: returnUrl })
    const params = challengeIn(await start(order))
    await api.updateOrder(order.order_id, { amount: '50.00' })
    const told = await comeBack(shop(), await press(shop(), params.fallback_url))
    assert.equal(told['status'], 'PENDING_VBV')
  })

  test("under another merchant's name a page is as unknown as one that never was", async () => {
    const { challenge, raw } = shop()
    const { id, order_id } = await challenge()
    const never = `txn_${'0'.repeat(35)}`
    const seen = async (path: string, method: string) => {
      const answer = await raw(path, { method, headers: { 'x-request-id': 'same' } })
      const { date: _date, 'x-response-id': _id, ...headers } = Object.fromEntries(answer.headers)
      return { status: answer.status, headers, text: await answer.text() }
    }
    for (const method of ['GET', 'POST']) {
      const unknown = await seen(`/v2/pay/start/demo/${never}`, method)
      assert.equal(unknown.status, 404)
      for (const path of [`other/${id}`, `nobody/${id}`, `demo/demo-${order_id}-1`, 'demo/x']) {
        assert.deepEqual(await seen(`/v2/pay/start/${path}`, method), unknown, path)
      }
    }
    const unknown = await seen(`/v2/pay/finish/demo/${never}/${order_id}`, 'GET')
    assert.equal(unknown.status, 404)
    for (const path of [`other/${id}/${order_id}`, `demo/${id}/order-other`]) {
      assert.deepEqual(await seen(`/v2/pay/finish/${path}`, 'GET'), unknown, path)
    }
  })
})
