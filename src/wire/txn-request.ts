import { Type } from 'typebox'
import { type CardChecks, readCard } from '../cards/card.ts'
import type { PayingCard } from '../cards/take-card.ts'
import type { OrderId } from '../ids.ts'
import type { Merchant, Mode } from '../merchants/merchant.ts'
import { type Paise, paiseFromRupees } from '../money.ts'
import type { NewOrder } from '../payments/create-order.ts'
import type { By } from '../payments/events.ts'
import type { Start } from '../payments/pay.ts'
import { badField, Refusal } from '../refusal.ts'
import { Secret } from '../secret.ts'
import { anyToken, givenCard } from './card-request.ts'
import { TokenField, TokenOption } from './client-token-request.ts'
import { OrderRequest, readNewOrder } from './order-request.ts'
import { refuseUnlessPlainPayment } from './plain-payment.ts'
import { type Fields, truth } from './request.ts'

const text = Type.Optional(Type.String({ maxLength: 256 }))

const orderPrefix = 'order.'

/** What starts a payment. What is missing or wrong is refused with the documented words. */
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
  card_token: anyToken,
  save_to_locker: text,
  auth_type: text,
  auth_account_id: text,
  gateway_id: text,
  redirect_after_payment: text,
  format: text,
})

const orderFields = { ...OrderRequest.properties, ...TokenOption }

/** An order to be created by the call that pays it: what its creation takes, below `order.`. */
const OrderOfStart = Object.fromEntries(
  Object.entries(orderFields).map(([name, schema]) => [orderPrefix + name, schema]),
) as { [K in keyof typeof orderFields as `order.${K}`]: (typeof orderFields)[K] }

/** What `/txns` takes in all: a start, and its order or the client token that makes it. */
export const PayRequest = Type.Object({
  ...StartRequest.properties,
  ...TokenField,
  ...OrderOfStart,
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

/** The fields of an order that is to be created first, or `undefined` where the call has none. */
export function orderOfStart(fields: Fields): Fields | undefined {
  const names = Object.keys(fields).filter((name) => name.startsWith(orderPrefix))
  if (names.length === 0) return undefined
  const order: Record<string, string> = Object.create(null)
  for (const name of names) order[name.slice(orderPrefix.length)] = fields[name] ?? ''
  order['order_id'] ||= fields['order_id'] ?? ''
  return order
}

/** The order in a call that pays it. Refuses as creation does, by the names in the call. */
export function readOrderOfStart(
  fields: Fields,
  ordered: Fields,
  { merchant, mode }: { merchant: Merchant; mode: Mode },
): NewOrder {
  try {
    return readNewOrder(ordered, merchant, mode)
  } catch (error) {
    if (!(error instanceof Refusal) || !error.detail.fields?.[0]) throw error
    const [{ field_name: field, reason }] = error.detail.fields
    const isBare = field === 'order_id' && !fields['order.order_id']
    const name = isBare ? field : orderPrefix + field
    const about = [{ field_name: name, reason }]
    throw new Refusal(error.reason, { subject: `${name} is ${reason}.`, fields: about })
  }
}

/** A payment to be started. */
export function readStart(
  fields: Fields,
  merchant: Merchant,
  at: { mode: Mode; now: number; by: By; actor: string },
): Start {
  if (!fields['merchant_id']) throw new Refusal('merchant_id_missing')
  const orderId = fields['order_id'] || fields['order.order_id']
  if (!orderId) throw badField('order_id', 'missing')
  if ((fields['order.order_id'] || orderId) !== orderId) throw badField('order_id', 'invalid')
  if (!fields['payment_method_type']) throw new Refusal('payment_method_type_missing')
  if (fields['payment_method_type'] !== 'CARD') throw new Refusal('payment_method_unsupported')
  refuseUnlessPlainPayment(fields)
  const { card_checks: checks } = merchant.settings
  return {
    orderId: orderId as OrderId,
    card: readPayingCard(fields, { mode: at.mode, checks, now: at.now }),
    save: truth(fields['save_to_locker']) ?? false,
    auth: readAuth(fields['auth_type']),
    wish: {
      ...(fields['gateway_id'] && { gatewayId: fields['gateway_id'] }),
      ...(fields['auth_account_id'] && { accountId: fields['auth_account_id'] }),
    },
    by: at.by,
    actor: at.actor,
  }
}

/** A token where there is one, whatever else of a card is sent with it. */
function readPayingCard(fields: Fields, how: CardChecks): PayingCard {
  const token = fields['card_token']
  if (token) {
    return {
      kind: 'token',
      token: new Secret(token),
      cvv: fields['card_security_code'] || undefined,
    }
  }
  return { kind: 'entered', ...readCard(givenCard(fields), how) }
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
    // Whether the bank's page asks for anything is the bank's matter.
    case 'THREE_DS':
    case 'THREE_DS_2':
    case 'NO_THREE_DS':
    case undefined:
    case '':
      return 'THREE_DS'
    case 'ATMPIN':
    case 'OBO_OTP':
    case 'VIES':
    case 'NETWORK_TOKEN':
    case 'MOTO':
    case 'FIDO':
    case 'CTP':
    case 'VISA_CHECKOUT':
      throw new Refusal('auth_type_not_supported')
    default:
      throw badField('auth_type', 'invalid')
  }
}
