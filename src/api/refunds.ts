import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { issueRefund } from '../payments/issue-refund.ts'
import type { OrderKey } from '../payments/orders.ts'
import { readOrder } from '../payments/read-order.ts'
import type { Txn } from '../payments/txn.ts'
import { findTxnOnWire } from '../payments/txns.ts'
import type { World } from '../payments/world.ts'
import { Refusal } from '../refusal.ts'
import { OrderShown, orderShown } from '../wire/order-view.ts'
import { NamedRefundRequest, RefundRequest, readRefund } from '../wire/refund-request.ts'
import { RefundBody, refundBody } from '../wire/refund-view.ts'
import { refusedAnswers } from '../wire/refusal-view.ts'
import { bodyTypes, type Fields } from '../wire/request.ts'
import { byCaller, fieldsOf } from './auth.ts'
import { orderKeyOf, orderViewOf } from './orders.ts'

const OrderPath = Type.Object({ order_id: Type.String() })
const shown = { 200: OrderShown, ...refusedAnswers }

/** `/orders/{order_id}/refunds`, the older `/order/refund`, and `/refunds`: give money back. */
export function refundRoutes(scope: FastifyInstance, world: World): void {
  scope.post<{ Params: Type.Static<typeof OrderPath> }>(
    '/orders/:order_id/refunds',
    {
      schema: {
        summary: 'Refund an order',
        consumes: bodyTypes,
        params: OrderPath,
        body: RefundRequest,
        response: shown,
      },
    },
    (request) => refundOrder(world, request, request.params.order_id),
  )

  scope.post(
    '/order/refund',
    {
      schema: {
        summary: 'Refund an order',
        consumes: bodyTypes,
        body: NamedRefundRequest,
        response: shown,
      },
    },
    (request) => refundOrder(world, request, fieldsOf(request.body)['order_id']),
  )

  scope.post(
    '/refunds',
    {
      schema: {
        summary: 'Refund a transaction',
        consumes: bodyTypes,
        body: NamedRefundRequest,
        response: { 200: RefundBody, ...refusedAnswers },
      },
    },
    async (request) => {
      const fields = fieldsOf(request.body)
      const asked = readRefund(fields)
      const { order, txn } = await subjectOf(world, request, fields)
      const by = byCaller(request)
      const wish = { ...asked, order, ...(txn && { txn: txn.id }), source: 'API', by } as const
      const issued = await issueRefund(world, request.merchant, wish)
      if (!issued) throw unknownOrder(fields['order_id'] ?? '')
      return refundBody(issued.refund, issued.txn)
    },
  )
}

/** Gives back money of an order: all that is left, or the amount that the body names. */
export async function refundOrder(
  world: World,
  request: FastifyRequest,
  orderId: string | undefined,
) {
  const asked = readRefund(fieldsOf(request.body))
  if (!orderId) throw new Refusal('refund_fields_missing')
  const order = orderKeyOf(request, orderId)
  const wish = order && { ...asked, order, source: 'API' as const, by: byCaller(request) }
  const issued = wish && (await issueRefund(world, request.merchant, wish))
  const whole = issued && (await readOrder(world.db.read, wish.order))
  if (!whole) throw unknownOrder(orderId)
  // The clock may have sent it already; the answer is about the call, and that only wrote it down.
  const { refund } = issued
  const refunds = whole.refunds.map((one) => (one.id === refund.id ? refund : one))
  return orderShown({ ...whole, refunds }, orderViewOf(world, request))
}

/** The order of `order_id`, or the txn of `txn_id` with its order. */
async function subjectOf(
  world: World,
  request: FastifyRequest,
  fields: Fields,
): Promise<{ order: OrderKey; txn?: Txn }> {
  const { txn_id: txnId, order_id: orderId } = fields
  if (txnId) {
    const txn = await findTxnOnWire(world.db.read, request.merchant.id, txnId)
    if (!txn || (orderId && txn.orderId !== orderId)) throw new Refusal('unknown_txn')
    return { order: txn, txn }
  }
  if (!orderId) throw new Refusal('refund_fields_missing')
  const order = orderKeyOf(request, orderId)
  if (!order) throw unknownOrder(orderId)
  return { order }
}

function unknownOrder(orderId: string): Refusal {
  return new Refusal('refund_unknown_order', { orderId })
}
