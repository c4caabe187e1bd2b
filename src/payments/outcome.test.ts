import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Verdict } from '../gateways/gateway.ts'
import { defaultSettings } from '../merchants/merchant.ts'
import { paise } from '../money.ts'
import { type Asked, believed, type Circumstances, judge, type Outcome } from './outcome.ts'
import { aTxn } from './txn.fixture.ts'
import { mayMove, next, pageLifeMs, type Txn, type TxnStatus } from './txn.ts'

const now = Date.UTC(2026, 10, 22, 10)
const settings = defaultSettings('live')
const said = { ref: 'pay_1', code: 'X' }
const amount = paise(10_000)

const fresh = aTxn({ createdAt: now, askedAt: now, updatedAt: now })
const otp = { ...fresh.otp, sends: 1, sentAt: now, until: now + 300_000 }
const challenged = aTxn({ ...fresh, status: 'PENDING_VBV', otp })
const tried = (attempts: number, change: Partial<Txn> = {}) =>
  aTxn({ ...challenged, otp: { ...otp, attempts }, ...change })
const unsure = aTxn({ ...tried(1), status: 'AUTHORIZING' })

const verdicts: Record<Verdict['kind'], Verdict> = {
  challenge: { kind: 'challenge', said },
  wrong_otp: { kind: 'wrong_otp', said, code: 'INCORRECT_OTP' },
  not_eligible: { kind: 'not_eligible', said },
  redirect: { kind: 'redirect', said, page: { url: 'https://bank.example/acs' } },
  pending: { kind: 'pending', said },
  authorized: { kind: 'authorized', said, amount },
  charged: { kind: 'charged', said, amount },
  voided: { kind: 'voided', said },
  refused: { kind: 'refused', said },
  failed: { kind: 'failed', said, by: 'bank', code: 'BANK_DECLINED' },
  not_sent: { kind: 'not_sent', said, why: 'limit' },
  not_found: { kind: 'not_found' },
  unknown: { kind: 'unknown', because: 'TimeoutError', sent: true },
}
const refused: Verdict = { kind: 'unknown', because: 'ECONNREFUSED', sent: false }

function heard(txn: Txn, verdict: Verdict, at: Partial<Circumstances> = {}): Outcome {
  return judge(txn, verdict, { asked: 'sync', lapsed: false, settings, now, luck: 0, ...at })
}

type Row = readonly [Txn, Asked, Verdict, TxnStatus, Outcome['code'], claim: Outcome['claim']]

test('what was told a moment ago is there, whatever a record says so soon', () => {
  const submitted = heard(tried(1), verdicts.not_found, { asked: 'submit' })
  assert.deepEqual([submitted.to, submitted.claim], ['AUTHORIZING', 'keep'])
  assert.equal(heard(fresh, verdicts.not_found, { asked: 'start' }).to, 'AUTHORIZING')
})

test('an attempt counts as answered where the bank has certainly taken no OTP', () => {
  const answered = (verdict: Verdict, asked: Asked) =>
    heard(tried(2), verdict, { asked }).otp.answered
  assert.equal(answered(verdicts.wrong_otp, 'submit'), 2)
  assert.equal(answered(verdicts.challenge, 'sync'), 2)
  const locked = { ...verdicts.failed, by: 'customer', code: 'OTP_ATTEMPTS_EXCEEDED' } as Verdict
  assert.equal(answered(locked, 'submit'), 2)
  for (const verdict of [verdicts.unknown, verdicts.pending, verdicts.failed]) {
    assert.equal(answered(verdict, 'submit'), 0, verdict.kind)
  }
})

test("money of another amount is not believed to be the payment's", () => {
  const other: Verdict = { kind: 'charged', said, amount: paise(9_999) }
  assert.deepEqual(believed(fresh, other), {
    kind: 'unknown',
    because: 'another amount',
    sent: true,
    alarm: true,
  })
  for (const verdict of Object.values(verdicts)) assert.equal(believed(fresh, verdict), verdict)
})

