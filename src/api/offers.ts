import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { refusedAnswers } from '../wire/refusal-view.ts'
import { bodyTypes } from '../wire/request.ts'

/** What clients ask with, in whatever form; nobody reads it. */
const anything = Type.Optional(Type.Unsafe<string>({}))
const OffersWish = Type.Object({
  'order.order_id': anything,
  'order.amount': anything,
  'order.currency': anything,
  'order.basket': anything,
  'customer.id': anything,
  payment_method_info: anything,
  offer_code: anything,
})

const OffersBody = Type.Object({
  offers: Type.Array(Type.Never()),
  best_offer_combinations: Type.Array(Type.Never()),
})

/** `/v1/offers/list`: there are no offers. */
export function offerRoutes(scope: FastifyInstance): void {
  scope.post(
    '/v1/offers/list',
    {
      schema: {
        summary: 'Offers: none',
        consumes: bodyTypes,
        body: OffersWish,
        response: { 200: OffersBody, ...refusedAnswers },
      },
    },
    async () => ({ offers: [], best_offer_combinations: [] }),
  )
}
