import { Type } from 'typebox'
import { isoSeconds } from '../clock.ts'
import { gatewayNamed } from '../gateways/catalog.ts'
import type { IssuedToken } from '../merchants/client-token.ts'
import { paise, rupees } from '../money.ts'
import type { Order } from '../payments/order.ts'
import type { WholeOrder } from '../payments/read-order.ts'
import { isPartlyCharged, type Txn, type TxnStatus, txnIdOnWire } from '../payments/txn.ts'
import { CardBody, cardBody } from './card-view.ts'
import { JuspayBody, juspayBody } from './client-token-view.ts'
import { plainFields, udfNames } from './order-request.ts'
import {
  FreeForm,
  RefundEntry,
  RefundShown,
  refundEntry,
  refundsAsOf,
  TextOrNull,
} from './refund-view.ts'
import {
  isBanksReason,
  responseOf,
  shownStatus,
  statusId,
  TxnStatusText,
  unifiedOf,
} from './status.ts'
import { GatewayBody, gatewayBody } from './txn-view.ts'
import { asOf, knows } from './version.ts'

const optionalTexts = Object.fromEntries(
  plainFields.map((name) => [name, Type.Optional(Type.String())]),
) as Record<(typeof plainFields)[number], Type.TOptional<Type.TString>>

const udfs = Object.fromEntries(udfNames.map((name) => [name, Type.String()])) as Record<
  (typeof udfNames)[number],
  Type.TString
>

const TxnDetail = Type.Object({
  txn_id: Type.String(),
  order_id: Type.String(),
  txn_uuid: Type.String(),
  status: TxnStatusText,
  error_code: TextOrNull,
  error_message: Type.String(),
  net_amount: Type.Number(),
  txn_amount: Type.Number(),
  surcharge_amount: Type.Null(),
  tax_amount: Type.Null(),
  offer_deduction_amount: Type.Null(),
  gateway_id: Type.Integer(),
  gateway: Type.String(),
  currency: Type.String(),
  express_checkout: Type.Boolean(),
  redirect: Type.Boolean(),
  created: Type.String(),
  txn_flow_type: Type.Literal('CARD_TRANSACTION'),
  metadata: FreeForm,
  response_code: TextOrNull,
  response_message: TextOrNull,
})

/** Every status an order can show. */
export type OrderStatus = 'NEW' | 'CREATED' | 'PARTIAL_CHARGED' | TxnStatus

const OrderStatusText = Type.Unsafe<OrderStatus>({
  type: 'string',
  enum: ['NEW', 'CREATED', 'PARTIAL_CHARGED', ...Object.keys(statusId)],
})

/** The order-status object: what create, update and status answer. */
export const OrderBody = Type.Object({
  ...optionalTexts,
  ...udfs,
  id: Type.String(),
  order_id: Type.String(),
  merchant_id: Type.String(),
  status: OrderStatusText,
  status_id: Type.Integer(),
  amount: Type.Number(),
  currency: Type.String(),
  effective_amount: Type.Number(),
  date_created: Type.String(),
  customer_id: Type.String(),
  customer_email: Type.String(),
  customer_phone: Type.String(),
  product_id: Type.String(),
  return_url: Type.String(),
  refunded: Type.Boolean(),
  amount_refunded: Type.Number(),
  maximum_eligible_refund_amount: Type.Number(),
  refunds: Type.Array(RefundEntry),
  offers: Type.Array(FreeForm),
  metadata: Type.Unsafe<Record<string, string>>({
    type: 'object',
    additionalProperties: { type: 'string' },
  }),
  payment_links: Type.Object({ web: Type.String(), mobile: Type.String(), iframe: Type.String() }),
  gateway_reference_id: TextOrNull,
  txn_id: Type.Optional(Type.String()),
  txn_uuid: Type.Optional(Type.String()),
  payment_method_type: Type.Optional(Type.Literal('CARD')),
  payment_method: Type.Optional(Type.String()),
  auth_type: Type.Optional(Type.String()),
  card: Type.Optional(CardBody),
  gateway_id: Type.Optional(Type.Integer()),
  resp_code: Type.Optional(TextOrNull),
  resp_message: Type.Optional(TextOrNull),
  bank_error_code: Type.Optional(Type.String()),
  bank_error_message: Type.Optional(Type.String()),
  bank_pg: Type.Optional(Type.Null()),
  txn_detail: Type.Optional(TxnDetail),
  payment_gateway_response: Type.Optional(GatewayBody),
})

/** The order object as a caller of any version may read it, with a client token if they asked. */
export const OrderShown = Type.Object({
  ...OrderBody.properties,
  gateway_reference_id: Type.Optional(TextOrNull),
  refunds: Type.Array(RefundShown),
  juspay: Type.Optional(JuspayBody),
})

/** What creation answers to clients of before the whole order was shown. */
export const CreatedBody = Type.Pick(OrderBody, [
  'id',
  'order_id',
  'status',
  'status_id',
  'payment_links',
])

/** The answer about an order that is not there. */
export const NotFoundBody = Type.Object({
  status: Type.Literal('NOT_FOUND'),
  status_id: Type.Literal(40),
  order_id: Type.String(),
})

/** How an order is shown: to whom, and with which words right after its creation. */
export interface OrderShowing {
  readonly publicUrl: string
  readonly fresh?: 'CREATED' | 'NEW'
  /** The version that the caller speaks, as `readVersion` gives it. */
  readonly version?: string | undefined
  /** A client token that the caller asked for. */
  readonly token?: IssuedToken | undefined
  /** Whether the gateway's whole answer is wanted too. */
  readonly fullGateway?: boolean
}

