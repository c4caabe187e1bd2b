import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { engines } from '../../test/databases.ts'
import { anOrder, aStart, by, openWorld, type ScriptedWorld, workOnce } from '../../test/world.ts'
import type { Verdict } from '../gateways/gateway.ts'
import { paise } from '../money.ts'
import { Secret } from '../secret.ts'
import { authenticate } from './authenticate.ts'
import { updateOrder } from './create-order.ts'
import { dueTxns } from './duties.ts'
import type { By } from './events.ts'
import { openBankPage } from './open-bank-page.ts'
import { findOrder } from './orders.ts'
import { pay } from './pay.ts'
import { settle } from './settle.ts'
import { sync } from './sync.ts'
import { pageLifeMs, type Txn } from './txn.ts'
import { findTxn } from './txns.ts'

const said = { ref: 'pay_1' }
const page = { url: 'http://bank.example/acs/pay_1' }
const challenge: Verdict = { kind: 'challenge', said, page }
const charged: Verdict = { kind: 'charged', said, amount: paise(10_000) }
const unknown: Verdict = { kind: 'unknown', because: 'TimeoutError', sent: true }
const declined: Verdict = { kind: 'failed', said, by: 'bank', code: 'BANK_DECLINED' }
const pending: Verdict = { kind: 'pending', said }

