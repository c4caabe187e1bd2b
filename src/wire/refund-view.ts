import { Type } from 'typebox'
import { isoSeconds } from '../clock.ts'
import { gatewayNamed } from '../gateways/catalog.ts'
import { rupees } from '../money.ts'
import type { Refund, RefundStatus } from '../payments/refund.ts'
import { type Txn, txnIdOnWire } from '../payments/txn.ts'
import { asOf, knows } from './version.ts'

/** Text or null on the wire. */
export const TextOrNull = Type.Unsafe<string | null>({ type: ['string', 'null'] })

/** An object whose keys are not ours to name. */
export const FreeForm = Type.Unsafe<Record<string, unknown>>({
  type: 'object',
  additionalProperties: true,
})

const statuses: Record<RefundStatus, true> = {
  PENDING: true,
  SUCCESS: true,
  FAILURE: true,
  MANUAL_REVIEW: true,
}

const RefundStatusText = Type.Unsafe<RefundStatus>({
  type: 'string',
  enum: Object.keys(statuses),
})

/** One entry of an order's `refunds`. */
export const RefundEntry = Type.Object({
  id: TextOrNull,
  unique_request_id: Type.String(),
  ref: Type.String(),
  txn_id: Type.String(),
  amount: Type.Number(),
  created: Type.String(),
  last_updated: Type.String(),
  status: RefundStatusText,
  error_message: TextOrNull,
  error_code: TextOrNull,
  sent_to_gateway: Type.Boolean(),
  initiated_by: Type.String(),
  refund_type: Type.Literal('STANDARD'),
  refund_source: Type.String(),
  arn: TextOrNull,
  pg_processed_at: TextOrNull,
  metadata: FreeForm,
})

const { error_code, initiated_by, refund_source, refund_type, metadata } = RefundEntry.properties

/** One entry as a caller of any version may read it. */
export const RefundShown = Type.Object({
  ...RefundEntry.properties,
  error_code: Type.Optional(error_code),
  initiated_by: Type.Optional(initiated_by),
  refund_source: Type.Optional(refund_source),
  refund_type: Type.Optional(refund_type),
  metadata: Type.Optional(metadata),
})

/** The answer of `POST /refunds`: one refund, flat. */
export const RefundBody = Type.Object({
  unique_request_id: Type.String(),
  txn_id: Type.String(),
  order_id: Type.String(),
  status: RefundStatusText,
  amount: Type.Number(),
  created: Type.String(),
  refund_type: Type.Literal('STANDARD'),
  refund_source: Type.String(),
  gateway: Type.String(),
  sent_to_gateway: Type.Boolean(),
  initiated_by: Type.String(),
  reference_id: TextOrNull,
  response_code: TextOrNull,
  error_message: TextOrNull,
  epg_txn_id: TextOrNull,
  refund_arn: TextOrNull,
  authorization_id: TextOrNull,
})

/** A refund as its order's object lists it; its txn names the gateway. */
export function refundEntry(refund: Refund, txn: Txn): Type.Static<typeof RefundEntry> {
  const { said } = refund
  return {
    id: said.ref ?? null,
    unique_request_id: refund.id,
    ref: refund.ref,
    txn_id: txnIdOnWire(txn),
    amount: rupees(refund.amount),
    created: isoSeconds(refund.createdAt),
    last_updated: isoSeconds(refund.updatedAt),
    status: refund.status,
    error_message: said.message ?? null,
    error_code: said.code ?? null,
    sent_to_gateway: refund.sent,
    initiated_by: refund.source,
    refund_type: 'STANDARD',
    refund_source: gatewayNamed(txn.gateway).wireName,
    arn: said.arn ?? null,
    pg_processed_at: refund.status === 'SUCCESS' ? isoSeconds(refund.updatedAt) : null,
    metadata: refund.metadata,
  }
}

/**
 * Refunds as a caller of this version reads them. Older ones are shown no failures and no reviews;
 * but one that has not succeeded is shown as a success to nobody.
 */
export function refundsAsOf(
  version: string | undefined,
  refunds: readonly Type.Static<typeof RefundEntry>[],
) {
  return refunds
    .filter(({ status }) => status !== 'FAILURE' || knows(version, 'FAILURE'))
    .map((entry) => {
      const isHidden = entry.status === 'MANUAL_REVIEW' && !knows(version, 'MANUAL_REVIEW')
      return asOf(version, 'refund', isHidden ? { ...entry, status: 'PENDING' as const } : entry)
    })
}

/** A refund as `POST /refunds` answers it. */
export function refundBody(refund: Refund, txn: Txn): Type.Static<typeof RefundBody> {
  const { said } = refund
  const { wireName } = gatewayNamed(txn.gateway)
  return {
    unique_request_id: refund.id,
    txn_id: txnIdOnWire(txn),
    order_id: refund.orderId,
    status: refund.status,
    amount: rupees(refund.amount),
    created: isoSeconds(refund.createdAt),
    refund_type: 'STANDARD',
    refund_source: wireName,
    gateway: wireName,
    sent_to_gateway: refund.sent,
    initiated_by: refund.source,
    reference_id: said.ref ?? null,
    response_code: said.code ?? null,
    error_message: said.message ?? null,
    epg_txn_id: said.ref ?? null,
    refund_arn: said.arn ?? null,
    authorization_id: null,
  }
}
