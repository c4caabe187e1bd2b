import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { brands } from '../cards/bin.ts'
import { paise } from '../money.ts'
import { type AccountForCard, defaultTerms } from './account.ts'
import type { HealthView, Standing } from './health.ts'
import { doesOtp, otpBins, type PaymentFacts, planWays } from './routing.ts'
import { type Rules, readRules } from './rule.ts'

const now = 1_000

/** Of a rule that lets no other account in. */
const noOther = JSON.parse('{"only":true}')

function account(
  id: string,
  { terms = {}, ...more }: Partial<Omit<AccountForCard, 'terms'>> & { terms?: object } = {},
): AccountForCard {
  return { id, gateway: 'simulator', ...more, terms: { ...defaultTerms, ...terms } }
}

const facts: PaymentFacts = {
  wish: {},
  amount: paise(10_000),
  brand: 'VISA',
  bin: '411111111',
  issuer: 'HDFC BANK',
  cardType: 'CREDIT',
  needsHold: false,
  wantsOtp: true,
  now,
  luck: 0,
}

function healthOf(standings: Record<string, Partial<Standing>>): HealthView {
  return {
    of:
      () =>
      ({ id }) => ({ score: 1, error: 0, tookMs: 1_000, ...standings[id] }),
  }
}

function rulesOf(...said: object[]): Rules {
  const read = readRules(said)
  assert('ok' in read, 'wrong' in read ? read.wrong : '')
  return read.ok
}

function plan(
  accounts: readonly AccountForCard[],
  more: Partial<PaymentFacts> = {},
  means: { rules?: Rules; health?: HealthView } = {},
) {
  return planWays(accounts, { ...facts, ...more }, { health: healthOf({}), ...means })
}

function ways(...from: Parameters<typeof plan>): string {
  return plan(...from)
    .ways.map(({ account: { id }, auth }) => (auth === 'OTP' ? id : `(${id})`))
    .join(' ')
}

/** How often each account is first, over a thousand numbers that are spread as luck is. */
function shares(...[accounts, more, means]: Parameters<typeof plan>): Record<string, number> {
  const found: Record<string, number> = {}
  for (let i = 0; i < 1_000; i++) {
    const luck = (i * 0.6180339887498949) % 1
    const id = plan(accounts, { ...more, luck }, means).ways[0]?.account.id ?? ''
    found[id] = (found[id] ?? 0) + 1
  }
  return found
}

function isNear(share: number | undefined, expected: number) {
  assert(Math.abs((share ?? 0) - expected) <= 25, `${share} is about ${expected}`)
}

describe('the ways of a payment', () => {
  test("are those with an OTP, then the bank's pages of the same accounts", () => {
    assert.equal(ways([account('a'), account('b')]), 'a b (a) (b)')
    assert.equal(ways([account('a')], { wantsOtp: false }), '(a)')
    assert.equal(ways([]), '')
  })

  test('pass by an account that has said no for the card, until its time is over', () => {
    assert.equal(ways([account('a', { noOtpUntil: now + 1 }), account('b')]), 'b (a) (b)')
    assert.equal(ways([account('a', { noOtpUntil: now }), account('b')]), 'a b (a) (b)')
  })

  test('pass by what the accounts are not for', () => {
    const off = account('off', { disabledAt: 1 })
    const small = account('small', { terms: { most: 9_999 } })
    const big = account('big', { terms: { least: 10_001 } })
    const fit = account('fit', { terms: { least: 10_000, most: 10_000 } })
    assert.equal(ways([off, small, big, fit]), 'fit (fit)')
    const { considered } = plan([off, small, big, fit]).choice
    assert.deepEqual(considered, [
      { account: 'fit', score: 1_000 },
      { account: 'off', out: 'disabled' },
      { account: 'small', out: 'amount' },
      { account: 'big', out: 'amount' },
    ])
  })

  test("have the bank's page alone where the networks or BINs for OTP are others", () => {
    const amex = account('amex', { terms: { networks: ['AMEX'] } })
    const bins = account('bins', { terms: { bins: ['4222', '41111'] } })
    const others = account('others', { terms: { bins: ['4222'] } })
    assert.equal(ways([amex, bins, others]), 'bins (amex) (bins) (others)')
  })

  test('keep to what was asked for, also when another account could do more', () => {
    const accounts = [account('a', { label: 'first' }), account('b', { noOtpUntil: now + 1 })]
    assert.equal(ways(accounts, { wish: { accountId: 'b' } }), '(b)')
    assert.equal(ways(accounts, { wish: { label: 'first' } }), 'a (a)')
    assert.equal(ways(accounts, { wish: { accountId: 'a', gatewayId: '100' } }), 'a (a)')
    assert.equal(ways(accounts, { wish: { gatewayId: '1' } }), '')
    assert.equal(ways(accounts, { wish: { label: 'second' } }), '')
    const rules = rulesOf({ name: 'b', use: ['b'], ...noOther })
    assert.equal(ways(accounts, { wish: { accountId: 'a' } }, { rules }), 'a (a)')
    assert.equal(plan(accounts, { wish: { gatewayId: '100' } }).choice.why, 'asked_for')
  })

  test('are of three pages at the most', () => {
    const many = ['a', 'b', 'c', 'd'].map((id) => account(id))
    assert.equal(ways(many, { wantsOtp: false }), '(a) (b) (c)')
  })
})

