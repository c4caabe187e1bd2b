import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { engines } from '../../test/databases.ts'
import { anOrder, by, openWorld, type ScriptedWorld } from '../../test/world.ts'
import type { OrderId } from '../ids.ts'
import { type Paise, paise } from '../money.ts'
import { Refusal } from '../refusal.ts'
import { asItIs, chargedTxn, heldTxn } from './held.fixture.ts'
import { issueRefund, type RefundWish } from './issue-refund.ts'
import { refundsOf } from './refunds.ts'
import type { Txn } from './txn.ts'

for (const engine of engines) {
  describe(`issuing refunds on ${engine.name}`, () => {
    let at: ScriptedWorld
    before(async () => {
      at = await openWorld(engine)
    })
    after(() => at.database.close())

    async function refunded(txn: Txn, requestId: string, more: Partial<RefundWish> = {}) {
      const wish = { order: txn, requestId, source: 'API', metadata: {}, by, ...more } as const
      const issued = await issueRefund(at.world, at.merchant, wish)
      assert(issued)
      return issued
    }
    async function standing(txn: Txn) {
      const { refunded: aside, captured } = await asItIs(at, txn)
      const refunds = await refundsOf(at.world.db.read, txn)
      return { aside, captured, amounts: refunds.map(({ amount }) => amount) }
    }

    test('a refund is written down and set aside before anybody is told', async () => {
      const txn = await chargedTxn(at, 'one')
      const metadata = { reason: 'too small' }
      const { refund } = await refunded(txn, 'a', { amount: paise(4_000), metadata })
      assert.deepEqual([refund.status, refund.sent, refund.dueAt], ['PENDING', false, at.clock.now])
      assert.deepEqual(await refundsOf(at.world.db.read, txn), [refund])
      assert.equal((await standing(txn)).aside, 4_000)
      assert.equal((await at.kinds('one')).at(-1), 'refund_asked')
    })

    test('without an amount all that is left goes back, and then nothing is', async () => {
      const txn = await chargedTxn(at, 'rest')
      await refunded(txn, 'a', { amount: paise(4_000) })
      assert.equal((await refunded(txn, 'b')).refund.amount, 6_000)
      await assert.rejects(refunded(txn, 'c'), { reason: 'refund_exceeds' })
      await assert.rejects(refunded(txn, 'd', { amount: paise(1) }), { reason: 'refund_exceeds' })
      assert.deepEqual((await standing(txn)).amounts, [4_000, 6_000])
    })

    test('a request id is good for one refund of its order, whatever else is asked', async () => {
      const txn = await chargedTxn(at, 'id')
      await refunded(txn, 'same', { amount: paise(1_000) })
      for (const amount of [1_000, 2_000, 99_999]) {
        const again = refunded(txn, 'same', { amount: paise(amount) })
        await assert.rejects(again, { reason: 'refund_duplicate' })
      }
      const other = await chargedTxn(at, 'other-id')
      assert.equal((await refunded(other, 'same')).refund.amount, 10_000)
    })

    test('more than was captured never goes back', async () => {
      const txn = await chargedTxn(at, 'more')
      const over = refunded(txn, 'a', { amount: paise(10_001) })
      await assert.rejects(over, { reason: 'refund_exceeds' })
      const nothing = refunded(txn, 'a', { amount: paise(0) })
      await assert.rejects(nothing, { reason: 'refund_exceeds' })
      assert.deepEqual(await standing(txn), { aside: 0, captured: 10_000, amounts: [] })
      assert.equal((await at.kinds('more')).at(-1), 'status_changed')
    })

    test('an order without taken money has none to give back', async () => {
      const held = await heldTxn(at, 'held')
      await assert.rejects(refunded(held, 'a'), { reason: 'refund_unsuccessful_order' })
      const fresh = await anOrder(at, 'fresh')
      const wish = { requestId: 'a', source: 'API', metadata: {}, by } as const
      const unpaid = issueRefund(at.world, at.merchant, { ...wish, order: fresh })
      await assert.rejects(unpaid, { reason: 'refund_unsuccessful_order' })
      const order = { ...fresh, orderId: 'nobody' as OrderId }
      assert.equal(await issueRefund(at.world, at.merchant, { ...wish, order }), undefined)
      const foreign = { ...held, merchant: 'other' as Txn['merchant'] }
      const asked = { ...wish, order: foreign }
      assert.equal(await issueRefund(at.world, at.merchant, asked), undefined)
      const alien = refunded(held, 'a', { txn: (await chargedTxn(at, 'alien')).id })
      await assert.rejects(alien, { reason: 'refund_unsuccessful_order' })
    })

    test('the same amount again within the merchant’s few seconds is the same call', async () => {
      const txn = await chargedTxn(at, 'repeat')
      const settings = { ...at.merchant.settings, refund_repeat_seconds: 5 }
      const ask = (requestId: string, amount?: Paise, source: RefundWish['source'] = 'API') =>
        issueRefund(
          at.world,
          { ...at.merchant, settings },
          { order: txn, requestId, source, metadata: {}, by, ...(amount && { amount }) },
        )
      await ask('a', paise(1_000))
      await assert.rejects(ask('b', paise(1_000)), { reason: 'refund_repeated' })
      await assert.rejects(ask('a', paise(1_000)), { reason: 'refund_duplicate' })
      assert(await ask('c', paise(2_000)))
      assert(await ask('auto', paise(1_000), 'AUTO_REFUNDED'))
      assert(await ask('auto-2', paise(500), 'AUTO_REFUNDED'))
      assert(await ask('d', paise(500)), 'what we give back by ourselves is no call')
      at.clock.now += 4_999
      await assert.rejects(ask('b', paise(1_000)), { reason: 'refund_repeated' })
      at.clock.now += 1
      assert(await ask('b', paise(1_000)))
    })

    test('where the merchant sets no seconds, no amount is a repeated one', async () => {
      const txn = await chargedTxn(at, 'never')
      await refunded(txn, 'a', { amount: paise(1_000) })
      // Another server's clock, or a call that came first to the clock and last to the order.
      at.clock.now -= 1
      await refunded(txn, 'b', { amount: paise(1_000) })
    })

    test('sixty-four calls by one request id make one refund', async () => {
      const txn = await chargedTxn(at, 'crowd')
      const calls = Array.from({ length: 64 }, () => refunded(txn, 'same', { amount: paise(100) }))
      const reasons = await reasonsOf(calls)
      assert.deepEqual(reasons, { done: 1, refund_duplicate: 63 })
      assert.deepEqual(await standing(txn), { aside: 100, captured: 10_000, amounts: [100] })
    })

    test('of fifty refunds of more than half at once, one is made', async () => {
      const txn = await chargedTxn(at, 'halves')
      const calls = Array.from({ length: 50 }, (_, i) =>
        refunded(txn, `part-${i}`, { amount: paise(6_000) }),
      )
      assert.deepEqual(await reasonsOf(calls), { done: 1, refund_exceeds: 49 })
      assert.deepEqual(await standing(txn), { aside: 6_000, captured: 10_000, amounts: [6_000] })
    })

    test('the database itself refuses what would give back more than was taken', async () => {
      const txn = await chargedTxn(at, 'check')
      const beyond = at.world.db.tx(async (t) => {
        t.put('update txns set refunded = captured + 1 where id = $1', [txn.id])
      })
      await assert.rejects(beyond, /constraint/i)
    })
  })
}

/** How many of the calls were done, and why the others were refused. */
async function reasonsOf(calls: readonly Promise<unknown>[]): Promise<Record<string, number>> {
  const reasons: Record<string, number> = {}
  for (const result of await Promise.allSettled(calls)) {
    const refused = result.status === 'rejected' ? result.reason : undefined
    if (refused && !(refused instanceof Refusal)) throw refused
    const reason = refused ? refused.reason : 'done'
    reasons[reason] = (reasons[reason] ?? 0) + 1
  }
  return reasons
}
