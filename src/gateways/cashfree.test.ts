import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { paise } from '../money.ts'
import { Secret } from '../secret.ts'
import { cashfree } from './cashfree.ts'
import { amountIn } from './cashfree-words.ts'
import type { Access, NewPayment } from './gateway.ts'
import { aNewPayment } from './payment.fixture.ts'

const at = 1_718_000_000_000
const reference = 'txn_abc00000000000000000000000000000001'

const access: Access = {
  baseUrl: 'https://sandbox.cashfree.com/pg',
  origins: ['https://sandbox.cashfree.com'],
  credentials: { client_id: 'client_1', client_secret: 'cf_secret_1' },
  callbackUrl: 'https://pay.example.in/callbacks/cashfree/main',
  transcribed: cashfree.transcribed,
}

const payment = aNewPayment({
  id: reference,
  amount: paise(49_905),
  card: { number: new Secret('4706131211212123'), expiryMonth: '03', expiryYear: '2028' },
  cardType: '',
  finishUrl: 'https://pay.example.in/finish',
  customer: {
    id: undefined,
    email: undefined,
    phone: undefined,
    ip: undefined,
    userAgent: undefined,
  },
})

function orderOf(changes: Partial<NewPayment>, to: Partial<Access> = {}) {
  const call = cashfree.start.ask({ ...payment, ...changes }, { ...access, ...to })
  return { call, body: JSON.parse(call.body ?? '') }
}

function signed(body: string, signedAt: number = at) {
  const mac = createHmac('sha256', 'cf_secret_1').update(`${signedAt}${body}`).digest('base64')
  return { 'x-webhook-timestamp': String(signedAt), 'x-webhook-signature': mac }
}

function heard(headers: Record<string, string>, body: string, now: number = at) {
  return cashfree.hearCallback({ headers, body: Buffer.from(body), now }, access)
}

test("the signature is the documents' own", () => {
  const body = '{"data":{"order":{"order_id":"o1"}},"type":"PAYMENT_SUCCESS_WEBHOOK"}'
  const headers = {
    'x-webhook-timestamp': '1718000000000',
    'x-webhook-signature': '+i2Naqce3GPjFKxnGaV2eh65bT6RYOlErCsYEsGdGoU=',
    'x-idempotency-key': 'event_1',
  }
  assert.deepEqual(heard(headers, body), { kind: 'other', id: 'event_1' })
  assert.equal(heard(headers, body.replace('o1', 'o2')).kind, 'forged')
})

test('a callback names the order of a payment, a refund or an automatic refund', () => {
  for (const part of ['order', 'refund', 'auto_refund']) {
    const body = JSON.stringify({ data: { [part]: { order_id: `${reference}-2` } } })
    const news = heard({ ...signed(body), 'x-idempotency-key': 'a+b/c=' }, body)
    const isRefund = part === 'order' ? {} : { isRefund: true }
    assert.deepEqual(news, { kind: 'news', id: 'a+b/c=', reference: `${reference}-2`, ...isRefund })
  }
})

test('what is signed are the very bytes', () => {
  const body = `{"data":{"order":{"order_id":"${reference}","order_amount":170.00}}}`
  assert.equal(heard(signed(body), body).kind, 'news')
  const rewritten = JSON.stringify(JSON.parse(body))
  assert.equal(heard(signed(body), rewritten).kind, 'forged')
  assert.equal(heard(signed(body), body.replace('170.00', '170.0')).kind, 'forged')
})

test('an event without a key is known by its body', () => {
  const body = `{"data":{"order":{"order_id":"${reference}"}}}`
  const first = heard(signed(body), body)
  const again = heard(signed(body, at + 1), body)
  assert.deepEqual(first, again)
  assert(first.kind === 'news' && /^[0-9a-f]{64}$/.test(first.id))
  const long = heard({ ...signed(body), 'x-idempotency-key': 'x'.repeat(101) }, body)
  assert.deepEqual(long, first)
})

test('a callback that nobody signed is forged', () => {
  const body = `{"data":{"order":{"order_id":"${reference}"}}}`
  const right = signed(body)
  const mac = right['x-webhook-signature']
  const time = right['x-webhook-timestamp']
  assert.equal(heard({}, body).kind, 'forged')
  assert.equal(heard({ 'x-webhook-timestamp': time }, body).kind, 'forged')
  assert.equal(heard({ 'x-webhook-signature': mac }, body).kind, 'forged')
  assert.equal(heard({ ...right, 'x-webhook-signature': mac.slice(4) }, body).kind, 'forged')
  assert.equal(heard({ ...right, 'x-webhook-timestamp': String(at + 1) }, body).kind, 'forged')
  assert.equal(heard(signed('no json'), 'no json').kind, 'forged')
  assert.equal(heard(signed('[]'), '[]').kind, 'forged')
  const keyless = { ...access, credentials: {} }
  const mac0 = createHmac('sha256', '').update(`${at}${body}`).digest('base64')
  const headers = { 'x-webhook-timestamp': String(at), 'x-webhook-signature': mac0 }
  const news = cashfree.hearCallback({ headers, body: Buffer.from(body), now: at }, keyless)
  assert.equal(news.kind, 'forged')
})

