import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayMs } from '../clock.ts'
import { defaultSettings } from '../merchants/merchant.ts'
import { paise } from '../money.ts'
import {
  awaitsLateNews,
  type Duty,
  dutyOf,
  mayPayLate,
  nextDutyAt,
  type OnDuty,
  reversalDueAt,
} from './duty.ts'
import { aTxn } from './txn.fixture.ts'
import type { Txn } from './txn.ts'

const paidAt = Date.UTC(2026, 10, 22, 10)
const all = paise(10_000)
const settings = defaultSettings('sandbox')

const at = (age: number, change: Partial<OnDuty> = {}): OnDuty => ({
  settings,
  now: paidAt + age,
  luck: 0,
  ...change,
})

const txn = aTxn({ createdAt: paidAt, askedAt: paidAt, updatedAt: paidAt })
const awaited = aTxn({ ...txn, status: 'AUTHORIZING' })
const held = aTxn({ ...txn, status: 'AUTHORIZED' })
const lateHeld = aTxn({ ...held, late: true })
const charged = aTxn({ ...txn, status: 'CHARGED', captured: all })
const lateCharged = aTxn({ ...charged, late: true })
const lateOnItsWay = aTxn({ ...lateCharged, refunded: all })
const otp = { ...txn.otp, attempts: 1, sends: 1 }
const declined = aTxn({ ...txn, status: 'AUTHORIZATION_FAILED', code: 'BANK_DECLINED', otp })
const wrongOnly = aTxn({ ...declined, code: 'OTP_ATTEMPTS_EXCEEDED' })
const voided = aTxn({ ...txn, status: 'VOIDED', code: 'TXN_VOIDED' })
const saving = aTxn({ ...charged, locker: 'v1.k.sealed' })
const toCapture = aTxn({ ...held, instruction: { kind: 'capture', amount: all } })

test('what the clock has to do for a txn that is due', () => {
  const live = { settings: { ...settings, card_retention: 'rbi' } } as const
  const table: readonly (readonly [Txn, Omit<OnDuty, 'luck'>, Duty | undefined])[] = [
    [awaited, at(0), 'ask'],
    [toCapture, at(0), 'ask'],
    [aTxn({ ...toCapture, status: 'CAPTURE_FAILED' }), at(8 * dayMs), 'ask'],
    [aTxn({ ...lateHeld, status: 'VOID_INITIATED' }), at(0), 'ask'],
    [held, at(7 * dayMs - 1), undefined],
    [held, at(7 * dayMs), 'void'],
    [aTxn({ ...held, status: 'VOID_FAILED' }), at(7 * dayMs), 'void'],
    [aTxn({ ...held, status: 'CAPTURE_FAILED' }), at(7 * dayMs), 'void'],
    [held, at(dayMs, { settings: { ...settings, void_after_days: 1 } }), 'void'],
    [lateHeld, at(0), 'void'],
    [lateCharged, at(0), 'give_back'],
    [aTxn({ ...lateCharged, refunded: paise(1) }), at(0), 'give_back'],
    [lateOnItsWay, at(0), undefined],
    [charged, at(0), undefined],
    [saving, at(0), 'save'],
    [aTxn({ ...held, locker: 'v1.k.sealed' }), at(7 * dayMs), 'save'],
    [aTxn({ ...toCapture, locker: 'v1.k.sealed' }), at(0), 'ask'],
    [aTxn({ ...lateOnItsWay, locker: 'v1.k.sealed' }), at(0), undefined],
    [declined, at(0), 'ask'],
    [declined, at(5 * dayMs - 1), 'ask'],
    [declined, at(5 * dayMs), undefined],
    // The clock comes to it by itself only to forget its card: a gateway has news of it.
    [wrongOnly, at(0), 'ask'],
    [wrongOnly, at(5 * dayMs - 1), 'ask'],
    [wrongOnly, at(5 * dayMs), undefined],
    [wrongOnly, at(4 * dayMs, live), 'forget'],
    [voided, at(0), undefined],
    [charged, at(4 * dayMs - 1, live), undefined],
    [charged, at(4 * dayMs, live), 'forget'],
    [lateOnItsWay, at(4 * dayMs, live), 'forget'],
    [held, at(4 * dayMs, live), 'forget'],
    [declined, at(5 * dayMs, live), 'forget'],
    [charged, at(4 * dayMs), undefined],
    [aTxn({ ...charged, card: { ...charged.card, bin: '' } }), at(4 * dayMs, live), undefined],
  ]
  for (const [one, when, duty] of table) {
    assert.equal(dutyOf(one, when), duty, `${one.status} ${one.late} ${when.now - paidAt}`)
  }
})

