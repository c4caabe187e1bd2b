import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { engines } from '../../test/databases.ts'
import { by, openWorld, type ScriptedWorld, workOnce } from '../../test/world.ts'
import type { Verdict } from '../gateways/gateway.ts'
import { simulator } from '../gateways/simulator.ts'
import { type Paise, paise } from '../money.ts'
import { capture, captureBy, refuseChangedCapture } from './capture.ts'
import { asItIs, chargedTxn, heldTxn, listening, slowly, words } from './held.fixture.ts'
import { findOrder } from './orders.ts'
import { sync } from './sync.ts'
import { aTxn } from './txn.fixture.ts'
import type { Txn } from './txn.ts'
import { voidPayment } from './void-payment.ts'

const chargedInPart = (captured: number): Verdict => ({
  ...words.charged,
  captured: paise(captured),
})

for (const engine of engines) {
  describe(`capture on ${engine.name}`, () => {
    let at: ScriptedWorld
    before(async () => {
      at = await openWorld(engine)
    })
    after(() => at.database.close())

    async function captured(
      txn: Txn,
      verdict?: Verdict | (() => Promise<Verdict>),
      more: { amount?: Paise; key?: string } = {},
    ): Promise<Txn> {
      if (verdict) at.script.push(verdict)
      return capture(at.world, at.merchant, { id: txn.id, by, ...more })
    }
    async function orderOf(txn: Txn) {
      const order = await findOrder(at.world.db.read, txn)
      assert(order)
      return order
    }

    test('takes all that is held, and the order is paid by it', async () => {
      const txn = await heldTxn(at, 'whole')
      assert.deepEqual([txn.status, (await orderOf(txn)).captured], ['AUTHORIZED', 0])
      const there = listening(at)
      at.script.push(words.charged)
      const done = await capture(there.world, at.merchant, { id: txn.id, by })
      assert.deepEqual([done.status, done.captured], ['CHARGED', 10_000])
      assert.deepEqual(done, await asItIs(at, txn))
      const [call] = there.calls
      assert.equal(call?.path, '/payments/pay_1/capture')
      assert.deepEqual(call.body, { reference: `${txn.id}.2`, amount: 10_000 })
      const order = await orderOf(txn)
      assert.deepEqual([order.paidBy, order.captured], [txn.id, 10_000])
      const kinds = (await at.kinds('whole')).slice(3)
      assert.deepEqual(kinds, ['capture_asked', 'status_changed'])
    })

    test('takes parts by their keys, until nothing is left', async () => {
      const txn = await heldTxn(at, 'parts')
      const first = await captured(txn, chargedInPart(4_000), { amount: paise(4_000), key: 'a' })
      assert.deepEqual([first.status, first.captured], ['CHARGED', 4_000])
      await assert.rejects(
        captured(txn, undefined, { amount: paise(6_001), key: 'b' }),
        /exceeds the authorized/,
      )
      const rest = await captured(txn, words.charged, { key: 'b' })
      assert.equal(rest.captured, 10_000)
      assert.deepEqual(rest.captures, [
        { amount: 4_000, key: 'a' },
        { amount: 6_000, key: 'b' },
      ])
      assert.equal((await orderOf(txn)).captured, 10_000)
      await assert.rejects(captured(txn), /Cannot Capture CHARGED/)
    })

    test('a key used before takes nothing, and is of one amount', async () => {
      const txn = await heldTxn(at, 'key')
      const part = { amount: paise(4_000), key: 'a' }
      const first = await captured(txn, chargedInPart(4_000), part)
      assert.deepEqual(await captured(txn, undefined, part), first)
      assert.deepEqual(await captured(txn, undefined, { key: 'a' }), first)
      await assert.rejects(captured(txn, undefined, { ...part, amount: paise(1) }), {
        reason: 'capture_key_reused',
      })
      await assert.rejects(captured(txn, undefined, { amount: paise(1) }), {
        reason: 'invalid_request',
      })
    })

    test('the first part without a key goes by its amount, and no other does', async () => {
      const txn = await heldTxn(at, 'keyless')
      const part = { amount: paise(4_000) }
      const first = await captured(txn, chargedInPart(4_000), part)
      assert.deepEqual(first.captures, [{ amount: 4_000, key: 'amount:4000' }])
      assert.deepEqual(await captured(txn, undefined, part), first)
      for (const amount of [paise(3_999), paise(6_000)]) {
        await assert.rejects(captured(txn, undefined, { amount }), { reason: 'invalid_request' })
      }
      const rest = await captured(txn, words.charged, { key: 'b' })
      assert.deepEqual([rest.status, rest.captured], ['CHARGED', 10_000])
      assert.deepEqual(await captured(txn, undefined, part), rest)
    })

    test('a part without a key waits for another, and is the same as its own', async () => {
      const txn = await heldTxn(at, 'keyless-lost')
      const lost = await captured(txn, words.silence, { amount: paise(4_000) })
      assert.deepEqual(await captured(txn, undefined, { amount: paise(4_000) }), lost)
      const other = captured(txn, words.silence, { amount: paise(5_000) })
      await assert.rejects(other, { reason: 'in_process' })
      at.script.push(chargedInPart(4_000))
      const done = await sync(at.world, at.merchant, { txn: await asItIs(at, txn), by })
      assert.deepEqual(done.captures, [{ amount: 4_000, key: 'amount:4000' }])
      const failed = await heldTxn(at, 'keyless-failed')
      at.script.push(words.refused, words.held)
      await captured(failed, undefined, { amount: paise(4_000) })
      const again = await captured(failed, chargedInPart(5_000), { amount: paise(5_000) })
      assert.equal(again.captured, 5_000)
    })

    test('a capture whose answer is awaited is known by its key, and asks nobody', async () => {
      const txn = await heldTxn(at, 'key-lost')
      const part = { amount: paise(4_000), key: 'a' }
      const lost = await captured(txn, words.silence, part)
      assert.deepEqual(await captured(txn, undefined, part), lost)
      at.script.push(chargedInPart(4_000))
      const done = await sync(at.world, at.merchant, { txn: lost, by })
      assert.deepEqual(done.captures, [part])
    })

    test('money that is not held is not captured', async () => {
      const paid = await chargedTxn(at, 'paid')
      await assert.rejects(captured(paid), /Cannot Capture CHARGED Transaction/)
      const voided = await heldTxn(at, 'voided')
      at.script.push(words.voided)
      await voidPayment(at.world, at.merchant, { id: voided.id, by })
      await assert.rejects(captured(voided), /Cannot Capture VOIDED Transaction/)
      const foreign = { ...at.merchant, id: 'other' as Txn['merchant'] }
      for (const id of [voided.id, 'demo-paid-1', 'nonsense']) {
        await assert.rejects(capture(at.world, foreign, { id, by }), { reason: 'unknown_txn' })
      }
    })

    test('a refused capture leaves the money held, and may be tried again', async () => {
      const txn = await heldTxn(at, 'no')
      at.script.push(words.refused, words.held)
      const failed = await captured(txn)
      assert.deepEqual([failed.status, failed.code], ['CAPTURE_FAILED', 'CAPTURE_FAILED'])
      assert.equal((await orderOf(txn)).paidBy, txn.id)
      const there = listening(at)
      at.script.push(words.charged)
      const done = await capture(there.world, at.merchant, { id: txn.id, by })
      assert.equal(done.status, 'CHARGED')
      // Another reference: the bank's first word about one is its last.
      assert.equal(there.calls[0]?.body.reference, `${txn.id}.4`)
    })

    test('a refusal is asked about: somebody may have taken the money elsewhere', async () => {
      const txn = await heldTxn(at, 'elsewhere')
      at.script.push(words.refused, words.charged)
      assert.equal((await captured(txn)).status, 'CHARGED')
      const other = await heldTxn(at, 'lapsed')
      at.script.push(words.refused, words.voided)
      assert.equal((await captured(other)).status, 'VOIDED')
    })

    test('nothing was sent, so nothing is under way', async () => {
      const txn = await heldTxn(at, 'unsent')
      const same = await captured(txn, words.notSent)
      assert.deepEqual([same.status, same.code], ['AUTHORIZED', 'GATEWAY_UNREACHABLE'])
      assert.equal(same.instruction, undefined)
      assert.equal((await captured(txn, words.charged)).status, 'CHARGED')
    })

    test('a lost answer is asked for by whoever comes next, and not sent again', async () => {
      const txn = await heldTxn(at, 'lost')
      const lost = await captured(txn, words.silence)
      assert.deepEqual([lost.status, lost.captured], ['AUTHORIZED', 0])
      assert.deepEqual(lost.instruction, { kind: 'capture', amount: 10_000 })
      await assert.rejects(captured(txn, words.silence), { reason: 'in_process' })
      at.script.push(words.silence)
      const voiding = voidPayment(at.world, at.merchant, { id: txn.id, by })
      await assert.rejects(voiding, { reason: 'in_process' })
      const there = listening(at)
      at.clock.now = (await asItIs(at, txn)).dueAt ?? 0
      at.script.push(words.charged)
      assert.equal(await workOnce(there.world, assert.ifError), 1)
      assert.deepEqual(
        there.calls.map(({ path }) => path),
        [`/payments/by-reference/${txn.id}`],
      )
      const done = await asItIs(at, txn)
      assert.deepEqual(
        [done.status, done.captured, done.instruction],
        ['CHARGED', 10_000, undefined],
      )
    })

    test('a capture that never arrived fails once that is certain', async () => {
      const txn = await heldTxn(at, 'never')
      await captured(txn, words.silence)
      at.clock.now += 2_999
      await assert.rejects(captured(txn, words.held), { reason: 'in_process' })
      at.clock.now += 1
      at.script.push(words.held)
      assert.equal((await captured(txn, words.charged)).status, 'CHARGED')
      const kinds = (await at.kinds('never')).slice(3)
      assert.deepEqual(kinds.slice(-4), [
        'gateway_asked',
        'status_changed',
        'capture_asked',
        'status_changed',
      ])
    })

    test('a capture under way is CAPTURE_INITIATED until the bank has done it', async () => {
      const txn = await heldTxn(at, 'wait')
      const waiting = await captured(txn, { ...words.held, pending: 'capture' })
      assert.deepEqual([waiting.status, waiting.code], ['CAPTURE_INITIATED', 'PENDING_AT_BANK'])
      const again = captured(txn, { ...words.held, pending: 'capture' })
      await assert.rejects(again, { reason: 'in_process' })
      at.clock.now += 60_000
      at.script.push(words.charged)
      await workOnce(at.world, assert.ifError)
      assert.equal((await asItIs(at, txn)).status, 'CHARGED')
    })

    test('an answer that was overtaken still brings its money, and is counted once', async () => {
      const txn = await heldTxn(at, 'slow')
      const { say, asked, answer } = slowly<Verdict>()
      const capturing = captured(txn, answer)
      await asked
      at.clock.now += 60_000
      at.script.push(words.held)
      const synced = await sync(at.world, at.merchant, { txn: await asItIs(at, txn), by })
      assert.equal(synced.status, 'CAPTURE_FAILED')
      say(words.charged)
      const done = await capturing
      assert.deepEqual([done.status, done.captured], ['CHARGED', 10_000])
      assert.equal((await orderOf(txn)).captured, 10_000)
    })

    test('an answer that was overtaken by the same news changes nothing', async () => {
      const txn = await heldTxn(at, 'twice')
      const { say, asked, answer } = slowly<Verdict>()
      const capturing = captured(txn, answer)
      await asked
      at.clock.now += 60_000
      at.script.push(words.charged)
      const synced = await sync(at.world, at.merchant, { txn: await asItIs(at, txn), by })
      const kinds = await at.kinds('twice')
      say(words.charged)
      assert.deepEqual(await capturing, synced)
      assert.deepEqual(await at.kinds('twice'), kinds)
      assert.deepEqual(synced.captures, [{ amount: 10_000 }])
    })

    test('an old refusal does not undo a capture that is done', async () => {
      const txn = await heldTxn(at, 'old')
      const { say, asked, answer } = slowly<Verdict>()
      const capturing = captured(txn, answer)
      await asked
      at.clock.now += 60_000
      at.script.push(words.charged)
      await sync(at.world, at.merchant, { txn: await asItIs(at, txn), by })
      say(words.refused)
      assert.equal((await capturing).status, 'CHARGED')
    })
  })
}

