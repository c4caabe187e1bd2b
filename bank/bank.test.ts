import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as t from './bank.fixture.ts'
import { testCards } from './cards.ts'
import { questions } from './mood.ts'

test('the documented cards take their documented OTP, on every send', async () => {
  for (const [number, otp] of [
    ['4242424242424242', '123456'],
    ['4012000000001097', '000000'],
    ['5204730541000464', '000000'],
  ] as const) {
    const bank = t.newBank()
    const { id } = await t.start(bank, { number })
    assert.equal((await t.submit(bank, id, '999999')).state, 'otp_wrong')
    assert.equal((await t.ask(bank, `POST /payments/${id}/resend`)).state, 'otp_sent')
    assert.equal(await t.newestOtp(bank), otp)
    assert.equal((await t.submit(bank, id, otp)).state, 'charged', number)
  }
})

test('every other card takes the OTP of the inbox', async () => {
  const plain = testCards.filter((card) => card.mood === 'ok' && card.otp === undefined)
  assert.equal(plain.length, 7)
  for (const number of [...plain.map((card) => card.number), '4000000000000002']) {
    const bank = t.newBank()
    const { id } = await t.start(bank, { number })
    assert.equal((await t.submit(bank, id, await t.newestOtp(bank))).state, 'charged', number)
  }
})

test('a number with a wrong check digit is declined', async () => {
  const answer = await t.start(t.newBank(), { number: '4111111111111112' })
  assert.deepEqual([answer.state, answer.code], ['declined', 'INVALID_CARD'])
})

test('start tells the challenge, and a charge its receipt', async () => {
  const bank = t.newBank()
  const answer = await t.start(bank)
  assert.deepEqual(answer, {
    http: 200,
    id: answer.id,
    reference: 'ref-1',
    state: 'otp_sent',
    amount: 49900,
    currency: 'INR',
    captured: 0,
    refunded: 0,
    code: 'OTP_SENT',
    message: 'OTP sent',
    attempts_left: 5,
    sends: 1,
    sends_left: 4,
    resend_after_ms: 0,
    expires_at: t.startOfTime + 5 * 60_000,
    expires_in_ms: 5 * 60_000,
    redirect_url: `http://shop.test/bank/acs/${answer.id}`,
  })
  const charged = await t.submit(bank, answer.id, await t.newestOtp(bank))
  assert.match(charged.rrn ?? '', /^\d{12}$/)
  assert.match(charged.auth_code ?? '', /^[0-9A-Z]{6}$/)
  assert.equal(charged.redirect_url, undefined)
})

test('capture false holds the money instead of taking it', async () => {
  const bank = t.newBank()
  const { id } = await t.start(bank)
  assert.equal((await t.submit(bank, id, await t.newestOtp(bank), false)).state, 'authorized')
  assert.equal(await t.state(bank), 'authorized')
  assert.deepEqual(await t.charges(bank), [])
})

test('the same reference is the same payment, whatever became of it', async () => {
  const bank = t.newBank()
  const first = await t.start(bank)
  assert.deepEqual(await t.start(bank), first)
  await t.submit(bank, first.id, await t.newestOtp(bank))
  const again = await t.start(bank)
  assert.deepEqual([again.id, again.state], [first.id, 'charged'])
  assert.equal((await t.inbox(bank)).length, 1)
  const many = Array.from({ length: 20 }, () => t.start(bank, { reference: 'ref-2' }))
  assert.equal(new Set((await Promise.all(many)).map(({ id }) => id)).size, 1)
})

test('an OTP is accepted once, and parallel right ones charge once', async () => {
  const bank = t.newBank()
  const { id } = await t.start(bank)
  const otp = await t.newestOtp(bank)
  const answers = await Promise.all(Array.from({ length: 64 }, () => t.submit(bank, id, otp)))
  const states = answers.map((answer) => answer.state)
  assert.deepEqual([...new Set(states)].sort(), ['charged', 'closed'])
  assert.equal(states.filter((state) => state === 'charged').length, 1)
  assert.deepEqual(await t.charges(bank), [
    { order: 'order-1', reference: 'ref-1', amount: 49900, at: t.startOfTime },
  ])
})

