import { Type } from 'typebox'
import { readCard } from '../cards/card.ts'
import type { OrderId } from '../ids.ts'
import type { Merchant, Mode } from '../merchants/merchant.ts'
import { type Paise, paiseFromRupees } from '../money.ts'
import type { By } from '../payments/events.ts'
import type { Start } from '../payments/pay.ts'
import { badField, Refusal } from '../refusal.ts'
import { Secret } from '../secret.ts'
import { type Fields, truth } from './request.ts'

const text = Type.Optional(Type.String({ maxLength: 256 }))

/** What `/txns` takes. What is missing or wrong is refused with the documented words. */
export const StartRequest = Type.Object({
  order_id: text,
  merchant_id: text,
  payment_method_type: text,
  payment_method: text,
  card_number: text,
  card_exp_month: text,
  card_exp_year: text,
  card_security_code: text,
  name_on_card: text,
  card_token: text,
  save_to_locker: text,
  auth_type: text,
  auth_account_id: text,
  gateway_id: text,
  redirect_after_payment: text,
  format: text,
})

/** What Process OTP takes. */
export const SubmitRequest = Type.Object({
  challenge_id: text,
  'answer.otp': text,
  auto_capture: text,
})

/** What capture takes. */
export const CaptureRequest = Type.Object({
  amount: Type.Optional(
    Type.String({ maxLength: 256, description: 'Rupees; absent: all that is left' }),
  ),
  idempotence_key: text,
})

/** A capture: an amount and the merchant's own name of it. Refuses a bad amount or key. */
export function readCapture(fields: Fields): { amount?: Paise; key?: string } {
  const { amount: rupees, idempotence_key: key } = fields
  const amount = rupees === undefined ? undefined : paiseFromRupees(rupees)
  // An empty amount is a mistake of the caller's: it must not mean all of the money.
  if (rupees !== undefined && amount === undefined)
    throw badField('amount', 'invalid', 'bad_amount')
  return { ...(amount !== undefined && { amount }), ...(key && { key }) }
}

/** A payment to be started. */
export function readStart(
  fields: Fields,
  merchant: Merchant,
  at: { mode: Mode; now: number; by: By },
): Start {
  if (!fields['merchant_id']) throw new Refusal('merchant_id_missing')
  const orderId = fields['order_id']
  if (!orderId) throw badField('order_id', 'missing')
  if (!fields['payment_method_type']) throw new Refusal('payment_method_type_missing')
  if (fields['payment_method_type'] !== 'CARD') throw new Refusal('payment_method_unsupported')
  const given = {
    number: fields['card_number'],
    expiryMonth: fields['card_exp_month'],
    expiryYear: fields['card_exp_year'],
    cvv: fields['card_security_code'],
    name: fields['name_on_card'],
  }
  if (fields['card_token'] !== undefined) throw new Refusal('card_token_unknown')
  const { card_checks: checks } = merchant.settings
  return {
    orderId: orderId as OrderId,
    ...readCard(given, { mode: at.mode, checks, now: at.now }),
    auth: readAuth(fields['auth_type']),
    wish: {
      ...(fields['gateway_id'] && { gatewayId: fields['gateway_id'] }),
      ...(fields['auth_account_id'] && { accountId: fields['auth_account_id'] }),
    },
    by: at.by,
  }
}

/** An OTP to be submitted. */
export function readSubmission(fields: Fields) {
  const { challenge_id: challengeId, 'answer.otp': otp } = fields
  if (!challengeId) throw new Refusal('challenge_id_missing')
  if (!otp) throw new Refusal('otp_missing')
  if (!/^[0-9]{4,10}$/.test(otp)) throw new Refusal('otp_malformed')
  const autoCapture = truth(fields['auto_capture'])
  if (fields['auto_capture'] && autoCapture === undefined) {
    throw badField('auto_capture', 'invalid')
  }
  const otpSecret = new Secret(otp)
  return { challengeId, otp: otpSecret, ...(autoCapture !== undefined && { autoCapture }) }
}

/** Whether the caller wants JSON, or to be sent on to the page like a browser. */
export function wantsJson(fields: Fields): boolean {
  return fields['format']?.toLowerCase() === 'json'
}

function readAuth(auth: string | undefined): Start['auth'] {
  switch (auth) {
    case 'OTP':
      return 'OTP'
    case 'THREE_DS':
    case undefined:
    case '':
      return 'THREE_DS'
    default:
      throw badField('auth_type', 'invalid')
  }
}