test('each answer has its status, code and claim', () => {
  const table: readonly Row[] = [
    [fresh, 'start', verdicts.challenge, 'PENDING_VBV', '', 'free'],
    [fresh, 'start', verdicts.redirect, 'PENDING_VBV', '', 'free'],
    [fresh, 'start', verdicts.failed, 'AUTHORIZATION_FAILED', 'BANK_DECLINED', 'free'],
    [fresh, 'start', verdicts.not_eligible, 'JUSPAY_DECLINED', 'TXN_FAILURE', 'free'],
    [fresh, 'start', verdicts.charged, 'CHARGED', 'TXN_SUCCESS', 'free'],
    [fresh, 'start', verdicts.pending, 'AUTHORIZING', 'PENDING_AT_BANK', 'take'],
    [fresh, 'start', verdicts.unknown, 'AUTHORIZING', 'PENDING_AT_BANK', 'free'],
    [fresh, 'start', refused, 'JUSPAY_DECLINED', 'GATEWAY_UNREACHABLE', 'free'],
    [tried(1), 'submit', verdicts.charged, 'CHARGED', 'TXN_SUCCESS', 'free'],
    [tried(1), 'submit', verdicts.authorized, 'AUTHORIZED', 'TXN_SUCCESS', 'free'],
    [tried(1), 'submit', verdicts.wrong_otp, 'PENDING_VBV', 'INCORRECT_OTP', 'free'],
    [
      tried(3),
      'submit',
      verdicts.wrong_otp,
      'AUTHENTICATION_FAILED',
      'OTP_ATTEMPTS_EXCEEDED',
      'free',
    ],
    [tried(1), 'submit', verdicts.failed, 'AUTHORIZATION_FAILED', 'BANK_DECLINED', 'free'],
    [tried(1), 'submit', verdicts.pending, 'AUTHORIZING', 'PENDING_AT_BANK', 'take'],
    [tried(1), 'submit', verdicts.unknown, 'AUTHORIZING', 'PENDING_AT_BANK', 'keep'],
    [tried(1), 'submit', refused, 'PENDING_VBV', 'GATEWAY_UNREACHABLE', 'free'],
    [tried(3), 'submit', refused, 'AUTHENTICATION_FAILED', 'GATEWAY_UNREACHABLE', 'free'],
    [challenged, 'resend', verdicts.challenge, 'PENDING_VBV', '', 'free'],
    [challenged, 'resend', verdicts.not_sent, 'PENDING_VBV', '', 'free'],
    [challenged, 'resend', verdicts.unknown, 'PENDING_VBV', '', 'free'],
    [unsure, 'sync', verdicts.charged, 'CHARGED', 'TXN_SUCCESS', 'free'],
    [unsure, 'sync', verdicts.unknown, 'AUTHORIZING', 'PENDING_AT_BANK', 'keep'],
    [unsure, 'sync', verdicts.pending, 'AUTHORIZING', 'PENDING_AT_BANK', 'take'],
  ]
  for (const [txn, asked, verdict, to, code, claim] of table) {
    const outcome = heard(txn, verdict, { asked })
    const what = `${txn.status} ${asked} ${verdict.kind}`
    assert.deepEqual([outcome.to, outcome.code, outcome.claim], [to, code, claim], what)
  }
})

test('whatever is heard, the table of moves allows what follows', () => {
  const asking: Asked[] = ['start', 'submit', 'resend', 'sync']
  for (const status of ['STARTED', 'PENDING_VBV', 'AUTHORIZING'] as const) {
    for (const asked of asking) {
      for (const verdict of [...Object.values(verdicts), refused]) {
        const { to } = heard(aTxn({ ...tried(1), status }), verdict, { asked })
        assert(to === status || mayMove(status, to), `${status} ${asked} ${verdict.kind}: ${to}`)
      }
    }
  }
})