test('five guesses, all counted, then locked even for the right OTP', async () => {
  const bank = t.newBank()
  const { id } = await t.start(bank)
  const wrong = t.otherThan(await t.newestOtp(bank))
  assert.equal((await t.submit(bank, id, wrong)).attempts_left, 4)
  const resent = await t.ask(bank, `POST /payments/${id}/resend`)
  assert.equal(resent.attempts_left, 4, 'a resend gives no guess back')
  const answers = await Promise.all(Array.from({ length: 64 }, () => t.submit(bank, id, wrong)))
  const count = (state: string) => answers.filter((answer) => answer.state === state).length
  assert.deepEqual([count('otp_wrong'), count('locked'), count('closed')], [3, 1, 60])
  assert.equal((await t.submit(bank, id, await t.newestOtp(bank))).present_state, 'locked')
  const { payments } = (await t.ask(bank, 'GET /book')) as unknown as { payments: object[] }
  assert.partialDeepStrictEqual(payments, [{ state: 'locked', guesses: 5 }])
})

test('five sends; a new OTP makes the old one wrong', async () => {
  const bank = t.newBank()
  const { id } = await t.start(bank)
  const old = await t.newestOtp(bank)
  for (const sends of [2, 3, 4, 5]) {
    assert.equal((await t.ask(bank, `POST /payments/${id}/resend`)).sends, sends)
  }
  const limit = await t.ask(bank, `POST /payments/${id}/resend`)
  assert.deepEqual([limit.state, limit.sends_left], ['resend_limit', 0])
  const otps = (await t.inbox(bank)).map(({ otp }) => otp)
  assert.equal(new Set(otps).size, 5)
  assert.equal((await t.submit(bank, id, old)).attempts_left, 4)
  assert.equal((await t.submit(bank, id, otps[0] ?? '')).state, 'charged')
  assert.equal((await t.ask(bank, `POST /payments/${id}/resend`)).state, 'closed')
})

test('an OTP lives 5 minutes, a challenge 10', async () => {
  const bank = t.newBank()
  const { id } = await t.start(bank)
  const minutes = (n: number) => t.ask(bank, 'POST /clock', { advance_ms: n * 60_000 })
  await minutes(5)
  const expired = await t.submit(bank, id, await t.newestOtp(bank))
  assert.deepEqual([expired.state, expired.attempts_left], ['otp_expired', 4])
  await minutes(1)
  const again = await t.ask(bank, `POST /payments/${id}/resend`)
  assert.equal(again.expires_at, t.startOfTime + 10 * 60_000)
  assert.equal(again['expires_in_ms'], 4 * 60_000)
  await minutes(4)
  const answer = await t.submit(bank, id, await t.newestOtp(bank))
  assert.deepEqual([answer.state, answer.present_state], ['closed', 'expired'])
  assert.equal(await t.state(bank), 'expired')
})

test('OTPs have six digits, each of them anywhere', async () => {
  const bank = t.newBank()
  for (let n = 0; n < 200; n++) await t.start(bank, { reference: `ref-${n}` })
  const otps = (await t.inbox(bank)).map(({ otp }) => otp)
  assert.equal(otps.length, 100)
  for (const otp of otps) assert.match(otp, /^\d{6}$/)
  assert.ok(otps.some((otp) => otp.startsWith('0')))
  assert.ok(new Set(otps).size > 95)
})

test('the inbox: filters, words, and a page that escapes them', async () => {
  const bank = t.newBank()
  await t.start(bank, { customer: { phone: '+91<b>' } })
  await t.start(bank, { reference: 'ref-2', order: 'order-2', number: '5299920210000277' })
  const [sms] = await t.inbox(bank, '?reference=ref-1')
  assert.deepEqual(sms, {
    at: t.startOfTime,
    to: '+91<b>',
    reference: 'ref-1',
    order: 'order-1',
    last_four: '1111',
    text: `${sms?.otp} is the OTP for Rs 499.00 at Tea & Co, card 1111. Never share it.`,
    otp: sms?.otp,
  })
  assert.deepEqual(
    (await t.inbox(bank)).map(({ order }) => order),
    ['order-2', 'order-1'],
  )
  for (const [query, found] of [
    ['?last_four=0277', ['order-2']],
    ['?order=order-1', ['order-1']],
    ['?order=order-1&last_four=0277', []],
    ['?order=order-1&reference=ref-2', []],
  ] as const) {
    assert.deepEqual(
      (await t.inbox(bank, query)).map(({ order }) => order),
      found,
      query,
    )
  }
  const page = await (await t.send(bank, 'GET /inbox')).text()
  assert.match(page, /<meta http-equiv="refresh"/)
  assert.match(page, /Tea &amp; Co/)
  assert.match(page, /\+91&lt;b&gt;/)
  assert.ok(!page.includes('<b>') && page.includes(sms?.otp ?? '-'))
})

