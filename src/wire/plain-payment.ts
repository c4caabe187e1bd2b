import { Refusal } from '../refusal.ts'
import { type Fields, truth } from './request.ts'

/** Refuses an order whose payment would have to do more than to take its amount once. */
export function refuseUnlessPlainOrder(fields: Fields): void {
  const wantsMandate = fields['options.create_mandate'] === 'REQUIRED'
  if (wantsMandate || fields['txn_type'] === 'AUTHENTICATION') throw unsupported()
}

/**
 * Refuses a payment that is more than a card's number or token and one amount: instalments, a
 * mandate, an authentication without payment, a network token. Unknown fields are ignored, and a
 * caller who sends these would be charged for something else than they asked for.
 */
export function refuseUnlessPlainPayment(fields: Fields): void {
  refuseUnlessPlainOrder(fields)
  const isOther = truth(fields['is_emi']) || fields['mandate_id'] || fields['tavv']
  const hasToken = Object.keys(fields).some((name) => name.startsWith('token.') && fields[name])
  if (isOther || hasToken) throw unsupported()
}

function unsupported(): Refusal {
  return new Refusal('payment_method_unsupported')
}