test('what is not final always has its next look', () => {
  for (const txn of [fresh, challenged, tried(1), unsure]) {
    for (const verdict of Object.values(verdicts)) {
      const outcome = heard(txn, verdict)
      const open = next[outcome.to].includes('AUTHORIZATION_FAILED')
      assert.equal(outcome.dueAt !== undefined, open, `${txn.status} ${verdict.kind}`)
    }
  }
})

test('the smaller limit wins, the gateway’s or ours', () => {
  const strict: Verdict = { kind: 'challenge', said, attemptsLeft: 2, sendsLeft: 1 }
  const { otp: limits } = heard(fresh, strict, { asked: 'start' })
  assert.deepEqual([limits.attemptsMax, limits.sends, limits.sendsMax], [2, 1, 2])
  const generous: Verdict = { kind: 'challenge', said, attemptsLeft: 9, sendsLeft: 9 }
  const { otp: ours } = heard(fresh, generous, { asked: 'start' })
  assert.deepEqual([ours.attemptsMax, ours.sendsMax], [3, 3])
  const last: Verdict = { kind: 'wrong_otp', said, code: 'INCORRECT_OTP', attemptsLeft: 0 }
  assert.equal(heard(tried(1), last, { asked: 'submit' }).to, 'AUTHENTICATION_FAILED')
  const spent = aTxn({ ...challenged, otp: { ...otp, sends: 2 } })
  assert.equal(heard(spent, verdicts.not_sent, { asked: 'resend' }).otp.sendsMax, 2)
})

test('an OTP lives 5 minutes from its sending, 10 from the first, or as the gateway says', () => {
  assert.equal(heard(fresh, verdicts.challenge, { asked: 'start' }).otp.until, now + 300_000)
  const later = now + 8 * 60_000
  const again = heard(challenged, verdicts.challenge, { asked: 'resend', now: later })
  assert.equal(again.otp.until, now + 600_000)
  const short: Verdict = { kind: 'challenge', said, livesMs: 60_000 }
  assert.equal(heard(fresh, short, { asked: 'start' }).otp.until, now + 60_000)
})

test('a challenge past its life is expired when the gateway knows of no more', () => {
  const later = now + 300_000
  for (const verdict of [verdicts.challenge, verdicts.redirect, verdicts.not_sent]) {
    const outcome = heard(challenged, verdict, { now: later })
    assert.deepEqual([outcome.to, outcome.code], ['AUTHENTICATION_FAILED', 'TXN_EXPIRED'])
  }
  assert.equal(heard(challenged, verdicts.challenge, { now: later - 1 }).to, 'PENDING_VBV')
  assert.equal(heard(challenged, verdicts.charged, { now: later }).to, 'CHARGED')
  assert.equal(heard(challenged, verdicts.unknown, { now: later }).to, 'PENDING_VBV')
})

test('at the bank’s page the customer has a quarter of an hour', () => {
  const onPage = aTxn({ ...challenged, closedBy: 'fallback' })
  const end = now + pageLifeMs
  assert.equal(heard(onPage, verdicts.redirect, { now: end - 1 }).to, 'PENDING_VBV')
  assert.equal(heard(onPage, verdicts.redirect, { now: end }).code, 'TXN_EXPIRED')
})

test('a lost answer stays unknown, and "nothing yet" is believed only after a while', () => {
  const lost = { lapsed: true, now: now + 1_000 }
  for (const verdict of [verdicts.unknown, verdicts.not_found, verdicts.challenge]) {
    const outcome = heard(tried(1), verdict, lost)
    assert.deepEqual([outcome.to, outcome.claim], ['AUTHORIZING', 'keep'], verdict.kind)
  }
  const calm = { lapsed: true, now: now + 4_000 }
  assert.equal(heard(tried(1), verdicts.challenge, calm).to, 'PENDING_VBV')
  assert.equal(heard(unsure, verdicts.challenge, { now: now + 4_000 }).to, 'PENDING_VBV')
  assert.equal(heard(unsure, verdicts.challenge, { now: now + 1_000 }).to, 'AUTHORIZING')
  assert.equal(heard(tried(1), verdicts.not_found, calm).code, 'TXN_NOT_FOUND')
  assert.equal(heard(tried(1), verdicts.charged, lost).to, 'CHARGED')
})

