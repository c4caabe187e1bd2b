import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { type OrderId, shardOf } from '../ids.ts'
import { createOrder, updateOrder } from '../payments/create-order.ts'
import { isOrderId, type Order } from '../payments/order.ts'
import type { OrderKey } from '../payments/orders.ts'
import { readOrder, type WholeOrder } from '../payments/read-order.ts'
import type { World } from '../payments/world.ts'
import { badField, Refusal } from '../refusal.ts'
import { OrderRequest, readNewOrder, readOrderChange } from '../wire/order-request.ts'
import { NotFoundBody, OrderBody, type OrderShown, orderBody } from '../wire/order-view.ts'
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
  const viewOf = (request: FastifyRequest) => orderViewOf(world, request)

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
      return orderBody(await wholeOf(world, order), { ...viewOf(request), fresh: 'NEW' })
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
      return orderBody(await wholeOf(world, order), { ...viewOf(request), fresh: 'CREATED' })
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
      const change = readOrderChange(fieldsOf(request.body), request.merchant, world.mode)
      const by = byCaller(request)
      const key = orderKeyOf(request, orderId)
      const order = key && (await updateOrder(world, key, { ...change, by }))
      if (!order) throw new Refusal('order_not_found', { subject: orderId })
      return orderBody(await wholeOf(world, order), viewOf(request))
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
  const key = orderKeyOf(request, orderId)
  const whole = key && (await readOrder(world.db.read, key))
  if (!whole) return { status: 'NOT_FOUND', status_id: 40, order_id: orderId }
  return orderBody(whole, orderViewOf(world, request))
}

/** The order that a call names; `undefined` when the text can be no order's id. */
export function orderKeyOf({ merchant }: FastifyRequest, orderId: string): OrderKey | undefined {
  if (!isOrderId(orderId, longestOrderId)) return undefined
  const id: OrderId = orderId
  return { shard: shardOf(merchant.id, id), merchant: merchant.id, orderId: id }
}

/** How orders are shown to this caller. */
export function orderViewOf(world: World, { headers }: FastifyRequest): OrderShown {
  const { version } = headers
  return { publicUrl: world.publicUrl, ...(typeof version === 'string' && { version }) }
}

/** An order that has just been written, with what else it shows. */
async function wholeOf(world: World, order: Order): Promise<WholeOrder> {
  const whole = order.txnCount === 0 ? undefined : await readOrder(world.db.read, order)
  return whole ?? { order, refunds: [] }
}