test('when the clock has something to do next', () => {
  const live = { settings: { ...settings, card_retention: 'rbi' } } as const
  const minutes = 60_000
  const table: readonly (readonly [Txn, OnDuty, number | undefined])[] = [
    [charged, at(0), undefined],
    [lateCharged, at(5), 5],
    [lateOnItsWay, at(5), undefined],
    [saving, at(5), 30_005],
    [lateOnItsWay, at(5, live), 4 * dayMs],
    [held, at(0), 7 * dayMs],
    [held, at(0, live), 4 * dayMs],
    [held, at(0, { settings: { ...settings, void_after_days: 30 } }), 30 * dayMs],
    [lateHeld, at(5), 5],
    // A void that did not work is tried again by and by.
    [aTxn({ ...lateHeld, status: 'VOID_FAILED', looks: 1 }), at(0), 15 * minutes],
    [aTxn({ ...held, status: 'VOID_FAILED', looks: 1 }), at(0), 7 * dayMs],
    [
      aTxn({ ...held, status: 'VOID_FAILED', looks: 1 }),
      at(7 * dayMs + 1),
      7 * dayMs + 15 * minutes + 1,
    ],
    [aTxn({ ...held, status: 'VOID_FAILED', looks: 9 }), at(8 * dayMs), 9 * dayMs],
    [declined, at(0), 5_000],
    [aTxn({ ...declined, looks: 6 }), at(0), 15 * minutes],
    [aTxn({ ...declined, looks: 9 }), at(4 * dayMs), undefined],
    [wrongOnly, at(0), undefined],
    [voided, at(0), undefined],
    [voided, at(0, live), 4 * dayMs],
  ]
  for (const [one, when, expected] of table) {
    const due = nextDutyAt(one, when)
    const what = `${one.status} ${one.late} ${one.looks} ${when.now - paidAt}`
    assert.equal(due === undefined ? undefined : due - paidAt, expected, what)
  }
})

test('money that was to be taken at once, and is only held, is captured', () => {
  const meant = aTxn({ ...held, gateway: 'cashfree', autoCapture: true })
  assert.equal(dutyOf(meant, at(0)), 'capture')
  assert.equal(nextDutyAt(meant, at(5)), paidAt + 5)
  assert.equal(nextDutyAt({ ...meant, looks: 2 }, at(0)), paidAt + 30_000)
  const failed = aTxn({ ...meant, status: 'CAPTURE_FAILED', looks: 1 })
  assert.equal(dutyOf(failed, at(0)), 'capture', 'one lost call is no reason to give money back')
  assert.equal(dutyOf(failed, at(7 * dayMs)), 'void')
  const others: readonly Partial<Txn>[] = [
    { autoCapture: false },
    { gateway: 'simulator' },
    { late: true },
    { status: 'VOID_FAILED' },
  ]
  for (const other of others) assert.notEqual(dutyOf({ ...meant, ...other }, at(0)), 'capture')
})

test('what is due at its time has a duty then', () => {
  for (const one of [held, lateHeld, lateCharged, declined, charged, voided, lateOnItsWay]) {
    for (const card_retention of ['keep', 'rbi'] as const) {
      const mode = { settings: { ...settings, card_retention } }
      const due = nextDutyAt(one, at(0, mode))
      if (due === undefined) continue
      const duty = dutyOf(one, at(due - paidAt, mode))
      assert(duty !== undefined, `${one.status} ${card_retention} ${due - paidAt}`)
    }
  }
})

test('a failed payment may have been paid where the bank could have taken the money', () => {
  const failed = aTxn({ ...txn, status: 'AUTHENTICATION_FAILED' })
  const mayPay: readonly Txn[] = [
    declined,
    aTxn({ ...failed, closedBy: 'fallback', code: 'TXN_EXPIRED' }),
    aTxn({ ...failed, bankData: 'sealed', code: 'TXN_EXPIRED' }),
    aTxn({ ...failed, otp, code: 'TXN_EXPIRED' }),
    aTxn({ ...failed, code: 'TXN_NOT_FOUND' }),
  ]
  for (const one of mayPay) {
    assert(mayPayLate(one), `${one.code}`)
    assert(awaitsLateNews(one, paidAt + 5 * dayMs - 1))
    assert(!awaitsLateNews(one, paidAt + 5 * dayMs))
  }
  const cannot: readonly Txn[] = [
    wrongOnly,
    aTxn({ ...declined, code: 'INCORRECT_OTP' }),
    aTxn({ ...declined, code: 'GATEWAY_UNREACHABLE' }),
    aTxn({ ...failed, otp: { ...otp, attempts: 0 }, bankData: 'sealed', code: 'TXN_EXPIRED' }),
    aTxn({ ...txn, status: 'JUSPAY_DECLINED', code: 'GATEWAY_UNREACHABLE' }),
    charged,
    held,
    voided,
  ]
  for (const one of cannot) assert(!mayPayLate(one), `${one.status} ${one.code}`)
})

test('the bank gives the money back by the end of the fifth day after, in India', () => {
  // 15:30 in India on the 22nd: until the 27th is over there.
  const end = Date.UTC(2026, 10, 27, 18, 30)
  for (const one of [awaited, lateHeld, lateCharged, declined]) {
    assert.equal(reversalDueAt(one), end, one.status)
  }
  const justBefore = Date.UTC(2026, 10, 22, 18, 29, 59, 999)
  assert.equal(reversalDueAt({ ...awaited, createdAt: justBefore }), end)
  assert.equal(reversalDueAt({ ...awaited, createdAt: justBefore + 1 }), end + dayMs)
})

test('nothing is owed for a payment that was good for something, or took nothing', () => {
  const given = aTxn({ ...lateOnItsWay, status: 'AUTO_REFUNDED' })
  const challenged = aTxn({ ...txn, status: 'PENDING_VBV', otp })
  for (const one of [charged, held, voided, given, wrongOnly, challenged]) {
    assert.equal(reversalDueAt(one), undefined, one.status)
  }
})
