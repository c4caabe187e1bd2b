import type { ClientToken, WantsClientToken } from './client-token.ts'
import type { OrderDetails, Udfs } from './order-request.ts'
import type { Card, GatewayResponse, TxnStatus } from './payment.ts'
import type { RefundEntry } from './refund.ts'

/** An order's latest txn in detail. */
export interface TxnDetail {
  txn_id: string
  order_id: string
  txn_uuid: string
  status: TxnStatus
  error_code: string | null
  error_message: string
  net_amount: number
  txn_amount: number
  surcharge_amount: null
  tax_amount: null
  offer_deduction_amount: null
  gateway_id: number
  gateway: string
  currency: string
  express_checkout: boolean
  redirect: boolean
  created: string
  txn_flow_type: 'CARD_TRANSACTION'
  metadata: Record<string, unknown>
  response_code: string | null
  response_message: string | null
}

/** An order. The keys that speak of a txn are there once there is one. */
export interface OrderAnswer extends OrderDetails, Udfs {
  id: string
  order_id: string
  merchant_id: string
  /** `PARTIAL_CHARGED`: a part of the amount is taken; its txn is `CHARGED`. */
  status: 'NEW' | 'CREATED' | 'PARTIAL_CHARGED' | TxnStatus
  status_id: number
  /** Rupees, as are all amounts here. */
  amount: number
  currency: string
  effective_amount: number
  date_created: string
  customer_id: string
  customer_email: string
  customer_phone: string
  product_id: string
  return_url: string
  refunded: boolean
  amount_refunded: number
  maximum_eligible_refund_amount: number
  refunds: RefundEntry[]
  offers: Record<string, unknown>[]
  metadata: Record<string, string>
  payment_links: { web: string; mobile: string; iframe: string }
  gateway_reference_id: string | null
  txn_id?: string
  txn_uuid?: string
  payment_method_type?: 'CARD'
  payment_method?: string
  auth_type?: string
  card?: Card
  gateway_id?: number
  resp_code?: string | null
  resp_message?: string | null
  bank_error_code?: string
  bank_error_message?: string
  bank_pg?: null
  txn_detail?: TxnDetail
  payment_gateway_response?: GatewayResponse
  /** There when it was asked for. */
  juspay?: ClientToken
}

/** What an order's status is to show beside the order. */
export interface OrderStatusWants extends WantsClientToken {
  /** Adds the gateway's whole answer, `payment_gateway_response.gateway_response`. */
  'options.add_full_gateway_response'?: boolean
}

/** The answer about an order that is not there: an answer, not an error. */
export interface OrderNotFound {
  status: 'NOT_FOUND'
  status_id: 40
  order_id: string
}
