import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { type OrderId, shardOf } from '../ids.ts'
import type { IssuedToken } from '../merchants/client-token.ts'
import { issueClientToken } from '../merchants/issue-client-token.ts'
import { createOrder, updateOrder } from '../payments/create-order.ts'
import { isOrderId, type Order } from '../payments/order.ts'
import type { OrderKey } from '../payments/orders.ts'
import { readOrder, type WholeOrder } from '../payments/read-order.ts'
import type { World } from '../payments/world.ts'
import { badField, Refusal } from '../refusal.ts'
import { asksForToken, TokenField, TokenOption } from '../wire/client-token-request.ts'
import { keptMetadata, OrderRequest, readNewOrder, readOrderChange } from '../wire/order-request.ts'
import {
  CreatedBody,
  createdOrder,
  NotFoundBody,
  type OrderShowing,
  OrderShown,
  orderShown,
} from '../wire/order-view.ts'
import { refusedAnswers } from '../wire/refusal-view.ts'
import { bodyTypes, truth } from '../wire/request.ts'
import { knows, readVersion } from '../wire/version.ts'
import { byCaller, fieldsOf, ofOwnOrder } from './auth.ts'

const OrderPath = Type.Object({ order_id: Type.String() })
type WithOrder = FastifyRequest<{ Params: Type.Static<typeof OrderPath> }>
/** What the order's status may show beside the order. */
export const OrderOptions = {
  ...TokenOption,
  'options.add_full_gateway_response': Type.Optional(
    Type.String({ maxLength: 16, description: "true: adds the gateway's whole answer" }),
  ),
}
const OrderQuery = Type.Object({ ...OrderOptions, ...TokenField })
const NamedQuery = Type.Object({
  order_id: Type.Optional(Type.String()),
  ...OrderQuery.properties,
})
const OldestQuery = Type.Object({
  ...NamedQuery.properties,
  orderId: Type.Optional(Type.String()),
  merchantId: Type.Optional(Type.String()),
})
const OrderWish = Type.Object(
  { ...OrderRequest.properties, ...TokenOption },
  { description: keptMetadata },
)
const shown = { 200: Type.Union([OrderShown, NotFoundBody]), ...refusedAnswers }
const created = { 200: Type.Union([OrderShown, CreatedBody]), ...refusedAnswers }
const ofClients = { client: 'order' } as const

/** The longest order id any merchant may have set; a longer one names no order. */
const longestOrderId = 64

/** `/orders` and the older `/order/…`: create, update, status. */
export function orderRoutes(scope: FastifyInstance, world: World): void {
  writingRoutes(scope, world)
  statusRoutes(scope, world)
}

function writingRoutes(scope: FastifyInstance, world: World): void {
  scope.post(
    '/orders',
    {
      schema: {
        summary: 'Create an order',
        consumes: bodyTypes,
        body: OrderWish,
        response: created,
      },
    },
    (request) => create(world, request, { ifDifferent: 'refuse', fresh: 'NEW' }),
  )

  scope.post(
    '/order/create',
    {
      schema: {
        summary: 'Create or update an order',
        consumes: bodyTypes,
        body: OrderWish,
        response: created,
      },
    },
    (request) => create(world, request, { ifDifferent: 'change', fresh: 'CREATED' }),
  )

  const change = {
    schema: {
      summary: 'Update an unpaid order',
      consumes: bodyTypes,
      params: OrderPath,
      body: OrderWish,
      response: { 200: OrderShown, ...refusedAnswers },
    },
  }
  const changeNamed = (request: WithOrder) => update(world, request, request.params.order_id)
  scope.post('/orders/:order_id', change, changeNamed)
  // The official Node client leaves the slash out.
  scope.post('/orders:order_id', change, changeNamed)

  scope.post(
    '/order/update',
    {
      schema: {
        summary: 'Update an unpaid order',
        consumes: bodyTypes,
        body: OrderWish,
        response: { 200: OrderShown, ...refusedAnswers },
      },
    },
    (request) => update(world, request, fieldsOf(request.body)['order_id']),
  )
}

