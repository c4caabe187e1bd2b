import assert from 'node:assert/strict'
import { test } from 'node:test'
import type {
  Access,
  NewPayment,
  Payment,
  Question,
  Refunding,
  Said,
  Stage,
  Verdict,
} from '../../src/gateways/gateway.ts'
import { makePerform, openNetwork } from '../../src/gateways/perform.ts'
import { razorpay } from '../../src/gateways/razorpay.ts'
import { paise } from '../../src/money.ts'
import { Secret } from '../../src/secret.ts'
import type { Fake } from './fake.ts'
import { openRazorpayFake } from './razorpay-fake.ts'

const dayMs = 24 * 3_600_000

const id = 'txn_abc00000000000000000000000000000001'

/** A fake with a clock of its own, and one payment there that goes on from question to question. */
class Scene {
  readonly fake: Fake
  readonly access: Access
  readonly #network = openNetwork()
  readonly #clock: { now: number }
  #payment: Payment = {
    id,
    tries: 1,
    stage: 'started',
    merchant: 'demo',
    orderId: 'order-1',
    amount: paise(10_000),
    currency: 'INR',
    autoCapture: true,
  }

  constructor(fake: Fake, clock: { now: number }) {
    this.fake = fake
    this.#clock = clock
    this.access = {
      baseUrl: fake.baseUrl,
      origins: [fake.baseUrl],
      credentials: fake.credentials,
      callbackUrl: 'https://pay.example/callbacks/razorpay/demo/r1',
      transcribed: razorpay.transcribed,
    }
  }

  get payment(): Payment {
    return this.#payment
  }

  wait(ms: number): void {
    this.#clock.now += ms
  }

  set(changes: Partial<Payment>): void {
    this.#payment = { ...this.#payment, ...changes }
  }

  async ask<P, V>(question: Question<P, V>, about: P): Promise<V> {
    const { verdict } = await makePerform(this.#network.carry)(question, about, this.access)
    return verdict
  }

  /** Asks about the payment, and keeps the ids that the answer tells. */
  async put<P>(question: Question<P>, about: P, stage?: Stage): Promise<Verdict> {
    const verdict = await this.ask(question, about)
    const said: Said = ('said' in verdict ? verdict.said : undefined) ?? {}
    const { ref, handle } = said
    this.set({ ...(ref && { ref }), ...(handle && { handle }), ...(stage && { stage }) })
    return verdict
  }

  start(number: string, more: Partial<NewPayment> = {}): Promise<Verdict> {
    const about: NewPayment = {
      ...this.#payment,
      auth: 'OTP',
      card: {
        number: new Secret(number),
        cvv: new Secret('123'),
        expiryMonth: '11',
        expiryYear: '2031',
        name: 'Asha Rao',
      },
      cardType: 'CREDIT',
      finishUrl: 'https://pay.example/return/1',
      customer: {
        id: undefined,
        email: 'asha@example.in',
        phone: '9000000001',
        ip: '203.0.113.7',
        userAgent: 'Mozilla/5.0',
      },
      ...more,
    }
    return this.put(razorpay.start, about, 'challenged')
  }

  submit(otp: string): Promise<Verdict> {
    return this.put(razorpay.submitOtp, { ...this.#payment, otp: new Secret(otp) })
  }

  resend(): Promise<Verdict> {
    return this.put(razorpay.resendOtp, this.#payment)
  }

  sync(): Promise<Verdict> {
    return this.put(razorpay.sync, this.#payment)
  }

  capture(take = this.#payment.amount): Promise<Verdict> {
    return this.put(razorpay.capture, { ...this.#payment, reference: 'cap-1', take })
  }

  refunding(back: number): Refunding {
    const reference = 'rfd_abc00000000000000000000000000000001'
    return { ...this.#payment, reference, back: paise(back) }
  }

  async close(): Promise<void> {
    await this.#network.close()
    await this.fake.close()
  }
}

function onStage(name: string, play: (scene: Scene) => Promise<void>): void {
  test(name, async () => {
    const clock = { now: Date.parse('2027-01-04T10:00:00Z') }
    const scene = new Scene(await openRazorpayFake({ now: () => clock.now }), clock)
    try {
      await play(scene)
      assert.deepEqual(scene.fake.problems(), [])
    } finally {
      await scene.close()
    }
  })
}

async function booked(scene: Scene) {
  const [payment] = await scene.fake.book()
  assert(payment)
  return payment
}

onStage('a wrong OTP, then the right one, pays', async (scene) => {
  const { cards, otp } = scene.fake
  const started = await scene.start(cards.good)
  assert(started.kind === 'challenge' && started.page && 'url' in started.page)
  assert.match(started.page.url, /\/authenticate$/)
  assert.equal((await booked(scene)).sends, 1)
  assert.equal((await scene.sync()).kind, 'challenge')
  const wrong = await scene.submit(otp.wrong)
  assert(wrong.kind === 'wrong_otp' && wrong.code === 'INCORRECT_OTP')
  const paid = await scene.submit(otp.right)
  assert(paid.kind === 'charged' && paid.amount === 10_000)
  assert.equal(paid.said.rrn, '600112233445')
  assert.equal((await scene.sync()).kind, 'charged')
  const again = await scene.submit(otp.right)
  assert.equal(again.kind, 'charged', 'an OTP that was taken before is answered by the record')
  assert.equal((await booked(scene)).captured, 10_000)
  assert.equal((await booked(scene)).guesses, 2)
})

onStage('the third wrong OTP is the last', async (scene) => {
  await scene.start(scene.fake.cards.good)
  await scene.submit(scene.fake.otp.wrong)
  await scene.submit(scene.fake.otp.wrong)
  const last = await scene.submit(scene.fake.otp.wrong)
  assert(last.kind === 'failed' && last.code === 'OTP_ATTEMPTS_EXCEEDED')
  const right = await scene.submit(scene.fake.otp.right)
  assert(right.kind === 'failed' && right.code === 'OTP_ATTEMPTS_EXCEEDED')
  assert.equal((await booked(scene)).guesses, 3)
  const known = await scene.sync()
  assert(known.kind === 'failed' && known.by === 'customer')
})

onStage('an OTP is sent again after half a minute, twice, and then no more', async (scene) => {
  await scene.start(scene.fake.cards.good)
  const early = await scene.resend()
  assert(early.kind === 'not_sent' && early.why === 'too_soon')
  scene.wait(30_000)
  const second = await scene.resend()
  assert(second.kind === 'challenge' && second.sendsLeft === undefined)
  scene.wait(30_000)
  const third = await scene.resend()
  assert(third.kind === 'challenge' && third.sendsLeft === 0)
  scene.wait(30_000)
  const fourth = await scene.resend()
  assert(fourth.kind === 'not_sent' && fourth.why === 'limit')
  assert.equal((await booked(scene)).sends, 3)
  assert.equal((await scene.submit(scene.fake.otp.right)).kind, 'charged')
})

onStage('held money is captured once, as a whole', async (scene) => {
  scene.set({ autoCapture: false })
  await scene.start(scene.fake.cards.good)
  const held = await scene.submit(scene.fake.otp.right)
  assert(held.kind === 'authorized' && held.amount === 10_000)
  assert.equal((await scene.capture(paise(9_000))).kind, 'refused')
  assert.equal((await scene.capture()).kind, 'charged')
  assert.equal((await scene.capture()).kind, 'charged', 'captured already')
  assert.equal((await booked(scene)).captured, 10_000)
})

onStage('a hold that is never captured is let go', async (scene) => {
  scene.set({ autoCapture: false })
  await scene.start(scene.fake.cards.good)
  await scene.submit(scene.fake.otp.right)
  scene.wait(5 * dayMs)
  assert.equal((await scene.sync()).kind, 'voided')
  assert.equal((await scene.capture()).kind, 'voided')
})

onStage('a part is refunded once, however often it is asked for', async (scene) => {
  await scene.start(scene.fake.cards.good)
  await scene.submit(scene.fake.otp.right)
  const about = scene.refunding(4_000)
  assert.deepEqual(await scene.ask(razorpay.syncRefund, about), { kind: 'not_found' })
  const first = await scene.ask(razorpay.refund, about)
  assert(first.kind === 'refunded' && first.amount === 4_000 && first.said.ref)
  assert.equal((await scene.ask(razorpay.refund, about)).kind, 'refunded')
  assert.equal((await booked(scene)).refunded, 4_000)
  const known = { ...about, refundRef: first.said.ref }
  assert.deepEqual(await scene.ask(razorpay.syncRefund, known), first)
  assert.deepEqual(await scene.ask(razorpay.syncRefund, about), first, 'found by its reference')
  assert.equal((await scene.sync()).kind, 'charged')
  const tooMuch = { ...scene.refunding(7_000), reference: `rfd_${'f'.repeat(35)}` as const }
  assert.equal((await scene.ask(razorpay.refund, tooMuch)).kind, 'refund_failed')
})

onStage('an answer that was lost after the start is found by our reference', async (scene) => {
  scene.fake.spoil('drop_after', 'start')
  const lost = await scene.start(scene.fake.cards.good)
  assert(lost.kind === 'unknown' && lost.sent && lost.said?.handle)
  const { handle, ...nameless } = scene.payment
  const found = await scene.ask(razorpay.sync, { ...nameless, stage: 'started' })
  assert(found.kind === 'challenge')
  assert.equal(found.said.handle, handle)
  assert.match(found.said.ref ?? '', /^pay_/)
  const known = await scene.ask(razorpay.sync, { ...scene.payment, stage: 'started' })
  assert.deepEqual(known, found)
})

onStage('a start that never arrived is not found', async (scene) => {
  assert.deepEqual(await scene.sync(), { kind: 'not_found' })
  scene.fake.spoil('drop_before', 'start')
  const lost = await scene.start(scene.fake.cards.good)
  assert(lost.kind === 'unknown' && lost.sent)
  assert.deepEqual(await scene.sync(), { kind: 'not_found' })
})

onStage('a submitted OTP whose answer was lost is asked after', async (scene) => {
  await scene.start(scene.fake.cards.good)
  scene.fake.spoil('drop_after', 'submit')
  const lost = await scene.submit(scene.fake.otp.right)
  assert(lost.kind === 'unknown' && lost.sent)
  assert.equal((await scene.sync()).kind, 'charged')
})

onStage('an accepted OTP without news of the payment was sent all the same', async (scene) => {
  await scene.start(scene.fake.cards.good)
  for (const fault of ['drop_before', 'html_502', 'garbage', 'wrong_amount', 'wrong_id'] as const) {
    scene.fake.spoil(fault, 'sync')
    const verdict = await scene.submit(scene.fake.otp.right)
    assert(verdict.kind === 'unknown' && verdict.sent, fault)
    assert.equal(verdict.alarm ?? false, fault.startsWith('wrong_'), fault)
  }
  scene.fake.spoil('unknown_word', 'sync')
  const verdict = await scene.sync()
  assert(verdict.kind === 'unknown' && verdict.alarm)
})

onStage('a lost capture and a lost refund are found', async (scene) => {
  scene.set({ autoCapture: false })
  await scene.start(scene.fake.cards.good)
  await scene.submit(scene.fake.otp.right)
  scene.fake.spoil('drop_after', 'capture')
  assert.equal((await scene.capture()).kind, 'unknown')
  assert.equal((await scene.sync()).kind, 'charged')
  scene.fake.spoil('drop_after', 'refund')
  const about = scene.refunding(10_000)
  assert.equal((await scene.ask(razorpay.refund, about)).kind, 'unknown')
  assert.equal((await scene.ask(razorpay.syncRefund, about)).kind, 'refunded')
  assert.equal((await scene.sync()).kind, 'voided', 'nothing of it is left')
})

onStage('a card without native OTP has the bank page', async (scene) => {
  const { noOtp, good } = scene.fake.cards
  const bins = [noOtp, good].map((card) => ({ bin: card.slice(0, 6) }))
  const words = await Promise.all(bins.map((one) => scene.ask(razorpay.eligibility, one)))
  assert.deepEqual(
    words.map(({ kind }) => kind),
    ['ineligible', 'eligible'],
  )
  assert.equal((await scene.start(noOtp)).kind, 'not_eligible')
  assert.deepEqual(await scene.fake.book(), [])
  scene.set({ tries: 2 })
  const page = await scene.start(noOtp, { auth: 'REDIRECT' })
  assert(page.kind === 'redirect' && page.page)
  scene.set({ stage: 'at_page' })
  assert.equal((await scene.sync()).kind, 'redirect')
  assert.equal((await booked(scene)).reference, `${id}2`)
})

onStage(
  'a bank that is down before the OTP leaves the choice of another account',
  async (scene) => {
    const down = await scene.start(scene.fake.cards.downAtStart)
    assert(down.kind === 'failed' && down.by === 'bank' && down.code === 'ISSUER_DOWN')
    assert.equal(down.elsewhere, 'gateway')
  },
)

onStage('a bank that says no after the OTP', async (scene) => {
  await scene.start(scene.fake.cards.declined)
  const no = await scene.submit(scene.fake.otp.right)
  assert(no.kind === 'failed' && no.by === 'bank' && no.code === 'BANK_DECLINED')
  assert.equal(no.elsewhere, undefined)
})

onStage('a bank that falls silent after the OTP is pending, then failed', async (scene) => {
  await scene.start(scene.fake.cards.downAtSubmit)
  assert.equal((await scene.submit(scene.fake.otp.right)).kind, 'pending')
  scene.wait(10 * 60_000)
  const given = await scene.sync()
  assert(given.kind === 'failed' && given.code === 'ISSUER_DOWN')
})

onStage('money that comes a day late is charged, and news of it is sent', async (scene) => {
  await scene.start(scene.fake.cards.lateSuccess)
  assert.equal((await scene.submit(scene.fake.otp.right)).kind, 'pending')
  scene.set({ stage: 'submitted' })
  assert.equal((await scene.sync()).kind, 'pending')
  scene.wait(10 * 60_000)
  assert.equal((await scene.sync()).kind, 'failed')
  scene.wait(dayMs)
  assert.equal((await scene.sync()).kind, 'charged')
  const callbacks = await scene.fake.callbacksOf(id)
  assert.deepEqual(await scene.fake.callbacksOf(id), callbacks)
  assert.deepEqual(
    callbacks.map(({ body }) => JSON.parse(body).event),
    ['payment.failed', 'payment.authorized', 'payment.captured', 'order.paid'],
  )
  for (const { headers, body } of callbacks) {
    const now = Date.parse('2027-01-05T10:30:00Z')
    const news = razorpay.hearCallback({ headers, body: Buffer.from(body), now }, scene.access)
    assert(news.kind === 'news')
    assert.equal(news.reference, id)
  }
})

onStage('the keys of an account are tried without moving anything', async (scene) => {
  assert.deepEqual(await scene.ask(razorpay.check, {}), { kind: 'works' })
  const access = { ...scene.access, credentials: { key_id: 'rzp_test_x', key_secret: 'no' } }
  const network = openNetwork()
  const { verdict } = await makePerform(network.carry)(razorpay.check, {}, access)
  assert.equal(verdict.kind, 'locked_out')
  await network.close()
})
