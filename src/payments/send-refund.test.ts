import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { engines } from '../../test/databases.ts'
import { by, openWorld, type ScriptedWorld } from '../../test/world.ts'
import type { RefundVerdict } from '../gateways/gateway.ts'
import { type Paise, paise } from '../money.ts'
import { asItIs, chargedTxn, listening, slowly } from './held.fixture.ts'
import { issueRefund } from './issue-refund.ts'
import type { Refund } from './refund.ts'
import { dueRefunds, findRefund } from './refunds.ts'
import { sendRefund } from './send-refund.ts'
import { findTxn } from './txns.ts'

const amount = paise(4_000)
const said = { ref: 'ref_1' }
const back: RefundVerdict = { kind: 'refunded', said: { ...said, arn: '7453' }, amount }
const pending: RefundVerdict = { kind: 'refund_pending', said }
const failed: RefundVerdict = { kind: 'refund_failed', said: { ...said, code: 'NO' } }
const silence: RefundVerdict = { kind: 'unknown', because: 'TimeoutError', sent: true }
const notSent: RefundVerdict = { kind: 'unknown', because: 'ECONNREFUSED', sent: false }
const notFound: RefundVerdict = { kind: 'not_found' }

for (const engine of engines) {
  describe(`sending refunds on ${engine.name}`, () => {
    let at: ScriptedWorld
    let orders = 0
    before(async () => {
      at = await openWorld(engine)
    })
    after(() => at.database.close())

    async function issued(much: Paise = amount): Promise<Refund> {
      const order = await chargedTxn(at, `send-${++orders}`)
      const wish = { order, requestId: 'a', amount: much, source: 'API', metadata: {}, by } as const
      const done = await issueRefund(at.world, at.merchant, wish)
      assert(done)
      return done.refund
    }
    async function nowOf(seen: Refund): Promise<Refund> {
      const refund = await findRefund(at.world.db.read, seen)
      assert(refund)
      return refund
    }
    async function sent(
      seen: Refund,
      verdict?: RefundVerdict | (() => Promise<RefundVerdict>),
      there: ScriptedWorld = at,
    ): Promise<Refund> {
      if (verdict) at.script.push(verdict)
      await sendRefund(there.world, at.merchant, await nowOf(seen))
      return nowOf(seen)
    }
    async function asideOf(refund: Refund): Promise<number> {
      const txn = await findTxn(at.world.db.read, { ...refund, id: refund.txn })
      assert(txn)
      return txn.refunded
    }
    const kindsOf = async (refund: Refund) => (await at.kinds(refund.orderId)).slice(4)

    test('the intent is on disk before the refund leaves, and the answer after it', async () => {
      const refund = await issued()
      const there = listening(at)
      const { say, asked, answer } = slowly<RefundVerdict>()
      const sending = sent(refund, answer, there)
      await asked
      const underWay = await nowOf(refund)
      assert.deepEqual([underWay.sent, underWay.status], [true, 'PENDING'])
      assert.equal(underWay.leaseUntil, at.clock.now + 15_000)
      assert.deepEqual(await kindsOf(refund), ['refund_sent'])
      say(back)
      const done = await sending
      assert.deepEqual([done.status, done.leaseUntil, done.dueAt], ['SUCCESS', 0, undefined])
      assert.equal(done.said.arn, '7453')
      assert.deepEqual(there.calls, [
        { path: '/payments/pay_1/refunds', body: { reference: refund.ref, amount } },
      ])
      assert.deepEqual(await kindsOf(refund), ['refund_sent', 'refund_answered'])
      assert.equal(await asideOf(refund), amount)
      await sent(refund)
      assert.deepEqual(await nowOf(refund), done)
    })

    test('a lost answer is asked for, and the refund not sent again', async () => {
      const refund = await issued()
      const there = listening(at)
      const lost = await sent(refund, silence, there)
      assert.deepEqual([lost.status, lost.sent], ['PENDING', true])
      const due = await dueRefunds(at.world.db.read, lost.dueAt ?? 0, 100)
      assert(due.some(({ orderId }) => orderId === refund.orderId))
      at.clock.now = lost.dueAt ?? 0
      assert.equal((await sent(refund, pending, there)).status, 'PENDING')
      assert.equal((await sent(refund, back, there)).status, 'SUCCESS')
      const asking = `/refunds/by-reference/${refund.ref}`
      const paths = there.calls.map(({ path }) => path)
      assert.deepEqual(paths, ['/payments/pay_1/refunds', asking, asking])
    })

    test('what nobody knows of is sent again by the same name, once that is certain', async () => {
      const refund = await issued()
      const there = listening(at)
      await sent(refund, silence, there)
      at.clock.now += 2_999
      assert.equal((await sent(refund, notFound, there)).sent, true)
      at.clock.now += 1
      assert.equal((await sent(refund, notFound, there)).sent, false)
      assert.equal((await sent(refund, back, there)).status, 'SUCCESS')
      const sends = there.calls.filter(({ path }) => path.endsWith('/refunds'))
      assert.deepEqual(
        sends.map(({ body }) => body.reference),
        [refund.ref, refund.ref],
      )
    })

    test('what never left is sent, not asked for', async () => {
      const refund = await issued()
      const there = listening(at)
      assert.equal((await sent(refund, notSent, there)).sent, false)
      assert.equal((await sent(refund, back, there)).status, 'SUCCESS')
      assert(there.calls.every(({ path }) => path.endsWith('/refunds')))
    })

    test('a refund that fails gives its amount back to what may be refunded', async () => {
      const refund = await issued(paise(10_000))
      const order = refund
      const wish = { order, requestId: 'b', source: 'API', metadata: {}, by } as const
      await assert.rejects(issueRefund(at.world, at.merchant, wish), { reason: 'refund_exceeds' })
      const gone = await sent(refund, failed)
      assert.deepEqual([gone.status, gone.said.code, gone.dueAt], ['FAILURE', 'NO', undefined])
      assert.equal(await asideOf(refund), 0)
      const again = await issueRefund(at.world, at.merchant, wish)
      assert.equal(again?.refund.amount, 10_000)
    })

    test('another amount than was asked for needs a person', async () => {
      const refund = await issued()
      const odd = await sent(refund, { kind: 'refunded', said, amount: paise(1) })
      assert.equal(odd.status, 'PENDING')
      assert.equal(await asideOf(refund), amount)
      const txn = await findTxn(at.world.db.read, { ...refund, id: refund.txn })
      assert.equal(txn?.flaggedAt, at.clock.now)
      assert.equal((await kindsOf(refund)).at(-1), 'gateway_alarm')
      assert.equal((await sent(refund, failed)).status, 'FAILURE')
      assert.equal(await asideOf(refund), 0)
    })

    test('of two at once one sends, and the other does nothing', async () => {
      const refund = await issued()
      const there = listening(at)
      const seen = await nowOf(refund)
      at.script.push(pending)
      await Promise.all([1, 2].map(() => sendRefund(there.world, at.merchant, seen)))
      assert.equal(there.calls.length, 1)
      const { say, asked, answer } = slowly<RefundVerdict>()
      const asking = sent(refund, answer, there)
      await asked
      await sent(refund, undefined, there)
      say(pending)
      await asking
      assert.equal(there.calls.length, 2)
    })

    test('whoever comes back after the lease changes nothing', async () => {
      const refund = await issued(paise(10_000))
      const { say, asked, answer } = slowly<RefundVerdict>()
      const first = sent(refund, answer)
      await asked
      at.clock.now += 15_000
      const there = listening(at)
      const done = { ...back, amount: paise(10_000) }
      const ended = await sent(refund, done, there)
      assert.equal(ended.status, 'SUCCESS')
      assert.deepEqual(
        there.calls.map(({ path }) => path),
        [`/refunds/by-reference/${refund.ref}`],
      )
      const kinds = await at.kinds(refund.orderId)
      say(failed)
      assert.deepEqual(await first, ended)
      assert.deepEqual(await at.kinds(refund.orderId), kinds)
      assert.equal(await asideOf(refund), 10_000)
    })

    test('whoever comes back while another asks leaves it to them', async () => {
      const refund = await issued()
      const { say, asked, answer } = slowly<RefundVerdict>()
      const first = sent(refund, answer)
      await asked
      at.clock.now += 15_000
      const second = slowly<RefundVerdict>()
      const asking = sent(refund, second.answer)
      await second.asked
      say(back)
      assert.equal((await first).status, 'PENDING')
      second.say(back)
      assert.equal((await asking).status, 'SUCCESS')
      const answered = (await at.kinds(refund.orderId)).filter((kind) => kind === 'refund_answered')
      assert.equal(answered.length, 1)
    })

    test('a refund does not leave once its turn is over', async () => {
      const refund = await issued()
      const { db } = at.world
      const tx: typeof db.tx = async (work) => {
        const done = await db.tx(work)
        at.clock.now += 6_000
        return done
      }
      const paused = { ...at, world: { ...at.world, db: { ...db, tx } } }
      const same = await sent(refund, undefined, paused)
      assert.deepEqual([same.status, same.sent], ['PENDING', false])
      assert.equal((await sent(refund, back)).status, 'SUCCESS')
    })

    test('a stuck refund needs a person after ten days, and can still end', async () => {
      const refund = await issued()
      await sent(refund, pending)
      at.clock.now = refund.createdAt + 10 * 24 * 3_600_000
      const review = await sent(refund, pending)
      assert.equal(review.status, 'MANUAL_REVIEW')
      assert(review.dueAt !== undefined)
      at.clock.now = review.dueAt
      assert.equal((await sent(refund, back)).status, 'SUCCESS')
      const txn = await findTxn(at.world.db.read, { ...refund, id: refund.txn })
      assert(txn)
      assert.equal((await asItIs(at, txn)).status, 'CHARGED')
    })
  })
}