test('a callback is good for a quarter of an hour, on either side', () => {
  const body = `{"data":{"order":{"order_id":"${reference}"}}}`
  assert.equal(heard(signed(body), body, at + 900_000).kind, 'news')
  assert.equal(heard(signed(body), body, at + 900_001).kind, 'stale')
  assert.equal(heard(signed(body), body, at - 900_001).kind, 'stale')
})

test('every try is an order of its own, by which the txn is found', () => {
  assert.equal(orderOf({}).body.order_id, reference)
  const { call, body } = orderOf({ tries: 12 })
  assert.equal(body.order_id, `${reference}-12`)
  assert.equal(call.headers?.['x-idempotency-key'], `${reference}-12`)
  assert(body.order_id.length <= 45)
})

test('amounts are exact, out and in', () => {
  for (const amount of [1, 10, 105, 49_905, 1_910, 99_999_999_999]) {
    const { call } = orderOf({ amount: paise(amount) })
    const text = /"order_amount":([\d.]+)/.exec(call.body ?? '')?.[1] ?? ''
    assert.equal(amountIn(JSON.parse(text)), amount)
  }
  for (const [text, amount] of [
    ['170.00', 17_000],
    ['0.29', 29],
    ['1.15', 115],
    ['4.35', 435],
    ['1.005', undefined],
    ['-1', undefined],
    ['0', undefined],
    ['1e21', undefined],
    ['"170.00"', undefined],
  ] as const) {
    assert.equal(amountIn(JSON.parse(text)), amount, text)
  }
})

test('an order is complete whatever is known of the customer', () => {
  assert.deepEqual(orderOf({}).body.customer_details, {
    customer_id: reference,
    customer_phone: '9999999999',
  })
  const odd = { id: 'a@b', email: 'nobody', phone: '12', ip: undefined, userAgent: undefined }
  assert.deepEqual(orderOf({ customer: odd }).body.customer_details, {
    customer_id: reference,
    customer_phone: '9999999999',
  })
  const whole = { ...odd, id: 'cust_771', email: 'asha@example.in', phone: '+91 90000-00001' }
  assert.deepEqual(orderOf({ customer: whole }).body.customer_details, {
    customer_id: 'cust_771',
    customer_phone: '+919000000001',
    customer_email: 'asha@example.in',
  })
})

test('an order names no address without https', () => {
  assert.deepEqual(orderOf({}).body.order_meta, {
    return_url: payment.finishUrl,
    notify_url: access.callbackUrl,
  })
  const local = { callbackUrl: 'http://127.0.0.1:8000/callbacks' }
  assert.deepEqual(orderOf({}, local).body.order_meta, { return_url: payment.finishUrl })
  assert.equal(orderOf({ finishUrl: 'http://127.0.0.1:8000/f' }, local).body.order_meta, undefined)
})

test('a hold is asked for with the order, nothing else is', () => {
  assert.equal(orderOf({ autoCapture: false }).body.order_note, 'preauth_transaction')
  assert.equal('order_note' in orderOf({}).body, false)
})

test('keys go with the order, and never with the card or the OTP', () => {
  const { call } = orderOf({})
  assert.equal(call.headers?.['x-client-secret'], 'cf_secret_1')
  const body = JSON.stringify({
    order_id: reference,
    order_amount: 499.05,
    order_currency: 'INR',
    payment_session_id: 'session_1',
  })
  const next = cashfree.start.hear({ kind: 'answer', status: 200, body }, payment, access)
  assert(next.kind === 'next')
  assert.deepEqual(JSON.parse(next.call.body ?? ''), {
    payment_session_id: 'session_1',
    payment_method: {
      card: {
        channel: 'post',
        card_number: '4706131211212123',
        card_expiry_mm: '03',
        card_expiry_yy: '28',
      },
    },
  })
  const otp = cashfree.submitOtp.ask({ ...payment, ref: '51', otp: new Secret('012345') })
  assert.deepEqual(JSON.parse(otp.body ?? ''), { action: 'SUBMIT_OTP', otp: '012345' })
  const resend = cashfree.resendOtp.ask({ ...payment, ref: '51' })
  for (const { headers } of [next.call, otp, resend]) {
    assert.deepEqual(Object.keys(headers ?? {}), ['content-type', 'x-api-version'])
  }
})

test('keys show their mode where they can', () => {
  const mode = (client_id: string, client_secret: string) =>
    cashfree.modeOf({ client_id, client_secret })
  assert.equal(mode('1', 'cfsk_ma_test_1'), 'sandbox')
  assert.equal(mode('1', 'cfsk_ma_prod_1'), 'live')
  assert.equal(mode('TEST1', 'abc'), 'sandbox')
  assert.equal(mode('1', 'abc'), undefined)
})
