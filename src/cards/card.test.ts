import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refusal, type RefusalName } from '../refusal.ts'
import { brandOf, testBins } from './bin.ts'
import {
  type CardChecks,
  factsOf,
  forgetMost,
  type GivenCard,
  holdsCardNumber,
  quotesCardNumber,
  readCard,
} from './card.ts'

const live: CardChecks = { mode: 'live', checks: 'strict', now: Date.UTC(2026, 10, 22) }
const good: GivenCard = {
  number: '4111111111111111',
  expiryMonth: '11',
  expiryYear: '26',
  cvv: '123',
  name: "Asha D'Souza",
}

function refusalOf(change: Partial<GivenCard>, how = live): RefusalName | undefined {
  try {
    readCard({ ...good, ...change }, how)
    return undefined
  } catch (error) {
    assert(error instanceof Refusal)
    return error.reason
  }
}

test('a good card is read, its year made four digits', () => {
  const { card, brand } = readCard(good, live)
  assert.equal(brand, 'VISA')
  assert.equal(card.number.reveal(), '4111111111111111')
  assert.equal(card.cvv?.reveal(), '123')
  assert.deepEqual([card.expiryMonth, card.expiryYear], ['11', '2026'])
  assert.equal(
    readCard({ ...good, expiryMonth: '1', expiryYear: '2027' }, live).card.expiryMonth,
    '01',
  )
})

test('each fault has its documented refusal', () => {
  const table: readonly (readonly [Partial<GivenCard>, RefusalName | undefined])[] = [
    [{}, undefined],
    [{ number: undefined }, 'card_number_missing'],
    [{ number: '4111111111111112' }, 'card_number_invalid'],
    [{ number: '4111 1111 1111 1111' }, 'card_number_invalid'],
    [{ number: '41111111111' }, 'card_number_invalid'],
    [{ number: '1111111111111117' }, 'card_number_invalid'],
    [{ number: '４111111111111111' }, 'card_number_invalid'],
    [{ expiryMonth: undefined }, 'card_expiry_month_missing'],
    [{ expiryMonth: '13' }, 'card_expiry_month_invalid'],
    [{ expiryMonth: '00' }, 'card_expiry_month_invalid'],
    [{ expiryYear: undefined }, 'card_expiry_year_missing'],
    [{ expiryYear: '202' }, 'card_expiry_year_invalid'],
    [{ expiryYear: '25' }, 'card_expiry_year_invalid'],
    [{ expiryMonth: '10' }, 'card_expiry_year_invalid'],
    [{ cvv: undefined }, 'no_gateway'],
    [{ cvv: '12' }, 'card_cvv_invalid'],
    [{ cvv: '12a' }, 'card_cvv_invalid'],
    [{ cvv: '1234' }, 'card_cvv_invalid'],
    [{ number: '378282246310005', cvv: '123' }, 'card_cvv_invalid'],
    [{ number: '378282246310005', cvv: '1234' }, undefined],
    [{ number: '5018000000000009', cvv: undefined }, undefined],
    [{ name: 'R2D2' }, 'card_name_invalid'],
    [{ name: '<b>' }, 'card_name_invalid'],
    [{ name: 'अनीता देवी' }, undefined],
    [{ name: '' }, undefined],
  ]
  for (const [change, reason] of table) {
    assert.equal(refusalOf(change), reason, JSON.stringify(change))
  }
})

test('a number has as many digits as its network gives', () => {
  const table: readonly (readonly [string, RefusalName | undefined])[] = [
    ['4222222222222', undefined],
    ['41111111111114', 'card_number_invalid'],
    ['5555555555554444', undefined],
    ['555555555555558', 'card_number_invalid'],
    ['3782822463100052', 'card_number_invalid'],
    ['30569309025904', undefined],
    ['6304000000000000', undefined],
  ]
  for (const [number, reason] of table) {
    const isAmex = number.startsWith('37')
    assert.equal(refusalOf({ number, cvv: isAmex ? '1234' : '123' }), reason, number)
  }
  const short = { number: '555555555555558' }
  assert.equal(refusalOf(short, { ...live, checks: 'lenient' }), undefined)
})

test('a card to be stored, or stored before, may come without its CVV', () => {
  const stored: CardChecks = { ...live, cvv: 'optional' }
  assert.equal(refusalOf({ cvv: undefined }, stored), undefined)
  assert.equal(refusalOf({ cvv: '1234' }, stored), 'card_cvv_invalid')
  assert.equal(refusalOf({ cvv: undefined, expiryYear: '25' }, stored), 'card_expiry_year_invalid')
})

