/** Money of an order to be given back. */
export interface RefundOrderRequest {
  /** Your own name of this refund: a second one by the same is refused, so no call pays twice. */
  unique_request_id: string
  /** Rupees, up to two decimals; absent: all that is left. */
  amount?: string
  refund_type?: 'STANDARD'
  metadata?: Record<string, string>
}

/** Money of one txn to be given back. */
export interface RefundTxnRequest extends RefundOrderRequest {
  /** The txn: its `txn_id`, or its `txn_uuid`. */
  txn_id: string
  /** Where it is said too, it must be the txn's. */
  order_id?: string
  order_type?: string
}

/** `MANUAL_REVIEW`: nobody knows for long, or the gateway told another amount; it may still end. */
export type RefundStatus = 'PENDING' | 'SUCCESS' | 'FAILURE' | 'MANUAL_REVIEW'

/** One entry of an order's `refunds`. */
export interface RefundEntry {
  /** The gateway's id of it; `null` until it has one. */
  id: string | null
  unique_request_id: string
  /** The server's own id of it, which the gateway is told. */
  ref: string
  txn_id: string
  amount: number
  created: string
  last_updated: string
  status: RefundStatus
  error_message: string | null
  error_code: string | null
  sent_to_gateway: boolean
  /** `API`, or `AUTO_REFUNDED` for money that was not the order's. */
  initiated_by: string
  refund_type: 'STANDARD'
  refund_source: string
  /** The number by which banks trace it. */
  arn: string | null
  pg_processed_at: string | null
  metadata: Record<string, unknown>
}

/** The answer of refunding a txn. */
export interface RefundAnswer {
  unique_request_id: string
  txn_id: string
  order_id: string
  status: RefundStatus
  amount: number
  created: string
  refund_type: 'STANDARD'
  refund_source: string
  gateway: string
  sent_to_gateway: boolean
  initiated_by: string
  reference_id: string | null
  response_code: string | null
  error_message: string | null
  epg_txn_id: string | null
  refund_arn: string | null
  authorization_id: string | null
}
