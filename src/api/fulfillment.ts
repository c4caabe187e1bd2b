import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { keepFulfillment } from '../payments/keep-fulfillment.ts'
import type { World } from '../payments/world.ts'
import { Refusal } from '../refusal.ts'
import {
  FulfillmentBody,
  FulfillmentRequest,
  fulfillmentBody,
  readFulfillment,
} from '../wire/fulfillment.ts'
import { refusedAnswers } from '../wire/refusal-view.ts'
import { bodyTypes } from '../wire/request.ts'
import { byCaller, fieldsOf } from './auth.ts'
import { orderKeyOf } from './orders.ts'

const OrderPath = Type.Object({ order_id: Type.String() })

/** `/orders/{order_id}/fulfillment`: the merchant tells how the delivery went. */
export function fulfillmentRoutes(scope: FastifyInstance, world: World): void {
  scope.post<{ Params: Type.Static<typeof OrderPath> }>(
    '/orders/:order_id/fulfillment',
    {
      schema: {
        summary: 'Tell how the delivery went',
        consumes: bodyTypes,
        params: OrderPath,
        body: FulfillmentRequest,
        response: { 200: FulfillmentBody, ...refusedAnswers },
      },
    },
    async (request) => {
      const told = readFulfillment(fieldsOf(request.body))
      const key = orderKeyOf(request, request.params.order_id)
      if (!key) throw new Refusal('fulfillment_no_txn')
      const at = await keepFulfillment(world, key, { told, by: byCaller(request) })
      return fulfillmentBody(key, told, at)
    },
  )
}
