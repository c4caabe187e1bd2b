import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { engines } from '../../test/databases.ts'
import { aStart, by, openWorld, type ScriptedWorld } from '../../test/world.ts'
import { dayMs } from '../clock.ts'
import type { RefundVerdict, Verdict } from '../gateways/gateway.ts'
import { paise } from '../money.ts'
import { Secret } from '../secret.ts'
import { authenticate } from './authenticate.ts'
import { capture } from './capture.ts'
import { doDuty } from './do-duty.ts'
import { forgetCard } from './forget-card.ts'
import { asItIs, dutiesOf, firstTxn, heldTxn, slowly, words } from './held.fixture.ts'
import { issueRefund } from './issue-refund.ts'
import { findOrder } from './orders.ts'
import { pay } from './pay.ts'
import { sendRefund } from './send-refund.ts'
import { sync } from './sync.ts'
import type { Txn } from './txn.ts'
import type { World } from './world.ts'

const chargedInPart = (captured: number): Verdict => ({
  kind: 'charged',
  said: { ref: 'pay_1' },
  amount: paise(10_000),
  captured: paise(captured),
})
const open: Verdict = { kind: 'challenge', said: { ref: 'pay_1' } }
const backInPart: RefundVerdict = { kind: 'refunded', said: {}, amount: paise(6_000) }
const failed: RefundVerdict = { kind: 'refund_failed', said: {} }

