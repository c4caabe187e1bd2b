import assert from 'node:assert/strict'
import { binOf } from '../../src/cards/bin.ts'
import { isFailed } from '../../src/payments/txn.ts'
import { day, hour, type Shop } from './matrix-shop.ts'
import { refused, type Story } from './matrix-story.ts'

/** From the card to the money, and every way in which an OTP or an issuer stands between them. */
export const otpStories: readonly Story[] = [
  {
    name: 'paid with the right OTP',
    play: async (shop) => {
      const order = await shop.order()
      const txn = await shop.pay(order)
      assert.equal(txn.status, 'PENDING_VBV')
      assert.deepEqual([txn.otp.sends, txn.otp.attempts], [1, 0])
      const paid = await shop.submit(txn)
      assert.deepEqual([paid.status, paid.code, paid.captured], ['CHARGED', 'TXN_SUCCESS', 10_000])
      assert.notEqual(paid.said.ref, undefined)
      const [booked, ...more] = await shop.booked(txn)
      assert.deepEqual([booked?.captured, booked?.guesses, more], [10_000, 1, []])
      return { order }
    },
  },
  {
    name: 'a wrong OTP, then the right one',
    play: async (shop) => {
      const order = await shop.order()
      const open = await shop.pay(order)
      const wrong = await shop.submit(open, shop.fake.otp.wrong)
      assert.deepEqual([wrong.status, wrong.code], ['PENDING_VBV', 'INCORRECT_OTP'])
      assert.equal(wrong.otp.attempts, 1)
      assert.equal((await shop.submit(wrong)).status, 'CHARGED')
      return { order }
    },
  },
  {
    name: 'attempts used up',
    play: async (shop) => {
      const order = await shop.order()
      let txn = await shop.pay(order)
      const most = Math.min(shop.fake.limits.attempts, txn.otp.attemptsMax)
      for (let i = 0; i < most && txn.status === 'PENDING_VBV'; i++) {
        txn = await shop.submit(txn, shop.fake.otp.wrong)
      }
      await shop.pass(order, hour)
      txn = await shop.kept(txn)
      assert.equal(txn.status, 'AUTHENTICATION_FAILED')
      assert.equal(txn.otp.attempts, most)
      const after = await shop.submit(txn)
      assert.deepEqual([after.status, after.otp.attempts], ['AUTHENTICATION_FAILED', most])
      return { order }
    },
  },
  {
    name: 'the OTP is sent again',
    lacks: ({ gateway }) => (gateway.resendOtp ? undefined : 'no resendOtp'),
    play: async (shop) => {
      const order = await shop.order()
      const txn = await shop.pay(order)
      waitToResend(shop)
      const again = await shop.resend(txn)
      assert.deepEqual([again.otp.sends, again.otp.attempts], [2, 0])
      assert.equal((await shop.booked(txn))[0]?.sends, 2)
      assert.equal((await shop.submit(again)).status, 'CHARGED')
      return { order }
    },
    instead: async (shop) => {
      const order = await shop.order()
      const txn = await shop.pay(order)
      await refused(shop.resend(txn), 'send_limit')
      return { order }
    },
  },
  {
    name: 'no OTP beyond the limit of sends',
    lacks: ({ gateway }) => (gateway.resendOtp ? undefined : 'no resendOtp'),
    play: async (shop) => {
      const order = await shop.order()
      const txn = await shop.pay(order)
      const most = Math.min(shop.fake.limits.sends, txn.otp.sendsMax)
      for (let sends = 2; sends <= most; sends++) {
        waitToResend(shop)
        assert.equal((await shop.resend(txn)).otp.sends, sends)
      }
      waitToResend(shop)
      await refused(shop.resend(txn), 'send_limit')
      assert((await shop.booked(txn)).every(({ sends }) => sends <= most))
      assert.equal((await shop.submit(txn)).status, 'CHARGED')
      return { order }
    },
  },
  {
    name: 'no OTP before the cool-down is over',
    lacks: ({ gateway }) => (gateway.resendAfterMs ? undefined : 'no resendAfterMs'),
    play: async (shop) => {
      const order = await shop.order()
      const txn = await shop.pay(order)
      shop.clock.now += shop.fake.limits.resendAfterMs - 1
      await refused(shop.resend(txn), 'resend_too_soon')
      assert.equal((await shop.kept(txn)).otp.sends, 1)
      shop.clock.now += 1
      assert.equal((await shop.resend(txn)).otp.sends, 2)
      assert.equal((await shop.submit(txn)).status, 'CHARGED')
      return { order }
    },
  },
  {
    name: 'a card without OTP goes to the page of its bank',
    play: async (shop) => {
      const order = await shop.order()
      const txn = await shop.pay(order, shop.fake.cards.noOtp)
      assert.deepEqual([txn.status, txn.otp.sends], ['PENDING_VBV', 0])
      assert.notEqual(txn.bankData, undefined)
      await refused(shop.submit(txn), 'cannot_accept')
      // The next payment with such a card does not ask in vain.
      const next = await shop.pay(order, shop.fake.cards.noOtp)
      assert.deepEqual([next.status, next.otp.sends], ['PENDING_VBV', 0])
      assert.equal(next.tries, 1)
      await shop.pass(order, hour)
      assert(isFailed((await shop.kept(txn)).status))
      return { order }
    },
  },
  {
    name: 'the gateway tells which cards it does OTP for',
    lacks: ({ gateway }) => (gateway.eligibility ? undefined : 'no eligibility'),
    play: async (shop) => {
      const { gateway, fake, world } = shop
      const { eligibility: question } = gateway
      assert(question)
      const access = await shop.access()
      const ask = async (card: string) =>
        (await world.perform(question, { bin: binOf(card) }, access)).verdict
      assert.deepEqual(await ask(fake.cards.good), { kind: 'eligible' })
      assert.deepEqual(await ask(fake.cards.noOtp), { kind: 'ineligible' })
      fake.spoil('html_502', 'eligibility')
      assert.equal((await ask(fake.cards.good)).kind, 'unknown')
      return { order: await shop.order() }
    },
  },
  {
    name: 'the issuer is down when the payment starts',
    play: async (shop) => {
      const order = await shop.order()
      const txn = await shop.pay(order, shop.fake.cards.downAtStart)
      assert.equal(txn.otp.sends, 0)
      assert(isFailed(txn.status), txn.status)
      assert.equal((await shop.finish(order)).n, 2)
      return { order }
    },
  },
  {
    name: 'the issuer goes down with the right OTP',
    play: async (shop) => {
      const order = await shop.order()
      const txn = await shop.submit(await shop.pay(order, shop.fake.cards.downAtSubmit))
      assert.notEqual(txn.status, 'CHARGED')
      await shop.pass(order, 8 * day)
      return { order }
    },
  },
  {
    name: 'the issuer declines the right OTP',
    play: async (shop) => {
      const order = await shop.order()
      const txn = await shop.submit(await shop.pay(order, shop.fake.cards.declined))
      assert.equal(txn.status, 'AUTHORIZATION_FAILED')
      assert.equal((await shop.finish(order)).n, 2)
      return { order }
    },
  },
  {
    name: 'the OTP is never typed',
    play: async (shop) => {
      const order = await shop.order()
      const txn = await shop.pay(order)
      await shop.pass(order, day)
      const ended = await shop.kept(txn)
      assert.deepEqual([ended.status, ended.code], ['AUTHENTICATION_FAILED', 'TXN_EXPIRED'])
      return { order }
    },
  },
  {
    name: 'two clicks send one OTP',
    play: async (shop) => {
      const order = await shop.order()
      const txn = await shop.pay(order)
      const both = await Promise.all([shop.submit(txn), shop.submit(txn)])
      assert.deepEqual(
        both.map(({ status }) => status),
        ['CHARGED', 'CHARGED'],
      )
      const [booked] = await shop.booked(txn)
      assert.equal(booked?.guesses, 1)
      return { order }
    },
  },
  {
    name: 'credentials are told right from wrong',
    play: async (shop) => {
      const { gateway, world } = shop
      const access = await shop.access()
      const right = await world.perform(gateway.check, {}, access)
      assert.deepEqual(right.verdict, { kind: 'works' })
      return { order: await shop.order() }
    },
  },
]

/** The gateway's pause between two sends goes by. */
function waitToResend({ clock, fake }: Shop): void {
  clock.now += fake.limits.resendAfterMs
}
