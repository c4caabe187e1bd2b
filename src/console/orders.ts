import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { orderKeyOf, orderViewOf } from '../api/orders.ts'
import { eventsOf } from '../payments/events.ts'
import { readOrder } from '../payments/read-order.ts'
import { refundsOf } from '../payments/refunds.ts'
import { txnsOf } from '../payments/txns.ts'
import type { World } from '../payments/world.ts'
import { Refusal } from '../refusal.ts'
import { deliveriesOfOrder } from '../webhooks/deliveries.ts'
import { mostOfOrder } from '../webhooks/delivery.ts'
import { orderBody } from '../wire/order-view.ts'
import { refusedAnswers } from '../wire/refusal-view.ts'
import { eventBody, paymentBody, TimelineBody } from './order-bodies.ts'

const OrderPath = Type.Object({ order_id: Type.String() })

/** `/console/orders/{order_id}`: an order with everything that happened to it. */
export function orderTimeline(scope: FastifyInstance, world: World): void {
  const { read } = world.db

  scope.get<{ Params: Type.Static<typeof OrderPath> }>(
    '/console/orders/:order_id',
    {
      schema: {
        summary: 'An order and its history',
        params: OrderPath,
        response: { 200: TimelineBody, ...refusedAnswers },
      },
    },
    async (request) => {
      const { order_id: orderId } = request.params
      const key = orderKeyOf(request, orderId)
      const whole = key && (await readOrder(read, key))
      if (!whole) throw new Refusal('order_not_found', { subject: orderId })
      const txns = await txnsOf(read, key)
      const refunds = await refundsOf(read, key)
      const deliveries = await deliveriesOfOrder(read, key, mostOfOrder)
      const events = await eventsOf(read, key)
      return {
        order: orderBody(whole, orderViewOf(world, request)),
        payments: txns.map((txn) => paymentBody(txn, refunds)),
        events: events.map((event) => eventBody(event, deliveries)),
      }
    },
  )
}
