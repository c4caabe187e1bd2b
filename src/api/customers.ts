import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { createCustomer, knownCustomer, updateCustomer } from '../cards/create-customer.ts'
import type { Customer } from '../cards/customer.ts'
import { countCustomers, pageOfCustomers } from '../cards/customers.ts'
import { issueClientToken } from '../merchants/issue-client-token.ts'
import type { World } from '../payments/world.ts'
import { asksForToken, TokenOption } from '../wire/client-token-request.ts'
import { juspayBody } from '../wire/client-token-view.ts'
import { CustomerRequest, readCustomer, readTold } from '../wire/customer-request.ts'
import { CustomerBody, CustomerList, customerBody } from '../wire/customer-view.ts'
import { mostCounted, OrderListQuery, readPage } from '../wire/order-list-view.ts'
import { refusedAnswers } from '../wire/refusal-view.ts'
import { bodyTypes } from '../wire/request.ts'
import { fieldsOf } from './auth.ts'

const CustomerPath = Type.Object({ customer_id: Type.String() })
const CustomerQuery = Type.Object(TokenOption)
const answers = { 200: CustomerBody, ...refusedAnswers }
type Named = { Params: Type.Static<typeof CustomerPath> }

/** `/customers`: a merchant's customers, by the merchant's ids of them or ours. */
export function customerRoutes(scope: FastifyInstance, world: World): void {
  scope.post(
    '/customers',
    {
      schema: {
        summary: 'Create a customer',
        consumes: bodyTypes,
        body: CustomerRequest,
        response: answers,
      },
    },
    async (request) => {
      const asked = readCustomer(fieldsOf(request.body))
      return shown(world, request, await createCustomer(world, request.merchant, asked))
    },
  )

  scope.get(
    '/customers',
    {
      schema: {
        summary: "The merchant's customers, the newest first",
        querystring: OrderListQuery,
        response: { 200: CustomerList, ...refusedAnswers },
      },
    },
    (request) => listed(world, request),
  )

  scope.get<Named>(
    '/customers/:customer_id',
    {
      schema: {
        summary: 'A customer',
        params: CustomerPath,
        querystring: CustomerQuery,
        response: answers,
      },
    },
    async (request) => {
      const named = request.params.customer_id
      return shown(world, request, await knownCustomer(world, request.merchant, named))
    },
  )

  scope.post<Named>(
    '/customers/:customer_id',
    {
      schema: {
        summary: 'Update a customer',
        consumes: bodyTypes,
        params: CustomerPath,
        body: CustomerRequest,
        response: answers,
      },
    },
    async (request) => {
      const asked = {
        named: request.params.customer_id,
        fields: readTold(fieldsOf(request.body)),
      }
      return shown(world, request, await updateCustomer(world, request.merchant, asked))
    },
  )
}

/** The customer, with a client token of theirs where the call wants one. */
async function shown(world: World, request: FastifyRequest, customer: Customer) {
  const body = customerBody(customer)
  const places = [request.body, request.query].map(fieldsOf)
  if (!places.some(asksForToken)) return body
  const { merchant, reference } = customer
  return {
    ...body,
    juspay: juspayBody(await issueClientToken(world, { merchant, customer: reference })),
  }
}

async function listed(world: World, request: FastifyRequest) {
  const { read } = world.db
  const { id } = request.merchant
  const page = readPage(fieldsOf(request.query))
  const [customers, total] = await Promise.all([
    pageOfCustomers(read, id, page),
    countCustomers(read, id, mostCounted),
  ])
  return { count: customers.length, offset: page.offset, total, list: customers.map(customerBody) }
}
