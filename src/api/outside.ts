import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { Refusal } from '../refusal.ts'
import { RefusalSchema } from '../wire/refusal-view.ts'

/** Calls that clients of the API know, for payments and tokens that this server does not take. */
const outside = [
  ['POST', '/customers/:customer_id/wallets', 'Link a wallet'],
  ['GET', '/wallets/:id', 'Refresh a wallet'],
  ['POST', '/wallets/:id', 'Authenticate or link a wallet'],
  ['POST', '/v2/upi/verify-vpa', 'Verify a UPI address'],
  ['POST', '/customers/:customer_id/mandates', 'Create a mandate'],
  ['POST', '/mandates/:id', 'Change a mandate'],
  ['POST', '/v4/card/get', 'Get a network token'],
  ['POST', '/v4/card/delete', 'Delete a network token'],
  ['POST', '/get/altId', 'Get an alternate id of a card'],
  ['POST', '/generateToken', 'Make a network token'],
  ['POST', '/tokenization/onboarding', 'Enrol for network tokens'],
] as const

/** Refuses what is outside the product in words that say so, where a 404 would look like a typo. */
export function outsideRoutes(scope: FastifyInstance): void {
  for (const [method, url, what] of outside) {
    const ids = [...url.matchAll(/:(\w+)/g)].map(([, name = '']) => [name, Type.String()])
    scope.route({
      method,
      url,
      schema: {
        summary: `${what}: refused`,
        ...(ids.length > 0 && { params: Type.Object(Object.fromEntries(ids)) }),
        response: { '4xx': RefusalSchema },
      },
      handler: async () => {
        throw new Refusal('payment_method_unsupported')
      },
    })
  }
}
