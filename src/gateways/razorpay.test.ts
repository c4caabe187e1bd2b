import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { paise } from '../money.ts'
import { Secret } from '../secret.ts'
import type { Access, Call, NewPayment, Next, Reply, Verdict } from './gateway.ts'
import { aNewPayment } from './payment.fixture.ts'
import { razorpay } from './razorpay.ts'
import { isSigned } from './razorpay-callbacks.ts'
import { referenceOf } from './razorpay-calls.ts'
import { transcribe } from './transcript.ts'

const id = 'txn_abc00000000000000000000000000000001'
const now = Date.parse('2026-01-05T10:00:00Z')
const hourMs = 3_600_000

const access: Access = {
  baseUrl: 'https://api.razorpay.com',
  origins: ['https://api.razorpay.com'],
  credentials: { key_id: 'rzp_test_abc', key_secret: 's3cret', webhook_secret: 'whsec_test' },
  callbackUrl: 'https://pay.example/callbacks/razorpay/demo/r1',
  transcribed: razorpay.transcribed,
}

const payment = aNewPayment({ id })

test('the signature of an accepted OTP is the one of the published formula', () => {
  const data = 'order_A1B2C3D4E5F6G7|pay_Z9Y8X7W6V5U4T3'
  const signature = '3a0c9684a5b217d7eb6c46357324cf4b496b036d9a5d3c3744ebe8996839177c'
  assert(isSigned(data, signature, 'test_secret_1'))
  assert(!isSigned(data, signature, 'test_secret_2'))
  assert(!isSigned(`${data}x`, signature, 'test_secret_1'))
  assert(!isSigned(data, `${signature}zz`, 'test_secret_1'))
  assert(!isSigned(data, '', 'test_secret_1'))
})

function callback(body: string, headers: Record<string, string> = {}) {
  const signature = createHmac('sha256', 'whsec_test').update(body).digest('hex')
  return {
    headers: { 'x-razorpay-signature': signature, 'x-razorpay-event-id': 'evt_1', ...headers },
    body: Buffer.from(body),
    now,
  }
}

function event(payload: object, at = now): string {
  const created_at = Math.floor(at / 1_000)
  return JSON.stringify({ entity: 'event', event: 'payment.captured', payload, created_at })
}

const ofPayment = { payment: { entity: { notes: { reference: id } } } }

test('a callback is signed over its bytes', () => {
  const body = '{"entity":"event","event":"payment.captured"}'
  const right = '14026b4f55f7195cf5fabf2ce57f1344fa969faf1d2cb4352740beb936dd5c18'
  const heard = (signature: string) =>
    razorpay.hearCallback(callback(body, { 'x-razorpay-signature': signature }), access)
  assert.deepEqual(heard(right), { kind: 'stale' }, 'signed, and without a time')
  assert.deepEqual(heard(right.replace('1', '2')), { kind: 'forged' })
  assert.deepEqual(heard(''), { kind: 'forged' })
  const spaced = { ...callback(event(ofPayment)), body: Buffer.from(`${event(ofPayment)} `) }
  assert.deepEqual(razorpay.hearCallback(spaced, access), { kind: 'forged' })
  assert.deepEqual(razorpay.hearCallback(callback('no words'), access), { kind: 'forged' })
})

test('an account without a webhook secret believes no callback', () => {
  const empty = createHmac('sha256', '').update(event(ofPayment)).digest('hex')
  const sent = callback(event(ofPayment), { 'x-razorpay-signature': empty })
  for (const webhook_secret of [undefined, '']) {
    const { webhook_secret: _, ...rest } = access.credentials
    const credentials = webhook_secret === undefined ? rest : { ...rest, webhook_secret }
    assert.deepEqual(razorpay.hearCallback(sent, { ...access, credentials }), { kind: 'forged' })
  }
})

test('news is named by our reference, wherever it stands', () => {
  const payloads = [
    ofPayment,
    { payment: { entity: { notes: [] } }, order: { entity: { receipt: `${id}2` } } },
    { refund: { entity: { notes: { reference: id } } } },
  ]
  const heard = payloads.map((one) => razorpay.hearCallback(callback(event(one)), access))
  assert.deepEqual(heard, [
    { kind: 'news', id: 'evt_1', reference: id },
    { kind: 'news', id: 'evt_1', reference: `${id}2` },
    { kind: 'news', id: 'evt_1', reference: id, isRefund: true },
  ])
})

test('what names no payment of ours is other news', () => {
  for (const payload of [{}, { payment: { entity: { notes: { reference: 'txn_x' } } } }]) {
    const heard = razorpay.hearCallback(callback(event(payload)), access)
    assert.deepEqual(heard, { kind: 'other', id: 'evt_1' })
  }
})

test('a callback is news for as long as Razorpay repeats it, and then a recording', () => {
  const at = (hours: number) =>
    razorpay.hearCallback(callback(event(ofPayment, now - hours * hourMs)), access).kind
  assert.deepEqual([0, 24, 26, 27].map(at), ['news', 'news', 'news', 'stale'])
})

test('an event without a sound id is named by its signature', () => {
  const given = callback(event(ofPayment))
  const named = ['', 'x y', 'x'.repeat(65)].map((eventId) => {
    const headers = { ...given.headers, 'x-razorpay-event-id': eventId }
    const heard = razorpay.hearCallback({ ...given, headers }, access)
    return heard.kind === 'news' ? heard.id : heard.kind
  })
  assert.deepEqual(new Set(named), new Set([given.headers['x-razorpay-signature']]))
})

test('every start has a receipt of its own, of 40 characters at most', () => {
  const receipts = [1, 2, 11, 35].map((tries) => referenceOf({ id, tries }))
  assert.deepEqual(receipts, [id, `${id}2`, `${id}b`, `${id}z`])
  assert(receipts.every((one) => one.length <= 40 && one.startsWith(id)))
})

