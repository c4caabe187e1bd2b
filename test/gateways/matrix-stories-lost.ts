import assert from 'node:assert/strict'
import type { OrderKey } from '../../src/payments/orders.ts'
import { holdsMoney, isFailed, type Txn } from '../../src/payments/txn.ts'
import type { Fault, Step } from './fake.ts'
import { day, hour, minute, type Shop } from './matrix-shop.ts'
import type { Story } from './matrix-story.ts'

/** What can become of a call, in words, and whether the gateway has acted by then. */
const faults: Readonly<Record<Fault, { readonly words: string; readonly acted: boolean }>> = {
  drop_before: { words: 'the call is lost', acted: false },
  drop_after: { words: 'the answer is lost', acted: true },
  never: { words: 'the answer never comes', acted: true },
  endless: { words: 'the answer never ends', acted: true },
  oversized: { words: 'the answer is too long', acted: true },
  slow: { words: 'the answer is slow', acted: true },
  garbage: { words: 'the answer is garbage', acted: true },
  html_502: { words: 'the answer is an HTML page', acted: true },
  unknown_word: { words: 'the answer has a new word', acted: true },
  wrong_amount: { words: 'the answer has another amount', acted: true },
  wrong_id: { words: 'the answer is about another payment', acted: true },
}

/** What of these a person has to see to. */
const alarming: ReadonlySet<Fault> = new Set(['unknown_word', 'wrong_amount', 'wrong_id'])

const everyFault = Object.keys(faults) as Fault[]

/** One call of a payment, and what must hold when its answer is spoilt. */
interface Spoilt {
  readonly step: Step
  readonly at: string
  readonly faults: readonly Fault[]
  readonly lacks?: (shop: Shop) => string | undefined
  readonly play: (shop: Shop, fault: Fault) => Promise<OrderKey>
}

