import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Verdict } from '../gateways/gateway.ts'
import { paise } from '../money.ts'
import { signsOf, type Written } from './sign.ts'
import { aTxn } from './txn.fixture.ts'
import type { Txn } from './txn.ts'

const otp = { attempts: 0, answered: 0, attemptsMax: 3, sends: 1, sendsMax: 3 }
const challenged = aTxn({ status: 'PENDING_VBV', otp })
const submitted = { ...challenged, otp: { ...otp, attempts: 1 } }
const again = { ...challenged, otp: { ...otp, attempts: 2 } }
const charged: Verdict = { kind: 'charged', said: {}, amount: paise(10_000) }
const silent: Verdict = { kind: 'unknown', because: 'timeout', sent: true }
const wrong: Verdict = { kind: 'wrong_otp', said: {}, code: 'INCORRECT_OTP' }
const failed = (by: 'bank' | 'customer' | 'gateway', code: 'BANK_DECLINED' | 'ISSUER_DOWN') =>
  ({ kind: 'failed', said: {}, by, code }) as const

function seen(asked: Written['asked'], txn: Txn, verdict: Verdict, to: Partial<Txn> = {}) {
  const signs = signsOf({ txn, to: { ...txn, ...to }, asked, verdict, tookMs: 40 })
  return signs.map(({ signal, good, tookMs }) => `${signal} ${good} ${tookMs ?? ''}`.trim())
}

test('a start is good that came to an OTP or a page, and bad that nobody answered', () => {
  const start = (verdict: Verdict) => seen('start', aTxn(), verdict)
  assert.deepEqual(start({ kind: 'challenge', said: {} }), ['start true 40'])
  assert.deepEqual(start({ kind: 'redirect', said: {} }), ['start true 40'])
  assert.deepEqual(start(silent), ['start false 40'])
  assert.deepEqual(start(failed('bank', 'ISSUER_DOWN')), ['start false 40'])
  const elsewhere = { ...failed('gateway', 'BANK_DECLINED'), elsewhere: 'account' } as const
  assert.deepEqual(start(elsewhere), ['start false 40'])
})

test("what is the card's or the customer's fault says nothing of a gateway", () => {
  assert.deepEqual(seen('start', aTxn(), { kind: 'not_eligible', said: {} }), [])
  assert.deepEqual(seen('start', aTxn(), failed('bank', 'BANK_DECLINED')), [])
  const poor = { ...failed('bank', 'BANK_DECLINED'), code: 'INSUFFICIENT_BALANCE' } as const
  assert.deepEqual(seen('submit', again, poor), ['match true'])
})

test('the first OTP that is tried has arrived; one that is sent again had not', () => {
  const paid = ['delivery true', 'match true', 'authorization true 40']
  assert.deepEqual(seen('submit', submitted, charged), paid)
  assert.deepEqual(seen('submit', again, charged), paid.slice(1))
  assert.deepEqual(seen('submit', submitted, wrong), ['delivery true', 'match false'])
  const resent = { ...challenged, otp: { ...otp, sends: 2 } }
  const challenge: Verdict = { kind: 'challenge', said: {} }
  assert.deepEqual(seen('resend', resent, challenge), ['delivery false'])
  assert.deepEqual(seen('resend', { ...resent, otp: { ...otp, sends: 3 } }, challenge), [])
})

test('after the OTP a silence and a no of the bank count, and a later success counts too', () => {
  assert.deepEqual(seen('submit', again, silent), ['authorization false 40'])
  const no = ['match true', 'authorization false 40']
  assert.deepEqual(seen('submit', again, failed('bank', 'BANK_DECLINED')), no)
  const open = { ...again, status: 'AUTHORIZING' } as const
  assert.deepEqual(seen('sync', open, charged, { status: 'CHARGED' }), ['authorization true'])
  assert.deepEqual(seen('sync', open, silent), [])
  const declined = failed('bank', 'BANK_DECLINED')
  assert.deepEqual(seen('sync', open, declined, { status: 'AUTHORIZATION_FAILED' }), [
    'authorization false',
  ])
})

test('a bank that has not decided is neither good nor bad until it has', () => {
  const pending: Verdict = { kind: 'pending', said: {} }
  assert.deepEqual(seen('submit', again, pending), [])
  assert.deepEqual(seen('start', aTxn(), pending), ['start true 40'])
})

test('a challenge that ends without a single OTP was not delivered', () => {
  const expired = { status: 'AUTHENTICATION_FAILED', code: 'TXN_EXPIRED' } as const
  const answer: Verdict = { kind: 'challenge', said: {} }
  assert.deepEqual(seen('sync', challenged, answer, expired), ['delivery false'])
  assert.deepEqual(seen('sync', submitted, answer, expired), [])
  const atBank = { ...challenged, closedBy: 'fallback' } as const
  assert.deepEqual(seen('sync', atBank, answer, expired), [])
})

test('after the OTP a bank that is down is told from a bank that declines', () => {
  const technical = (verdict: Verdict) => {
    const written = { txn: again, to: again, asked: 'submit', verdict, tookMs: 1 } as const
    return signsOf(written).some((one) => one.technical)
  }
  assert(technical(silent))
  assert(technical(failed('bank', 'ISSUER_DOWN')))
  assert(!technical(failed('bank', 'BANK_DECLINED')))
  assert(!technical(charged))
})

test('an account that is not let in tells nothing of its gateway', () => {
  const ownOf = (elsewhere: 'account' | 'gateway') => {
    const verdict: Verdict = { ...failed('gateway', 'ISSUER_DOWN'), elsewhere }
    return signsOf({ txn: aTxn(), to: aTxn(), asked: 'start', verdict, tookMs: 1 })[0]?.own
  }
  assert.deepEqual([ownOf('account'), ownOf('gateway')], [true, undefined])
})

test('what is done with held money is no sign', () => {
  assert.deepEqual(seen('capture', aTxn(), silent), [])
  assert.deepEqual(seen('void', aTxn(), silent), [])
})