describe('health', () => {
  const three = [account('a'), account('b'), account('c')]

  test('orders the accounts', () => {
    const health = healthOf({ a: { score: 0.7 }, b: { score: 0.9 }, c: { score: 0.8 } })
    assert.equal(ways(three, {}, { health }), 'b c a (b) (c) (a)')
    assert.deepEqual(plan(three, {}, { health }).choice, {
      why: 'health',
      considered: [
        { account: 'b', score: 900 },
        { account: 'c', score: 800 },
        { account: 'a', score: 700 },
      ],
    })
  })

  test('is broken by time where scores are near, and by weight where times are too', () => {
    const slow = healthOf({
      a: { score: 0.9, tookMs: 4_000 },
      b: { score: 0.895 },
      c: { score: 0 },
    })
    assert.equal(ways(three, {}, { health: slow }).split(' ')[0], 'b')
    const weighed = [
      account('a', { terms: { weight: 300 } }),
      account('b', { terms: { weight: 100 } }),
      account('c', { terms: { weight: 0 } }),
    ]
    const near = healthOf({ a: { score: 0.9 }, b: { score: 0.905 }, c: { score: 1 } })
    const found = shares(weighed, {}, { health: near })
    isNear(found['a'], 750)
    isNear(found['b'], 250)
    assert.equal(found['c'], undefined)
    assert.match(ways(weighed, {}, { health: near }), /^\w \w c /)
  })

  test('leaves to weights what may be chance, up to six of a hundred', () => {
    const both = [
      account('a', { terms: { weight: 300 } }),
      account('b', { terms: { weight: 100 } }),
    ]
    const shareOfA = (score: number, error: number) => {
      const health = healthOf({ a: { score, error }, b: { score: 0.9, error: 0.015 } })
      return shares(both, {}, { health })['a']
    }
    isNear(shareOfA(0.86, 0.015), 750)
    isNear(shareOfA(0.85, 0.015), 30)
    isNear(shareOfA(0.845, 0.5), 750)
    isNear(shareOfA(0.835, 0.5), 30)
    const few = [account('a', { terms: { weight: 1_000 } }), account('b', { terms: { weight: 1 } })]
    assert((shares(few)['b'] ?? 0) < 5, 'nobody is explored who shares')
  })

  test('leaves a few of a hundred payments to those who are not the best', () => {
    const health = healthOf({ a: { score: 0.9 }, b: { score: 0.5 }, c: { score: 0.4 } })
    const found = shares(three, {}, { health })
    isNear(found['a'], 970)
    assert((found['b'] ?? 0) > 5 && (found['c'] ?? 0) > 5, JSON.stringify(found))
    const luck = 0.985 / 101
    assert.equal(plan(three, { luck }, { health }).choice.why, 'explored')
  })

  test('tries what is down last, but for a few probes', () => {
    const health = healthOf({
      a: { score: 1, probeShare: 0.05 },
      b: { score: 0.2 },
      c: { score: 0.1 },
    })
    assert.equal(ways(three, {}, { health }), 'b c a (b) (c) (a)')
    isNear(shares(three, {}, { health })['a'], 50)
    assert.deepEqual(plan(three, {}, { health }).choice.considered.at(-1), {
      account: 'a',
      score: 1_000,
      out: 'down',
    })
    assert.equal(ways([account('a')], {}, { health }), 'a (a)', 'there is no other')
    assert.equal(plan([account('a')], {}, { health }).choice.why, 'only_one')
  })
})

