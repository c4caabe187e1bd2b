import type { ClientToken, WantsClientToken } from './client-token.ts'

/** What may be said of a customer. */
export interface CustomerFields {
  first_name?: string
  last_name?: string
  /** `91`. */
  mobile_country_code?: string
  mobile_number?: string
  email_address?: string
}

/** A customer to be created. */
export interface CreateCustomerRequest extends CustomerFields, WantsClientToken {
  /** The merchant's own name of them, which orders call `customer_id`. */
  object_reference_id: string
}

/** What a customer is changed to; what is absent stays. */
export interface UpdateCustomerRequest extends CustomerFields, WantsClientToken {}

/** A customer; what nobody told is `''`. */
export interface Customer {
  id: string
  object: 'customer'
  object_reference_id: string
  first_name: string
  last_name: string
  mobile_country_code: string
  mobile_number: string
  email_address: string
  date_created: string
  last_updated: string
  /** There when it was asked for. */
  juspay?: ClientToken
}

/** A part of a list. */
export interface Page {
  /** How many at most: 1 to 100, 10 when absent. */
  count?: number
  /** How many to leave out. */
  offset?: number
}

/** A part of a list, with how long the whole of it is. */
export interface List<T> {
  count: number
  offset: number
  total: number
  list: T[]
}
