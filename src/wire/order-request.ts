import { Type } from 'typebox'
import type { OrderId } from '../ids.ts'
import { isWebUrl, type Merchant, type Mode, mayReturnTo } from '../merchants/merchant.ts'
import { type Paise, paiseFromRupees } from '../money.ts'
import type { NewOrder, OrderChange } from '../payments/create-order.ts'
import { isOrderId, type OrderFields, webhookUrlIn } from '../payments/order.ts'
import { badField } from '../refusal.ts'
import { refuseUnlessPlainOrder } from './plain-payment.ts'
import type { Fields } from './request.ts'

const addressParts = [
  'first_name',
  'last_name',
  'line1',
  'line2',
  'line3',
  'city',
  'state',
  'country',
  'postal_code',
  'phone',
  'country_code_iso',
] as const

/** The ten free fields of a merchant. */
export const udfNames = [
  'udf1',
  'udf2',
  'udf3',
  'udf4',
  'udf5',
  'udf6',
  'udf7',
  'udf8',
  'udf9',
  'udf10',
] as const

/** The fields that an order shows only when it was given them. */
export const plainFields = [
  'description',
  'ip_address',
  'user_agent',
  ...addressParts.map((part) => `billing_address_${part}` as const),
  ...addressParts.map((part) => `shipping_address_${part}` as const),
] as const

const keptFields = [
  ...plainFields,
  ...udfNames,
  'customer_id',
  'customer_email',
  'customer_phone',
  'product_id',
  'return_url',
  'gateway_id',
] as const

/** A browser's user agent and a long return URL fit; a body has 64 KiB in all. */
const longestField = 2_048

const text = Type.Optional(Type.String({ maxLength: longestField }))

const keptTexts = Object.fromEntries(keptFields.map((name) => [name, text])) as Record<
  (typeof keptFields)[number],
  typeof text
>

/** What the document of the API says of the names that no schema lists. */
export const keptMetadata =
  'Any `metadata.*` is kept too; `metadata.txns.auto_capture` = false: capture later'

/** What may be said of an order, at creation and later. `metadata.*` is kept under its names. */
export const OrderRequest = Type.Object(
  {
    order_id: text,
    amount: Type.Optional(Type.String({ description: 'Rupees, up to two decimals: 100.00' })),
    currency: Type.Optional(Type.String({ description: 'INR' })),
    merchant_id: text,
    ...keptTexts,
  },
  { description: keptMetadata },
)

/** An order to be created. Refuses a bad amount, currency, order id or return URL. */
export function readNewOrder(fields: Fields, merchant: Merchant, mode: Mode): NewOrder {
  const orderId = readOrderId(fields['order_id'], merchant)
  const amount = fields['amount'] === undefined ? undefined : readAmount(fields['amount'])
  if (amount === undefined) throw badField('amount', 'missing', 'bad_amount')
  return {
    orderId,
    amount,
    currency: readCurrency(fields['currency']) ?? 'INR',
    fields: readKept(fields, merchant, mode),
  }
}

/** What an update changes. Refuses as creation does. */
export function readOrderChange(fields: Fields, merchant: Merchant, mode: Mode): OrderChange {
  const currency = readCurrency(fields['currency'])
  return {
    ...(fields['amount'] !== undefined && { amount: readAmount(fields['amount']) }),
    ...(currency !== undefined && { currency }),
    fields: readKept(fields, merchant, mode),
  }
}

function readOrderId(id: string | undefined, merchant: Merchant): OrderId {
  if (id === undefined || id === '') throw badField('order_id', 'missing')
  if (!isOrderId(id, merchant.settings.order_id_max_length)) {
    throw badField('order_id', 'invalid')
  }
  return id
}

function readAmount(amount: string): Paise {
  const read = paiseFromRupees(amount)
  if (read === undefined) throw badField('amount', 'invalid', 'bad_amount')
  return read
}

/** Only rupees: cards with a Direct OTP are India's. */
function readCurrency(currency: string | undefined): string | undefined {
  if (currency === undefined || currency === '') return undefined
  if (currency === 'INR') return currency
  throw badField('currency', 'invalid', 'bad_amount')
}

function readKept(fields: Fields, merchant: Merchant, mode: Mode): OrderFields {
  refuseUnlessPlainOrder(fields)
  const kept: Record<string, string> = {}
  for (const name of keptFields) if (fields[name] !== undefined) kept[name] = fields[name]
  for (const name in fields) {
    if (name.startsWith('metadata.') && fields[name] !== undefined) kept[name] = fields[name]
  }
  const returnUrl = kept['return_url']
  if (returnUrl && !mayReturnTo(returnUrl, merchant.settings, mode)) {
    throw badField('return_url', 'invalid')
  }
  const webhookUrl = webhookUrlIn(kept)
  if (webhookUrl && !isWebUrl(webhookUrl, mode)) throw badField('metadata.webhook_url', 'invalid')
  return kept
}
