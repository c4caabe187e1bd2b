import assert from 'node:assert/strict'

declare const unit: unique symbol

/** An amount in whole paise (₹1 = 100 paise): a safe integer, never negative. */
export type Paise = number & { readonly [unit]: 'Paise' }

/** The biggest amount of one order: ₹99,99,99,999.99, far above any card's limit. */
const mostPaise = 99_999_999_999

/** A number that is known to be whole paise. A fraction or a negative number is a bug here. */
export function paise(amount: number): Paise {
  assert(Number.isSafeInteger(amount) && amount >= 0, 'an amount is whole paise')
  return amount as Paise
}

/**
 * Rupees as callers write them (`"100"`, `"100.5"`, `"100.50"`) in paise; `undefined` when the text
 * is anything else: a sign, an exponent, a third decimal, a space, zero, or more than the limit.
 */
export function paiseFromRupees(text: string): Paise | undefined {
  const match = /^(\d{1,12})(?:\.(\d{1,2}))?$/.exec(text)
  if (!match) return undefined
  const [, whole = '0', part = ''] = match
  const amount = Number(whole) * 100 + Number(part.padEnd(2, '0'))
  return amount > 0 && amount <= mostPaise ? paise(amount) : undefined
}

/** Paise as the wire's decimal rupees: `10050` → `100.5`. */
export function rupees(amount: Paise): number {
  return amount / 100
}