test('the merchant decides what a failed OTP is called, and whether one is enough', () => {
  const own = { ...settings, otp_failure_status: 'AUTHORIZATION_FAILED' as const }
  const exceeded = heard(tried(3), verdicts.wrong_otp, { asked: 'submit', settings: own })
  assert.equal(exceeded.to, 'AUTHORIZATION_FAILED')
  const once = { ...settings, fail_on_first_wrong_otp: true }
  const first = heard(tried(1), verdicts.wrong_otp, { asked: 'submit', settings: once })
  assert.deepEqual([first.to, first.code], ['AUTHENTICATION_FAILED', 'INCORRECT_OTP'])
  const cancelled: Verdict = { kind: 'failed', said, by: 'customer', code: 'USER_DECLINED' }
  assert.equal(heard(challenged, cancelled).to, 'AUTHENTICATION_FAILED')
  assert.equal(heard(challenged, cancelled, { settings: own }).to, 'AUTHORIZATION_FAILED')
})

test('what the gateway said before is kept where it says nothing new', () => {
  const known = aTxn({ ...challenged, said: { ref: 'pay_1', rrn: '1' } })
  const outcome = heard(known, { kind: 'challenge', said: { code: 'OTP_SENT' } })
  assert.deepEqual(outcome.said, { ref: 'pay_1', rrn: '1', code: 'OTP_SENT' })
})

test('money is told with how much it is and whether it is taken', () => {
  assert.deepEqual(heard(unsure, verdicts.charged).money, { amount, captured: amount })
  assert.deepEqual(heard(unsure, verdicts.authorized).money, { amount, captured: 0 })
  assert.equal(heard(unsure, verdicts.pending).money, undefined)
})

test('money that the gateway is taking or releasing already is told nothing else', () => {
  const working = (pending: 'capture' | 'void', txn = unsure, asked: Asked = 'sync') => {
    const outcome = heard(txn, { kind: 'authorized', said, amount, pending }, { asked })
    return [outcome.to, outcome.instruction, outcome.dueAt]
  }
  const capturing = ['AUTHORIZED', { kind: 'capture', amount }, now + 5_000]
  assert.deepEqual(working('capture'), capturing)
  assert.deepEqual(working('capture', fresh, 'start'), capturing)
  assert.deepEqual(working('void'), ['AUTHORIZED', { kind: 'void' }, now + 5_000])
  assert.equal(heard(unsure, verdicts.authorized).instruction, undefined)
})

test('an open challenge whose attempts are spent is over, unless the bank’s page is open', () => {
  const spent = tried(3)
  const over = heard(spent, verdicts.challenge)
  assert.deepEqual([over.to, over.code], ['AUTHENTICATION_FAILED', 'OTP_ATTEMPTS_EXCEEDED'])
  const onPage = aTxn({ ...spent, closedBy: 'fallback' })
  assert.equal(heard(onPage, verdicts.challenge).to, 'PENDING_VBV')
})

test('a card number in a gateway’s words is not kept; its references are', () => {
  const message = 'card 4242 4242-42424242 refused'
  const quoting: Verdict = { kind: 'failed', said: { message, rrn: '765019270201' }, ...bankNo }
  assert.deepEqual(heard(tried(1), quoting).said, {
    message: 'card … refused',
    rrn: '765019270201',
  })
})

const bankNo = { by: 'bank', code: 'BANK_DECLINED' } as const