describe('rules', () => {
  const three = [account('a'), account('b'), account('c')]
  const health = healthOf({ a: { score: 0.9 }, b: { score: 0.8 }, c: { score: 0.7 } })

  test('give priorities, within which health decides; all others come after', () => {
    const first = rulesOf({ name: 'c first', when: { network: 'VISA' }, use: ['c'] })
    assert.equal(ways(three, {}, { rules: first, health }), 'c a b (c) (a) (b)')
    const { why, rule } = plan(three, {}, { rules: first, health }).choice
    assert.deepEqual([why, rule], ['rule', 'c first'])
    const group = rulesOf({ name: 'group', use: [['c', 'b']] })
    assert.equal(ways(three, {}, { rules: group, health }), 'b c a (b) (c) (a)')
    assert.equal(ways(three, { brand: 'AMEX' }, { rules: first, health }), 'a b c (a) (b) (c)')
  })

  test('leave nothing else where they say so', () => {
    const rules = rulesOf({ name: 'only', use: ['c', 'b'], ...noOther })
    assert.equal(ways(three, {}, { rules, health }), 'c b (c) (b)')
    assert.deepEqual(plan(three, {}, { rules, health }).choice.considered.at(-1), {
      account: 'a',
      out: 'rule',
    })
  })

  test('share payments out by percent, among those that are up', () => {
    const rules = rulesOf({ name: 'split', split: { b: 70, c: 30 } })
    const found = shares(three, {}, { rules, health })
    isNear(found['b'], 700)
    isNear(found['c'], 300)
    assert.equal(found['a'], undefined)
    assert.equal(plan(three, { luck: 0.5 }, { rules, health }).choice.luck, 0.5, 'for a replay')
    const cDown = healthOf({ b: {}, c: { probeShare: 0.03 } })
    isNear(shares(three, {}, { rules, health: cDown })['b'], 970)
  })

  test('do not put what is down before what is up', () => {
    const rules = rulesOf({ name: 'c first', use: ['c'] })
    const cDown = healthOf({ a: { score: 0.9 }, b: { score: 0.8 }, c: { probeShare: 0.03 } })
    assert.equal(ways(three, {}, { rules, health: cDown }), 'a b c (a) (b) (c)')
    isNear(shares(three, {}, { rules, health: cDown })['c'], 30)
  })
})

test('the simulated bank does OTP for every network, through an account that is on', () => {
  for (const brand of brands) assert(doesOtp(account('a'), brand, '', now), brand)
  assert(!doesOtp(account('a', { disabledAt: 1 }), 'VISA', '', now))
})

describe('the BINs that can pay by OTP', () => {
  const bins = ['411111', '411111111', '999999']
  const no = (id: string, bin: string) => ({ account: id, bin })

  test('are those of a network that an account does', () => {
    assert.deepEqual(otpBins(bins, [account('a')], []), ['411111', '411111111'])
    assert.deepEqual(otpBins(bins, [], []), [])
  })

  test('are those in which an account has a BIN, and those within one of its BINs', () => {
    const of = (bin: string) => otpBins(bins, [account('a', { terms: { bins: [bin] } })], [])
    assert.deepEqual(of('4111111'), ['411111', '411111111'])
    assert.deepEqual(of('411111222'), ['411111'])
    assert.deepEqual(of('411111'), ['411111', '411111111'])
    assert.deepEqual(of('411112'), [])
  })

  test('are without those that every account has refused, digit for digit', () => {
    const both = [account('a'), account('b')]
    const learned = [no('a', '411111111'), no('a', '411111222')]
    assert.deepEqual(otpBins(bins, both, learned), ['411111', '411111111'])
    learned.push(no('b', '411111111'))
    assert.deepEqual(otpBins(bins, both, learned), ['411111'])
  })
})
