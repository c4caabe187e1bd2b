import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Verdict } from '../gateways/gateway.ts'
import { defaultSettings } from '../merchants/merchant.ts'
import { paise } from '../money.ts'
import { judgeHeld } from './held.ts'
import type { Asked, Circumstances, Outcome } from './outcome.ts'
import { aTxn } from './txn.fixture.ts'
import { holdsMoney, isHeld, mayMove, next, type Txn, type TxnStatus } from './txn.ts'

const now = Date.UTC(2026, 10, 22, 10)
const settings = defaultSettings('live')
const said = { ref: 'pay_1', code: 'X' }
const all = paise(10_000)
const part = paise(4_000)
const nothing = paise(0)

const capturing: Txn['instruction'] = { kind: 'capture', amount: all }
const capturingPart: Txn['instruction'] = { kind: 'capture', amount: part, key: 'box-2' }
const voiding: Txn['instruction'] = { kind: 'void' }

// Asked a second ago: too early to take "not done" for an answer.
const held = aTxn({ status: 'AUTHORIZED', code: 'TXN_SUCCESS', askedAt: now - 1_000, looks: 1 })
const toCapture = aTxn({ ...held, instruction: capturing })
const toVoid = aTxn({ ...held, instruction: voiding })
const captureWaits = aTxn({ ...toCapture, status: 'CAPTURE_INITIATED', code: 'PENDING_AT_BANK' })
const voidWaits = aTxn({ ...toVoid, status: 'VOID_INITIATED', code: 'PENDING_AT_BANK' })
const captureFailed = aTxn({ ...held, status: 'CAPTURE_FAILED', code: 'CAPTURE_FAILED' })
const voidFailed = aTxn({ ...held, status: 'VOID_FAILED', code: 'VOID_FAILED' })
const taken = aTxn({ ...held, status: 'CHARGED', captured: all })
const partTaken = aTxn({ ...held, status: 'CHARGED', captured: part, captures: [{ amount: part }] })
const partToCapture = aTxn({ ...partTaken, instruction: capturingPart })

const charged: Verdict = { kind: 'charged', said, amount: all, captured: all }
const chargedInPart: Verdict = { kind: 'charged', said, amount: all, captured: part }
const authorized: Verdict = { kind: 'authorized', said, amount: all, captured: nothing }
const captureUnderWay: Verdict = { ...authorized, pending: 'capture' }
const voidUnderWay: Verdict = { ...authorized, pending: 'void' }
const voided: Verdict = { kind: 'voided', said }
const refused: Verdict = { kind: 'refused', said }
const silence: Verdict = { kind: 'unknown', because: 'TimeoutError', sent: true }
const notSent: Verdict = { kind: 'unknown', because: 'ECONNREFUSED', sent: false }

function heard(txn: Txn, verdict: Verdict, at: Partial<Circumstances> = {}): Outcome {
  return judgeHeld(txn, verdict, { asked: 'sync', lapsed: false, settings, now, luck: 0, ...at })
}

/** What is left to be seen of the txn: its status, code, whether an instruction is under way. */
type Row = readonly [Txn, Asked, Verdict, TxnStatus, Outcome['code'], underWay: boolean]