test('keys show their mode', () => {
  const modes = ['rzp_test_a', 'rzp_live_a', 'other'].map((key_id) => razorpay.modeOf({ key_id }))
  assert.deepEqual(modes, ['sandbox', 'live', undefined])
})

function answer(body: object): Reply {
  return { kind: 'answer', status: 200, body: JSON.stringify(body) }
}

function after(heard: Verdict | Next<Verdict>): Next<Verdict> {
  assert(heard.kind === 'next')
  return heard
}

const order = {
  id: 'order_Q1a2B3c4D5e6F7',
  amount: 49_900,
  currency: 'INR',
  receipt: id,
  status: 'created',
}

const generateUrl =
  'https://api.razorpay.com/v1/payments/pay_Q9z8Y7x6W5v4U3/otp_generate?track_id=Q9&key_id=k'

function callsOfStart(about: NewPayment): [Call, Call, Call] {
  const first = razorpay.start.ask(about, access)
  const create = after(razorpay.start.hear(answer(order), about, access))
  const generate = after(
    create.hear(
      answer({
        razorpay_payment_id: 'pay_Q9z8Y7x6W5v4U3',
        next: [{ action: 'otp_generate', url: generateUrl }],
      }),
    ),
  )
  return [first, create.call, generate.call]
}

test('a start is an order, its payment, and the OTP by the address that was given', () => {
  const [first, create, generate] = callsOfStart(payment)
  const authorization = `Basic ${Buffer.from('rzp_test_abc:s3cret').toString('base64')}`
  assert.equal(first.path, '/v1/orders')
  assert.equal(first.headers?.['authorization'], authorization)
  const asked = JSON.parse(first.body ?? '')
  assert.deepEqual([asked.amount, asked.receipt, asked.payment.capture], [49_900, id, 'automatic'])
  assert.equal(create.path, '/v1/payments/create/json')
  assert.equal(create.headers?.['authorization'], authorization)
  const created = JSON.parse(create.body ?? '')
  assert.equal(created.order_id, order.id)
  assert.equal(created.auth_type, 'otp')
  assert.equal(created.callback_url, payment.finishUrl)
  assert.equal(created.referer, 'https://pay.example')
  assert.deepEqual(created.notes, { reference: id, auth: 'OTP' })
  assert.deepEqual(created.card, {
    number: '5267318187975449',
    name: 'Asha Rao',
    expiry_month: '11',
    expiry_year: '31',
    cvv: '739',
  })
  assert.deepEqual(generate, { method: 'POST', path: generateUrl }, 'without the secret')
})

test('a start names a telephone and an address that can be some, whatever the order says', () => {
  const reached = (phone?: string, email?: string) => {
    const customer = { ...payment.customer, phone, email }
    const [, create] = callsOfStart({ ...payment, customer })
    const { contact, email: named } = JSON.parse(create.body ?? '')
    return [contact, named]
  }
  const nobody = ['9999999999', 'customer@example.com']
  assert.deepEqual(reached('98765 43210', 'asha@example.in'), ['9876543210', 'asha@example.in'])
  assert.deepEqual(reached('+91 (98765)-43210')[0], '+919876543210')
  assert.deepEqual(reached(undefined, undefined), nobody)
  assert.deepEqual(reached('', ''), nobody)
  assert.deepEqual(reached('12345', 'asha at example'), nobody)
})

test('money that is to be held is held for as long as Razorpay lets it', () => {
  const [first] = callsOfStart({ ...payment, autoCapture: false })
  assert.deepEqual(JSON.parse(first.body ?? '').payment, {
    capture: 'manual',
    capture_options: { manual_expiry_period: 7_200, refund_speed: 'normal' },
  })
})

test('nothing of a card, a customer or a key is written down', () => {
  const reply = answer({ id: 'pay_1', email: 'asha@example.in', contact: '+919000000001' })
  const kept = callsOfStart(payment).map((call) =>
    transcribe({ call, reply, ms: 1 }, razorpay.transcribed),
  )
  const text = JSON.stringify(kept)
  for (const secret of ['5267318187975449', '739', 'Asha', 'asha', '9000', 's3cret', 'track_id']) {
    assert(!text.includes(secret), secret)
  }
  assert.match(text, /"receipt":"txn_abc/)
  const otp = { ...payment, ref: 'pay_1', otp: new Secret('482913') }
  const call = razorpay.submitOtp.ask(otp, access)
  assert.equal(call.body, '{"otp":"482913"}')
  assert.deepEqual(transcribe({ call, reply, ms: 1 }, razorpay.transcribed).asked, {})
})

test('a refund carries its guard against being done twice', () => {
  const reference = 'rfd_abc00000000000000000000000000000002'
  const about = { ...payment, ref: 'pay_1', reference, back: paise(4_000) } as const
  const call = razorpay.refund.ask(about, access)
  assert.equal(call.headers?.['x-refund-idempotency'], reference)
  assert.deepEqual(JSON.parse(call.body ?? ''), {
    amount: 4_000,
    speed: 'normal',
    receipt: reference,
    notes: { reference: id },
  })
})

test('a full list without the refund does not say that there is none', () => {
  const reference = 'rfd_abc00000000000000000000000000000002'
  const about = { ...payment, ref: 'pay_1', reference, back: paise(4_000) } as const
  const items = (count: number) => Array.from({ length: count }, (_, i) => ({ receipt: `r${i}` }))
  const heard = [99, 100].map((count) =>
    razorpay.syncRefund.hear(answer({ items: items(count) }), about),
  )
  assert.deepEqual(
    heard.map(({ kind }) => kind),
    ['not_found', 'unknown'],
  )
})
