import assert from 'node:assert/strict'
import { after, afterEach, beforeEach, test } from 'node:test'
import type { Access, NewPayment, Question, Stage } from '../../src/gateways/gateway.ts'
import { payu } from '../../src/gateways/payu.ts'
import { makePerform, openNetwork } from '../../src/gateways/perform.ts'
import { paise } from '../../src/money.ts'
import { Secret } from '../../src/secret.ts'
import type { Fake, FakeCards } from './fake.ts'
import { openPayuFake } from './payu-fake.ts'

const minute = 60_000
const day = 24 * 60 * minute

const network = openNetwork()
const perform = makePerform(network.carry)
const clock = { now: 1_700_000_000_000 }
let fake: Fake
let access: Access
let last = 0

beforeEach(async () => {
  fake = await openPayuFake({ now: () => clock.now })
  access = {
    baseUrl: fake.baseUrl,
    origins: [fake.baseUrl],
    credentials: fake.credentials,
    callbackUrl: 'http://127.0.0.1/callbacks/payu/demo/one',
    transcribed: payu.transcribed,
  }
})

afterEach(async () => {
  await fake.close()
  assert.deepEqual(fake.problems(), [])
})

after(() => network.close())

/** What a question about a payment comes to. */
async function ask<P, V>(question: Question<P, V>, about: P): Promise<V> {
  return (await perform(question, about, access)).verdict
}

function paymentWith(card: keyof FakeCards, autoCapture = true): NewPayment {
  const number = new Secret(fake.cards[card])
  return {
    id: `txn_${String(++last).padStart(8, '0')}${'0'.repeat(27)}`,
    tries: 1,
    stage: 'started',
    merchant: 'demo',
    orderId: `order-${last}`,
    amount: paise(10_000),
    currency: 'INR',
    autoCapture,
    auth: 'OTP',
    card: { number, cvv: new Secret('123'), expiryMonth: '05', expiryYear: '2030' },
    cardType: 'CREDIT',
    finishUrl: 'http://127.0.0.1/finish',
    customer: { id: '', email: undefined, phone: undefined, ip: undefined, userAgent: undefined },
  }
}

/** A payment whose OTP has been sent, as later questions know it. */
async function begun(card: keyof FakeCards, autoCapture = true) {
  const payment = paymentWith(card, autoCapture)
  const started = await ask(payu.start, payment)
  assert(started.kind === 'challenge', started.kind)
  const { handle = '' } = started.said
  return { ...payment, stage: 'challenged' as Stage, handle, started }
}

function submit(payment: NewPayment, otp = fake.otp.right) {
  return ask(payu.submitOtp, { ...payment, otp: new Secret(otp) })
}

/** A payment that the bank has agreed to, with PayU's id of it. */
async function paid(autoCapture = true) {
  const payment = await begun('good', autoCapture)
  const verdict = await submit(payment)
  assert(verdict.kind === (autoCapture ? 'charged' : 'authorized'), verdict.kind)
  return { ...payment, stage: 'submitted' as const, ref: verdict.said.ref ?? '' }
}

test('an OTP is sent, and the right one pays', async () => {
  const payment = await begun('good')
  assert(payment.started.kind === 'challenge')
  const { attemptsLeft, sendsLeft, page } = payment.started
  assert.deepEqual([attemptsLeft, sendsLeft], [3, 2])
  assert(page && 'html' in page && page.html.includes('<form'))
  const verdict = await submit(payment)
  assert(verdict.kind === 'charged', verdict.kind)
  assert.equal(verdict.amount, 10_000)
  assert(verdict.said.ref && verdict.said.rrn)
  // A result is told again as often as one asks, and nothing more is looked at.
  assert.deepEqual(await submit(payment, fake.otp.wrong), verdict)
  const [booked] = await fake.book()
  assert.deepEqual(
    { ...booked, reference: '' },
    {
      reference: '',
      amount: 10_000,
      authorized: 10_000,
      captured: 10_000,
      refunded: 0,
      voided: false,
      sends: 1,
      guesses: 1,
    },
  )
})

test('a wrong OTP leaves the challenge open, three close it', async () => {
  const payment = await begun('good')
  const wrong = await submit(payment, fake.otp.wrong)
  assert(wrong.kind === 'wrong_otp', wrong.kind)
  assert.equal(wrong.attemptsLeft, 2)
  assert.equal((await ask(payu.sync, payment)).kind, 'challenge')
  assert.equal((await submit(payment)).kind, 'charged')

  const other = await begun('good')
  await submit(other, fake.otp.wrong)
  await submit(other, fake.otp.wrong)
  const third = await submit(other, fake.otp.wrong)
  assert(third.kind === 'failed', third.kind)
  assert.deepEqual([third.by, third.code], ['customer', 'OTP_ATTEMPTS_EXCEEDED'])
  assert.deepEqual((await submit(other)).kind, 'failed')
})

