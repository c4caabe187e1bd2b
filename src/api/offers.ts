import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { refusedAnswers } from '../wire/refusal-view.ts'
import { bodyTypes } from '../wire/request.ts'

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
        response: { 200: OffersBody, ...refusedAnswers },
      },
    },
    async () => ({ offers: [], best_offer_combinations: [] }),
  )
}
