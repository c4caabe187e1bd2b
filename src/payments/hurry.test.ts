import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { engines } from '../../test/databases.ts'
import { by, openWorld, type ScriptedWorld } from '../../test/world.ts'
import { dayMs } from '../clock.ts'
import type { GatewayName } from '../gateways/catalog.ts'
import type { RefundVerdict, Verdict } from '../gateways/gateway.ts'
import type { MerchantId } from '../ids.ts'
import { paise } from '../money.ts'
import { doDuty } from './do-duty.ts'
import { eventsOf } from './events.ts'
import {
  asItIs,
  chargedTxn,
  dutiesOf,
  firstTxn,
  heldTxn,
  inquiriesOf,
  leftTxn,
  slowly,
  words,
} from './held.fixture.ts'
import { type Heard, openHurry } from './hurry.ts'
import { issueRefund } from './issue-refund.ts'
import { sync } from './sync.ts'
import type { Txn } from './txn.ts'

const waiting: RefundVerdict = { kind: 'refund_pending', said: { ref: 'ref_1' } }

const about = ({ merchant, id }: Txn, change: Partial<Heard> = {}): Heard => ({
  merchant,
  gateway: 'simulator',
  account: 'simulator',
  reference: id,
  isRefund: false,
  requestId: 'req_gateway',
  ...change,
})

