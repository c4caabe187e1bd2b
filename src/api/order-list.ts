import type { FastifyInstance, FastifyRequest } from 'fastify'
import { countOrders, newestOrders } from '../payments/order-lists.ts'
import { readOrder } from '../payments/read-order.ts'
import type { World } from '../payments/world.ts'
import { mostCounted, OrderList, OrderListQuery, readPage } from '../wire/order-list-view.ts'
import { orderShown } from '../wire/order-view.ts'
import { refusedAnswers } from '../wire/refusal-view.ts'
import { fieldsOf } from './auth.ts'
import { orderViewOf } from './orders.ts'

const schema = {
  summary: "The merchant's orders, the newest first",
  querystring: OrderListQuery,
  response: { 200: OrderList, ...refusedAnswers },
}

/** `GET /orders` and the older `/order/list`: a merchant's orders, page by page. */
export function orderListRoutes(scope: FastifyInstance, world: World): void {
  scope.get('/orders', { schema }, (request) => listed(world, request))
  scope.get('/order/list', { schema }, (request) => listed(world, request))
}

async function listed(world: World, request: FastifyRequest) {
  const { read } = world.db
  const { id } = request.merchant
  const page = readPage(fieldsOf(request.query))
  const [keys, total] = await Promise.all([
    newestOrders(read, id, page),
    countOrders(read, id, mostCounted),
  ])
  const wholes = await Promise.all(keys.map((key) => readOrder(read, key)))
  const shown = orderViewOf(world, request)
  const list = wholes.flatMap((whole) => (whole ? [orderShown(whole, shown)] : []))
  return { count: list.length, offset: page.offset, total, list }
}