for (const engine of engines) {
  describe(`what was read before, on ${engine.name}`, () => {
    let at: ScriptedWorld
    before(async () => {
      at = await openWorld(engine)
    })
    after(() => at.database.close())
    const { lateTxn, refundsTo, whenDue } = dutiesOf(() => at)

    test('an older sum does not take back a newer one, and a key stays used', async () => {
      const txn = await heldTxn(at, 'sums')
      const part = (amount: number, key: string) =>
        capture(at.world, at.merchant, { id: txn.id, amount: paise(amount), key, by })
      at.script.push(chargedInPart(3_000))
      await part(3_000, 'a')
      const capturing = slowly<Verdict>()
      const asking = slowly<Verdict>()
      at.script.push(capturing.answer)
      const second = part(4_000, 'b')
      await capturing.asked
      at.clock.now += 16_000
      at.script.push(asking.answer)
      const looking = sync(at.world, at.merchant, { txn: await asItIs(at, txn), by })
      await asking.asked
      capturing.say(chargedInPart(7_000))
      assert.equal((await second).captured, 7_000)
      asking.say(chargedInPart(3_000))
      await looking
      const done = await asItIs(at, txn)
      assert.equal(done.captured, 7_000)
      assert.deepEqual(
        done.captures.map(({ key }) => key),
        ['a', 'b'],
      )
    })

    test('an older hold does not bring back money that the bank has released', async () => {
      const txn = await firstTxn(at, 'older', words.silence)
      at.clock.now += 20_000
      const { say, asked, answer } = slowly<Verdict>()
      at.script.push(answer)
      const first = sync(at.world, at.merchant, { txn: await asItIs(at, txn), by })
      await asked
      at.clock.now += 15_000
      at.script.push(words.voided)
      await sync(at.world, at.merchant, { txn: await asItIs(at, txn), by })
      say(words.held)
      await first
      assert.equal((await asItIs(at, txn)).code, 'TXN_VOIDED')
    })

    test('a clock that was stopped leaves what another has found to be done', async () => {
      const txn = await firstTxn(at, 'stopped', words.silence)
      at.clock.now += 10_000
      at.script.push({ kind: 'not_found' })
      await sync(at.world, at.merchant, { txn, by })
      at.clock.now += 6 * dayMs
      const seen = await asItIs(at, txn)
      const settings = { ...at.merchant.settings, refund_late_charges: true }
      at.script.push(words.charged)
      await sync(at.world, { ...at.merchant, settings }, { txn: seen, by: { door: 'browser' } })
      at.clock.now += 5
      await doDuty(at.world, at.merchant, seen)
      assert.notEqual((await asItIs(at, txn)).dueAt, undefined)
    })

    /**
     * A world for a call that reads the txn just before the clock takes the turn to ask about it,
     * and waits: the gateway says this then.
     */
    function overtaken(txn: Txn, verdict: Verdict): World {
      const { db } = at.world
      const { say, asked, answer } = slowly<Verdict>()
      at.script.push(answer)
      let clock: Promise<Txn> | undefined
      const take = async () => {
        clock ??= sync(at.world, at.merchant, { txn: await asItIs(at, txn), by: { door: 'clock' } })
        await asked
      }
      const read: World['db']['read'] = async (sql, values) => {
        const rows = await db.read(sql, values)
        if (sql.includes('from txns') && values?.includes(txn.id)) await take()
        return rows
      }
      const sleep = async () => {
        say(verdict)
        await clock
      }
      return { ...at.world, db: { ...db, read }, sleep }
    }

    test('who submits while the clock asks waits for what it hears', async () => {
      const txn = await firstTxn(at, 'beside', open)
      at.clock.now += 6 * 60_000
      const { id, challengeId } = txn
      const otp = new Secret('123456')
      const submission = { id, challengeId, otp, by }
      const ended = await authenticate(overtaken(txn, open), at.merchant, submission)
      assert.deepEqual([ended.status, ended.code], ['AUTHENTICATION_FAILED', 'TXN_EXPIRED'])
    })

    test('so does who captures', async () => {
      const txn = await heldTxn(at, 'captures')
      at.script.push(words.silence)
      await capture(at.world, at.merchant, { id: txn.id, by })
      const world = overtaken(txn, words.held)
      at.clock.now += 20_000
      at.script.push(words.charged)
      assert.equal((await capture(world, at.merchant, { id: txn.id, by })).status, 'CHARGED')
    })

    test('so does who starts a payment where another died in one', async () => {
      const txn = await firstTxn(at, 'died', open)
      const { id, challengeId } = txn
      const otp = new Secret('123456')
      const dead = slowly<Verdict>()
      at.script.push(dead.answer)
      const submitting = authenticate(at.world, at.merchant, { id, challengeId, otp, by })
      await dead.asked
      at.clock.now += 60_000
      const world = overtaken(txn, open)
      at.script.push(open)
      const next = await pay(world, at.merchant, aStart(at, 'died'))
      assert.deepEqual([next.n, next.status], [2, 'PENDING_VBV'])
      dead.say(words.declined)
      await submitting
    })

    test('late money is owed again when the merchant’s own refund of it fails', async () => {
      const txn = await lateTxn('owed')
      const wish = { order: txn, txn: txn.id, requestId: 'mine', amount: paise(4_000), by } as const
      await issueRefund(at.world, at.merchant, { ...wish, source: 'API', metadata: {} })
      await whenDue(txn)
      const refunds = await refundsTo(txn)
      const send = async (source: string, said: RefundVerdict) => {
        const refund = refunds.find((one) => one.source === source)
        assert(refund)
        at.script.push(said)
        await sendRefund(at.world, at.merchant, refund)
      }
      await send('AUTO_REFUNDED', backInPart)
      await send('API', failed)
      const again = await whenDue(txn)
      assert.deepEqual([again.refunded, again.captured], [10_000, 10_000])
    })

    test('a bank that takes more than it held is for a person, and is no error', async () => {
      const txn = await heldTxn(at, 'more')
      const more = { amount: paise(10_000), captured: paise(12_000) }
      at.script.push({ kind: 'charged', said: { ref: 'pay_1' }, ...more })
      const taken = await capture(at.world, at.merchant, { id: txn.id, by })
      assert.deepEqual([taken.status, taken.captured], ['CHARGED', 12_000])
      assert.notEqual(taken.flaggedAt, undefined)
      assert.equal((await at.kinds('more')).at(-1), 'status_changed', 'the shop hears of it')
      assert.equal((await findOrder(at.world.db.read, txn))?.captured, 10_000)
    })

    test('a refund that never left in ten days is for a person, and then has failed', async () => {
      const txn = await lateTxn('never')
      await whenDue(txn)
      const statuses = new Set<string>()
      for (let look = 0; look < 60; look++) {
        const [refund] = await refundsTo(txn)
        if (refund?.dueAt === undefined) break
        at.clock.now = Math.max(at.clock.now, refund.dueAt)
        if (refund.status === 'PENDING') at.script.push(words.notSent)
        await sendRefund(at.world, at.merchant, refund)
        statuses.add((await refundsTo(txn))[0]?.status ?? '')
      }
      assert.deepEqual([...statuses], ['PENDING', 'MANUAL_REVIEW', 'FAILURE'])
      const owed = await asItIs(at, txn)
      assert.deepEqual([owed.refunded, owed.dueAt === undefined], [0, false])
    })
  })

  describe(`what a live server does in time, on ${engine.name}`, () => {
    let at: ScriptedWorld
    before(async () => {
      at = await openWorld(engine, 'live')
    })
    after(() => at.database.close())
    const { lateTxn, sent, whenDue } = dutiesOf(() => at)

    /** Lets the clock do all its duties until then; gives how often the gateway was asked. */
    async function liveUntil(txn: Txn, end: number, verdict: Verdict): Promise<number> {
      let asked = 0
      const perform = async <_P, V>() => {
        asked++
        return { verdict: verdict as V, calls: [], tookMs: 0 }
      }
      const world = { ...at.world, perform }
      for (let duty = 0; duty < 200; duty++) {
        const now = await asItIs(at, txn)
        if (now.dueAt === undefined || now.dueAt > end) break
        at.clock.now = Math.max(at.clock.now + 1, now.dueAt)
        await doDuty(world, at.merchant, now)
      }
      return asked
    }

    test('a refused payment is asked about a few times, and its card forgotten', async () => {
      const txn = await firstTxn(at, 'few', open)
      at.script.push(words.declined)
      const otp = new Secret('123456')
      const { id, challengeId } = txn
      await authenticate(at.world, at.merchant, { id, challengeId, otp, by })
      const asked = await liveUntil(txn, txn.createdAt + 8 * dayMs, words.declined)
      assert(asked > 5 && asked < 12, `${asked}`)
      const done = await asItIs(at, txn)
      assert.deepEqual([done.card.bin, done.dueAt], ['', undefined])
    })

    test('held money whose release is refused has its card forgotten all the same', async () => {
      const txn = await firstTxn(at, 'refused', words.declined)
      const settings = { ...at.merchant.settings, refund_late_charges: true }
      at.script.push(words.held)
      await sync(at.world, { ...at.merchant, settings }, { txn, by })
      await liveUntil(txn, at.clock.now + 5 * dayMs, words.refused)
      const now = await asItIs(at, txn)
      assert.deepEqual([now.status, now.card.bin], ['VOID_FAILED', ''])
    })

    test('a card is forgotten without forgetting what is owed', async () => {
      const txn = await lateTxn('both')
      await whenDue(txn)
      await sent(txn, { kind: 'refund_pending', said: {} })
      at.clock.now = (await asItIs(at, txn)).dueAt ?? 0
      const seen = await asItIs(at, txn)
      await sent(txn, failed)
      await forgetCard(at.world, at.merchant, seen)
      const now = await asItIs(at, txn)
      assert.deepEqual([now.card.bin, now.refunded, now.dueAt === undefined], ['', 0, false])
    })
  })
}
