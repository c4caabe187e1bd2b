import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { engines } from '../../test/databases.ts'
import { by, openWorld, type ScriptedWorld } from '../../test/world.ts'
import { dayMs } from '../clock.ts'
import type { RefundVerdict, Verdict } from '../gateways/gateway.ts'
import { paise } from '../money.ts'
import { capture } from './capture.ts'
import { doDuty } from './do-duty.ts'
import { asItIs, dutiesOf, firstTxn, heldTxn, slowly, words } from './held.fixture.ts'
import { sync } from './sync.ts'

const back: RefundVerdict = { kind: 'refunded', said: { ref: 'ref_1' }, amount: paise(10_000) }
const failed: RefundVerdict = { kind: 'refund_failed', said: { ref: 'ref_1', code: 'NO' } }

for (const engine of engines) {
  describe(`what a live server forgets, on ${engine.name}`, () => {
    let at: ScriptedWorld
    before(async () => {
      at = await openWorld(engine, 'live')
    })
    after(() => at.database.close())
    const { whenDue, sent, lateTxn, refundsTo } = dutiesOf(() => at)

    test('the card of late money', async () => {
      const late = await lateTxn('forget')
      const asked = await whenDue(late, undefined)
      assert.equal(asked.dueAt, late.updatedAt + 4 * dayMs)
      assert.equal((await sent(late, back)).status, 'AUTO_REFUNDED')
      const done = await whenDue(late, undefined)
      assert.deepEqual([done.card.bin, done.dueAt], ['', undefined])
    })

    test('the card of money that would not go back', async () => {
      const late = await lateTxn('forget-5')
      for (let tries = 1; tries <= 5; tries++) {
        await whenDue(late, undefined)
        await sent(late, failed)
      }
      let txn = await asItIs(at, late)
      for (let passes = 0; passes < 5 && txn.dueAt !== undefined; passes++) {
        txn = await whenDue(late, undefined)
      }
      assert.deepEqual([txn.card.bin, txn.dueAt], ['', undefined])
      assert.equal((await refundsTo(late)).length, 5)
    })

    test('late news heard when the card is to be forgotten is not forgotten with it', async () => {
      const txn = await firstTxn(at, 'last-look', words.silence)
      at.clock.now += 1
      const settings = { ...at.merchant.settings, refund_late_charges: true }
      const strict: ScriptedWorld = { ...at, merchant: { ...at.merchant, settings } }
      at.clock.now += 60_000
      await whenDue(txn, { kind: 'not_found' }, strict)
      at.clock.now = txn.createdAt + 6 * dayMs
      const late = await whenDue(txn, words.charged, strict)
      assert.deepEqual([late.status, late.late, late.dueAt], ['CHARGED', true, at.clock.now])
      const asked = await whenDue(txn, undefined, strict)
      assert.equal(asked.refunded, 10_000)
    })

    test('a dead process’s question keeps no card from being forgotten', async () => {
      const txn = await firstTxn(at, 'dead', words.gaveUp)
      at.script.push(() => Promise.reject(new Error('the process died')))
      await assert.rejects(sync(at.world, at.merchant, { txn, by }), /died/)
      const asked = await whenDue(txn, words.declined)
      assert.deepEqual([asked.leaseUntil, asked.dueAt], [0, txn.updatedAt + 4 * dayMs])
      const done = await whenDue(txn, undefined)
      assert.deepEqual([done.card.bin, done.leaseUntil, done.dueAt], ['', 0, undefined])
    })

    test('a card is not forgotten while its money is being captured', async () => {
      const txn = await heldTxn(at, 'busy')
      at.clock.now = txn.dueAt ?? 0
      const { say, asked, answer } = slowly<Verdict>()
      at.script.push(answer)
      const capturing = capture(at.world, at.merchant, { id: txn.id, by })
      await asked
      await doDuty(at.world, at.merchant, txn)
      const underWay = await asItIs(at, txn)
      assert.equal(underWay.dueAt, underWay.leaseUntil)
      say(words.silence)
      await capturing
      const done = await whenDue(txn, words.charged)
      assert.equal(done.status, 'CHARGED')
      assert.equal((await whenDue(txn, undefined)).card.bin, '')
      const forgotten = (await at.kinds('busy')).filter((kind) => kind === 'card_forgotten')
      assert.equal(forgotten.length, 1)
    })
  })
}
