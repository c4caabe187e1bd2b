import type { FastifyInstance, FastifyRequest } from 'fastify'
import { issueClientToken } from '../merchants/issue-client-token.ts'
import { createOrder } from '../payments/create-order.ts'
import { readOrder } from '../payments/read-order.ts'
import type { World } from '../payments/world.ts'
import { readNewOrder } from '../wire/order-request.ts'
import { refusedAnswers } from '../wire/refusal-view.ts'
import { bodyTypes } from '../wire/request.ts'
import { readSession, SessionRequest } from '../wire/session-request.ts'
import { SessionBody, sessionBody } from '../wire/session-view.ts'
import { byCaller, fieldsOf } from './auth.ts'
import { orderViewOf } from './orders.ts'

/** `/session`: an order, and what a page or an app needs to have it paid. */
export function sessionRoutes(scope: FastifyInstance, world: World): void {
  scope.post(
    '/session',
    {
      schema: {
        summary: 'Open a session',
        consumes: bodyTypes,
        body: SessionRequest,
        response: { 200: SessionBody, ...refusedAnswers },
      },
    },
    (request) => openSession(world, request),
  )
}

/** Creates the order, or finds the same one, and gives a client token for it. */
export async function openSession(world: World, request: FastifyRequest) {
  const { merchant } = request
  const fields = fieldsOf(request.body)
  const session = readSession(fields, merchant)
  const wanted = readNewOrder(fields, merchant, world.mode)
  const by = byCaller(request)
  const order = await createOrder(world, merchant, { order: wanted, ifDifferent: 'refuse', by })
  const { orderId } = order
  const token = await issueClientToken(world, { merchant: merchant.id, order: orderId })
  const whole = (await readOrder(world.db.read, order)) ?? { order, refunds: [] }
  const shown = { ...orderViewOf(world, request), token, mode: world.mode, requestId: request.id }
  return sessionBody(whole, session, shown)
}