test('a gateway that can’t capture, or only in whole, says so before anything is sent', () => {
  const txn = aTxn({ status: 'AUTHORIZED' })
  const whole = { txn, wish: {}, amount: txn.amount }
  const part = { txn, wish: { key: 'a' }, amount: paise(1) }
  const { capture: question } = simulator
  const reason = 'capture_unsupported'
  assert.throws(() => captureBy({ captures: 'parts' }, whole), { reason })
  assert.throws(() => captureBy({ captures: 'parts' }, part), { reason })
  const whollyOnly = { capture: question, captures: 'whole' } as const
  assert.equal(captureBy(whollyOnly, whole), question)
  assert.throws(() => captureBy(whollyOnly, part), { reason: 'partial_capture_unsupported' })
  assert.equal(captureBy(simulator, part), question)
  assert.throws(() => captureBy(simulator, { ...part, wish: {} }), { reason: 'invalid_request' })
})

test('money is not held where it could not be taken later', () => {
  const txn = aTxn({ autoCapture: true })
  const refuse = (gateway: Parameters<typeof refuseChangedCapture>[0], autoCapture?: boolean) =>
    refuseChangedCapture(gateway, txn, autoCapture)
  assert.throws(() => refuse({}, false), { reason: 'capture_unsupported' })
  refuse({}, true)
  refuse(simulator, false)
  const fixed = { ...simulator, fixesCapture: true } as const
  assert.throws(() => refuse(fixed, false), { reason: 'capture_fixed' })
  refuse(fixed)
  refuse(fixed, true)
})
