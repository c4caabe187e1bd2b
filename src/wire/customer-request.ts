import { Type } from 'typebox'
import { type CustomerFields, customerFields, isCustomerReference } from '../cards/customer.ts'
import { badField } from '../refusal.ts'
import { type Fields, truth } from './request.ts'

/** The longest e-mail address there is has 254 characters (RFC 5321). */
const longestField = 256

const text = Type.Optional(Type.String({ maxLength: longestField }))

const told = Object.fromEntries(customerFields.map((name) => [name, text])) as Record<
  (typeof customerFields)[number],
  typeof text
>

/** Whether a client token is wanted beside the answer. */
export const ClientTokenOption = { 'options.get_client_auth_token': text }

/** What may be said of a customer, at creation and later. */
export const CustomerRequest = Type.Object({
  object_reference_id: text,
  ...told,
  ...ClientTokenOption,
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
  return Object.fromEntries(given.map((name) => [name, fields[name]]))
}

/** Whether a call wants a client token: said in its body or its query. */
export function wantsClientToken(...places: readonly Fields[]): boolean {
  return places.some((fields) => truth(fields['options.get_client_auth_token']) === true)
}
