import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { referenceOf } from '../cards/create-customer.ts'
import { listCards } from '../cards/list-cards.ts'
import type { World } from '../payments/world.ts'
import { Refusal } from '../refusal.ts'
import { TokenField } from '../wire/client-token-request.ts'
import { SavedMethodsBody, savedMethodsBody } from '../wire/payment-methods-view.ts'
import { refusedAnswers } from '../wire/refusal-view.ts'
import { bodyTypes } from '../wire/request.ts'
import { ofOwnCustomer } from './auth.ts'

const CustomerPath = Type.Object({ customer_id: Type.String() })
const schema = {
  summary: 'What a customer has left for later',
  params: CustomerPath,
  response: { 200: SavedMethodsBody, ...refusedAnswers },
}

/** `payment_method` is a list in all that is known of it; nobody reads it. */
const Wanted = Type.Object({
  payment_method: Type.Optional(Type.Unsafe<string>({ description: 'Accepted and ignored' })),
  ...TokenField,
})

type Asked = { Params: Type.Static<typeof CustomerPath> }

/** `/customers/{id}/payment_methods`: the stored cards of a customer. */
export function savedMethodRoutes(scope: FastifyInstance, world: World): void {
  const url = '/customers/:customer_id/payment_methods'
  const config = { client: 'customer' } as const
  scope.get<Asked>(url, { config, schema }, (request) => saved(world, request))
  const withBody = { ...schema, consumes: bodyTypes, body: Wanted }
  scope.post<Asked>(url, { config, schema: withBody }, (request) => saved(world, request))
}

async function saved(world: World, request: FastifyRequest<Asked>) {
  const { merchant, params } = request
  const customer = await referenceOf(world, merchant, params.customer_id)
  ofOwnCustomer(request, customer)
  if (customer === undefined) throw new Refusal('customer_unknown')
  const { of, cards } = await listCards(world, merchant.id, customer)
  return savedMethodsBody(of, cards, world.now())
}