function statusRoutes(scope: FastifyInstance, world: World): void {
  scope.get<{ Params: Type.Static<typeof OrderPath> }>(
    '/orders/:order_id',
    {
      config: ofClients,
      schema: {
        summary: 'Order status',
        params: OrderPath,
        querystring: OrderQuery,
        response: shown,
      },
    },
    (request) => answerStatus(world, request, request.params.order_id),
  )

  const by = (...names: string[]) => {
    return (request: FastifyRequest) => answerStatus(world, request, named(request, names))
  }
  const asked = { summary: 'Order status', response: shown }
  const posted = { ...asked, consumes: bodyTypes }
  const config = ofClients
  const older = by('order_id')
  scope.get('/order/status', { config, schema: { ...asked, querystring: NamedQuery } }, older)
  scope.post('/order/status', { config, schema: { ...posted, body: NamedQuery } }, older)
  const oldest = by('order_id', 'orderId')
  scope.get('/order_status', { config, schema: { ...asked, querystring: OldestQuery } }, oldest)
  scope.post('/order_status', { config, schema: { ...posted, body: OldestQuery } }, oldest)
}

/** The order that a body or a query names, by the first of these names that is there. */
function named({ body, query }: FastifyRequest, names: readonly string[]): string | undefined {
  const places = [fieldsOf(body), fieldsOf(query)]
  return names.flatMap((name) => places.flatMap((fields) => fields[name] ?? [])).at(0)
}

async function update(world: World, request: FastifyRequest, orderId: string | undefined) {
  if (!orderId) throw badField('order_id', 'missing')
  const change = readOrderChange(fieldsOf(request.body), request.merchant, world.mode)
  const by = byCaller(request)
  const key = orderKeyOf(request, orderId)
  const order = key && (await updateOrder(world, key, { ...change, by }))
  if (!order) throw new Refusal('order_not_found', { subject: orderId })
  const token = await tokenFor(world, request, order)
  return orderShown(await wholeOf(world, order), { ...orderViewOf(world, request), token })
}

async function create(
  world: World,
  request: FastifyRequest,
  how: { ifDifferent: 'refuse' | 'change'; fresh: 'NEW' | 'CREATED' },
) {
  const { merchant, body } = request
  const wanted = readNewOrder(fieldsOf(body), merchant, world.mode)
  const { ifDifferent } = how
  const by = byCaller(request)
  const order = await createOrder(world, merchant, { order: wanted, ifDifferent, by })
  const token = await tokenFor(world, request, order)
  // Juspay's older path says NEW too where it shows a token.
  const fresh = token ? 'NEW' : how.fresh
  return createdOrder(await wholeOf(world, order), { ...orderViewOf(world, request), fresh, token })
}

/** An order's status, whichever way it was asked for. Refuses a call that names no order. */
export async function answerStatus(
  world: World,
  request: FastifyRequest,
  orderId: string | undefined,
) {
  ofOwnOrder(request, orderId)
  if (!orderId) throw badField('order_id', 'missing')
  const key = orderKeyOf(request, orderId)
  const whole = key && (await readOrder(world.db.read, key))
  if (!whole) return { status: 'NOT_FOUND', status_id: 40, order_id: orderId }
  const token = await tokenFor(world, request, whole.order)
  const full = 'options.add_full_gateway_response'
  const { body, query } = request
  const fullGateway = truth(fieldsOf(body)[full] ?? fieldsOf(query)[full]) ?? false
  return orderShown(whole, { ...orderViewOf(world, request), token, fullGateway })
}

/** A client token for the order, where the call asks for one. A client token gets no other. */
async function tokenFor(
  world: World,
  request: FastifyRequest,
  { merchant, orderId }: Order,
): Promise<IssuedToken | undefined> {
  const { body, query, headers, client } = request
  const isAsked = asksForToken(fieldsOf(body)) || asksForToken(fieldsOf(query))
  if (!isAsked || client || !knows(readVersion(headers['version']), 'juspay')) return undefined
  return issueClientToken(world, { merchant, order: orderId })
}

/** The order that a call names; `undefined` when the text can be no order's id. */
export function orderKeyOf({ merchant }: FastifyRequest, orderId: string): OrderKey | undefined {
  if (!isOrderId(orderId, longestOrderId)) return undefined
  const id: OrderId = orderId
  return { shard: shardOf(merchant.id, id), merchant: merchant.id, orderId: id }
}

/** How orders are shown to this caller. */
export function orderViewOf(world: World, { headers }: FastifyRequest): OrderShowing {
  return { publicUrl: world.publicUrl, version: readVersion(headers['version']) }
}

/** An order that has just been written, with what else it shows. */
async function wholeOf(world: World, order: Order): Promise<WholeOrder> {
  const whole = order.txnCount === 0 ? undefined : await readOrder(world.db.read, order)
  return whole ?? { order, refunds: [] }
}
