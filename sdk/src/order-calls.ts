import { type CallOptions, call, type Line } from './call.ts'
import type { List, Page } from './customer.ts'
import type { OrderAnswer, OrderNotFound, OrderStatusWants } from './order.ts'
import type { CreateOrderRequest, UpdateOrderRequest } from './order-request.ts'
import type { RefundOrderRequest } from './refund.ts'
import type {
  FulfillmentAnswer,
  FulfillmentRequest,
  SessionAnswer,
  SessionRequest,
} from './session.ts'

/** The calls of orders. */
export interface OrderCalls {
  /** Creates an order; the same order once more answers the one that is there. */
  createOrder(order: CreateOrderRequest, options?: CallOptions): Promise<OrderAnswer>
  /** Creates an order and a client token of it, in the form that Juspay's apps and pages read. */
  session(order: SessionRequest, options?: CallOptions): Promise<SessionAnswer>
  /** Changes an order that is not paid. */
  updateOrder(
    orderId: string,
    change: UpdateOrderRequest,
    options?: CallOptions,
  ): Promise<OrderAnswer>
  /** How an order stands: the one truth about whether it is paid. */
  orderStatus(
    orderId: string,
    wants?: OrderStatusWants,
    options?: CallOptions,
  ): Promise<OrderAnswer | OrderNotFound>
  /** The merchant's orders, the newest first. */
  listOrders(page?: Page, options?: CallOptions): Promise<List<OrderAnswer>>
  /** Tells how the delivery of an order went. */
  fulfill(
    orderId: string,
    fulfillment: FulfillmentRequest,
    options?: CallOptions,
  ): Promise<FulfillmentAnswer>
  /** Gives money of an order back; the answer is the order, with the refund as `PENDING`. */
  refundOrder(
    orderId: string,
    refund: RefundOrderRequest,
    options?: CallOptions,
  ): Promise<OrderAnswer>
}

/** {@link OrderCalls} by this line. */
export function orderCalls(line: Line): OrderCalls {
  return {
    createOrder: (body, how) => call(line, { method: 'POST', path: '/orders', body }, how),
    session: (body, how) => call(line, { method: 'POST', path: '/session', body }, how),
    updateOrder: (id, body, how) => call(line, { method: 'POST', path: pathOf(id), body }, how),
    orderStatus: (id, query, how) => call(line, { method: 'GET', path: pathOf(id), query }, how),
    listOrders: (query, how) => call(line, { method: 'GET', path: '/orders', query }, how),
    fulfill: (id, body, how) =>
      call(line, { method: 'POST', path: `${pathOf(id)}/fulfillment`, body }, how),
    refundOrder: (id, body, how) =>
      call(line, { method: 'POST', path: `${pathOf(id)}/refunds`, body }, how),
  }
}

function pathOf(orderId: string): string {
  return `/orders/${encodeURIComponent(orderId)}`
}