test('each answer has its status and code, and ends the instruction or not', () => {
  const table: readonly Row[] = [
    [toCapture, 'capture', charged, 'CHARGED', 'TXN_SUCCESS', false],
    [toCapture, 'capture', captureUnderWay, 'CAPTURE_INITIATED', 'PENDING_AT_BANK', true],
    [toCapture, 'capture', refused, 'CAPTURE_FAILED', 'CAPTURE_FAILED', false],
    [toCapture, 'capture', silence, 'AUTHORIZED', 'TXN_SUCCESS', true],
    [toCapture, 'capture', notSent, 'AUTHORIZED', 'GATEWAY_UNREACHABLE', false],
    [toCapture, 'capture', authorized, 'AUTHORIZED', 'TXN_SUCCESS', true],
    [toCapture, 'capture', voided, 'VOIDED', 'TXN_VOIDED', false],
    [captureFailed, 'capture', charged, 'CHARGED', 'TXN_SUCCESS', false],
    [captureWaits, 'sync', charged, 'CHARGED', 'TXN_SUCCESS', false],
    [captureWaits, 'sync', captureUnderWay, 'CAPTURE_INITIATED', 'PENDING_AT_BANK', true],
    [captureWaits, 'sync', silence, 'CAPTURE_INITIATED', 'PENDING_AT_BANK', true],
    [captureWaits, 'sync', voided, 'VOIDED', 'TXN_VOIDED', false],
    [toVoid, 'void', voided, 'VOIDED', 'TXN_VOIDED', false],
    [toVoid, 'void', voidUnderWay, 'VOID_INITIATED', 'PENDING_AT_BANK', true],
    [toVoid, 'void', refused, 'VOID_FAILED', 'VOID_FAILED', false],
    [toVoid, 'void', silence, 'AUTHORIZED', 'TXN_SUCCESS', true],
    [toVoid, 'void', notSent, 'AUTHORIZED', 'GATEWAY_UNREACHABLE', false],
    [toVoid, 'void', charged, 'CHARGED', 'TXN_SUCCESS', false],
    [voidFailed, 'void', voided, 'VOIDED', 'TXN_VOIDED', false],
    [voidWaits, 'sync', voided, 'VOIDED', 'TXN_VOIDED', false],
    [voidWaits, 'sync', charged, 'CHARGED', 'TXN_SUCCESS', false],
    [held, 'sync', authorized, 'AUTHORIZED', 'TXN_SUCCESS', false],
    [held, 'sync', voided, 'VOIDED', 'TXN_VOIDED', false],
    [held, 'sync', charged, 'CHARGED', 'TXN_SUCCESS', false],
    [partToCapture, 'capture', charged, 'CHARGED', 'TXN_SUCCESS', false],
    [partToCapture, 'capture', captureUnderWay, 'CHARGED', 'TXN_SUCCESS', true],
    [partToCapture, 'capture', refused, 'CHARGED', 'CAPTURE_FAILED', false],
    [partToCapture, 'capture', notSent, 'CHARGED', 'GATEWAY_UNREACHABLE', false],
    [partTaken, 'sync', voided, 'CHARGED', 'TXN_SUCCESS', false],
    [taken, 'sync', charged, 'CHARGED', 'TXN_SUCCESS', false],
  ]
  for (const [txn, asked, verdict, to, code, underWay] of table) {
    const outcome = heard(txn, verdict, { asked })
    const what = `${txn.status} ${txn.instruction?.kind} ${asked} ${verdict.kind}`
    const { instruction } = outcome
    assert.deepEqual(
      [outcome.to, outcome.code, instruction],
      [to, code, underWay ? txn.instruction : undefined] as const,
      what,
    )
  }
})

test('whatever is heard, the table of moves allows it, and no taken money is lost', () => {
  const verdicts: readonly Verdict[] = [
    charged,
    chargedInPart,
    authorized,
    captureUnderWay,
    voidUnderWay,
    voided,
    refused,
    silence,
    notSent,
    { kind: 'challenge', said },
    { kind: 'wrong_otp', said, code: 'INCORRECT_OTP' },
    { kind: 'not_eligible', said },
    { kind: 'redirect', said },
    { kind: 'pending', said },
    { kind: 'failed', said, by: 'bank', code: 'BANK_DECLINED' },
    { kind: 'not_sent', said, why: 'limit' },
    { kind: 'not_found' },
  ]
  const statuses = (Object.keys(next) as TxnStatus[]).filter(holdsMoney)
  const instructions: readonly Txn['instruction'][] = [undefined, capturing, capturingPart, voiding]
  for (const status of statuses) {
    for (const instruction of instructions) {
      const mayBeTold = instruction && !status.endsWith('_INITIATED')
      const asking: readonly Asked[] = mayBeTold ? ['sync', instruction.kind] : ['sync']
      for (const asked of asking) {
        for (const verdict of verdicts) {
          const captured = isHeld(status) ? nothing : part
          const txn = aTxn({ ...held, status, captured, ...(instruction && { instruction }) })
          const { to, money, dueAt } = heard(txn, verdict, { asked })
          const what = `${status} ${instruction?.kind} ${asked} ${verdict.kind}: ${to}`
          assert(to === status || mayMove(status, to), what)
          if (captured > 0) assert.equal(to, 'CHARGED', what)
          assert((money?.captured ?? captured) >= captured, what)
          const open = to === 'CAPTURE_INITIATED' || to === 'VOID_INITIATED'
          if (open) assert(dueAt !== undefined, `${what} has its next look`)
        }
      }
    }
  }
})

