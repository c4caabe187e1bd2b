import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { engines } from '../../test/databases.ts'
import { anOrder, aStart, openWorld } from '../../test/world.ts'
import type { CardFacts } from '../cards/card.ts'
import { type AccountForCard, defaultTerms } from '../gateways/account.ts'
import type { HealthView } from '../gateways/health.ts'
import { type Choice, planWays } from '../gateways/routing.ts'
import { type Rules, readRules } from '../gateways/rule.ts'
import type { TxnId } from '../ids.ts'
import { paise } from '../money.ts'
import { type PastPayment, pastPayments } from './past-payments.ts'
import { pay } from './pay.ts'
import { openReplay, replay } from './replay.ts'

const accounts = ['a', 'b', 'c'].map(
  (id): AccountForCard => ({ id, gateway: 'simulator', terms: defaultTerms }),
)

const card: CardFacts = {
  lastFour: '1111',
  fingerprint: '',
  brand: 'VISA',
  bin: '411111',
  expiryMonth: '',
  expiryYear: '',
  name: '',
  bank: 'HDFC BANK',
  bankCode: '',
  type: 'CREDIT',
  subType: '',
  country: '',
}

const past: PastPayment = {
  id: 'txn_1' as TxnId,
  amount: paise(10_000),
  card,
  account: 'b',
  auth: 'OTP',
  autoCapture: true,
  tries: 1,
  choice: undefined,
  fields: {},
}

function rulesOf(...said: object[]): Rules {
  const read = readRules(said.map((one, i) => ({ name: `r${i}`, ...one })))
  assert('ok' in read)
  return read.ok
}

function replayed(rules: Rules, ...payments: Partial<PastPayment>[]) {
  const found = openReplay()
  for (const one of payments) replay(found, { ...past, ...one }, { accounts, rules })
  return found
}

