import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nextStep } from '../../sdk/src/directotp.ts'
import { cards, challengeIn, onBothEngines, pageIn } from './shop.ts'

onBothEngines((shop) => {
  test('the bank locks a card at its first OTP', async () => {
    const { api, challenge, otp } = shop()
    const params = await challenge({ card_number: cards.locked })
    const locked = await api.submitOtp({ ...params, otp: await otp(params) })
    assert.deepEqual([locked.status, locked.status_id], ['AUTHENTICATION_FAILED', 26])
    assert.equal(locked.resp_code, 'OTP_ATTEMPTS_EXCEEDED')
  })

  test('the OTP is right, but there is no money; another card pays', async () => {
    const { api, challenge, order, otp, start } = shop()
    const params = await challenge({ card_number: cards.insufficientFunds })
    const poor = await api.submitOtp({ ...params, otp: await otp(params) })
    assert.deepEqual([poor.status, poor.status_id], ['AUTHORIZATION_FAILED', 27])
    assert.equal(poor.resp_code, 'INSUFFICIENT_BALANCE')
    assert.equal(poor.payment_gateway_response.resp_code, 'INSUFFICIENT_FUNDS')

    const second = challengeIn(await start(params))
    const paid = await api.submitOtp({ ...second, otp: await otp(second) })
    assert.equal(paid.txn_id, `demo-${params.order_id}-2`)
    assert.equal((await order(params)).status, 'CHARGED')
  })

  test('the bank declines a card before there is any OTP', async () => {
    const { inbox, newOrder, start } = shop()
    const declined = await start(await newOrder(), { card_number: cards.startDeclined })
    assert.deepEqual([declined.status, declined.status_id], ['AUTHORIZATION_FAILED', 27])
    assert.equal(declined.resp_code, 'BANK_DECLINED')
    assert.equal(declined.payment, undefined)
    assert.deepEqual(await inbox({ id: declined.txn_uuid }), [])
  })

  test("a card without Direct OTP gets the bank's page", async () => {
    const { inbox, newOrder, server, start } = shop()
    const started = await start(await newOrder(), { card_number: cards.ineligible })
    assert.deepEqual([started.status, started.status_id], ['PENDING_VBV', 23])
    assert.deepEqual(started.payment, {
      authentication: {
        method: 'GET',
        url: `${server.url}/v2/pay/start/demo/${started.txn_uuid}`,
      },
    })
    assert.deepEqual(await inbox({ id: started.txn_uuid }), [])
  })

  test("a shop may ask for the bank's page itself, and no SMS is sent", async () => {
    const { inbox, newOrder, server, start } = shop()
    const started = await start(await newOrder(), { auth_type: 'THREE_DS' })
    assert.equal(pageIn(started), `${server.url}/v2/pay/start/demo/${started.txn_uuid}`)
    assert.deepEqual(await inbox({ id: started.txn_uuid }), [])
  })

  test('a start that does not ask for JSON is sent on to the page', async () => {
    const { newOrder, order, raw, server } = shop()
    const { order_id } = await newOrder()
    const fields = {
      order_id,
      merchant_id: 'demo',
      payment_method_type: 'CARD',
      auth_type: 'THREE_DS',
      card_number: cards.inbox,
      card_exp_month: '12',
      card_exp_year: '40',
      card_security_code: '123',
    }
    const answer = await raw('/txns', {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(server.key)}` },
      body: new URLSearchParams(fields),
    })
    assert.equal(answer.status, 302)
    const { txn_uuid } = await order({ order_id })
    assert.equal(answer.headers.get('location'), `${server.url}/v2/pay/start/demo/${txn_uuid}`)
    assert.equal(await answer.text(), '')
  })

  test('a card, an order or a gateway that is none is refused, and makes no txn', async () => {
    const { api, events, newOrder, start } = shop()
    const order = await newOrder()
    const wrong = [
      [{ card_number: '4111111111111112' }, 'invalid_card_number'],
      [{ card_number: '' }, 'missing_card_number'],
      [{ card_exp_month: '13' }, 'invalid_expiry_month'],
      [{ card_security_code: '' }, 'invalid_request_error'],
      [{ gateway_id: 23 }, 'invalid_request_error'],
      [{ auth_account_id: 'not-ours' }, 'invalid'],
      [{ order_id: 'nobody-knows' }, 'invalid'],
    ] as const
    for (const [given, code] of wrong) {
      await assert.rejects(start(order, given), { http_status: 400, code }, JSON.stringify(given))
    }
    assert.deepEqual(
      (await events(order)).map(({ kind }) => kind),
      ['order_created', 'no_gateway', 'no_gateway'],
    )
    const chosen = { gateway_id: 100, auth_account_id: 'simulator' }
    assert.equal(nextStep(await start(order, chosen)).kind, 'otp')
    assert.equal((await api.orderStatus(order.order_id)).status, 'PENDING_VBV')
  })
})