for (const engine of engines) {
  describe(`settling on ${engine.name}`, () => {
    let at: ScriptedWorld
    before(async () => {
      at = await openWorld(engine)
    })
    after(() => at.database.close())

    async function started(id: string, verdict: Verdict = challenge): Promise<Txn> {
      await anOrder(at, id)
      return startedAgain(id, verdict)
    }
    async function startedAgain(id: string, verdict: Verdict = challenge): Promise<Txn> {
      at.script.push(verdict)
      return pay(at.world, at.merchant, aStart(at, id))
    }
    async function submitted(txn: Txn, verdict: Verdict): Promise<Txn> {
      at.script.push(verdict)
      const { id, challengeId } = txn
      const submission = { id, challengeId, otp: new Secret('123456'), by }
      return authenticate(at.world, at.merchant, submission)
    }
    async function synced(txn: Txn, verdict: Verdict): Promise<Txn> {
      at.script.push(verdict)
      const now = await findTxn(at.world.db.read, txn)
      assert(now)
      return sync(at.world, at.merchant, { txn: now, by: { door: 'clock' } })
    }
    async function orderOf(txn: Txn) {
      const order = await findOrder(at.world.db.read, txn)
      assert(order)
      return order
    }

    test('a charge pays the order, and the order knows by whom and how much', async () => {
      const txn = await submitted(await started('paid'), charged)
      assert.equal(txn.status, 'CHARGED')
      const order = await orderOf(txn)
      assert.deepEqual([order.paidBy, order.captured, order.claimedBy], [txn.id, 10_000, undefined])
      const kinds = ['order_created', 'txn_started', 'status_changed']
      assert.deepEqual(await at.kinds('paid'), [...kinds, 'otp_submitted', 'status_changed'])
    })

    test('an unknown outcome keeps the claim, a definite one frees it', async () => {
      const txn = await submitted(await started('claim'), unknown)
      assert.equal((await orderOf(txn)).claimedBy, txn.id)
      await assert.rejects(pay(at.world, at.merchant, aStart(at, 'claim')), /inprocess/)
      const failed = await synced(txn, { kind: 'failed', said, by: 'bank', code: 'BANK_DECLINED' })
      assert.equal(failed.status, 'AUTHORIZATION_FAILED')
      assert.equal((await orderOf(txn)).claimedBy, undefined)
      assert.equal((await startedAgain('claim')).n, 2)
    })

    test('money for an order another txn has paid is late, and the order as it was', async () => {
      const first = await started('late')
      await openBankPage(at.world, at.merchant, { key: first, by })
      const second = await submitted(await startedAgain('late'), charged)
      const late = await synced(first, charged)
      assert.deepEqual([late.status, late.late], ['CHARGED', true])
      const order = await orderOf(second)
      assert.deepEqual([order.paidBy, order.captured], [second.id, 10_000])
      assert.equal((await at.kinds('late')).at(-1), 'late_charge')
    })

    test('money of another amount than the order’s is late, and does not pay it', async () => {
      const txn = await started('amount', { kind: 'redirect', said, page })
      const change = { amount: paise(20_000), fields: {}, by }
      await updateOrder(at.world, txn, change)
      const late = await synced(txn, charged)
      assert.deepEqual([late.status, late.late], ['CHARGED', true])
      assert.equal((await orderOf(txn)).paidBy, undefined)
      const more = await started('more')
      const odd = await submitted(more, { ...charged, amount: paise(10_001) })
      assert.deepEqual([odd.status, odd.flaggedAt], ['AUTHORIZING', at.clock.now])
      assert.equal((await orderOf(odd)).paidBy, undefined)
      assert.equal((await at.kinds(odd.orderId)).at(-1), 'gateway_alarm')
    })

    test('an answer that comes after another one changes nothing', async () => {
      const txn = await started('second')
      const settings = at.merchant.settings
      const heard = { verdict: charged, calls: [], tookMs: 0 } as const
      const told = { txn, asked: 'sync', ...heard, lapsed: false, settings, by } as const
      const seq = (await orderOf(txn)).seq
      const old = { ...txn, lease: txn.lease - 1 }
      const stale = await settle(at.world, { ...told, txn: old, verdict: declined })
      assert.equal(stale.status, 'PENDING_VBV')
      assert.equal((await orderOf(txn)).seq, seq)
      assert.equal((await settle(at.world, told)).status, 'CHARGED')
      const again = await settle(at.world, told)
      assert.equal(again.status, 'CHARGED')
      assert.equal((await orderOf(txn)).captured, 10_000)
    })

    test('an alarm that comes after another answer is told to a person, and stays', async () => {
      const txn = await started('alarmed')
      const answer = Promise.withResolvers<Verdict>()
      at.script.push(() => answer.promise)
      const asking = sync(at.world, at.merchant, { txn, by })
      while (at.script.length > 0) await new Promise((resume) => setImmediate(resume))
      at.clock.now += 60_000
      const late = Promise.withResolvers<Verdict>()
      at.script.push(() => late.promise)
      const now = await findTxn(at.world.db.read, txn)
      assert(now)
      const after = sync(at.world, at.merchant, { txn: now, by })
      while (at.script.length > 0) await new Promise((resume) => setImmediate(resume))
      answer.resolve({ ...charged, amount: paise(10_001) })
      const alarmed = await asking
      assert.deepEqual([alarmed.status, alarmed.flaggedAt], ['PENDING_VBV', at.clock.now])
      assert.equal((await at.kinds('alarmed')).at(-1), 'gateway_alarm')
      late.resolve(charged)
      assert.equal((await after).status, 'CHARGED')
      const kept = await findTxn(at.world.db.read, txn)
      assert.deepEqual([kept?.status, kept?.flaggedAt], ['CHARGED', at.clock.now])
    })

    test('an answer with money is never dropped, however late it comes', async () => {
      const txn = await started('slow')
      const answer = Promise.withResolvers<Verdict>()
      at.script.push(() => answer.promise)
      const { id, challengeId } = txn
      const submission = { id, challengeId, otp: new Secret('123456'), by }
      const submitting = authenticate(at.world, at.merchant, submission)
      while (at.script.length > 0) await new Promise((resume) => setImmediate(resume))
      at.clock.now += 60_000
      assert.equal((await synced(txn, declined)).status, 'AUTHORIZATION_FAILED')
      answer.resolve(charged)
      assert.equal((await submitting).status, 'CHARGED')
      assert.equal((await orderOf(txn)).paidBy, txn.id)
      assert.equal((await at.kinds('slow')).at(-1), 'late_charge')
    })

    test('an OTP does not leave once its turn is over', async () => {
      const txn = await started('paused')
      const { db } = at.world
      const tx: typeof db.tx = async (work) => {
        const done = await db.tx(work)
        at.clock.now += 6_000
        return done
      }
      const { id, challengeId } = txn
      const submission = { id, challengeId, otp: new Secret('123456'), by }
      const paused = { ...at.world, db: { ...db, tx } }
      const settled = await authenticate(paused, at.merchant, submission)
      assert.deepEqual([settled.status, settled.code], ['PENDING_VBV', 'GATEWAY_UNREACHABLE'])
      assert.equal(settled.otp.attempts, 1)
    })

    test('while the bank works on one txn, no other can be paid', async () => {
      const first = await started('works', { kind: 'redirect', said, page })
      const second = await startedAgain('works')
      assert.equal((await synced(first, pending)).status, 'AUTHORIZING')
      assert.equal((await orderOf(first)).claimedBy, first.id)
      const { id, challengeId } = second
      const submission = { id, challengeId, otp: new Secret('123456'), by }
      await assert.rejects(authenticate(at.world, at.merchant, submission), /inprocess/)
      assert.equal((await synced(first, charged)).status, 'CHARGED')
      await assert.rejects(authenticate(at.world, at.merchant, submission), /already paid/)
    })

    test('a dead process’s question is asked again, and until then unknown', async () => {
      const txn = await started('dead')
      at.script.push(() => Promise.reject(new Error('the process died')))
      const { id, challengeId } = txn
      const submission = { id, challengeId, otp: new Secret('123456'), by }
      await assert.rejects(authenticate(at.world, at.merchant, submission), /died/)
      const dead = await findTxn(at.world.db.read, txn)
      assert(dead)
      assert(dead.leaseUntil > at.clock.now)
      at.clock.now = dead.leaseUntil
      at.script.push(unknown)
      const unsure = await authenticate(at.world, at.merchant, submission)
      assert.equal(unsure.status, 'AUTHORIZING')
      assert.equal((await synced(unsure, challenge)).status, 'PENDING_VBV')
      assert.equal((await submitted(unsure, charged)).status, 'CHARGED')
    })
  })

  test(`late news about a failed payment is kept, and pays, on ${engine.name}`, async () => {
    const at = await openWorld(engine)
    const clock: By = { door: 'clock' }
    await anOrder(at, 'news')
    at.script.push({ kind: 'redirect', said, page })
    const txn = await pay(at.world, at.merchant, aStart(at, 'news', 'THREE_DS'))
    at.clock.now += pageLifeMs
    at.script.push({ kind: 'redirect', said })
    const expired = await sync(at.world, at.merchant, { txn, by: clock })
    assert.deepEqual([expired.status, expired.code], ['AUTHENTICATION_FAILED', 'TXN_EXPIRED'])
    assert(expired.dueAt !== undefined, 'the clock goes on looking')
    at.script.push(pending)
    const still = await sync(at.world, at.merchant, { txn: expired, by })
    assert.deepEqual([still.status, still.code], ['AUTHENTICATION_FAILED', 'TXN_EXPIRED'])
    assert(still.dueAt !== undefined && still.dueAt > at.clock.now)
    at.clock.now = still.dueAt
    at.script.push(charged)
    assert.equal(await workOnce(at.world, assert.ifError), 1)
    const news = await findTxn(at.world.db.read, txn)
    assert.deepEqual([news?.status, news?.late, news?.dueAt], ['CHARGED', false, undefined])
    assert.equal((await findOrder(at.world.db.read, txn))?.paidBy, txn.id)
    assert.equal((await at.kinds('news')).at(-1), 'late_charge')
    await at.database.close()
  })

  test(`a failed payment the bank still works on claims its order, on ${engine.name}`, async () => {
    const at = await openWorld(engine)
    await anOrder(at, 'after')
    at.script.push({ kind: 'redirect', said, page })
    const txn = await pay(at.world, at.merchant, aStart(at, 'after', 'THREE_DS'))
    at.clock.now += pageLifeMs
    at.script.push({ kind: 'redirect', said }, pending)
    const back: By = { door: 'browser' }
    const expired = await sync(at.world, at.merchant, { txn, by: back })
    let last = await sync(at.world, at.merchant, { txn: expired, by: back })
    assert.equal((await findOrder(at.world.db.read, txn))?.claimedBy, txn.id)
    await assert.rejects(pay(at.world, at.merchant, aStart(at, 'after')), /inprocess/)
    for (let look = 0; look < 40 && last.dueAt !== undefined; look++) {
      at.clock.now = last.dueAt
      at.script.push(pending)
      await workOnce(at.world, assert.ifError)
      last = (await findTxn(at.world.db.read, txn)) ?? last
    }
    assert.equal(last.dueAt, undefined)
    assert.equal((await findOrder(at.world.db.read, txn))?.claimedBy, undefined)
    await at.database.close()
  })

  test(`late news is listened for during five days, on ${engine.name}`, async () => {
    const at = await openWorld(engine)
    await anOrder(at, 'days')
    at.script.push({ kind: 'redirect', said, page })
    const txn = await pay(at.world, at.merchant, aStart(at, 'days', 'THREE_DS'))
    let last = txn
    for (let look = 0; look < 40 && last.dueAt !== undefined; look++) {
      at.clock.now = last.dueAt
      at.script.push({ kind: 'redirect', said })
      await workOnce(at.world, assert.ifError)
      last = (await findTxn(at.world.db.read, txn)) ?? last
    }
    assert.equal(last.dueAt, undefined)
    const days = (at.clock.now - txn.createdAt) / 86_400_000
    assert(days > 4 && days < 5, `${days}`)
    assert.equal(last.card.bin, '424242', 'a sandbox forgets nothing')
    await at.database.close()
  })

  test(`a live server forgets a card four days after the end, on ${engine.name}`, async () => {
    const at = await openWorld(engine, 'live')
    await anOrder(at, 'forget')
    at.script.push({ ...charged })
    const txn = await pay(at.world, at.merchant, aStart(at, 'forget'))
    assert.equal(txn.card.bin, '424242')
    at.clock.now += 4 * 24 * 3_600_000 - 1
    assert.deepEqual(await dueTxns(at.world.db.read, at.clock.now, 1), [])
    at.clock.now += 1
    await workOnce(at.world, assert.ifError)
    const kept = await findTxn(at.world.db.read, txn)
    assert.deepEqual(
      [kept?.card.bin, kept?.card.name, kept?.card.expiryYear, kept?.card.lastFour],
      ['', '', '', '4242'],
    )
    assert.equal((await at.kinds('forget')).at(-1), 'card_forgotten')
    assert.deepEqual(await dueTxns(at.world.db.read, Number.MAX_SAFE_INTEGER, 1), [])
    await at.database.close()
  })
}