test('a card is good to the end of its month everywhere on earth', () => {
  const at = (now: number) => refusalOf({}, { ...live, now })
  assert.equal(at(Date.UTC(2026, 11, 1, 23)), undefined)
  assert.equal(at(Date.UTC(2026, 11, 2)), 'card_expiry_year_invalid')
})

test('the expiry of test cards is not looked at in sandbox mode, and only there', () => {
  const past = { expiryYear: '21', number: '4242424242424242' }
  assert.equal(refusalOf(past, { ...live, mode: 'sandbox' }), undefined)
  assert.equal(refusalOf(past), 'card_expiry_year_invalid')
  const unknown = { expiryYear: '21', number: '4539578763621486' }
  assert.equal(refusalOf(unknown, { ...live, mode: 'sandbox' }), 'card_expiry_year_invalid')
})

test('lenient checks let expired and non-Luhn numbers through, and nothing else', () => {
  const lenient: CardChecks = { ...live, checks: 'lenient' }
  assert.equal(refusalOf({ number: '4111111111111112', expiryYear: '20' }, lenient), undefined)
  assert.equal(refusalOf({ number: '41111111111111x2' }, lenient), 'card_number_invalid')
})

test('what is kept of a card is its facts, and after a while fewer', () => {
  const { card, brand } = readCard({ ...good, number: '4242424242424242', expiryYear: '27' }, live)
  const facts = factsOf(card, brand, { fingerprint: 'print', issuer: testBins[0] })
  assert.deepEqual([facts.lastFour, facts.bin, facts.bank], ['4242', '424242', 'AXIS BANK LTD'])
  assert(!JSON.stringify(facts).includes('4242424242'))
  const unknown = factsOf(card, brand, { fingerprint: 'print', issuer: undefined })
  assert.equal(unknown.bank, '', 'a card of no known BIN has no issuer')
  const kept = forgetMost(facts)
  assert.deepEqual([kept.bin, kept.expiryMonth, kept.expiryYear, kept.name], ['', '', '', ''])
  assert.deepEqual([kept.lastFour, kept.fingerprint, kept.bank], ['4242', 'print', 'AXIS BANK LTD'])
})

test('the number decides the network', () => {
  const table = {
    '4111111111111111': 'VISA',
    '5555555555554444': 'MASTERCARD',
    '2223003122003222': 'MASTERCARD',
    '378282246310005': 'AMEX',
    '6521500000000000': 'RUPAY',
    '5085000000000000': 'RUPAY',
    '6070000000000000': 'RUPAY',
    '5018000000000009': 'MAESTRO',
    '6759000000000000': 'MAESTRO',
    '30569309025904': 'DINERS',
    '3530111333300000': 'RUPAY',
    '3528000700000000': 'JCB',
    '6011111111111117': 'DISCOVER',
    '9999999999999999': undefined,
  }
  for (const [number, brand] of Object.entries(table)) assert.equal(brandOf(number), brand, number)
})

test('a text that may hold a card number is known, in whatever script and however spaced', () => {
  const held = [
    '4111111111111111',
    '4111.1111.1111.1111',
    'my card 4111 / 1111 / 1111 / 1111',
    '４１１１１１１１１１１１１１１１',
    '٤١١١١١١١١١١١١١١١',
    'a4111b1111c1111d1111',
  ]
  for (const text of held) assert(holdsCardNumber(text), text)
  for (const text of ['', 'Asha 2', 'card of 2026-11-22', '919876543210']) {
    assert(!holdsCardNumber(text), text)
  }
})

test('a whole card number in a text is told from as many other digits', () => {
  for (const text of ['4111111111111111@shop.in', 'asha+4111-1111 1111-1111@shop.in']) {
    assert(quotesCardNumber(text), text)
  }
  const others = [
    'guest-550e8400-e29b-41d4-a716-446655440000@shop.in',
    // Each lacks one thing: a network, the check digit, a length of Visa's, a thirteenth digit.
    '1234567890128@shop.in',
    '4111111111111112@shop.in',
    '411111111111116@shop.in',
    '560000001233@shop.in',
    '41a1b1c1d1e1f1g1h1i1j1k1l1m1n1',
  ]
  for (const text of others) assert(!quotesCardNumber(text), text)
})