test('an OTP is sent twice more', async () => {
  const payment = await begun('good')
  for (const left of [1, 0]) {
    const again = await ask(payu.resendOtp, payment)
    assert(again.kind === 'challenge', again.kind)
    assert.equal(again.sendsLeft, left)
  }
  const third = await ask(payu.resendOtp, payment)
  assert(third.kind === 'not_sent' && third.why === 'limit')
  assert.deepEqual(
    (await fake.book()).map(({ sends }) => sends),
    [3],
  )
  assert.equal((await submit(payment)).kind, 'charged')
})

test('held money is taken a minute after it was asked for', async () => {
  const payment = await paid(false)
  const capture = { ...payment, reference: `${payment.id}.2`, take: paise(10_000) }
  const queued = await ask(payu.capture, capture)
  assert(queued.kind === 'authorized' && queued.pending === 'capture', queued.kind)
  assert.deepEqual(await ask(payu.capture, capture), queued)
  const waiting = await ask(payu.sync, payment)
  assert(waiting.kind === 'authorized' && waiting.pending === 'capture', waiting.kind)
  clock.now += minute
  const taken = await ask(payu.sync, payment)
  assert(taken.kind === 'charged', taken.kind)
  assert.equal((await ask(payu.capture, capture)).kind, 'charged')
  assert.equal((await ask(payu.void, { ...payment, reference: `${payment.id}.3` })).kind, 'charged')
  assert.deepEqual(
    (await fake.book()).map(({ captured }) => captured),
    [10_000],
  )
})

test('held money is released a minute after it was asked for', async () => {
  const { ref: _ref, ...payment } = await paid(false)
  const queued = await ask(payu.void, { ...payment, reference: `${payment.id}.2` })
  assert(queued.kind === 'authorized' && queued.pending === 'void', queued.kind)
  const capture = { ...payment, reference: `${payment.id}.3`, take: paise(10_000) }
  const late = await ask(payu.capture, capture)
  assert(late.kind === 'authorized' && late.pending === 'void', late.kind)
  clock.now += minute
  assert.equal((await ask(payu.sync, payment)).kind, 'voided')
  assert.equal((await ask(payu.capture, capture)).kind, 'voided')
  assert.deepEqual(
    (await fake.book()).map(({ voided }) => voided),
    [true],
  )
})

test('a part goes back once, however often it is asked for', async () => {
  const payment = await paid()
  const refund = { ...payment, reference: 'rfd_1', back: paise(4_000) } as const
  const queued = await ask(payu.refund, refund)
  assert(queued.kind === 'refund_pending', queued.kind)
  const again = await ask(payu.refund, refund)
  assert(again.kind === 'refund_pending', again.kind)
  assert.equal(again.said.ref, queued.said.ref)
  clock.now += minute
  const { ref: _ref, ...unknown } = refund
  const done = await ask(payu.syncRefund, unknown)
  assert(done.kind === 'refunded', done.kind)
  assert.equal(done.amount, 4_000)
  assert.deepEqual(
    (await fake.book()).map(({ refunded }) => refunded),
    [4_000],
  )
})

test('an equal amount within five minutes is not taken, and can leave later', async () => {
  const payment = await paid()
  const first = { ...payment, reference: 'rfd_1', back: paise(3_000) } as const
  const second = { ...first, reference: 'rfd_2' } as const
  assert.equal((await ask(payu.refund, first)).kind, 'refund_pending')
  const refused = await ask(payu.refund, second)
  assert(refused.kind === 'unknown', refused.kind)
  assert.equal(refused.sent, false)
  assert.deepEqual(await ask(payu.syncRefund, second), { kind: 'not_found' })
  clock.now += 5 * minute
  assert.equal((await ask(payu.refund, second)).kind, 'refund_pending')
  const third = { ...first, reference: 'rfd_3', back: paise(4_001) } as const
  assert.equal((await ask(payu.refund, third)).kind, 'refund_failed')
})

test('an answer that is lost is found again', async () => {
  const lost = paymentWith('good')
  fake.spoil('drop_after', 'start')
  assert.equal((await ask(payu.start, lost)).kind, 'unknown')
  const found = await ask(payu.sync, lost)
  assert(found.kind === 'unknown' && found.said?.ref !== undefined)
  const twice = await ask(payu.start, lost)
  assert(twice.kind === 'unknown' && twice.sent)
  clock.now += 15 * minute
  assert.equal((await ask(payu.sync, lost)).kind, 'failed')

  const never = paymentWith('good')
  fake.spoil('drop_before', 'start')
  assert.equal((await ask(payu.start, never)).kind, 'unknown')
  assert.equal((await ask(payu.sync, never)).kind, 'not_found')

  const payment = await begun('good')
  fake.spoil('drop_after', 'submit')
  const silent = await submit(payment)
  assert(silent.kind === 'unknown' && silent.sent)
  assert.equal((await ask(payu.sync, { ...payment, stage: 'submitted' })).kind, 'charged')
})

