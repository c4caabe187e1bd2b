import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayInIndia } from '../clock.ts'
import { defaultSettings, settingNames } from '../merchants/merchant.ts'
import { type BudgetName, budgetsOf, budgetWords } from './budget.ts'

const live = defaultSettings('live')
const asha = { fingerprint: 'f1', customerId: 'asha' }

test('a send is spent of card, customer and merchant; an attempt not of the last', () => {
  assert.deepEqual(budgetsOf('send', live, asha), [
    { what: 'otp_sends_per_card', subject: 'f1', limit: live.otp_sends_per_card },
    { what: 'otp_sends_per_customer', subject: 'asha', limit: live.otp_sends_per_customer },
    { what: 'otp_sends_per_merchant', subject: '', limit: live.otp_sends_per_merchant },
  ])
  assert.deepEqual(budgetsOf('attempt', live, asha), [
    { what: 'otp_attempts_per_card', subject: 'f1', limit: live.otp_attempts_per_card },
    { what: 'otp_attempts_per_customer', subject: 'asha', limit: live.otp_attempts_per_customer },
  ])
})

test('an order of no customer spends none of theirs', () => {
  for (const customerId of [undefined, '']) {
    for (const deed of ['send', 'attempt'] as const) {
      const spent = budgetsOf(deed, live, { fingerprint: 'f1', customerId })
      assert(spent.length > 0)
      assert(!spent.some(({ what }) => what.endsWith('_customer')))
    }
  }
})

test('a limit of 0 is off', () => {
  const settings = { ...live, otp_sends_per_card: 0, otp_sends_per_merchant: 0 }
  assert.deepEqual(
    budgetsOf('send', settings, asha).map(({ what }) => what),
    ['otp_sends_per_customer'],
  )
  assert.deepEqual(budgetsOf('send', defaultSettings('sandbox'), asha), [])
  assert.deepEqual(budgetsOf('attempt', defaultSettings('sandbox'), asha), [])
})

test('every setting that limits a day has its words, without a number', () => {
  const names = settingNames.filter((name) => /^otp_(attempts|sends)_per_/.test(name))
  assert.deepEqual(Object.keys(budgetWords).sort(), names.toSorted())
  for (const name of names) assert.match(budgetWords[name as BudgetName], /^OTP[a-z ]+$/)
})

test('a day begins when it does in India: at half past six in the evening, UTC', () => {
  const lastOfDay = Date.UTC(2026, 10, 22, 18, 29, 59, 999)
  assert.equal(dayInIndia(lastOfDay + 1), dayInIndia(lastOfDay) + 1)
  assert.equal(dayInIndia(lastOfDay + 1 + 86_399_999), dayInIndia(lastOfDay) + 1)
  assert.equal(dayInIndia(Date.UTC(1970, 0, 1)), 0)
})
