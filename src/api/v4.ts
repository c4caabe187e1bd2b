import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { World } from '../payments/world.ts'
import { badField } from '../refusal.ts'
import { SealedBody, SealedQuery } from '../wire/envelope-view.ts'
import { RefundRequest } from '../wire/refund-request.ts'
import { refusedAnswers } from '../wire/refusal-view.ts'
import { bodyTypes } from '../wire/request.ts'
import { SessionRequest } from '../wire/session-request.ts'
import { PayRequest } from '../wire/txn-request.ts'
import { fieldsOf } from './auth.ts'
import { withHeaders } from './docs.ts'
import { answerStatus, OrderOptions } from './orders.ts'
import { refundOrder } from './refunds.ts'
import { requireEnvelope } from './sealed.ts'
import { openSession } from './session.ts'
import { startPayment } from './txns.ts'

const OrderPath = Type.Object({ order_id: Type.String() })
const OrderClaims = Type.Object({ order_id: Type.Optional(Type.String()), ...OrderOptions })
const RefundClaims = Type.Object({
  ...RefundRequest.properties,
  order_id: Type.Optional(Type.String()),
})

/** What is validated are the claims; what the document shows is the envelope around them. */
const config = {
  swaggerTransform: ({ schema, url }: { schema: object; url: string }) => ({
    url,
    schema: withHeaders({
      ...schema,
      // The envelope's own key says who calls.
      security: [{ key: [] }, {}],
      ...('body' in schema ? { body: SealedBody } : { querystring: SealedQuery }),
      response: { 200: SealedBody, ...refusedAnswers },
    }),
  }),
}

type WithOrder = FastifyRequest<{ Params: Type.Static<typeof OrderPath> }>

/** `/v4/…`: the calls of a backend as envelopes of JWE around JWS. */
export function v4Routes(scope: FastifyInstance, world: World): void {
  requireEnvelope(scope, world)
  const claimsOf = (request: FastifyRequest) => fieldsOf(request.body)

  scope.get(
    '/v4/order-status',
    { config, schema: { summary: 'Order status, encrypted' } },
    (request) => answerStatus(world, request, claimsOf(request)['order_id']),
  )

  scope.post(
    '/v4/order-status',
    {
      config,
      schema: { summary: 'Order status, encrypted', consumes: bodyTypes, body: OrderClaims },
    },
    (request) => answerStatus(world, request, claimsOf(request)['order_id']),
  )

  const refund = {
    config,
    schema: {
      summary: 'Refund an order, encrypted',
      consumes: bodyTypes,
      params: OrderPath,
      body: RefundClaims,
    },
  }
  const refundNamed = (request: WithOrder) => {
    const { order_id: orderId } = request.params
    const { order_id: signed } = claimsOf(request)
    const { signed_refund_order: needed } = request.merchant.settings
    // The path is outside the signature; the official clients leave the claim out all the same.
    if (signed === undefined && needed) throw badField('order_id', 'missing')
    if (signed !== undefined && signed !== orderId) throw badField('order_id', 'invalid')
    return refundOrder(world, request, orderId)
  }
  scope.post('/v4/orders/:order_id/refunds', refund, refundNamed)
  scope.post('/v4/order/:order_id/refunds', refund, refundNamed)

  scope.post(
    '/v4/txns',
    {
      config,
      schema: {
        summary: 'Start authentication, encrypted',
        consumes: bodyTypes,
        body: PayRequest,
      },
    },
    (request, reply) => {
      // No browser made this call, so there is none to send to a page.
      request.body = { ...claimsOf(request), format: 'json' }
      return startPayment(world, request, reply)
    },
  )

  scope.post(
    '/v4/session',
    {
      config,
      schema: { summary: 'Open a session, encrypted', consumes: bodyTypes, body: SessionRequest },
    },
    (request) => openSession(world, request),
  )
}
