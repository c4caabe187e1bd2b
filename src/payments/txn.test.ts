import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { paise } from '../money.ts'
import { mayCapture, mayVoid } from './held.ts'
import { nextLook } from './look.ts'
import { aTxn } from './txn.fixture.ts'
import {
  hasLapsed,
  holdsMoney,
  isFailed,
  isFinal,
  isHeld,
  isInFlight,
  mayMove,
  next,
  resendAllowed,
  submitAllowed,
  type TxnStatus,
  txnIdOnWire,
} from './txn.ts'

const statuses = Object.keys(next) as TxnStatus[]
const now = 1_000_000
const otp = {
  attempts: 0,
  answered: 0,
  attemptsMax: 3,
  sends: 1,
  sendsMax: 3,
  sentAt: 0,
  until: now + 1,
}
const open = aTxn({ status: 'PENDING_VBV', otp })

test('nothing leads back to STARTED, and taken money ends only by going back', () => {
  for (const status of statuses) {
    assert(!mayMove(status, 'STARTED'), status)
    assert(!mayMove(status, status), status)
    const givenUp = next[status].filter((to) => !holdsMoney(to))
    if (isHeld(status))
      assert(
        givenUp.every((to) => to === 'VOIDED'),
        status,
      )
  }
  assert.deepEqual(next.CHARGED, ['AUTO_REFUNDED'])
  assert.deepEqual(next.AUTO_REFUNDED, [])
})

test('a payment that ended without money leads only to money that came late', () => {
  for (const status of statuses) {
    if (isFailed(status) || status === 'VOIDED') assert(next[status].every(holdsMoney), status)
    if (!isFinal(status)) assert(next[status].some(isFinal), status)
  }
})

test('held money may be captured or voided, unless that is under way or it came late', () => {
  const held: readonly TxnStatus[] = ['AUTHORIZED', 'CAPTURE_FAILED', 'VOID_FAILED']
  for (const status of statuses) {
    assert.equal(
      mayCapture(aTxn({ status, captured: aTxn().amount })),
      held.includes(status),
      status,
    )
    assert.equal(mayVoid(aTxn({ status })), held.includes(status), status)
  }
  assert(!mayCapture(aTxn({ status: 'AUTHORIZED', late: true })))
  assert(mayVoid(aTxn({ status: 'AUTHORIZED', late: true })))
  assert(mayCapture(aTxn({ status: 'CHARGED', captured: paise(1) })))
  assert(!mayCapture(aTxn({ status: 'CHARGED', captured: paise(1), late: true })))
})

test('an OTP is taken while the challenge is open, alive and not used up', () => {
  assert(submitAllowed(open, now))
  assert(!submitAllowed(open, now + 1))
  assert(!submitAllowed({ ...open, otp: { ...otp, attempts: 3 } }, now))
  assert(!submitAllowed({ ...open, closedBy: 'fallback' }, now))
  assert(!submitAllowed({ ...open, status: 'AUTHORIZING' }, now))
  assert(!submitAllowed({ ...open, otp: { ...otp, sends: 0 } }, now))
  assert(resendAllowed(open, now))
  assert(!resendAllowed({ ...open, otp: { ...otp, sends: 3 } }, now))
})

test('a question is under way until its lease ends, and lapsed after that', () => {
  const asking = aTxn({ leaseUntil: now })
  assert(isInFlight(asking, now - 1))
  assert(!isInFlight(asking, now))
  assert(hasLapsed(asking, now))
  assert(!hasLapsed(aTxn(), now))
})

test('looks come 5 s, 15 s, 30 s, … after each other, and daily in the end', () => {
  const seconds = Array.from({ length: 12 }, (_, looks) => nextLook(looks, 0, 0) / 1_000)
  const day = 86_400
  assert.deepEqual(seconds, [5, 15, 30, 60, 120, 300, 900, 3_600, 21_600, day, day, day])
  assert.equal(nextLook(0, 0, 0.999), 5_500)
})

test('a txn is called by merchant, order and number', () => {
  assert.equal(txnIdOnWire(aTxn({ n: 7 })), 'demo-shop-1-7')
})

/** The table of moves as a Mermaid diagram, as ARCHITECTURE.md must show it. */
function diagram(): string {
  const lines = statuses.flatMap((from) => next[from].map((to) => `  ${from} --> ${to}`))
  return ['```mermaid', 'stateDiagram-v2', '  [*] --> STARTED', ...lines, '```'].join('\n')
}

test('ARCHITECTURE.md shows the table of moves as it is', async () => {
  const page = await readFile(new URL('../../ARCHITECTURE.md', import.meta.url), 'utf8')
  assert(page.includes(diagram()), `ARCHITECTURE.md must hold this diagram:\n${diagram()}`)
})
