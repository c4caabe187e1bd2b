import { Type } from 'typebox'
import type { Customer } from '../cards/customer.ts'
import { isoSeconds } from '../clock.ts'
import { JuspayBody } from './client-token-view.ts'
import { mostCounted } from './order-list-view.ts'

/** A customer as the wire shows them. */
export const CustomerBody = Type.Object({
  id: Type.String(),
  object: Type.Literal('customer'),
  object_reference_id: Type.String(),
  first_name: Type.String(),
  last_name: Type.String(),
  mobile_country_code: Type.String(),
  mobile_number: Type.String(),
  email_address: Type.String(),
  date_created: Type.String(),
  last_updated: Type.String(),
  juspay: Type.Optional(JuspayBody),
})

/** A part of a merchant's customers. */
export const CustomerList = Type.Object({
  count: Type.Integer({ description: 'How many are in this list' }),
  offset: Type.Integer(),
  total: Type.Integer({ description: `How many there are; counted up to ${mostCounted}` }),
  list: Type.Array(CustomerBody),
})

/** A customer's body; what nobody told is ''. */
export function customerBody(customer: Customer): Type.Static<typeof CustomerBody> {
  const { fields } = customer
  return {
    id: customer.id,
    object: 'customer',
    object_reference_id: customer.reference,
    first_name: fields.first_name ?? '',
    last_name: fields.last_name ?? '',
    mobile_country_code: fields.mobile_country_code ?? '',
    mobile_number: fields.mobile_number ?? '',
    email_address: fields.email_address ?? '',
    date_created: isoSeconds(customer.createdAt),
    last_updated: isoSeconds(customer.updatedAt),
  }
}
