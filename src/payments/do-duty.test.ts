import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { engines } from '../../test/databases.ts'
import { aStart, by, openWorld, type ScriptedWorld, workOnce } from '../../test/world.ts'
import { dayMs } from '../clock.ts'
import type { RefundVerdict, Verdict } from '../gateways/gateway.ts'
import { paise } from '../money.ts'
import { capture } from './capture.ts'
import { doDuty } from './do-duty.ts'
import { eventsOf } from './events.ts'
import {
  asItIs,
  chargedTxn,
  dutiesOf,
  firstTxn,
  heldTxn,
  listening,
  slowly,
  words,
} from './held.fixture.ts'
import { issueRefund } from './issue-refund.ts'
import { findOrder } from './orders.ts'
import { pay } from './pay.ts'
import { sync } from './sync.ts'
import { knownTxn } from './txns.ts'
import { voidPayment } from './void-payment.ts'

const back: RefundVerdict = { kind: 'refunded', said: { ref: 'ref_1' }, amount: paise(10_000) }
const failed: RefundVerdict = { kind: 'refund_failed', said: { ref: 'ref_1', code: 'NO' } }

for (const engine of engines) {
  describe(`the clock's duties on ${engine.name}`, () => {
    let at: ScriptedWorld
    before(async () => {
      at = await openWorld(engine)
    })
    after(() => at.database.close())
    const { whenDue, sent, lateTxn, refundsTo } = dutiesOf(() => at)

    test('money that was to be taken at once and is only held is taken by the clock', async () => {
      const heldOnly = await heldTxn(at, 'meant')
      const { read, tx } = at.world.db
      await tx(async (t) =>
        t.put("update txns set gateway = 'cashfree', auto_capture = 1, due_at = $2 where id = $1", [
          heldOnly.id,
          at.clock.now,
        ]),
      )
      const meant = await knownTxn(read, heldOnly)
      const taken = await whenDue(meant, words.charged)
      assert.deepEqual([taken.status, taken.captured], ['CHARGED', 10_000])
      assert.equal((await findOrder(read, meant))?.captured, 10_000)
    })

    test('money that is being taken with the authorization is not told so again', async () => {
      const taking: Verdict = { ...words.held, pending: 'capture' }
      const meant = await firstTxn(at, 'taking', taking)
      await at.world.db.tx(async (t) =>
        t.put("update txns set gateway = 'cashfree', auto_capture = 1 where id = $1", [meant.id]),
      )
      assert.deepEqual(meant.instruction, { kind: 'capture', amount: 10_000 })
      at.script.push(taking)
      const releasing = voidPayment(at.world, at.merchant, { id: meant.id, by })
      await assert.rejects(releasing, /inprocess/)
      assert.equal((await asItIs(at, meant)).status, 'CAPTURE_INITIATED')
      const taken = await whenDue(meant, words.charged)
      assert.deepEqual([taken.status, taken.captured], ['CHARGED', 10_000])
      assert.equal((await at.kinds('taking')).includes('capture_asked'), false)
    })

    test('a hold that was released stays so, whatever is said of it later', async () => {
      const txn = await heldTxn(at, 'old-news')
      const voided = await whenDue(txn, words.voided)
      at.script.push({ ...words.held, pending: 'capture' })
      const still = await sync(at.world, at.merchant, { txn: voided, by })
      assert.deepEqual([still.status, still.instruction], ['VOIDED', undefined])
    })

    test('money that nobody captures is released after seven days, and no sooner', async () => {
      const txn = await heldTxn(at, 'void')
      assert.equal(txn.dueAt, txn.createdAt + 7 * dayMs)
      at.clock.now = txn.createdAt + 7 * dayMs - 1
      await doDuty(at.world, at.merchant, txn)
      const done = await whenDue(txn, words.voided)
      assert.deepEqual([done.status, done.dueAt], ['VOIDED', undefined])
      assert.equal((await findOrder(at.world.db.read, txn))?.paidBy, undefined)
      const [asked] = (await eventsOf(at.world.db.read, txn)).filter(
        ({ kind }) => kind === 'void_asked',
      )
      assert.equal(asked?.by.door, 'clock')
    })

    test('the merchant says after how many days, and may change it meanwhile', async () => {
      const days = (void_after_days: number): ScriptedWorld => {
        const settings = { ...at.merchant.settings, void_after_days }
        return { ...at, merchant: { ...at.merchant, settings } }
      }
      const txn = await heldTxn(days(2), 'days')
      assert.equal(txn.dueAt, txn.createdAt + 2 * dayMs)
      const longer = await whenDue(txn, undefined, days(30))
      assert.deepEqual([longer.status, longer.dueAt], ['AUTHORIZED', txn.createdAt + 30 * dayMs])
      assert.equal((await whenDue(txn, words.voided, days(30))).status, 'VOIDED')
    })

    test('a void that is refused or lost is tried again by and by', async () => {
      const txn = await heldTxn(at, 'again')
      at.script.push(words.refused)
      const refused = await whenDue(txn, words.held)
      assert.deepEqual([refused.status, refused.dueAt], ['VOID_FAILED', at.clock.now + 900_000])
      const lost = await whenDue(txn, words.silence)
      assert.deepEqual([lost.status, lost.instruction], ['VOID_FAILED', { kind: 'void' }])
      const never = await whenDue(txn, words.held)
      assert.deepEqual([never.status, never.instruction], ['VOID_FAILED', undefined])
      assert.equal((await whenDue(txn, words.voided)).status, 'VOIDED')
    })

    test('the clock leaves a txn alone that somebody else has taken', async () => {
      const txn = await heldTxn(at, 'taken')
      at.clock.now = txn.dueAt ?? 0
      const { say, asked, answer } = slowly<Verdict>()
      at.script.push(answer)
      const capturing = capture(at.world, at.merchant, { id: txn.id, by })
      await asked
      await doDuty(at.world, at.merchant, txn)
      say(words.charged)
      assert.equal((await capturing).status, 'CHARGED')
    })

    test('late money goes back once, and the txn has its end', async () => {
      const late = await lateTxn('late')
      assert.deepEqual([late.status, late.late, late.dueAt], ['CHARGED', true, at.clock.now])
      assert.equal((await findOrder(at.world.db.read, late))?.paidBy, undefined)
      const asked = await whenDue(late)
      assert.deepEqual([asked.refunded, asked.dueAt], [10_000, undefined])
      await doDuty(at.world, at.merchant, late)
      const [refund, ...more] = await refundsTo(late)
      assert.deepEqual(more, [])
      assert.deepEqual([refund?.source, refund?.amount], ['AUTO_REFUNDED', 10_000])
      const done = await sent(late, back)
      assert.deepEqual(
        [done.status, done.code, done.dueAt],
        ['AUTO_REFUNDED', 'AUTO_REFUNDED', undefined],
      )
      const answered = (await eventsOf(at.world.db.read, late)).at(-1)
      assert.equal(answered?.kind, 'refund_answered')
      assert.equal(answered?.body['txn_status'], 'AUTO_REFUNDED')
      assert.equal(answered?.body['source'], 'AUTO_REFUNDED')
    })

    test('late money that is only held is released at once', async () => {
      const first = await firstTxn(at, 'held-late', words.declined)
      at.script.push(words.charged)
      const second = await pay(at.world, at.merchant, aStart(at, 'held-late'))
      at.script.push(words.held)
      const late = await sync(at.world, at.merchant, { txn: first, by })
      assert.deepEqual([late.status, late.late, late.dueAt], ['AUTHORIZED', true, at.clock.now])
      const capturing = capture(at.world, at.merchant, { id: late.id, by })
      await assert.rejects(capturing, /Cannot Capture AUTHORIZING Transaction/)
      assert.equal((await whenDue(late, words.voided)).status, 'VOIDED')
      assert.equal((await findOrder(at.world.db.read, first))?.paidBy, second.id)
    })

    test('money that is taken after its release goes back', async () => {
      const txn = await heldTxn(at, 'released')
      await whenDue(txn, words.voided)
      at.script.push(words.charged)
      const { status, late } = await sync(at.world, at.merchant, { txn: await asItIs(at, txn), by })
      assert.deepEqual([status, late], ['CHARGED', true])
      await whenDue(txn)
      assert.equal((await sent(txn, back)).status, 'AUTO_REFUNDED')
    })

    test('what the merchant gave back of late money already is not given back again', async () => {
      const late = await lateTxn('shared')
      const wish = { order: late, txn: late.id, requestId: 'a', amount: paise(3_000) }
      await issueRefund(at.world, at.merchant, { ...wish, source: 'API', metadata: {}, by })
      await sent(late, { ...back, amount: paise(3_000) })
      await whenDue(late)
      const amounts = (await refundsTo(late)).map(({ amount }) => amount)
      assert.deepEqual(amounts, [3_000, 7_000])
      assert.equal((await sent(late, { ...back, amount: paise(7_000) })).status, 'AUTO_REFUNDED')
    })

    test('late money that will not go back is tried five times, by and by', async () => {
      const late = await lateTxn('stubborn')
      let txn = late
      for (let tries = 1; tries <= 5; tries++) {
        await whenDue(txn)
        txn = await sent(late, failed)
        assert.deepEqual([txn.status, txn.refunded], ['CHARGED', 0])
        assert.equal(txn.dueAt === undefined, tries === 5, `${tries}`)
        assert.equal(txn.flaggedAt !== undefined, tries === 5, 'then a person has to see to it')
        if (txn.dueAt !== undefined) assert(txn.dueAt >= at.clock.now + 900_000)
      }
      const ids = (await refundsTo(late)).map(({ id }) => id)
      assert.deepEqual(
        ids,
        [1, 2, 3, 4, 5].map((i) => `auto:1:${i}`),
      )
    })

    test('a refund that fails while the clock turns away is tried again too', async () => {
      const late = await lateTxn('quick')
      const { db } = at.world
      let works = 0
      const tx: typeof db.tx = async (work) => {
        const done = await db.tx(work)
        if (++works === 1) await sent(late, failed)
        return done
      }
      await doDuty({ ...at.world, db: { ...db, tx } }, at.merchant, late)
      const txn = await asItIs(at, late)
      assert.equal(txn.refunded, 0)
      assert(txn.dueAt !== undefined, 'the clock comes again')
    })

    test('of two clocks at once one gives the money back', async () => {
      const late = await lateTxn('both')
      await Promise.all([1, 2].map(() => doDuty(at.world, at.merchant, late)))
      assert.equal((await refundsTo(late)).length, 1)
      assert.equal((await sent(late, back)).status, 'AUTO_REFUNDED')
    })

    test('a payment in doubt is flagged once, when the merchant says', async () => {
      const hours = (flag_after_hours: number): ScriptedWorld => {
        const settings = { ...at.merchant.settings, flag_after_hours }
        return { ...at, merchant: { ...at.merchant, settings } }
      }
      for (const [id, limit] of [
        ['doubt', 72],
        ['doubt-24', 24],
      ] as const) {
        const txn = await firstTxn(at, id, words.silence)
        const flagAt = txn.createdAt + limit * 3_600_000
        let seen = txn
        while ((seen.dueAt ?? 0) < flagAt) {
          seen = await whenDue(seen, words.silence, hours(limit))
          assert.equal(seen.flaggedAt !== undefined, at.clock.now >= flagAt, id)
        }
        seen = await whenDue(seen, words.silence, hours(limit))
        const flaggedAt = at.clock.now
        seen = await whenDue(seen, words.silence, hours(limit))
        assert.equal(seen.flaggedAt, flaggedAt)
        const flags = (await at.kinds(id)).filter((kind) => kind === 'flagged')
        assert.deepEqual([seen.status, flags.length], ['AUTHORIZING', 1], id)
      }
    })

    test('a capture in doubt is flagged by its own age, not by the payment’s', async () => {
      const txn = await heldTxn(at, 'old-capture')
      at.clock.now += 4 * dayMs
      at.script.push(words.silence)
      const lost = await capture(at.world, at.merchant, { id: txn.id, by })
      assert.equal(lost.flaggedAt, undefined)
      at.clock.now += 3 * dayMs
      const flagged = await whenDue(txn, words.silence)
      assert.equal(flagged.flaggedAt, at.clock.now)
    })
  })

  test(`the chores do all of it in their passes, on ${engine.name}`, async () => {
    const at = await openWorld(engine)
    const there = listening(at)
    const kept = await chargedTxn(at, 'kept')
    const txn = await heldTxn(at, 'void')
    at.script.push(words.voided)
    at.clock.now = txn.dueAt ?? 0
    assert.equal(await workOnce(there.world, assert.ifError), 1)
    at.script.push(words.charged)
    await sync(at.world, at.merchant, { txn: await asItIs(at, txn), by })
    at.script.push(back)
    // The payment's pass writes the refund down, and the refunds' pass after it sends it.
    assert.equal(await workOnce(there.world, assert.ifError), 2)
    assert.equal((await asItIs(at, txn)).status, 'AUTO_REFUNDED')
    assert.equal(await workOnce(there.world, assert.ifError), 0)
    assert.equal((await asItIs(at, kept)).status, 'CHARGED')
    assert.equal(there.calls.length, 2)
    await at.database.close()
  })
}
