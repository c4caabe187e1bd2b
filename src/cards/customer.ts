import { type CustomerId, type MerchantId, type Shard, shardIn } from '../ids.ts'

/** What a merchant tells of a customer, all of it optional. */
export const customerFields = [
  'first_name',
  'last_name',
  'mobile_country_code',
  'mobile_number',
  'email_address',
] as const

/** What is known of a customer; what is absent was never told. */
export type CustomerFields = Readonly<Partial<Record<(typeof customerFields)[number], string>>>

/** A customer of a merchant. */
export interface Customer {
  readonly shard: Shard
  readonly merchant: MerchantId
  /** The merchant's own name of them, by which their orders and cards name them. */
  readonly reference: string
  readonly id: CustomerId
  readonly fields: CustomerFields
  readonly createdAt: number
  readonly updatedAt: number
}

/** Merchants take their own ids of users, and some take e-mail addresses. */
const longestReference = 128

/** Whether a text is one of our ids of customers. */
export function isCustomerId(text: string): text is CustomerId {
  return text.startsWith('cst_') && shardIn(text) !== undefined
}

/** Whether a merchant may name a customer so: nothing that prints as another, and no id of ours. */
export function isCustomerReference(text: string): boolean {
  const isText = text.length <= longestReference && /^[\p{L}\p{M}\p{N}\p{P}\p{S}]+$/u.test(text)
  return isText && !isCustomerId(text)
}

/** Whether all that was told of two customers is the same. */
export function isSameCustomer(one: CustomerFields, other: CustomerFields): boolean {
  return customerFields.every((name) => (one[name] ?? '') === (other[name] ?? ''))
}
