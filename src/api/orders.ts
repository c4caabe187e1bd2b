import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { type OrderId, shardOf } from '../ids.ts'
import { createOrder, updateOrder } from '../payments/create-order.ts'
import { isOrderId, type Order } from '../payments/order.ts'
import { findOrder, type OrderKey } from '../payments/orders.ts'
import { decidingTxn } from '../payments/txns.ts'
import type { World } from '../payments/world.ts'
import { badField, Refusal } from '../refusal.ts'
import { OrderRequest, readNewOrder, readOrderChange } from '../wire/order-request.ts'
import { NotFoundBody, OrderBody, orderBody } from '../wire/order-view.ts'
import { refusedAnswers } from '../wire/refusal-view.ts'
import { bodyTypes } from '../wire/request.ts'
import { byCaller, fieldsOf } from './auth.ts'

const OrderPath = Type.Object({ order_id: Type.String() })
const OrderQuery = Type.Object({ order_id: Type.Optional(Type.String()) })
const shown = { 200: Type.Union([OrderBody, NotFoundBody]), ...refusedAnswers }
const written = { 200: OrderBody, ...refusedAnswers }

/** The longest order id any merchant may have set; a longer one names no order. */
const longestOrderId = 64

/** `/orders` and the older `/order/…`: create, update, status. */
export function orderRoutes(scope: FastifyInstance, world: World): void {
  const { publicUrl } = world

  scope.post(
    '/orders',
    {
      schema: {
        summary: 'Create an order',
        consumes: bodyTypes,
        body: OrderRequest,
        response: written,
      },
    },
    async (request) => {
      const order = await create(world, request, 'refuse')
      return orderBody(order, { publicUrl, fresh: 'NEW', ...(await deciding(world, order)) })
    },
  )

  scope.post(
    '/order/create',
    {
      schema: {
        summary: 'Create or update an order',
        consumes: bodyTypes,
        body: OrderRequest,
        response: written,
      },
    },
    async (request) => {
      const order = await create(world, request, 'change')
      return orderBody(order, { publicUrl, fresh: 'CREATED', ...(await deciding(world, order)) })
    },
  )

  scope.post<{ Params: Type.Static<typeof OrderPath> }>(
    '/orders/:order_id',
    {
      schema: {
        summary: 'Update an unpaid order',
        consumes: bodyTypes,
        params: OrderPath,
        body: OrderRequest,
        response: written,
      },
    },
    async (request) => {
      const { order_id: orderId } = request.params
      const change = readOrderChange(fieldsOf(request.body), world.mode)
      const by = byCaller(request)
      const key = keyOf(request, orderId)
      const order = key && (await updateOrder(world, key, { ...change, by }))
      if (!order) throw new Refusal('order_not_found', { subject: orderId })
      return orderBody(order, { publicUrl, ...(await deciding(world, order)) })
    },
  )

  scope.get<{ Params: Type.Static<typeof OrderPath> }>(
    '/orders/:order_id',
    { schema: { summary: 'Order status', params: OrderPath, response: shown } },
    (request) => status(world, request, request.params.order_id),
  )

  scope.get(
    '/order/status',
    { schema: { summary: 'Order status', querystring: OrderQuery, response: shown } },
    (request) => status(world, request, fieldsOf(request.query)['order_id']),
  )

  scope.post(
    '/order/status',
    {
      schema: {
        summary: 'Order status',
        consumes: bodyTypes,
        body: OrderQuery,
        response: shown,
      },
    },
    (request) =>
      status(
        world,
        request,
        fieldsOf(request.body)['order_id'] ?? fieldsOf(request.query)['order_id'],
      ),
  )
}

function create(world: World, request: FastifyRequest, ifDifferent: 'refuse' | 'change') {
  const { merchant, body } = request
  const order = readNewOrder(fieldsOf(body), merchant, world.mode)
  return createOrder(world, merchant, { order, ifDifferent, by: byCaller(request) })
}

async function status(world: World, request: FastifyRequest, orderId: string | undefined) {
  if (!orderId) throw badField('order_id', 'missing')
  const key = keyOf(request, orderId)
  const order = key && (await findOrder(world.db.read, key))
  if (!order) return { status: 'NOT_FOUND', status_id: 40, order_id: orderId }
  return orderBody(order, { publicUrl: world.publicUrl, ...(await deciding(world, order)) })
}

function keyOf({ merchant }: FastifyRequest, orderId: string): OrderKey | undefined {
  if (!isOrderId(orderId, longestOrderId)) return undefined
  const id: OrderId = orderId
  return { shard: shardOf(merchant.id, id), merchant: merchant.id, orderId: id }
}

async function deciding(world: World, order: Order) {
  const txn = await decidingTxn(world.db.read, order)
  return txn && { txn }
}
