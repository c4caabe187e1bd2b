import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { paise, paiseFromRupees, rupees } from './money.ts'

test('rupees become whole paise', () => {
  const table: readonly (readonly [string, number])[] = [
    ['1', 100],
    ['1.5', 150],
    ['1.05', 105],
    ['0.01', 1],
    ['100.00', 10_000],
    ['999999999.99', 99_999_999_999],
  ]
  for (const [text, amount] of table) assert.equal(paiseFromRupees(text), amount, text)
})

test('anything that is not a plain amount is refused', () => {
  const table = ['', '0', '0.00', '10.005', '1e3', '-1', '+1', ' 10', '10 ', '1,000', '0x10', '.5']
  const more = ['5.', 'NaN', 'Infinity', '1_000', '١٠', '1000000000', '99999999999999999999']
  for (const text of [...table, ...more]) assert.equal(paiseFromRupees(text), undefined, text)
})

test('every amount survives the way out and back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 99_999_999_999 }), (amount) => {
      assert.equal(paiseFromRupees(rupees(paise(amount)).toFixed(2)), amount)
    }),
  )
})

test('no text is silently changed into an amount', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const amount = paiseFromRupees(text)
      if (amount !== undefined) assert.match(text, /^\d+(\.\d{1,2})?$/)
    }),
  )
})
