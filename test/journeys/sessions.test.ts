import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Body } from '../caller.ts'
import { cards, onBothEngines, type Shop } from './shop.ts'

/** One call with a JSON body, by the merchant's key or without any. */
async function post(shop: Shop, path: string, body: object, key?: 'by key'): Promise<Body> {
  const authorization = `Basic ${btoa(`${shop.server.key}:`)}`
  const headers = { 'content-type': 'application/json', ...(key && { authorization }) }
  const answer = await shop.raw(path, { method: 'POST', headers, body: JSON.stringify(body) })
  return (await answer.json()) as Body
}

function payingWith(shop: Shop, card_number: string): object {
  return {
    merchant_id: shop.server.merchant,
    payment_method_type: 'CARD',
    card_number,
    card_exp_month: '11',
    card_exp_year: '27',
    card_security_code: '123',
    auth_type: 'OTP',
    format: 'json',
  }
}

onBothEngines((shop) => {
  test('an app pays with nothing but what its session handed it', async () => {
    const { book, order: statusOf, otp } = shop()
    const wanted = { order_id: 'by-app', amount: '250.00', customer_id: 'asha' }
    const session = await post(shop(), '/session', wanted, 'by key')
    const { payload } = session['sdk_payload'] as { payload: Record<string, string> }
    const { orderId: order_id, clientAuthToken: client_auth_token } = payload
    const card = payingWith(shop(), cards.inbox)
    const started = await post(shop(), '/txns', { ...card, order_id, client_auth_token })
    const { id, challenge_id } = paramsIn(started)
    const answer = { otp: await otp({ id }) }
    const submission = { challenge_id, answer, client_auth_token }
    const paid = await post(shop(), `/v2/txns/${id}/authenticate`, submission)
    assert.equal(paid.status, 'CHARGED')
    assert.equal((await statusOf(wanted)).status, 'CHARGED')
    assert.equal((await book(wanted)).charges, 1)
  })

  test('one call orders and pays, and the next one pays the same order again', async () => {
    const { book, events, otp } = shop()
    const order = { order_id: 'one-call', amount: '250.00' }
    const wrong = { ...payingWith(shop(), '4111111111111112'), order }
    assert.equal((await post(shop(), '/txns', wrong, 'by key')).error_code, 'invalid_card_number')
    assert.deepEqual(await events(order), [], 'a card that is none leaves no order behind')
    const right = { ...payingWith(shop(), cards.inbox), order }
    const starts = await Promise.all([1, 2, 3].map(() => post(shop(), '/txns', right, 'by key')))
    const ids = starts.map(({ txn_id }) => txn_id).sort()
    assert.deepEqual(ids, ['demo-one-call-1', 'demo-one-call-2', 'demo-one-call-3'])
    const kinds = (await events(order)).map(({ kind }) => kind)
    assert.equal(kinds.filter((kind) => kind === 'order_created').length, 1)
    const { id, challenge_id } = paramsIn(starts[0])
    const submission = { challenge_id, answer: { otp: await otp({ id }) } }
    await post(shop(), `/v2/txns/${id}/authenticate`, submission, 'by key')
    assert.equal((await book(order)).charges, 1)
    const again = await post(shop(), '/txns', right, 'by key')
    assert.equal(again.error_code, 'INVALID_ACTION')
    assert.equal((await book(order)).charges, 1)
  })
})

function paramsIn(body: Body | undefined) {
  const params = body?.payment?.authentication.params
  assert(params, JSON.stringify(body))
  return params
}
