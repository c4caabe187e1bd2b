import { Type } from 'typebox'
import { holdsCardNumber, quotesCardNumber } from '../cards/card.ts'
import { type CustomerFields, customerFields, isCustomerReference } from '../cards/customer.ts'
import { badField } from '../refusal.ts'
import { TokenOption } from './client-token-request.ts'
import type { Fields } from './request.ts'

/** The longest e-mail address there is has 254 characters (RFC 5321). */
const longestField = 256

const text = Type.Optional(Type.String({ maxLength: longestField }))

const told = Object.fromEntries(customerFields.map((name) => [name, text])) as Record<
  (typeof customerFields)[number],
  typeof text
>

/** What may be said of a customer, at creation and later. */
export const CustomerRequest = Type.Object({
  object_reference_id: text,
  ...told,
  ...TokenOption,
})

/** A customer to be created. Refuses one without a name of the merchant's own. */
export function readCustomer(fields: Fields): { reference: string; fields: CustomerFields } {
  const reference = fields['object_reference_id']
  if (!reference) throw badField('object_reference_id', 'missing')
  if (!isCustomerReference(reference)) throw badField('object_reference_id', 'invalid')
  return { reference, fields: readTold(fields) }
}

/** What an update of a customer changes. */
export function readTold(fields: Fields): CustomerFields {
  const given = customerFields.filter((name) => fields[name] !== undefined)
  // It would be kept in clear.
  const wrong = given.find((name) => mayBeCard(name, fields[name] ?? ''))
  if (wrong) throw badField(wrong, 'invalid')
  return Object.fromEntries(given.map((name) => [name, fields[name]]))
}

function mayBeCard(name: (typeof customerFields)[number], text: string): boolean {
  switch (name) {
    // With zeros before it, a telephone number has as many digits.
    case 'mobile_number':
      return false
    case 'email_address':
      return quotesCardNumber(text)
    default:
      return holdsCardNumber(text)
  }
}