test('bad input is refused in words without the values, and never a crash', async () => {
  const bank = t.newBank()
  const { id } = await t.start(bank)
  const canary = '4111111111111111x'
  for (const [call, body] of [
    ['POST /payments', 'nonsense'],
    ['POST /payments', 'null'],
    ['POST /payments', t.opening({ amount: 0 })],
    ['POST /payments', t.opening({ amount: 1.5 })],
    ['POST /payments', t.opening({ amount: '499' })],
    ['POST /payments', t.opening({ number: canary })],
    ['POST /payments', t.opening({ auth: 'PIN' })],
    ['POST /payments', t.opening({ return_url: 'javascript:alert(1)' })],
    [`POST /payments/${id}/otp`, { otp: 123456, capture: true }],
    [`POST /payments/${id}/otp`, { otp: canary, capture: true }],
    [`POST /payments/${id}/otp`, { otp: '123456' }],
    ['POST /clock', { advance_ms: -1 }],
    [`POST /acs/${id}`, 'decision=maybe'],
    ['GET /payments/by-reference/%zz', undefined],
  ] as const) {
    const answer = await t.ask(bank, call, body)
    assert.equal(answer.http, 400, JSON.stringify(body))
    assert.ok(!JSON.stringify(answer).includes(canary))
  }
  assert.equal((await t.ask(bank, 'POST /payments', 'x'.repeat(70_000))).http, 413)
  for (const call of ['GET /', 'PUT /payments', 'GET /payments', 'POST /payments/x/y']) {
    assert.equal((await t.ask(bank, call)).http, 404, call)
  }
  assert.equal((await t.submit(bank, 'pay_none', '123456')).state, 'not_found')
  const redirect = await t.start(bank, { reference: 'ref-2', auth: 'REDIRECT' })
  assert.equal((await t.submit(bank, redirect.id, '123456')).http, 400)
})

test('every text that a merchant may send is taken, 2048 characters of it', async () => {
  const long = 'ü'.repeat(2048)
  const texts = (text: string) => ({
    merchant: text,
    order: text,
    card: { number: '4111111111111111', name: text },
    customer: { ip: text, user_agent: text, phone: text, email: text },
  })
  assert.equal((await t.start(t.newBank(), texts(long))).state, 'otp_sent')
  const refused = await t.start(t.newBank(), texts(`${long}ü`))
  assert.equal(refused.problems?.length, 7)
})

test('a 400 changes nothing: not the book, not the inbox, not the turns of a mood', async () => {
  const bank = t.newBank()
  const { id } = await t.start(bank)
  const redirect = await t.start(bank, { reference: 'ref-2', auth: 'REDIRECT' })
  const held = await t.paid(bank, { reference: 'ref-held', order: 'order-held' })
  await t.capture(bank, held, 200_00)
  await t.refund(bank, held, 100_00)
  for (const next of questions) {
    await t.ask(bank, 'POST /moods', { mood: 'http_500', next, acted: true })
  }
  const all = () =>
    Promise.all(['/book', '/moods', '/inbox.json'].map((p) => t.ask(bank, `GET ${p}`)))
  const before = await all()
  for (const [call, body] of [
    ['POST /payments', t.opening({ reference: 'ref-3', amount: 0 })],
    ['POST /payments', t.opening({ reference: 'ref-3', customer: { phone: 7 } })],
    [`POST /payments/${id}/otp`, { otp: '1', capture: true }],
    [`POST /payments/${redirect.id}/otp`, { otp: '123456', capture: true }],
    [`POST /payments/${redirect.id}/resend`, {}],
    ['GET /payments/by-reference/%zz', undefined],
    ['GET /refunds/by-reference/%zz', undefined],
    [`POST /payments/${held}/capture`, { reference: 'cap-2', amount: 0 }],
    [`POST /payments/${held}/capture`, { reference: 'cap-2', amount: 1.5 }],
    [`POST /payments/${held}/capture`, { reference: 'x'.repeat(129), amount: 1 }],
    [`POST /payments/${held}/capture`, { reference: 'cap-1', amount: 1 }],
    [`POST /payments/${held}/void`, { reference: '' }],
    [`POST /payments/${held}/void`, { reference: 'cap-1' }],
    [`POST /payments/${held}/refunds`, { reference: 'rfd-2' }],
    [`POST /payments/${held}/refunds`, { reference: 'rfd-1', amount: 1 }],
    [`POST /payments/${id}/refunds`, { reference: 'rfd-1', amount: 100_00 }],
  ] as const) {
    const answer = await t.ask(bank, call, body)
    assert.deepEqual([answer.http, answer['error']], [400, 'bad_input'], call)
  }
  assert.deepEqual(await all(), before)
})
