import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { cashfree } from '../../src/gateways/cashfree.ts'
import type { Access, NewPayment, Payment, Question, Said } from '../../src/gateways/gateway.ts'
import { makePerform, openNetwork } from '../../src/gateways/perform.ts'
import type { RefundRef, TxnId } from '../../src/ids.ts'
import { paise } from '../../src/money.ts'
import { Secret } from '../../src/secret.ts'
import { openCashfreeFake } from './cashfree-fake.ts'
import type { Fake } from './fake.ts'

const network = openNetwork()
const perform = makePerform(network.carry)
let now = Date.UTC(2026, 0, 10)
let fake: Fake
let holding: Fake
let last = 0

before(async () => {
  fake = await openCashfreeFake({ now: () => now })
  holding = await openCashfreeFake({ now: () => now, holdsAll: true })
})

beforeEach(() => {
  now = Date.UTC(2026, 0, 10)
})

after(async () => {
  await Promise.all([network.close(), fake.close(), holding.close()])
  assert.deepEqual([...fake.problems(), ...holding.problems()], [])
})

function accessTo({ baseUrl, credentials }: Fake): Access {
  return {
    baseUrl,
    origins: [new URL(baseUrl).origin],
    credentials,
    callbackUrl: 'https://pay.example.in/callbacks/cashfree/main',
    transcribed: cashfree.transcribed,
  }
}

async function ask<P, V>(question: Question<P, V>, about: P, at = fake): Promise<V> {
  const { verdict } = await perform(question, about, accessTo(at))
  return verdict
}

function payment(number: string, changes: Partial<NewPayment> = {}): NewPayment {
  const id: TxnId = `txn_abc${String(++last).padStart(32, '0')}`
  return {
    id,
    tries: 1,
    stage: 'started',
    merchant: 'demo',
    orderId: 'order-1',
    amount: paise(49_950),
    currency: 'INR',
    autoCapture: true,
    auth: 'OTP',
    card: {
      number: new Secret(number),
      cvv: new Secret('123'),
      expiryMonth: '03',
      expiryYear: '2028',
      name: 'Asha Rao',
    },
    cardType: 'DEBIT',
    finishUrl: 'https://pay.example.in/finish',
    customer: {
      id: 'cust_771',
      email: 'asha@example.in',
      phone: '90000 00001',
      ip: '192.0.2.1',
      userAgent: 'test',
    },
    ...changes,
  }
}

async function challenged(about: NewPayment, at = fake): Promise<Payment> {
  const verdict = await ask(cashfree.start, about, at)
  assert.equal(verdict.kind, 'challenge')
  return laterOf(about, (verdict as { said: Said }).said.ref)
}

function laterOf(about: NewPayment, ref: string | undefined): Payment {
  const { auth: _a, card: _c, customer: _u, cardType: _t, finishUrl: _f, ...rest } = about
  return { ...rest, stage: 'challenged', ...(ref !== undefined && { ref }) }
}

function submit(about: Payment, otp: string, at = fake) {
  return ask(cashfree.submitOtp, { ...about, otp: new Secret(otp) }, at)
}

async function paid(about: NewPayment, at = fake): Promise<Payment> {
  const open = await challenged(about, at)
  await submit(open, at.otp.right, at)
  return { ...open, stage: 'submitted' }
}

async function booked({ id }: Payment, at = fake) {
  return (await at.book()).find(({ reference }) => reference === id)
}

function refundOf(about: Payment, back: number) {
  const reference: RefundRef = `rfd_abc${String(++last).padStart(32, '0')}`
  return { ...about, reference, back: paise(back) }
}

test('an OTP is sent with its page, limits and life', async () => {
  const verdict = await ask(cashfree.start, payment(fake.cards.good))
  assert(verdict.kind === 'challenge')
  assert.match(verdict.said.ref ?? '', /^\d+$/)
  assert.deepEqual([verdict.sendsLeft, verdict.livesMs], [2, 300_000])
  assert(verdict.page && 'url' in verdict.page)
})

