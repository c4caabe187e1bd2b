import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { engines } from '../../test/databases.ts'
import { aStart, by, openWorld, type ScriptedWorld, workOnce } from '../../test/world.ts'
import type { Verdict } from '../gateways/gateway.ts'
import { simulator } from '../gateways/simulator.ts'
import { paise } from '../money.ts'
import { capture } from './capture.ts'
import { asItIs, chargedTxn, heldTxn, listening, slowly, words } from './held.fixture.ts'
import { findOrder } from './orders.ts'
import { pay } from './pay.ts'
import { sync } from './sync.ts'
import type { Txn } from './txn.ts'
import { voidBy, voidPayment } from './void-payment.ts'

for (const engine of engines) {
  describe(`void on ${engine.name}`, () => {
    let at: ScriptedWorld
    before(async () => {
      at = await openWorld(engine)
    })
    after(() => at.database.close())

    async function voided(txn: Txn, verdict?: Verdict | (() => Promise<Verdict>)): Promise<Txn> {
      if (verdict) at.script.push(verdict)
      return voidPayment(at.world, at.merchant, { id: txn.id, by })
    }

    test('releases the money, and the order may be paid anew', async () => {
      const txn = await heldTxn(at, 'free')
      await assert.rejects(pay(at.world, at.merchant, aStart(at, 'free')), { reason: 'order_paid' })
      const there = listening(at)
      at.script.push(words.voided)
      const done = await voidPayment(there.world, at.merchant, { id: txn.id, by })
      assert.deepEqual([done.status, done.code, done.captured], ['VOIDED', 'TXN_VOIDED', 0])
      assert.deepEqual(there.calls, [
        { path: '/payments/pay_1/void', body: { reference: `${txn.id}.2` } },
      ])
      assert.equal((await findOrder(at.world.db.read, txn))?.paidBy, undefined)
      assert.deepEqual((await at.kinds('free')).slice(3), ['void_asked', 'status_changed'])
      at.script.push(words.charged)
      const second = await pay(at.world, at.merchant, aStart(at, 'free'))
      assert.equal(second.status, 'CHARGED')
      assert.equal((await findOrder(at.world.db.read, txn))?.paidBy, second.id)
    })

    test('what is to be released is not taken by the clock, even if nobody was told', async () => {
      const txn = await heldTxn(at, 'wished')
      await at.world.db.tx(async (t) =>
        t.put("update txns set gateway = 'cashfree', auto_capture = 1 where id = $1", [txn.id]),
      )
      await voided(txn, { kind: 'unknown', because: 'ECONNREFUSED', sent: false })
      const { status, autoCapture } = await asItIs(at, txn)
      assert.deepEqual([status, autoCapture], ['AUTHORIZED', false])
    })

    test('money that is taken, in whole or in part, or released is not voided', async () => {
      const paid = await chargedTxn(at, 'paid')
      await assert.rejects(voided(paid), /Cannot Void CHARGED Transaction/)
      const part = await heldTxn(at, 'part')
      at.script.push({ ...words.charged, captured: paise(1) })
      const wish = { id: part.id, amount: paise(1), key: 'a', by }
      await capture(at.world, at.merchant, wish)
      await assert.rejects(voided(part), /Cannot Void CHARGED Transaction/)
      const released = await heldTxn(at, 'twice')
      await voided(released, words.voided)
      await assert.rejects(voided(released), /Cannot Void VOIDED Transaction/)
      const unknown = voidPayment(at.world, at.merchant, { id: 'demo-none-1', by })
      await assert.rejects(unknown, { reason: 'unknown_txn' })
    })

    test('a refused void leaves the money held: it may be captured, or voided again', async () => {
      const first = await heldTxn(at, 'no-1')
      at.script.push(words.refused, words.held)
      assert.equal((await voided(first)).status, 'VOID_FAILED')
      assert.equal((await findOrder(at.world.db.read, first))?.paidBy, first.id)
      at.script.push(words.charged)
      const taken = await capture(at.world, at.merchant, { id: first.id, by })
      assert.equal(taken.status, 'CHARGED')
      const second = await heldTxn(at, 'no-2')
      at.script.push(words.refused, words.held)
      await voided(second)
      assert.equal((await voided(second, words.voided)).status, 'VOIDED')
    })

    test('a void under way is VOID_INITIATED, and no capture goes in between', async () => {
      const txn = await heldTxn(at, 'wait')
      const waiting = await voided(txn, { ...words.held, pending: 'void' })
      assert.deepEqual([waiting.status, waiting.code], ['VOID_INITIATED', 'PENDING_AT_BANK'])
      at.script.push({ ...words.held, pending: 'void' })
      const capturing = capture(at.world, at.merchant, { id: txn.id, by })
      await assert.rejects(capturing, { reason: 'in_process' })
      at.clock.now += 60_000
      at.script.push(words.voided)
      await workOnce(at.world, assert.ifError)
      assert.equal((await asItIs(at, txn)).status, 'VOIDED')
    })

    test('a lost answer is asked for, and the void not sent again', async () => {
      const txn = await heldTxn(at, 'lost')
      const lost = await voided(txn, words.silence)
      assert.deepEqual([lost.status, lost.instruction], ['AUTHORIZED', { kind: 'void' }])
      const there = listening(at)
      at.clock.now = lost.dueAt ?? 0
      at.script.push(words.voided)
      await workOnce(there.world, assert.ifError)
      assert.deepEqual(
        there.calls.map(({ path }) => path),
        [`/payments/by-reference/${txn.id}`],
      )
      assert.equal((await asItIs(at, txn)).status, 'VOIDED')
    })

    test('a bank that captured instead is believed', async () => {
      const txn = await heldTxn(at, 'instead')
      await voided(txn, words.silence)
      at.script.push(words.charged)
      const synced = await sync(at.world, at.merchant, { txn: await asItIs(at, txn), by })
      assert.deepEqual([synced.status, synced.captured, synced.late], ['CHARGED', 10_000, false])
    })

    test('money that is taken after its release is late, and goes back', async () => {
      const txn = await heldTxn(at, 'after')
      const { say, asked, answer } = slowly<Verdict>()
      at.script.push(answer)
      const capturing = capture(at.world, at.merchant, { id: txn.id, by })
      await asked
      at.clock.now += 60_000
      at.script.push(words.voided)
      const synced = await sync(at.world, at.merchant, { txn: await asItIs(at, txn), by })
      assert.equal(synced.status, 'VOIDED')
      say(words.charged)
      const late = await capturing
      assert.deepEqual([late.status, late.late, late.code], ['CHARGED', true, 'LATE_CHARGE'])
      assert.equal((await findOrder(at.world.db.read, txn))?.paidBy, undefined)
      assert.equal((await at.kinds('after')).at(-1), 'late_charge')
      assert.equal(late.dueAt, at.clock.now)
    })
  })
}

test('a gateway that can’t void says so before anything is sent', () => {
  assert.throws(() => voidBy({}), { reason: 'void_unsupported' })
  assert.equal(voidBy(simulator), simulator.void)
})