test('old news never overwrites: money taken stays taken, whoever still speaks of less', () => {
  for (const old of [authorized, captureUnderWay, voidUnderWay, chargedInPart]) {
    const outcome = heard(taken, old)
    assert.equal(outcome.to, 'CHARGED')
    assert.equal(outcome.money?.captured ?? all, all, old.kind)
  }
})

test('contradictory words change nothing, and what is under way is looked at again', () => {
  const contradictions: readonly Verdict[] = [
    { kind: 'challenge', said },
    { kind: 'redirect', said },
    { kind: 'pending', said },
    { kind: 'failed', said, by: 'bank', code: 'BANK_DECLINED' },
    { kind: 'not_found' },
    refused,
  ]
  for (const txn of [captureWaits, voidWaits, toCapture, toVoid]) {
    for (const verdict of contradictions) {
      const outcome = heard(txn, verdict)
      assert.deepEqual([outcome.to, outcome.code], [txn.status, txn.code], verdict.kind)
      assert.deepEqual(outcome.instruction, txn.instruction, verdict.kind)
      assert.equal(outcome.dueAt, now + 15_000, verdict.kind)
      assert.equal(outcome.money, undefined)
      assert.equal(outcome.released, undefined)
    }
  }
})

test('"not done" is believed once the gateway has worked through the call', () => {
  const early = heard(toCapture, authorized)
  assert.deepEqual([early.to, early.instruction], ['AUTHORIZED', capturing])
  assert.equal(early.dueAt, toCapture.askedAt + 3_000)
  const calm = { now: toCapture.askedAt + 3_000 }
  const failed = heard(toCapture, authorized, calm)
  assert.deepEqual([failed.to, failed.instruction], ['CAPTURE_FAILED', undefined])
  assert.equal(heard(toVoid, authorized, calm).to, 'VOID_FAILED')
  assert.equal(heard(captureWaits, authorized, calm).to, 'CAPTURE_FAILED')
  assert.equal(heard(voidWaits, authorized, calm).to, 'VOID_FAILED')
  const asked = heard(toCapture, authorized, { ...calm, asked: 'capture' })
  assert.deepEqual([asked.to, asked.instruction], ['AUTHORIZED', capturing])
})

test('a part that is not taken leaves what was taken before', () => {
  const early = heard(partToCapture, chargedInPart)
  assert.deepEqual([early.instruction, early.dueAt], [capturingPart, partTaken.askedAt + 3_000])
  const calm = heard(partToCapture, chargedInPart, { now: partTaken.askedAt + 3_000 })
  assert.deepEqual([calm.to, calm.code, calm.instruction], ['CHARGED', 'CAPTURE_FAILED', undefined])
  assert.equal(calm.captures, undefined)
  const waiting = heard(partToCapture, { ...chargedInPart, pending: 'capture' })
  assert.deepEqual([waiting.to, waiting.instruction], ['CHARGED', capturingPart])
})

test('what is taken is told in whole, and the capture is kept by its key', () => {
  const total = paise(part + part)
  const more: Verdict = { kind: 'charged', said, amount: all, captured: total }
  const outcome = heard(partToCapture, more, { asked: 'capture' })
  assert.deepEqual(outcome.money, { amount: all, captured: total })
  assert.deepEqual(outcome.captures, [{ amount: part }, { amount: part, key: 'box-2' }])
  const { captured: _captured, ...unsaid } = charged
  assert.deepEqual(heard(toCapture, unsaid, { asked: 'capture' }).money, {
    amount: all,
    captured: all,
  })
  assert.deepEqual(heard(toCapture, charged, { asked: 'capture' }).captures, [{ amount: all }])
  assert.deepEqual(heard(held, charged).captures, [])
})

test('only released money gives the order free', () => {
  assert.equal(heard(toVoid, voided, { asked: 'void' }).released, true)
  assert.equal(heard(held, voided).released, true)
  assert.equal(heard(partTaken, voided).released, undefined)
  assert.equal(heard(toVoid, refused, { asked: 'void' }).released, undefined)
})