for (const engine of engines) {
  describe(`news of a gateway on ${engine.name}`, () => {
    let at: ScriptedWorld
    before(async () => {
      at = await openWorld(engine)
    })
    after(() => at.database.close())
    const { refundsTo, sent, whenDue } = dutiesOf(() => at)
    const hear = (heard: Heard) => openHurry(at.world, assert.ifError).hear(heard)
    const heardOf = async (txn: Txn) => {
      const events = await eventsOf(at.world.db.read, txn)
      return events.filter(({ kind }) => kind === 'callback_heard')
    }

    test('a payment whose end is awaited is asked about at once', async () => {
      const txn = await firstTxn(at, 'awaited', words.silence)
      assert(txn.dueAt !== undefined && txn.dueAt > at.clock.now)
      await hear(about(txn))
      assert.equal((await asItIs(at, txn)).dueAt, at.clock.now)
      const [heard, ...more] = await heardOf(txn)
      assert.deepEqual(more, [])
      assert.deepEqual(heard?.by, { door: 'gateway', requestId: 'req_gateway' })
      assert.deepEqual([heard?.txn, heard?.body], [txn.id, { account: 'simulator' }])
      assert.equal((await whenDue(txn, words.charged)).status, 'CHARGED')
    })

    test('a short reference and one with a suffix name the payment too', async () => {
      const txn = await firstTxn(at, 'short', words.silence)
      const beginning = txn.id.slice(0, 'txn_'.length + 24)
      for (const reference of [`${beginning}2`, `${beginning}z`, `${txn.id}.2`, `${txn.id}-3`]) {
        at.clock.now += 1_000
        await hear(about(txn, { reference }))
        assert.equal((await asItIs(at, txn)).dueAt, at.clock.now, reference)
        await whenDue(txn, words.silence)
      }
    })

    test('what names no payment of this merchant at this gateway does nothing', async () => {
      const txn = await firstTxn(at, 'foreign', words.silence)
      const digit = txn.id.at(-1) === '0' ? '1' : '0'
      const beginning = txn.id.slice(0, 'txn_'.length + 23)
      for (const change of [
        { merchant: 'other' as MerchantId },
        { gateway: 'cashfree' as GatewayName },
        { account: 'second' },
        { reference: beginning },
        { reference: `${beginning}${txn.id[27] === '0' ? '1' : '0'}` },
        { reference: txn.id.toUpperCase() },
        { reference: `x${txn.id}` },
        { reference: '' },
        { reference: `rfd_${txn.id.slice(4, -1)}${digit}` },
      ]) {
        await hear(about(txn, change))
        assert.equal((await asItIs(at, txn)).dueAt, txn.dueAt, JSON.stringify(change))
      }
      assert.deepEqual(await heardOf(txn), [])
    })

    test('a failed payment that may not pay late is asked about too, for five days', async () => {
      const txn = await firstTxn(at, 'failed', words.gaveUp)
      const old = await firstTxn(at, 'failed-old', words.gaveUp)
      assert.deepEqual([txn.status, txn.dueAt], ['AUTHENTICATION_FAILED', undefined])
      await hear(about(txn))
      const paid = await whenDue(txn, words.charged)
      assert.equal(paid.status, 'CHARGED')
      assert((await at.kinds('failed')).includes('late_charge'))
      at.clock.now = old.createdAt + 5 * dayMs
      await hear(about(old))
      assert.equal((await asItIs(at, old)).dueAt, undefined)
    })

    test('nothing else that the clock has to do comes sooner', async () => {
      const held = await heldTxn(at, 'held')
      const charged = await chargedTxn(at, 'charged')
      const { settings } = at.merchant
      const merchant = { ...at.merchant, settings: { ...settings, card_retention: 'rbi' as const } }
      const failed = await firstTxn({ ...at, merchant }, 'forgets', words.gaveUp)
      const forgetAt = failed.dueAt
      assert.equal(forgetAt, failed.updatedAt + 4 * dayMs)
      for (const txn of [held, charged]) {
        await hear(about(txn))
        assert.equal((await asItIs(at, txn)).dueAt, txn.dueAt, txn.status)
        assert.deepEqual(await heardOf(txn), [])
      }
      await hear(about(failed))
      at.script.push(words.declined)
      await doDuty(at.world, merchant, await asItIs(at, failed))
      const asked = await asItIs(at, failed)
      assert.deepEqual([asked.dueAt, asked.card.bin], [forgetAt, failed.card.bin])
    })

    test('news of an account that a payment has left has it asked about at once', async () => {
      const txn = await leftTxn(at, 'left')
      await hear(about(txn, { account: 'second' }))
      const [inquiry, ...more] = await inquiriesOf(at, txn)
      assert.deepEqual(
        [inquiry?.account, inquiry?.tries, inquiry?.dueAt],
        ['second', 1, at.clock.now],
      )
      assert.deepEqual(more, [])
      assert.deepEqual(
        (await heardOf(txn)).map(({ body }) => body),
        [{ account: 'second' }],
      )
      assert.equal((await asItIs(at, txn)).dueAt, txn.dueAt)
      assert.equal(await hear(about(txn, { account: 'third' })), false)
    })

    test('news of money that went back is looked into, unless some of ours is', async () => {
      const txn = await chargedTxn(at, 'went-back')
      const told = async (isRefund: boolean) => {
        assert(await hear(about(txn, { isRefund })))
        return (await inquiriesOf(at, txn)).length
      }
      assert.equal(await told(false), 0)
      const wish = { order: txn, txn: txn.id, source: 'API', metadata: {}, by } as const
      await issueRefund(at.world, at.merchant, { ...wish, requestId: 'ours', amount: paise(100) })
      await sent(txn, waiting)
      assert.equal(await told(true), 0, 'ours is asked about')
      await sent(txn, { kind: 'refunded', said: {}, amount: paise(100) })
      assert.equal(await told(true), 1)
      const whole = await chargedTxn(at, 'went-back-whole')
      await issueRefund(at.world, at.merchant, {
        ...wish,
        order: whole,
        txn: whole.id,
        requestId: 'all',
      })
      await sent(whole, { kind: 'refunded', said: {}, amount: paise(10_000) })
      assert(await hear(about(whole, { isRefund: true })))
      assert.deepEqual(await inquiriesOf(at, whole), [])
    })

    test('a refund that the gateway works on is asked about, and no other', async () => {
      const txn = await chargedTxn(at, 'refunds')
      const wish = { order: txn, txn: txn.id, source: 'API', metadata: {}, by } as const
      for (const requestId of ['done', 'works', 'unsent']) {
        at.clock.now += 1
        await issueRefund(at.world, at.merchant, { ...wish, requestId, amount: paise(1_000) })
        const amount = paise(1_000)
        if (requestId === 'done') await sent(txn, { kind: 'refunded', said: {}, amount })
        if (requestId === 'works') await sent(txn, waiting)
      }
      const before_ = await refundsTo(txn)
      await hear(about(txn))
      const now = await refundsTo(txn)
      const due = (id: string) => now.find((refund) => refund.id === id)?.dueAt
      assert.deepEqual([due('done'), due('works')], [undefined, at.clock.now])
      assert.equal(due('unsent'), before_.find(({ id }) => id === 'unsent')?.dueAt)
      assert.equal((await heardOf(txn)).length, 1)
    })

    test('a gateway that repeats itself has us ask once a second, and is heard', async () => {
      const txn = await firstTxn(at, 'often', words.silence)
      const hurry = openHurry(at.world, assert.ifError)
      await Promise.all(Array.from({ length: 5 }, () => hurry.hear(about(txn))))
      await hurry.idle()
      await whenDue(txn, words.silence)
      at.clock.now += 400
      for (let i = 0; i < 5; i++) await hear(about(txn))
      assert.equal((await asItIs(at, txn)).dueAt, at.clock.now + 600)
      assert.equal((await heardOf(txn)).length, 2)
      at.clock.now -= 60_000
      await hear(about(txn))
      assert.equal((await asItIs(at, txn)).dueAt, at.clock.now, 'a clock was set back')
    })

    for (const [when, ms] of Object.entries({ during: 0, 'at the end of the time of': 60_000 }))
      test(`news ${when} a question has it asked again afterwards`, async () => {
        const txn = await firstTxn(at, `under-way-${ms}`, words.silence)
        const { say, asked, answer } = slowly<Verdict>()
        at.script.push(answer)
        const asking = sync(at.world, at.merchant, { txn, by })
        await asked
        at.clock.now += ms
        const rests: (() => void)[] = []
        const world: ScriptedWorld['world'] = {
          ...at.world,
          sleep: (ms) => {
            assert.equal(ms, 1_000)
            return new Promise((resume) => rests.push(resume))
          },
        }
        const hurry = openHurry(world, assert.ifError)
        await Promise.all([hurry.hear(about(txn)), hurry.hear(about(txn))])
        assert.equal(rests.length, 1, 'one waits for all of them')
        assert.deepEqual(await heardOf(txn), [])
        say(words.silence)
        const answered = await asking
        assert(answered.dueAt !== undefined && answered.dueAt > at.clock.now)
        rests.shift()?.()
        await hurry.idle()
        assert.equal((await asItIs(at, txn)).dueAt, at.clock.now)
        assert.equal((await whenDue(txn, words.charged)).status, 'CHARGED')
      })
  })
}
