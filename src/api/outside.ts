import type { FastifyInstance } from 'fastify'
import { Refusal } from '../refusal.ts'

/** Calls that clients of the API know, for payments that this server does not take. */
const outside = [
  ['POST', '/customers/:customer_id/wallets'],
  ['GET', '/wallets/:id'],
  ['POST', '/wallets/:id'],
  ['POST', '/v2/upi/verify-vpa'],
  ['POST', '/customers/:customer_id/mandates'],
  ['POST', '/mandates/:id'],
] as const

/** Refuses what is outside the product in words that say so, where a 404 would look like a typo. */
export function outsideRoutes(scope: FastifyInstance): void {
  for (const [method, url] of outside) {
    scope.route({
      method,
      url,
      schema: { hide: true },
      handler: async () => {
        throw new Refusal('payment_method_unsupported')
      },
    })
  }
}
