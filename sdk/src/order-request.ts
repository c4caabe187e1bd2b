import type { WantsClientToken } from './client-token.ts'

type AddressPart =
  | 'first_name'
  | 'last_name'
  | 'line1'
  | 'line2'
  | 'line3'
  | 'city'
  | 'state'
  | 'country'
  | 'postal_code'
  | 'phone'
  | 'country_code_iso'

type UdfName = `udf${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10}`

/** What an order shows only when it was said of it. */
export type OrderDetails = {
  [K in
    | 'description'
    | 'ip_address'
    | 'user_agent'
    | `${'billing' | 'shipping'}_address_${AddressPart}`]?: string
}

/** The ten free fields of a merchant. */
export type Udfs = { [K in UdfName]: string }

/** What may be said of an order, at its creation and later. */
export interface OrderFields extends OrderDetails, Partial<Udfs> {
  customer_id?: string
  customer_email?: string
  customer_phone?: string
  product_id?: string
  /** The number of the gateway that its payments go to, unless they name another. */
  gateway_id?: number
  /** Where the customer's browser goes after the bank's page. */
  return_url?: string
  /** `{ 'txns.auto_capture': 'false' }` only holds the money of the order's payments. */
  metadata?: Record<string, string>
}

/** An order to be created. */
export interface CreateOrderRequest extends OrderFields, WantsClientToken {
  /**
   * The merchant's own: letters, digits, `-`, `_`, `.`; 21 characters at most, unless the
   * merchant's `order_id_max_length` says more.
   */
  order_id: string
  /** Rupees, up to two decimals: `"100.00"`. */
  amount: string
  currency?: 'INR'
}

/** What an unpaid order is changed to; what is absent stays. A new amount ends open challenges. */
export interface UpdateOrderRequest extends OrderFields, WantsClientToken {
  amount?: string
  currency?: 'INR'
}