test('a wrong OTP and then the right one takes the money', async () => {
  const about = await challenged(payment(fake.cards.good))
  const wrong = await submit(about, fake.otp.wrong)
  assert.deepEqual([wrong.kind, 'code' in wrong && wrong.code], ['wrong_otp', 'INCORRECT_OTP'])
  assert.equal((await ask(cashfree.sync, about)).kind, 'challenge')
  const right = await submit(about, fake.otp.right)
  assert(right.kind === 'charged')
  assert.equal(right.amount, 49_950)
  assert(right.said.rrn && right.said.authCode)
  const { authorized, captured, sends, guesses } = (await booked(about)) ?? {}
  assert.deepEqual([authorized, captured, sends, guesses], [49_950, 49_950, 1, 2])
})

test('after three wrong OTPs even the right one is not looked at', async () => {
  const about = await challenged(payment(fake.cards.good))
  for (let i = 0; i < fake.limits.attempts; i++) {
    assert.equal((await submit(about, fake.otp.wrong)).kind, 'wrong_otp')
  }
  const verdict = await submit(about, fake.otp.right)
  assert(verdict.kind === 'failed')
  assert.deepEqual([verdict.by, verdict.code], ['customer', 'OTP_ATTEMPTS_EXCEEDED'])
  assert.equal((await booked(about))?.guesses, 3)
})

test('an OTP that was taken already is answered by the payment', async () => {
  const about = await paid(payment(fake.cards.good))
  assert.equal((await submit(about, fake.otp.right)).kind, 'charged')
  assert.equal((await ask(cashfree.resendOtp, about)).kind, 'charged')
})

test('an OTP is sent again after 30 seconds, twice at most', async () => {
  const about = await challenged(payment(fake.cards.good))
  const early = await ask(cashfree.resendOtp, about)
  assert(early.kind === 'not_sent')
  assert.equal(early.why, 'too_soon')
  for (let i = 0; i < 2; i++) {
    now += 30_000
    assert.equal((await ask(cashfree.resendOtp, about)).kind, 'challenge')
  }
  now += 30_000
  const over = await ask(cashfree.resendOtp, about)
  assert(over.kind === 'not_sent')
  assert.equal(over.why, 'limit')
  assert.equal((await booked(about))?.sends, 3)
})

test('after five minutes the session is over', async () => {
  const about = await challenged(payment(fake.cards.good))
  now += 300_000
  const verdict = await submit(about, fake.otp.right)
  assert(verdict.kind === 'failed')
  assert.deepEqual([verdict.by, verdict.code], ['customer', 'TXN_EXPIRED'])
})

test('a card without OTP gets its page, and so does who asks for one', async () => {
  for (const [number, auth] of [
    [fake.cards.noOtp, 'OTP'],
    [fake.cards.good, 'REDIRECT'],
  ] as const) {
    const about = payment(number, { auth })
    const verdict = await ask(cashfree.start, about)
    assert(verdict.kind === 'redirect' && verdict.page && 'url' in verdict.page)
    const later = { ...laterOf(about, verdict.said.ref), stage: 'at_page' } as const
    assert.equal((await ask(cashfree.sync, later)).kind, 'redirect')
  }
})

test('an issuer that is down at the start may be had elsewhere', async () => {
  const verdict = await ask(cashfree.start, payment(fake.cards.downAtStart))
  assert(verdict.kind === 'failed')
  assert.deepEqual([verdict.code, verdict.elsewhere], ['ISSUER_DOWN', 'gateway'])
})

test('an issuer that declines, that is down and that is late', async () => {
  const declined = await submit(await challenged(payment(fake.cards.declined)), fake.otp.right)
  assert(declined.kind === 'failed')
  assert.deepEqual([declined.by, declined.code], ['bank', 'BANK_DECLINED'])
  const down = await challenged(payment(fake.cards.downAtSubmit))
  assert.equal((await submit(down, fake.otp.right)).kind, 'pending')
  const late = await challenged(payment(fake.cards.lateSuccess))
  assert.equal((await submit(late, fake.otp.right)).kind, 'pending')
  assert.equal((await ask(cashfree.sync, { ...late, stage: 'submitted' })).kind, 'pending')
  now += 86_400_000
  assert.equal((await ask(cashfree.sync, { ...late, stage: 'submitted' })).kind, 'charged')
})