/** An order as a caller of some version reads it. */
export function orderShown(whole: WholeOrder, shown: OrderShowing): Type.Static<typeof OrderShown> {
  const { version, token } = shown
  const body = orderBody(whole, shown)
  return asOf(version, 'order', {
    ...body,
    refunds: refundsAsOf(version, body.refunds),
    ...(token && { juspay: juspayBody(token) }),
  })
}

/** An order that has just been created, as a caller of some version reads it. */
export function createdOrder(whole: WholeOrder, shown: OrderShowing) {
  if (knows(shown.version, 'juspay')) return orderShown(whole, shown)
  const { id, order_id, status, status_id, payment_links } = orderBody(whole, {
    ...shown,
    fresh: 'CREATED',
  })
  return { id, order_id, status, status_id, payment_links }
}

/** An order as the wire shows it; txn-level keys are there once there is a txn. */
export function orderBody(whole: WholeOrder, shown: OrderShowing): Type.Static<typeof OrderBody> {
  const { order, txn } = whole
  const { fields } = order
  const captured = txn && !txn.late ? txn.captured : paise(0)
  const refunded = txn?.refunded ?? paise(0)
  const status = orderStatus(whole, shown)
  return {
    ...textsOf(fields),
    id: order.id,
    order_id: order.orderId,
    merchant_id: order.merchant,
    ...status,
    amount: rupees(order.amount),
    currency: order.currency,
    effective_amount: rupees(order.amount),
    date_created: isoSeconds(order.createdAt),
    customer_id: fields['customer_id'] ?? '',
    customer_email: fields['customer_email'] ?? '',
    customer_phone: fields['customer_phone'] ?? '',
    product_id: fields['product_id'] ?? '',
    return_url: fields['return_url'] ?? '',
    refunded: captured > 0 && refunded === captured,
    amount_refunded: rupees(refunded),
    maximum_eligible_refund_amount: rupees(paise(Math.max(0, captured - refunded))),
    refunds: txn ? whole.refunds.map((refund) => refundEntry(refund, txn)) : [],
    offers: [],
    metadata: metadataOf(fields),
    payment_links: linksOf(order, shown.publicUrl),
    gateway_reference_id: txn?.choice?.label ?? null,
    ...(txn && txnKeys(txn, shown)),
  }
}

/** The status an order shows: its txn's, or `NEW`, or `CREATED` right after a plain creation. */
export function orderStatus(
  whole: Pick<WholeOrder, 'txn'>,
  shown: Pick<OrderShowing, 'fresh' | 'version'> = {},
): { status: OrderStatus; status_id: number } {
  const { txn } = whole
  if (txn) {
    const partly = isPartlyCharged(txn) && knows(shown.version, 'PARTIAL_CHARGED')
    return partly ? { status: 'PARTIAL_CHARGED', status_id: 37 } : shownStatus(txn)
  }
  return shown.fresh === 'CREATED'
    ? { status: 'CREATED', status_id: 1 }
    : { status: 'NEW', status_id: 10 }
}

function txnKeys(txn: Txn, { fullGateway }: OrderShowing) {
  const gateway = gatewayNamed(txn.gateway)
  const reason = isBanksReason(txn.code) ? txn.said : {}
  return {
    txn_id: txnIdOnWire(txn),
    txn_uuid: txn.id,
    payment_method_type: 'CARD' as const,
    payment_method: txn.card.brand,
    auth_type: txn.authType,
    card: cardBody(txn.card),
    gateway_id: gateway.wireId,
    ...responseOf(txn.code),
    bank_error_code: reason.code ?? '',
    bank_error_message: reason.message ?? '',
    bank_pg: null,
    txn_detail: txnDetail(txn),
    payment_gateway_response: gatewayBody(txn, fullGateway),
  }
}

function txnDetail(txn: Txn): Type.Static<typeof TxnDetail> {
  const gateway = gatewayNamed(txn.gateway)
  const reason = isBanksReason(txn.code) ? txn.said : {}
  return {
    txn_id: txnIdOnWire(txn),
    order_id: txn.orderId,
    txn_uuid: txn.id,
    status: txn.status,
    error_code: reason.code ?? null,
    error_message: reason.message ?? '',
    net_amount: rupees(txn.amount),
    txn_amount: rupees(txn.amount),
    surcharge_amount: null,
    tax_amount: null,
    offer_deduction_amount: null,
    gateway_id: gateway.wireId,
    gateway: gateway.wireName,
    currency: txn.currency,
    express_checkout: true,
    redirect: true,
    created: isoSeconds(txn.createdAt),
    txn_flow_type: 'CARD_TRANSACTION',
    metadata: { payment_channel: 'WEB' },
    ...unifiedOf(txn.code),
  }
}

type Texts = Record<(typeof udfNames)[number], string>

function textsOf(fields: Order['fields']): Texts {
  const texts: Record<string, string> = {}
  for (const name of udfNames) texts[name] = fields[name] ?? ''
  for (const name of plainFields) if (fields[name] !== undefined) texts[name] = fields[name]
  return texts as Texts
}

function metadataOf(fields: Order['fields']): Record<string, string> {
  const metadata: Record<string, string> = {}
  for (const [name, text] of Object.entries(fields)) {
    if (name.startsWith('metadata.')) metadata[name.slice('metadata.'.length)] = text
  }
  return metadata
}

/** Our pages where an order is paid. */
export function linksOf(order: Order, publicUrl: string) {
  const web = `${publicUrl}/merchant/pay/${order.merchant}/${order.id}`
  return { web, mobile: `${web}?mobile=true`, iframe: `${web}?iframe=true` }
}