describe('a replay of past payments', () => {
  test('leaves them where they were as long as the rules do', () => {
    const { all, moved, byRule } = replayed([], {}, { account: 'c' })
    assert.deepEqual([all, moved.size], [{ count: 2, amount: 20_000 }, 0])
    assert.deepEqual(Object.fromEntries(byRule), { '': { count: 2, amount: 20_000 } })
    assert.equal(replayed(rulesOf({ use: [['a', 'b']] }), {}).moved.size, 0)
  })

  test('tells what would have moved, and by which rule', () => {
    const rules = rulesOf(
      { when: { customer_tag: 'gold' }, use: ['c'] },
      { when: { network: 'AMEX' }, use: ['a'] },
      { use: [['a', 'c']] },
    )
    const gold = { fields: { 'metadata.customer_tag': 'gold' } }
    const found = replayed(rules, gold, gold, { account: 'a' }, { ...gold, account: 'c' })
    assert.deepEqual([...found.moved.values()], [{ count: 2, amount: 20_000, from: 'b', to: 'c' }])
    assert.deepEqual(Object.fromEntries(found.byRule), {
      r0: { count: 3, amount: 30_000 },
      r2: { count: 1, amount: 10_000 },
    })
  })

  test('tells what no account would have taken, and what an account can no more', () => {
    const none = replayed(rulesOf({ use: ['none'], ...JSON.parse('{"only":true}') }), {})
    assert.equal([...none.moved.values()][0]?.to, '')
    assert.equal([...replayed([], { account: 'gone' }).moved.values()][0]?.from, 'gone')
  })

  test('shares out the same way every time', () => {
    const rules = rulesOf({ split: { a: 50, c: 50 } })
    const many = Array.from({ length: 200 }, (_, i) => ({ id: `txn_${i}` as TxnId }))
    const found = replayed(rules, ...many)
    assert.deepEqual(found, replayed(rules, ...many))
    const counts = [...found.moved.values()].map(({ count }) => count)
    assert(counts.length === 2 && counts.every((count) => count > 70), `${counts}`)
  })

  test('changes nothing by the rules that were in force, on calm days', () => {
    const three = accounts.map((one, i) => ({
      ...one,
      terms: { ...defaultTerms, weight: i === 0 ? 900 : 100 },
    }))
    const rules = rulesOf(
      { when: { network: 'VISA' }, split: { a: 60, b: 30, c: 10 } },
      { when: { network: 'RUPAY' }, use: ['c'] },
      { when: { network: 'MASTERCARD' }, use: [['a', 'b'], 'c'] },
    )
    const standing = (id: string) => ({ score: id === 'a' ? 0.9 : 0.6, error: 0.01, tookMs: 0 })
    const health: HealthView = { of: () => (one) => standing(one.id) }
    const found = openReplay()
    for (let i = 0; i < 1_200; i++) {
      const brand = (['VISA', 'RUPAY', 'MASTERCARD', 'AMEX'] as const)[i % 4] ?? 'VISA'
      const luck = (i * 0.6180339887498949) % 1
      const facts = { ...{ wish: {}, amount: past.amount, brand, bin: '411111111' }, luck, now: 1 }
      const ofCard = { issuer: '', cardType: '', needsHold: false, wantsOtp: true }
      // One of the cards has no OTP at the account that the rules put first.
      const able = three.map((one) =>
        i % 8 === 1 && one.id === 'c' ? { ...one, noOtpUntil: 2 } : one,
      )
      const plan = planWays(able, { ...facts, ...ofCard }, { rules, health })
      const account = plan.ways[0]?.account.id ?? ''
      const { choice } = JSON.parse(JSON.stringify(plan))
      const id: TxnId = `txn_${i}`
      replay(found, { ...past, id, card: { ...card, brand }, account, choice }, { accounts, rules })
    }
    assert.deepEqual([...found.moved.values()], [])
    assert(found.byHealth.count < 40, 'those that were to find out')
  })

  test('sets apart what went elsewhere because of health', () => {
    const rules = rulesOf({ when: { network: 'VISA' }, use: ['a'] }, { split: { a: 50, c: 50 } })
    const down: Choice = { why: 'rule', considered: [{ account: 'a', score: 1, out: 'down' }] }
    const amex = { card: { ...card, brand: 'AMEX' as const }, choice: { ...down, luck: 0.9 } }
    const explored: Choice = { why: 'explored', considered: [] }
    const found = replayed(rules, { choice: down }, { tries: 2 }, { choice: explored }, amex)
    assert.deepEqual([found.byHealth, found.moved.size], [{ count: 4, amount: 40_000 }, 0])
    const other: Choice = { why: 'rule', considered: [{ account: 'c', score: 1, out: 'down' }] }
    assert.equal(replayed(rules, { choice: other }).moved.size, 1, 'it has nothing to do with c')
  })

  test('does not judge what was asked for, nor what hangs on forgotten digits', () => {
    const rules = rulesOf({ when: { bin: '411111222' }, use: ['a'] })
    const choice: Choice = { why: 'asked_for', considered: [] }
    const forgotten = { card: { ...card, bin: '' } }
    const found = replayed(rules, { choice }, forgotten, {}, { card: { ...card, bin: '422222' } })
    assert.deepEqual(found.askedFor, { count: 1, amount: 10_000 })
    assert.deepEqual(found.forgotten, { count: 2, amount: 20_000 })
    assert.deepEqual(Object.fromEntries(found.byRule), { '': { count: 1, amount: 10_000 } })
    assert.equal(found.moved.size, 0)
  })
})

for (const engine of engines) {
  test(`past payments are those of a merchant and a time, on ${engine.name}`, async (t) => {
    const at = await openWorld(engine)
    t.after(() => at.database.close())
    const { world, merchant, clock, script } = at
    const from = clock.now
    for (const id of ['p-1', 'p-2']) {
      await anOrder(at, id)
      script.push({ kind: 'challenge', said: {} })
      await pay(world, merchant, aStart(at, id))
      clock.now += 1_000
    }
    const found = await pastPayments(world.db.read, merchant.id, { from, to: from + 1_000 })
    assert.equal(found.length, 1)
    const [one] = found
    assert.deepEqual(
      [one?.amount, one?.account, one?.auth, one?.autoCapture, one?.tries, one?.card.lastFour],
      [10_000, 'simulator', 'OTP', true, 1, '4242'],
    )
    assert.equal(one?.choice?.why, 'only_one')
    const all = await pastPayments(world.db.read, merchant.id, { from, to: from + 2_000 })
    assert.equal(all.length, 2)
  })
}