test('held money is captured, once', async () => {
  const about = await challenged(payment(fake.cards.good, { autoCapture: false }))
  assert.equal((await submit(about, fake.otp.right)).kind, 'authorized')
  const take = { ...about, reference: `${about.id}.3`, take: about.amount }
  const taken = await ask(cashfree.capture, take)
  assert(taken.kind === 'charged')
  assert.equal(taken.captured, 49_950)
  assert.equal((await ask(cashfree.capture, take)).kind, 'charged', 'the same call again')
  const other = { ...take, reference: `${about.id}.4` }
  assert.equal((await ask(cashfree.capture, other)).kind, 'refused')
  assert.equal((await ask(cashfree.void, other)).kind, 'unknown', 'a key of another call')
  assert.equal((await booked(about))?.captured, 49_950)
})

test('held money is released', async () => {
  const about = await challenged(payment(fake.cards.good, { autoCapture: false }))
  await submit(about, fake.otp.right)
  const verdict = await ask(cashfree.void, { ...about, reference: `${about.id}.3` })
  assert.equal(verdict.kind, 'voided')
  assert.equal((await ask(cashfree.sync, { ...about, stage: 'submitted' })).kind, 'voided')
  assert.deepEqual([(await booked(about))?.voided, (await booked(about))?.captured], [true, 0])
})

test('an account that holds everything takes what was to be taken, with the OTP', async () => {
  const about = await challenged(payment(holding.cards.good), holding)
  const verdict = await submit(about, holding.otp.right, holding)
  assert.equal(verdict.kind, 'charged')
  assert.equal((await booked(about, holding))?.captured, 49_950)
})

test('a lost answer of that capture is not a lost OTP', async () => {
  const about = await challenged(payment(holding.cards.good), holding)
  holding.spoil('drop_after', 'capture')
  const verdict = await submit(about, holding.otp.right, holding)
  assert(verdict.kind === 'unknown')
  assert.equal(verdict.sent, true)
  const truth = await ask(cashfree.sync, { ...about, stage: 'submitted' }, holding)
  assert.equal(truth.kind, 'charged')
})

test('a part goes back, once, and no more than there is', async () => {
  const about = await paid(payment(fake.cards.good))
  const refund = refundOf(about, 10_005)
  assert.equal((await ask(cashfree.refund, refund)).kind, 'refund_pending')
  const again = await ask(cashfree.refund, refund)
  assert(again.kind === 'refunded')
  assert.equal(again.amount, 10_005)
  const state = await ask(cashfree.syncRefund, refund)
  assert(state.kind === 'refunded' && state.said.arn !== undefined)
  assert.equal((await booked(about))?.refunded, 10_005)
  assert.equal((await ask(cashfree.refund, refundOf(about, 40_000))).kind, 'refund_failed')
  assert.equal((await ask(cashfree.syncRefund, refundOf(about, 1))).kind, 'not_found')
})

test('a start whose answer is lost is found, or found not to be', async () => {
  const lost = payment(fake.cards.good)
  fake.spoil('drop_after', 'start')
  const verdict = await ask(cashfree.start, lost)
  assert(verdict.kind === 'unknown')
  assert.equal(verdict.sent, true)
  const { card: _c, ...about } = { ...lost }
  const found = await ask(cashfree.sync, about)
  assert(found.kind === 'challenge')
  assert.notEqual(found.said.ref, undefined)
  const never = payment(fake.cards.good)
  fake.spoil('drop_before', 'start')
  await ask(cashfree.start, never)
  assert.equal((await ask(cashfree.sync, never)).kind, 'not_found')
  assert.equal((await ask(cashfree.sync, payment(fake.cards.good))).kind, 'not_found')
})

test('an OTP whose answer is lost is settled by the payment', async () => {
  const about = await challenged(payment(fake.cards.good))
  fake.spoil('drop_after', 'submit')
  const verdict = await submit(about, fake.otp.right)
  assert(verdict.kind === 'unknown')
  assert.equal(verdict.sent, true)
  assert.equal((await ask(cashfree.sync, { ...about, stage: 'submitted' })).kind, 'charged')
})

