import type { FastifyInstance, FastifyRequest } from 'fastify'
import { fieldsOf } from '../api/auth.ts'
import { orderKeyOf } from '../api/orders.ts'
import { shardIn } from '../ids.ts'
import type { World } from '../payments/world.ts'
import { badField, Refusal } from '../refusal.ts'
import { deliveriesOfOrder, deliveriesOfWebhook, waitingCounts } from '../webhooks/deliveries.ts'
import { mostOfOrder } from '../webhooks/delivery.ts'
import { readEndpoint } from '../webhooks/endpoint.ts'
import { type EndpointKey, endpointsOf } from '../webhooks/endpoints.ts'
import {
  addEndpoint,
  enableEndpoint,
  removeEndpoint,
  rotateSecret,
} from '../webhooks/keep-endpoints.ts'
import { redeliver } from '../webhooks/redeliver.ts'
import { refusedAnswers } from '../wire/refusal-view.ts'
import { bodyTypes, type Fields } from '../wire/request.ts'
import {
  DeliveriesBody,
  DeliveriesQuery,
  deliveryBody,
  EndpointBody,
  EndpointPath,
  EndpointRequest,
  EndpointsBody,
  EndpointWithSecret,
  endpointBody,
  RedeliveredBody,
  RedeliverRequest,
  RemovedBody,
  readWhich,
} from './webhook-bodies.ts'

type WithEndpoint = FastifyRequest<{ Params: { id: string } }>

/** `/console/webhooks…`: a merchant's endpoints, and what was delivered there. */
export function webhookRoutes(scope: FastifyInstance, world: World): void {
  const { db, seal } = world
  const keyOf = ({ merchant, params }: WithEndpoint): EndpointKey => ({
    merchant: merchant.id,
    id: params.id,
  })

  scope.get(
    '/console/webhooks',
    {
      schema: { summary: 'Webhook endpoints', response: { 200: EndpointsBody, ...refusedAnswers } },
    },
    async ({ merchant }) => {
      const waiting = await waitingCounts(db.read, merchant.id)
      const endpoints = await endpointsOf(db.read, seal, merchant.id)
      const shown = endpoints.map((one) => endpointBody(one, world.now()))
      return { endpoints: shown.map((one) => ({ ...one, waiting: waiting.get(one.id) ?? 0 })) }
    },
  )

  scope.post(
    '/console/webhooks',
    {
      schema: {
        summary: 'Add a webhook endpoint',
        consumes: bodyTypes,
        body: EndpointRequest,
        response: { 200: EndpointWithSecret, ...refusedAnswers },
      },
    },
    async (request) => {
      const fields = fieldsOf(request.body)
      const said = readEndpoint({ ...fields, headers: headersIn(fields) }, world.mode)
      if ('wrong' in said) throw wrongField(said.wrong, fields)
      const now = world.now()
      const added = await addEndpoint(world, request.merchant.id, {
        said,
        now,
        actor: request.actor,
      })
      return { ...endpointBody(added.endpoint, now), secret: added.secret.reveal() }
    },
  )

  scope.post<{ Params: { id: string } }>(
    '/console/webhooks/:id/rotate',
    {
      schema: {
        summary: 'Make a new signing secret',
        params: EndpointPath,
        response: { 200: EndpointWithSecret, ...refusedAnswers },
      },
    },
    async (request) => {
      const now = world.now()
      const rotated = await rotateSecret(world, keyOf(request), { now, actor: request.actor })
      if (!rotated) throw new Refusal('unknown_webhook')
      return { ...endpointBody(rotated.endpoint, now), secret: rotated.secret.reveal() }
    },
  )

  scope.post<{ Params: { id: string } }>(
    '/console/webhooks/:id/enable',
    {
      schema: {
        summary: 'Send to a disabled or paused endpoint again',
        params: EndpointPath,
        response: { 200: EndpointBody, ...refusedAnswers },
      },
    },
    async (request) => {
      const now = world.now()
      const endpoint = await enableEndpoint(world, keyOf(request), { now, actor: request.actor })
      if (!endpoint) throw new Refusal('unknown_webhook')
      return endpointBody(endpoint, now)
    },
  )

  scope.post<{ Params: { id: string } }>(
    '/console/webhooks/:id/remove',
    {
      schema: {
        summary: 'Remove an endpoint and what waits for it',
        params: EndpointPath,
        response: { 200: RemovedBody, ...refusedAnswers },
      },
    },
    async (request) => {
      const change = { now: world.now(), actor: request.actor }
      const removed = await removeEndpoint(world, keyOf(request), change)
      if (!removed) throw new Refusal('unknown_webhook')
      return { id: request.params.id, removed: true }
    },
  )
  deliveryRoutes(scope, world)
}

function deliveryRoutes(scope: FastifyInstance, world: World): void {
  const { read } = world.db

  scope.get(
    '/console/webhooks/deliveries',
    {
      schema: {
        summary: 'What was delivered, of one order or one webhook',
        querystring: DeliveriesQuery,
        response: { 200: DeliveriesBody, ...refusedAnswers },
      },
    },
    async (request) => {
      const { order_id: orderId, id } = fieldsOf(request.query)
      if ((orderId === undefined) === (id === undefined)) {
        throw badField('order_id', orderId === undefined ? 'missing' : 'invalid')
      }
      const order = orderId === undefined ? undefined : orderKeyOf(request, orderId)
      const shard = id === undefined ? undefined : shardIn(id)
      const webhook = { shard, merchant: request.merchant.id, id: id ?? '' }
      const deliveries = order
        ? await deliveriesOfOrder(read, order, mostOfOrder)
        : shard === undefined
          ? []
          : await deliveriesOfWebhook(read, { ...webhook, shard })
      return { deliveries: deliveries.map(deliveryBody) }
    },
  )

  scope.post(
    '/console/webhooks/redeliver',
    {
      schema: {
        summary: 'Send webhooks again',
        consumes: bodyTypes,
        body: RedeliverRequest,
        response: { 200: RedeliveredBody, ...refusedAnswers },
      },
    },
    async (request) => {
      const fields = fieldsOf(request.body)
      const which = readWhich(fields)
      const again = { which, now: world.now(), endpoint: fields['endpoint'] || undefined }
      const redelivered = await redeliver(world, request.merchant.id, again)
      if (!redelivered) throw new Refusal('unknown_webhook')
      const { count, goOnFrom } = redelivered
      return {
        redelivered: count,
        ...(goOnFrom !== undefined && { go_on_from: new Date(goOnFrom).toISOString() }),
      }
    },
  )
}

function wrongField(name: string, fields: Fields): Refusal {
  return badField(name, name === 'headers' || fields[name] ? 'invalid' : 'missing')
}

function headersIn(fields: Fields): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(fields)) {
    if (name.startsWith('headers.')) headers[name.slice('headers.'.length)] = value
  }
  return headers
}
