import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { referenceOf } from '../cards/create-customer.ts'
import { listCards } from '../cards/list-cards.ts'
import type { World } from '../payments/world.ts'
import { Refusal } from '../refusal.ts'
import { SavedMethodsBody, savedMethodsBody } from '../wire/payment-methods-view.ts'
import { refusedAnswers } from '../wire/refusal-view.ts'
import { bodyTypes } from '../wire/request.ts'

const CustomerPath = Type.Object({ customer_id: Type.String() })
const schema = {
  summary: 'What a customer has left for later',
  params: CustomerPath,
  response: { 200: SavedMethodsBody, ...refusedAnswers },
}

/** A list in all that is known of it; nobody reads it. */
const Wanted = Type.Object({
  payment_method: Type.Optional(Type.Unsafe<string>({ description: 'Accepted and ignored' })),
})

type Asked = { Params: Type.Static<typeof CustomerPath> }

/** `/customers/{id}/payment_methods`: the stored cards of a customer. */
export function savedMethodRoutes(scope: FastifyInstance, world: World): void {
  const url = '/customers/:customer_id/payment_methods'
  scope.get<Asked>(url, { schema }, (request) => saved(world, request))
  const post = { schema: { ...schema, consumes: bodyTypes, body: Wanted } }
  scope.post<Asked>(url, post, (request) => saved(world, request))
}

async function saved(world: World, { merchant, params }: FastifyRequest<Asked>) {
  const customer = await referenceOf(world, merchant, params.customer_id)
  if (customer === undefined) throw new Refusal('customer_unknown')
  const { of, cards } = await listCards(world, merchant.id, customer)
  return savedMethodsBody(of, cards, world.now())
}