test('a try of its own is an order of its own', async () => {
  const first = payment(fake.cards.downAtStart)
  await ask(cashfree.start, first)
  const second = { ...first, tries: 2, card: payment(fake.cards.good).card }
  await challenged(second)
  const references = (await fake.book()).map(({ reference }) => reference)
  assert(references.includes(first.id) && references.includes(`${first.id}-2`))
})

test('lies are alarms and rubbish is unknown, whatever was asked', async () => {
  for (const fault of [
    'unknown_word',
    'wrong_amount',
    'wrong_id',
    'garbage',
    'html_502',
  ] as const) {
    const isLie = fault.startsWith('wrong') || fault === 'unknown_word'
    const check = (verdict: { kind: string; alarm?: true }, on: string) => {
      assert.equal(verdict.kind, 'unknown', `${fault} ${on}`)
      assert.equal(verdict.alarm === true, isLie, `${fault} ${on}`)
    }
    if (fault !== 'wrong_id') {
      fake.spoil(fault, 'start')
      check(await ask(cashfree.start, payment(fake.cards.good)), 'start')
    }
    const about = await challenged(payment(fake.cards.good, { autoCapture: false }))
    fake.spoil(fault, 'submit')
    check(await submit(about, fake.otp.right), 'submit')
    fake.spoil(fault, 'sync')
    check(await ask(cashfree.sync, { ...about, stage: 'submitted' }), 'sync')
    fake.spoil(fault, 'capture')
    const take = { ...about, reference: `${about.id}.3`, take: about.amount }
    check(await ask(cashfree.capture, take), 'capture')
    const refund = refundOf(about, 100)
    fake.spoil(fault, 'refund')
    check(await ask(cashfree.refund, refund), 'refund')
    fake.spoil(fault, 'sync_refund')
    check(await ask(cashfree.syncRefund, refund), 'sync_refund')
  }
})

test('a payment begun under a false id is never taken for ours', async () => {
  fake.spoil('wrong_id', 'start')
  const about = await challenged(payment(fake.cards.good))
  const verdict = await submit(about, fake.otp.right)
  assert(verdict.kind === 'unknown' && verdict.alarm)
  const state = await ask(cashfree.sync, about)
  assert(state.kind === 'unknown' && state.alarm)
})

test('keys are right or locked out', async () => {
  assert.equal((await ask(cashfree.check, {})).kind, 'works')
  const { verdict } = await perform(
    cashfree.check,
    {},
    { ...accessTo(fake), credentials: { ...fake.credentials, client_secret: 'cfsk_ma_test_x' } },
  )
  assert.equal(verdict.kind, 'locked_out')
})

test('callbacks are signed, name the order and stay the same', async () => {
  const about = await paid(payment(fake.cards.good))
  await ask(cashfree.refund, refundOf(about, 17_000))
  const [success, refund] = await fake.callbacksOf(about.id)
  assert(success && refund)
  assert.match(refund.body, /"refund_amount":170\.00/)
  for (const { headers, body } of [success, refund]) {
    const callback = { headers, body: Buffer.from(body), now }
    const news = cashfree.hearCallback(callback, accessTo(fake))
    assert.equal(news.kind === 'news' && news.reference, about.id)
  }
  assert.deepEqual(await fake.callbacksOf(about.id), [success, refund])
})

test('what is written down holds no card, OTP, customer or key', async () => {
  const about = payment(fake.cards.good)
  const started = await perform(cashfree.start, about, accessTo(fake))
  const ref = (started.verdict as { said: Said }).said.ref
  const question = { ...laterOf(about, ref), otp: new Secret(fake.otp.right) }
  const submitted = await perform(cashfree.submitOtp, question, accessTo(fake))
  const text = JSON.stringify([started.calls, submitted.calls])
  assert.equal(submitted.calls.length, 2)
  assert.match(text, /payment_status/)
  const secrets = [fake.cards.good, '2123', fake.otp.right, 'asha', '90000', 'session_', 'cfsk_']
  for (const secret of secrets) assert(!text.includes(secret), secret)
})