const steps: readonly Spoilt[] = [
  {
    step: 'start',
    at: 'at the start',
    // An answer to a start need not name an amount or anything of ours.
    faults: everyFault.filter((fault) => fault !== 'wrong_amount' && fault !== 'wrong_id'),
    play: async (shop, fault) => {
      const order = await shop.order()
      const txn = await spoilt(shop, { fault, step: 'start' }, () => shop.pay(order))
      if (fault !== 'slow') assert(!holdsMoney(txn.status))
      await shop.finish(order)
      await shop.pass(order, day)
      return order
    },
  },
  {
    step: 'submit',
    at: 'at the OTP',
    faults: everyFault.filter((fault) => fault !== 'wrong_amount'),
    play: async (shop, fault) => {
      const order = await shop.order()
      const open = await shop.pay(order)
      const txn = await spoilt(shop, { fault, step: 'submit' }, () => shop.submit(open))
      // Silence is not a decline: the money may be there.
      assert(!isFailed(txn.status), txn.status)
      const paid = await shop.finish(order)
      if (faults[fault].acted) assert.deepEqual([paid.n, paid.otp.attempts], [1, 1])
      return order
    },
  },
  {
    step: 'resend',
    at: 'when the OTP is sent again',
    faults: ['drop_before', 'drop_after', 'never', 'garbage', 'html_502', 'unknown_word'],
    lacks: ({ gateway }) => (gateway.resendOtp ? undefined : 'no resendOtp'),
    play: async (shop, fault) => {
      const order = await shop.order()
      const open = await shop.pay(order)
      shop.clock.now += shop.fake.limits.resendAfterMs
      const txn = await spoilt(shop, { fault, step: 'resend' }, () => shop.resend(open))
      assert.deepEqual([txn.status, txn.otp.sends], ['PENDING_VBV', 2])
      assert.equal((await shop.submit(txn)).status, 'CHARGED')
      return order
    },
  },
  {
    step: 'sync',
    at: 'when the truth is fetched',
    faults: everyFault,
    play: async (shop, fault) => {
      const { fake } = shop
      const order = await shop.order()
      const open = await shop.pay(order)
      fake.spoil('drop_after', 'submit')
      await shop.submit(open)
      shop.clock.now += minute
      const txn = await spoilt(shop, { fault, step: 'sync' }, () => shop.sync(open))
      if (fault !== 'slow') {
        assert.equal(txn.status, 'AUTHORIZING')
        assert.equal(txn.captured, 0)
      }
      if (alarming.has(fault)) {
        assert((await shop.events(order)).includes('gateway_alarm'))
        assert.notEqual(txn.flaggedAt, undefined)
      }
      assert.equal((await shop.finish(order)).n, 1)
      return order
    },
  },
  {
    step: 'capture',
    at: 'at the capture',
    faults: everyFault,
    lacks: ({ gateway }) => (gateway.capture ? undefined : 'no capture'),
    play: async (shop, fault) => {
      const { order, txn: held } = await hold(shop)
      await spoilt(shop, { fault, step: 'capture' }, () => shop.capture(held))
      await shop.pass(order, hour)
      if (!faults[fault].acted) await shop.capture(await shop.kept(held))
      await shop.pass(order, hour)
      assert.equal((await shop.kept(held)).status, 'CHARGED')
      return order
    },
  },
  {
    step: 'void',
    at: 'at the void',
    faults: everyFault.filter((fault) => fault !== 'wrong_amount'),
    lacks: ({ gateway }) => (gateway.void ? undefined : 'no void'),
    play: async (shop, fault) => {
      const { order, txn: held } = await hold(shop)
      await spoilt(shop, { fault, step: 'void' }, () => shop.void(held))
      await shop.pass(order, hour)
      if (!faults[fault].acted) await shop.void(await shop.kept(held))
      await shop.pass(order, hour)
      assert.equal((await shop.kept(held)).status, 'VOIDED')
      return order
    },
  },
  {
    step: 'refund',
    at: 'at the refund',
    faults: everyFault,
    play: async (shop, fault) => {
      const order = await shop.order()
      await shop.submit(await shop.pay(order))
      await spoilt(shop, { fault, step: 'refund' }, () => shop.refund(order, 'r-1', 4_000))
      await shop.pass(order, day)
      assert.deepEqual(
        (await shop.refunds(order)).map(({ status }) => status),
        ['SUCCESS'],
      )
      return order
    },
  },
  {
    step: 'sync_refund',
    at: "when a refund's truth is fetched",
    faults: everyFault,
    play: async (shop, fault) => {
      const order = await shop.order()
      await shop.submit(await shop.pay(order))
      shop.fake.spoil('drop_after', 'refund')
      await shop.refund(order, 'r-1', 4_000)
      await spoilt(shop, { fault, step: 'sync_refund' }, () => shop.pass(order, minute))
      await shop.pass(order, 2 * day)
      assert.deepEqual(
        (await shop.refunds(order)).map(({ status }) => status),
        ['SUCCESS'],
      )
      return order
    },
  },
]

/** Every call whose answer can be spoilt, in every way. */
export const lostStories: readonly Story[] = steps.flatMap(({ at, faults: some, lacks, play }) =>
  some.map((fault) => ({
    name: `${faults[fault].words} ${at}`,
    ...(lacks && { lacks }),
    play: async (shop: Shop) => ({ order: await play(shop, fault) }),
  })),
)

async function spoilt<T>(
  shop: Shop,
  { fault, step }: { fault: Fault; step: Step },
  deed: () => Promise<T>,
): Promise<T> {
  shop.fake.spoil(fault, step)
  return fault === 'never' || fault === 'endless' ? shop.hurried(deed) : deed()
}

/** An order whose money is held. */
export async function hold(shop: Shop): Promise<{ order: OrderKey; txn: Txn }> {
  const order = await shop.order({ autoCapture: false })
  const txn = await shop.submit(await shop.pay(order))
  assert.deepEqual([txn.status, txn.captured], ['AUTHORIZED', 0])
  return { order, txn }
}
