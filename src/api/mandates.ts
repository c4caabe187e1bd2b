import type { FastifyInstance } from 'fastify'
import { EmptyList, emptyList } from '../wire/list-view.ts'
import { refusedAnswers } from '../wire/refusal-view.ts'

/** Mandates are no part of Direct OTP: there are none to list. */
export function mandateRoutes(scope: FastifyInstance): void {
  scope.get(
    '/customers/:customer_id/mandates',
    {
      schema: { summary: 'Mandates: none', response: { 200: EmptyList, ...refusedAnswers } },
    },
    async () => emptyList,
  )
}
