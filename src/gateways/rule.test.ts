import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { paise } from '../money.ts'
import {
  accountsIn,
  mostRules,
  type RuledPayment,
  readRules,
  readRulesText,
  ruleFor,
  tagOf,
} from './rule.ts'

const payment: RuledPayment = {
  amount: paise(250_000),
  brand: 'VISA',
  bin: '411111111',
  issuer: 'HDFC BANK',
  cardType: 'CREDIT',
  tag: 'gold',
}

function decides(said: readonly object[], more: Partial<RuledPayment> = {}) {
  const read = readRules(said.map((one, i) => ({ name: `r${i}`, use: ['a'], ...one })))
  assert('ok' in read, 'wrong' in read ? read.wrong : '')
  const rule = ruleFor(read.ok, { ...payment, ...more })
  return typeof rule === 'object' ? rule.name : rule
}

describe('a rule', () => {
  test('matches when all of its conditions do', () => {
    const when = {
      amount: { gte: '2500.00', lt: 2500.01 },
      network: ['VISA', 'RUPAY'],
      bin: ['42', '4111'],
      issuer: 'hdfc bank',
      card_type: 'CREDIT',
      customer_tag: ['gold', 'silver'],
    }
    assert.equal(decides([{ when }]), 'r0')
    const others: Partial<RuledPayment>[] = [
      { amount: paise(250_001) },
      { amount: paise(249_999) },
      { brand: 'AMEX' },
      { bin: '431111111' },
      { issuer: 'AXIS BANK' },
      { issuer: '' },
      { cardType: 'DEBIT' },
      { tag: 'tin' },
    ]
    for (const other of others) assert.equal(decides([{ when }], other), undefined)
  })

  test('without conditions matches everything, and the first that matches decides', () => {
    assert.equal(decides([{ when: { network: 'AMEX' } }, {}, {}]), 'r1')
  })

  test('has bounds that are or are not its own', () => {
    const at = { amount: paise(100) }
    assert.equal(decides([{ when: { amount: { gt: 1 } } }], at), undefined)
    assert.equal(decides([{ when: { amount: { gte: 1 } } }], at), 'r0')
    assert.equal(decides([{ when: { amount: { lt: '1' } } }], at), undefined)
    assert.equal(decides([{ when: { amount: { lte: '1.00' } } }], at), 'r0')
  })

  test('is unsure where the digits that it needs are forgotten, and only there', () => {
    const rules = [{ when: { bin: '411111222' } }, {}]
    assert.equal(decides(rules, { bin: '' }), 'unsure')
    assert.equal(decides(rules, { bin: '411111' }), 'unsure')
    assert.equal(decides(rules, { bin: '411112' }), 'r1')
    assert.equal(decides([{ when: { bin: '41' } }], { bin: '411111' }), 'r0')
    const ofAmex = { when: { bin: '41', network: 'AMEX' } }
    assert.equal(decides([ofAmex, {}], { bin: '' }), 'r1', 'it could not match anyway')
  })
})

test('rules name accounts', () => {
  const read = readRules([{ name: 'r', use: ['a', ['b', 'c']], split: { d: 60, a: 40 } }])
  assert('ok' in read)
  assert.deepEqual([...accountsIn(read.ok)], ['a', 'b', 'c', 'd'])
})

test('a customer is known by a word of the order', () => {
  assert.equal(tagOf({ 'metadata.customer_tag': 'gold' }), 'gold')
  assert.equal(tagOf({ 'metadata.customer_tag': '' }), undefined)
})

describe('what is wrong with rules is said with its place', () => {
  const rule = { name: 'r', use: ['a'] }
  const long = 'x'.repeat(65)
  const wrongs: readonly (readonly [unknown, RegExp])[] = [
    [{}, /^rules: a list of 0 to 500$/],
    [Array(mostRules + 1).fill(rule), /^rules: a list/],
    [['x'], /^\[0\]: an object$/],
    [[null], /^\[0\]: an object$/],
    [[{ ...rule, whom: 1 }], /^\[0\]\.whom: none of name, when/],
    [[{ name: 'r' }], /^\[0\]: use or split/],
    [[{ use: ['a'] }], /^\[0\]\.name: a text/],
    [[{ ...rule, name: long }], /^\[0\]\.name: a text/],
    [[rule, rule], /^\[1\]\.name: another rule/],
    [[{ ...rule, ...JSON.parse('{"only":"yes"}') }], /^\[0\]\.only: true or false/],
    [[{ ...rule, use: [] }], /^\[0\]\.use: a list of 1/],
    [[{ ...rule, use: ['a', ['b', 'a']] }], /^\[0\]\.use: a is there twice/],
    [[{ ...rule, use: [['a', 7]] }], /^\[0\]\.use\[0\]\[1\]: a text/],
    [[{ ...rule, split: { a: 50, b: 40 } }], /^\[0\]\.split: the shares make 90 percent/],
    [[{ ...rule, split: { a: 0.5, b: 99.5 } }], /^\[0\]\.split\.a: a whole number/],
    [[{ ...rule, when: [] }], /^\[0\]\.when: an object/],
    [[{ ...rule, when: { amounts: {} } }], /^\[0\]\.when\.amounts: none of amount/],
    [[{ ...rule, when: { amount: {} } }], /^\[0\]\.when\.amount: gte, lte, gt or lt/],
    [[{ ...rule, when: { amount: { eq: 1 } } }], /^\[0\]\.when\.amount\.eq: none of/],
    [[{ ...rule, when: { amount: { gt: '1e3' } } }], /^\[0\]\.when\.amount\.gt: rupees/],
    [[{ ...rule, when: { amount: { gt: 1.234 } } }], /^\[0\]\.when\.amount\.gt: rupees/],
    [[{ ...rule, when: { amount: { gt: 5, lt: 5 } } }], /no amount is between/],
    [[{ ...rule, when: { network: 'VISAA' } }], /^\[0\]\.when\.network: VISAA is none of VISA/],
    [[{ ...rule, when: { bin: [41] } }], /^\[0\]\.when\.bin\[0\]: 1 to 9 digits/],
    [[{ ...rule, when: { bin: '4111111111' } }], /^\[0\]\.when\.bin: 1 to 9 digits/],
    [[{ ...rule, when: { issuer: [] } }], /^\[0\]\.when\.issuer: a list of 1/],
    [[{ ...rule, when: { customer_tag: '' } }], /^\[0\]\.when\.customer_tag: a text/],
  ]
  for (const [said, wrong] of wrongs) {
    test(`${wrong}`, () => {
      const read = readRules(said)
      assert('wrong' in read)
      assert.match(read.wrong, wrong)
    })
  }

  test('of a text too', () => {
    assert.deepEqual(readRulesText('[{]'), { wrong: 'no JSON' })
    assert.deepEqual(readRulesText('[]'), { ok: [] })
    assert.match(Object.values(readRulesText(' '.repeat(300_000))).join(), /longer than/)
  })
})