test('a lost look after an accepted OTP is no proof that nothing left', async () => {
  const payment = await begun('good')
  fake.spoil('drop_after', 'sync')
  const silent = await submit(payment)
  assert(silent.kind === 'unknown' && silent.sent)
  assert.notEqual(silent.said?.ref, undefined)
})

test('other amounts, ids and words than ours are an alarm', async () => {
  for (const fault of ['unknown_word', 'wrong_id', 'wrong_amount'] as const) {
    const payment = await begun('good')
    fake.spoil(fault, 'submit')
    const odd = await submit(payment)
    assert(odd.kind === 'unknown' && odd.alarm, fault)
  }
  const payment = await paid()
  fake.spoil('wrong_amount', 'sync')
  const odd = await ask(payu.sync, payment)
  assert(odd.kind === 'charged', odd.kind)
  assert.equal(odd.amount, 100)
})

test("a BIN without OTP leads to the bank's page", async () => {
  const payment = paymentWith('noOtp')
  const started = await ask(payu.start, payment)
  assert(started.kind === 'redirect', started.kind)
  assert(started.page && 'html' in started.page)
  const bins = [fake.cards.good, fake.cards.noOtp].map((number) => number.slice(0, 9))
  const told = await Promise.all(bins.map((bin) => ask(payu.eligibility, { bin })))
  assert.deepEqual(told, [{ kind: 'eligible' }, { kind: 'ineligible' }])
})

test('an issuer that is down, declines, or is late', async () => {
  const down = await ask(payu.start, paymentWith('downAtStart'))
  assert(down.kind === 'failed' && down.code === 'ISSUER_DOWN' && down.elsewhere, down.kind)

  const declined = await submit(await begun('declined'))
  assert(declined.kind === 'failed', declined.kind)
  assert.deepEqual([declined.by, declined.code], ['bank', 'BANK_DECLINED'])

  const silent = await begun('downAtSubmit')
  assert.equal((await submit(silent)).kind, 'pending')
  const late = await begun('lateSuccess')
  assert.equal((await submit(late)).kind, 'pending')
  clock.now += day
  assert.equal((await ask(payu.sync, silent)).kind, 'failed')
  assert.equal((await ask(payu.sync, late)).kind, 'charged')
})

test('an account is let in with its own key and salt', async () => {
  assert.deepEqual(await ask(payu.check, {}), { kind: 'works' })
  for (const wrong of [{ salt: 'other' }, { key: 'other' }]) {
    const foreign = { ...access, credentials: { ...access.credentials, ...wrong } }
    const { verdict } = await perform(payu.check, {}, foreign)
    assert.equal(verdict.kind, 'locked_out')
  }
  const foreign = { ...access, credentials: { ...access.credentials, salt: 'other' } }
  const { verdict } = await perform(payu.start, paymentWith('good'), foreign)
  assert(verdict.kind === 'failed' && verdict.elsewhere)
})

test('what it posts is news of the payment, and of its refund', async () => {
  const payment = await paid()
  await ask(payu.refund, { ...payment, reference: 'rfd_1' as const, back: paise(4_000) })
  clock.now += minute
  const reference = `txn_${payment.id.slice(4, 28)}1`
  const callbacks = await fake.callbacksOf(reference)
  const heard = callbacks.map(({ headers, body }) => {
    const news = payu.hearCallback({ headers, body: Buffer.from(body), now: clock.now }, access)
    assert('reference' in news, news.kind)
    return [news.kind, news.reference]
  })
  // The refund's is not signed.
  assert.deepEqual(heard, [
    ['news', reference],
    ['hint', reference],
  ])
  assert.deepEqual(await fake.callbacksOf(reference), callbacks)
})

test('what is kept of calls has no card, no OTP and nothing of the customer', async () => {
  const payment = paymentWith('good')
  const { calls, verdict } = await perform(payu.start, payment, access)
  assert(verdict.kind === 'challenge')
  const { handle = '' } = verdict.said
  const otp = new Secret(fake.otp.right)
  const submitted = await perform(payu.submitOtp, { ...payment, handle, otp }, access)
  const text = JSON.stringify([...calls, ...submitted.calls])
  for (const secret of [fake.cards.good, fake.otp.right, '"123"', fake.credentials['salt'] ?? '']) {
    assert(!text.includes(secret), secret)
  }
  assert.equal(submitted.calls.length, 2)
})
