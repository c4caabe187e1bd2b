import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { engines } from '../../test/databases.ts'
import { by, openWorld, type ScriptedWorld } from '../../test/world.ts'
import { dayMs } from '../clock.ts'
import type { Verdict } from '../gateways/gateway.ts'
import { paise } from '../money.ts'
import {
  asItIs,
  chargedTxn,
  dutiesOf,
  inquiriesOf,
  leftTxn,
  listening,
  slowly,
  words,
} from './held.fixture.ts'
import { inquire } from './inquire.ts'
import { openInquiry } from './inquiries.ts'
import { aboutLeft, aboutMoney, type Inquiry } from './inquiry.ts'
import { issueRefund } from './issue-refund.ts'
import type { Txn } from './txn.ts'

const unknownWord: Verdict = { kind: 'unknown', because: 'a new word', sent: true, alarm: true }

for (const engine of engines) {
  describe(`what may have become of payments, on ${engine.name}`, () => {
    let at: ScriptedWorld
    before(async () => {
      at = await openWorld(engine)
    })
    after(() => at.database.close())
    const { sent } = dutiesOf(() => at)

    async function waiting(txn: Txn): Promise<Inquiry> {
      const [inquiry, ...more] = await inquiriesOf(at, txn)
      assert(inquiry && more.length === 0, 'one question waits')
      return inquiry
    }

    /** A start that was left, and the question about it. */
    async function left(orderId: string): Promise<Txn> {
      const txn = await leftTxn(at, orderId)
      const one = txn.choice?.left?.[0]
      assert(one)
      const asked = aboutLeft(txn, { ...one, ref: 'pay_0' }, { now: at.clock.now, luck: 0 })
      await at.world.db.tx(async (t) => openInquiry(t, asked))
      return txn
    }

    /** The clock comes when the question is due, and hears this. */
    async function hears(txn: Txn, verdict: Verdict, there = at): Promise<void> {
      const inquiry = await waiting(txn)
      at.clock.now = Math.max(at.clock.now, inquiry.dueAt)
      at.script.push(verdict)
      await inquire(there.world, inquiry)
    }

    const alarmsOf = async (orderId: string) =>
      (await at.kinds(orderId)).filter((kind) => kind === 'gateway_alarm').length

    test('money at an account that was left is an alarm, and nothing moves', async () => {
      for (const [i, verdict] of [words.charged, words.held, unknownWord].entries()) {
        const orderId = `money-${i}`
        const txn = await left(orderId)
        const there = listening(at)
        await hears(txn, verdict, there)
        assert.deepEqual(await inquiriesOf(at, txn), [])
        assert.equal(await alarmsOf(orderId), 1)
        const { flaggedAt, ...now } = await asItIs(at, txn)
        assert.deepEqual(now, txn)
        assert.notEqual(flaggedAt, undefined)
        assert.equal(there.calls.length, 1)
      }
    })

    test('one that came to nothing is asked about once, 15 minutes later', async () => {
      const gone: Verdict[] = [words.declined, words.voided, { kind: 'not_found' }]
      for (const [i, verdict] of gone.entries()) {
        const txn = await left(`nothing-${i}`)
        assert.equal((await waiting(txn)).dueAt, at.clock.now + 15 * 60_000)
        await hears(txn, verdict)
        assert.deepEqual(await inquiriesOf(at, txn), [])
        assert.equal((await asItIs(at, txn)).flaggedAt, undefined)
      }
    })

    test('what is open is asked again, less and less often, for four days', async () => {
      const txn = await left('open')
      let asked = 0
      while ((await inquiriesOf(at, txn)).length > 0) {
        await hears(txn, asked++ % 2 === 0 ? words.silence : { kind: 'pending', said: {} })
      }
      assert(asked > 5 && asked < 12, `${asked}`)
      assert(at.clock.now > txn.createdAt + 3 * dayMs && at.clock.now < txn.createdAt + 5 * dayMs)
      assert.equal(await alarmsOf('open'), 0)
    })

    test('silence does not end a question about a payment of long ago', async () => {
      const txn = await chargedTxn(at, 'long-ago')
      at.clock.now += 60 * dayMs
      await at.world.db.tx(async (t) => openInquiry(t, aboutMoney(txn, at.clock.now)))
      await hears(txn, words.silence)
      await hears(txn, words.voided)
      assert.equal(await alarmsOf('long-ago'), 1)
    })

    test('money that the gateway gave back by itself is an alarm', async () => {
      for (const [i, verdict] of [words.voided, words.declined].entries()) {
        const orderId = `gave-back-${i}`
        const txn = await chargedTxn(at, orderId)
        await at.world.db.tx(async (t) => openInquiry(t, aboutMoney(txn, at.clock.now)))
        await hears(txn, verdict)
        assert.equal(await alarmsOf(orderId), 1)
        const now = await asItIs(at, txn)
        assert.deepEqual([now.status, now.flaggedAt], ['CHARGED', at.clock.now])
      }
    })

    test('money that is there, or that we gave back, is none', async () => {
      const txn = await chargedTxn(at, 'there')
      await at.world.db.tx(async (t) => openInquiry(t, aboutMoney(txn, at.clock.now)))
      await hears(txn, words.charged)
      assert.deepEqual(await inquiriesOf(at, txn), [])
      await at.world.db.tx(async (t) => openInquiry(t, aboutMoney(txn, at.clock.now)))
      const wish = { order: txn, txn: txn.id, source: 'API', metadata: {}, by } as const
      await issueRefund(at.world, at.merchant, { ...wish, requestId: 'all' })
      await sent(txn, { kind: 'refunded', said: {}, amount: paise(10_000) })
      await hears(txn, words.voided)
      assert.deepEqual(await inquiriesOf(at, txn), [])
      assert.equal(await alarmsOf('there'), 0)
    })

    test('one turn at a time, and news while it is asked has it asked again', async () => {
      for (const verdict of [words.charged, words.declined, words.silence]) {
        const txn = await left(`turns-${verdict.kind}`)
        const inquiry = await waiting(txn)
        at.clock.now = inquiry.dueAt
        const { say, asked, answer } = slowly<Verdict>()
        at.script.push(answer)
        const asking = inquire(at.world, inquiry)
        await asked
        await inquire(at.world, inquiry)
        assert((await waiting(txn)).dueAt > at.clock.now, 'it has its turn')
        await at.world.db.tx(async (t) => openInquiry(t, { ...inquiry, dueAt: at.clock.now }))
        say(verdict)
        await asking
        const later = { ...inquiry, dueAt: at.clock.now + 60_000 }
        await at.world.db.tx(async (t) => openInquiry(t, later))
        assert.equal((await waiting(txn)).dueAt, at.clock.now)
        assert.equal(await alarmsOf(`turns-${verdict.kind}`), 0)
        await hears(txn, words.charged)
        assert.equal(await alarmsOf(`turns-${verdict.kind}`), 1)
      }
    })

    test('the start that is asked about is named, and not the one that goes on', async () => {
      const txn = await left('named')
      const heard: unknown[] = []
      const perform: ScriptedWorld['world']['perform'] = async (question, about, access) => {
        heard.push(about, access.credentials)
        return at.world.perform(question, about, access)
      }
      await hears(txn, words.voided, { ...at, world: { ...at.world, perform } })
      const [about, credentials] = heard as [Record<string, unknown>, unknown]
      assert.deepEqual(
        [about['tries'], about['ref'], about['stage'], about['id']],
        [1, 'pay_0', 'started', txn.id],
      )
      assert.deepEqual(credentials, { account: 'second' })
    })
  })
}
