import assert from 'node:assert/strict'
import { gateways } from '../../src/gateways/catalog.ts'
import { newRefundRef } from '../../src/ids.ts'
import { paise } from '../../src/money.ts'
import { paymentOf } from '../../src/payments/ask.ts'
import { inquire } from '../../src/payments/inquire.ts'
import { openInquiry } from '../../src/payments/inquiries.ts'
import { aboutMoney } from '../../src/payments/inquiry.ts'
import type { OrderKey } from '../../src/payments/orders.ts'
import { isFailed, type Txn } from '../../src/payments/txn.ts'
import { day, hour, price, type Shop } from './matrix-shop.ts'
import { hold } from './matrix-stories-lost.ts'
import { refused, type Story } from './matrix-story.ts'

/** Money that is held, taken, released, given back, or comes when nobody waits any more. */
export const moneyStories: readonly Story[] = [
  {
    name: 'held money is taken whole',
    lacks: ({ gateway }) => (gateway.capture ? undefined : 'no capture'),
    play: async (shop) => {
      const { order, txn } = await hold(shop)
      await shop.capture(txn)
      await shop.pass(order, hour)
      const taken = await shop.kept(txn)
      assert.deepEqual([taken.status, taken.captured], ['CHARGED', price])
      return { order }
    },
    instead: async (shop) => {
      const order = await shop.order({ autoCapture: false })
      await refused(shop.pay(order), 'capture_unsupported')
      return { order }
    },
  },
  {
    name: 'an account without holds refuses them',
    holds: false,
    lacks: ({ gateway }) => (gateway.holds === 'by_account' ? undefined : 'holds always'),
    play: async (shop) => {
      const order = await shop.order({ autoCapture: false })
      await refused(shop.pay(order), 'capture_unsupported')
      return { order }
    },
  },
  {
    name: 'held money is taken in parts',
    lacks: ({ gateway }) => (gateway.captures === 'parts' ? undefined : 'captures in whole'),
    play: async (shop) => {
      const { order, txn } = await hold(shop)
      const first = await shop.capture(txn, { take: 3_000, key: 'a' })
      await shop.pass(order, hour)
      assert.equal((await shop.kept(first)).captured, 3_000)
      await shop.capture(await shop.kept(txn), { take: 3_000, key: 'a' })
      await shop.capture(await shop.kept(txn), { take: 7_000, key: 'b' })
      await shop.pass(order, hour)
      assert.equal((await shop.kept(txn)).captured, price)
      return { order }
    },
    instead: async (shop) => {
      const { order, txn } = await hold(shop)
      const part = shop.capture(txn, { take: 3_000, key: 'a' })
      await refused(part, 'partial_capture_unsupported')
      await shop.capture(txn)
      await shop.pass(order, hour)
      return { order }
    },
  },
  {
    name: 'the start says whether money is held, or the OTP does',
    lacks: ({ gateway }) => (gateway.fixesCapture ? undefined : 'no fixesCapture'),
    play: async (shop) => {
      const order = await shop.order()
      const txn = await shop.pay(order)
      await refused(shop.submit(txn, shop.fake.otp.right, false), 'capture_fixed')
      assert.equal((await shop.kept(txn)).otp.attempts, 0)
      assert.equal((await shop.submit(txn)).status, 'CHARGED')
      return { order }
    },
    instead: async (shop) => {
      const order = await shop.order()
      const txn = await shop.submit(await shop.pay(order), shop.fake.otp.right, false)
      assert.deepEqual([txn.status, txn.captured], ['AUTHORIZED', 0])
      return { order }
    },
  },
  {
    name: 'held money is released',
    lacks: ({ gateway }) => (gateway.void ? undefined : 'no void'),
    play: async (shop) => {
      const { order, txn } = await hold(shop)
      await shop.void(txn)
      await shop.pass(order, hour)
      assert.equal((await shop.kept(txn)).status, 'VOIDED')
      assert.equal((await shop.booked(txn))[0]?.voided, true)
      await refused(shop.capture(txn), 'cannot_capture')
      return { order }
    },
    instead: async (shop) => {
      const { order, txn } = await hold(shop)
      await refused(shop.void(txn), 'void_unsupported')
      assert.equal((await shop.kept(txn)).status, 'AUTHORIZED')
      return { order }
    },
  },
  {
    name: 'taken money is not released',
    lacks: ({ gateway }) => (gateway.void ? undefined : 'no void'),
    play: async (shop) => {
      const { order, txn } = await hold(shop)
      await shop.capture(txn)
      await shop.pass(order, hour)
      await refused(shop.void(txn), 'cannot_void')
      return { order }
    },
  },
  {
    name: 'all of the money goes back',
    play: async (shop) => {
      const order = await shop.order()
      const txn = await shop.submit(await shop.pay(order))
      await shop.refund(order, 'r-1')
      await shop.pass(order, 2 * day)
      const [refund] = await shop.refunds(order)
      assert.deepEqual([refund?.status, refund?.amount], ['SUCCESS', price])
      assert.equal((await shop.booked(txn))[0]?.refunded, price)
      return { order }
    },
  },
  {
    name: 'the money goes back in parts, and no more than was taken',
    play: async (shop) => {
      const order = await shop.order()
      await shop.submit(await shop.pay(order))
      await shop.refund(order, 'r-1', 3_000)
      await refused(shop.refund(order, 'r-1', 3_000), 'refund_duplicate')
      await shop.refund(order, 'r-2', 3_000)
      await refused(shop.refund(order, 'r-3', 4_001), 'refund_exceeds')
      await shop.refund(order, 'r-4')
      await shop.pass(order, 2 * day)
      const refunds = await shop.refunds(order)
      assert.deepEqual(
        refunds.map(({ status, amount }) => [status, amount]).sort(),
        [3_000, 3_000, 4_000].map((amount) => ['SUCCESS', amount]),
      )
      return { order }
    },
  },
  {
    name: 'a refund fails where the money has gone back already',
    play: async (shop) => {
      const { order, txn } = await goneBack(shop)
      await shop.refund(order, 'r-1', 4_000)
      await shop.pass(order, 2 * day)
      const [refund] = await shop.refunds(order)
      assert.equal(refund?.status, 'FAILURE')
      assert.equal((await shop.kept(txn)).refunded, 0)
      return { order, outside: { refunded: price } }
    },
  },
  {
    name: 'money that has gone back at the gateway itself is for a person to see',
    // Elsewhere only what the gateway gave back unasked shows at the payment.
    lacks: ({ gateway }) =>
      gateway === gateways.razorpay ? undefined : 'refunds by hand are kept apart',
    play: async (shop) => {
      const { order, txn } = await goneBack(shop)
      shop.clock.now += 2 * day
      const { db } = shop.world
      const inquiry = aboutMoney(txn, shop.clock.now)
      await db.tx(async (t) => openInquiry(t, inquiry))
      await inquire(shop.world, inquiry)
      const { status, flaggedAt } = await shop.kept(txn)
      assert.deepEqual([status, flaggedAt], ['CHARGED', shop.clock.now])
      assert.equal((await shop.events(order)).at(-1), 'gateway_alarm')
      return { order, outside: { refunded: price } }
    },
  },
  {
    name: 'the money comes a day late',
    play: async (shop) => {
      const order = await shop.order()
      const txn = await shop.submit(await shop.pay(order, shop.fake.cards.lateSuccess))
      assert.notEqual(txn.status, 'CHARGED')
      await shop.pass(order, 3 * day)
      const paid = await shop.kept(txn)
      assert.deepEqual([paid.status, paid.captured, paid.late], ['CHARGED', price, false])
      return { order }
    },
  },
  {
    name: 'late money of an order that was paid meanwhile goes back',
    play: async (shop) => {
      const order = await shop.order()
      const other = await shop.pay(order)
      const late = await shop.submit(await shop.pay(order, shop.fake.cards.lateSuccess))
      if (isFailed(late.status)) {
        assert.equal((await shop.submit(other)).status, 'CHARGED')
        await shop.pass(order, 3 * day)
        assert.equal((await shop.kept(late)).status, 'AUTO_REFUNDED')
        assert.deepEqual((await shop.booked(late))[0]?.refunded, price)
      } else {
        // As long as the bank works on one payment of an order, no other is begun or finished.
        await refused(shop.submit(other), 'in_process')
        await shop.pass(order, 3 * day)
        assert.equal((await shop.kept(late)).status, 'CHARGED')
      }
      return { order }
    },
  },
]

/** A payment whose money was given back on the gateway's own pages. */
async function goneBack(shop: Shop): Promise<{ order: OrderKey; txn: Txn }> {
  const { gateway, world } = shop
  const order = await shop.order()
  const txn = await shop.submit(await shop.pay(order))
  const reference = newRefundRef(order.shard)
  const about = { ...paymentOf(txn), reference, back: paise(price) }
  await world.perform(gateway.refund, about, await shop.access())
  return { order, txn }
}
