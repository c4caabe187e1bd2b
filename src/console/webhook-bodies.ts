import { Type } from 'typebox'
import { isoSeconds } from '../clock.ts'
import { badField } from '../refusal.ts'
import type { Delivery } from '../webhooks/delivery.ts'
import type { Endpoint } from '../webhooks/endpoint.ts'
import { longestSpanMs, type Which } from '../webhooks/redeliver.ts'
import type { Fields } from '../wire/request.ts'
import { webhookNames } from '../wire/webhook-name.ts'

/** Names an endpoint in a path. */
export const EndpointPath = Type.Object({ id: Type.String() })

const text = Type.Optional(Type.String())
const time = Type.Union([Type.String(), Type.Null()])

/** What is said of a new endpoint. */
export const EndpointRequest = Type.Object(
  {
    url: Type.Optional(Type.String({ description: 'https; in sandbox mode http too' })),
    user: Type.Optional(Type.String({ description: 'Of Basic auth; with password' })),
    password: text,
    events: Type.Optional(
      Type.String({ description: `With commas; absent: all. ${webhookNames.join(', ')}` }),
    ),
  },
  { description: 'Any `headers.NAME` is a header that is sent along; ten at most' },
)

const endpointKeys = {
  id: Type.String(),
  url: Type.String(),
  events: Type.Array(Type.String()),
  user: Type.Union([Type.String(), Type.Null()]),
  headers: Type.Array(Type.String(), { description: 'The names only' }),
  secrets: Type.Integer({ description: 'How many secrets sign: two during a rotation' }),
  state: Type.Union([Type.Literal('active'), Type.Literal('paused'), Type.Literal('disabled')]),
  failures: Type.Integer({ description: 'Failed attempts in a row' }),
  paused_until: time,
  disabled_at: time,
  date_created: Type.String(),
}

/** An endpoint without its secrets. */
export const EndpointBody = Type.Object(endpointKeys)

/** An endpoint whose newest signing secret is shown this once. */
export const EndpointWithSecret = Type.Object({ ...endpointKeys, secret: Type.String() })

/** All endpoints of a merchant. */
export const EndpointsBody = Type.Object({
  endpoints: Type.Array(Type.Object({ ...endpointKeys, waiting: Type.Integer() })),
})

/** The answer of a removal. */
export const RemovedBody = Type.Object({ id: Type.String(), removed: Type.Literal(true) })

/** Which deliveries to show: exactly one of the two. */
export const DeliveriesQuery = Type.Object({ order_id: text, id: text })

/** A delivery with what its last attempt was answered. */
export const DeliveryBody = Type.Object({
  id: Type.String(),
  event_name: Type.String(),
  order_id: Type.String(),
  event: Type.Integer({ description: 'The number of the event in the history of the order' }),
  endpoint: Type.String(),
  state: Type.Union([Type.Literal('waiting'), Type.Literal('delivered'), Type.Literal('given_up')]),
  attempts: Type.Integer(),
  next_attempt: time,
  last_attempt: time,
  delivered_at: time,
  http_status: Type.Union([Type.Integer(), Type.Null()]),
  answer: Type.Union([Type.String(), Type.Null()]),
  date_created: Type.String(),
})

/** Deliveries, as they are asked for. */
export const DeliveriesBody = Type.Object({ deliveries: Type.Array(DeliveryBody) })

/** What to send again: `id`, `order_id`, or `from` and `to`. */
export const RedeliverRequest = Type.Object({
  id: text,
  order_id: text,
  from: Type.Optional(Type.String({ description: 'ISO 8601 with its zone' })),
  to: Type.Optional(Type.String({ description: 'The same; 31 days after `from` at most' })),
  endpoint: Type.Optional(Type.String({ description: 'Absent: every endpoint that is there' })),
})

/** How many deliveries are due again, and where a long time goes on. */
export const RedeliveredBody = Type.Object({
  redelivered: Type.Integer(),
  go_on_from: text,
})

/** An endpoint as the console shows it. */
export function endpointBody(endpoint: Endpoint, now: number): Type.Static<typeof EndpointBody> {
  const { access, pausedUntil, disabledAt } = endpoint
  const isPaused = pausedUntil > now
  return {
    id: endpoint.id,
    url: endpoint.url,
    events: [...endpoint.events],
    user: access.user ?? null,
    headers: Object.keys(access.headers),
    secrets: access.secrets.filter(({ until = Infinity }) => now < until).length,
    state: disabledAt !== undefined ? 'disabled' : isPaused ? 'paused' : 'active',
    failures: endpoint.failures,
    paused_until: isPaused ? isoSeconds(pausedUntil) : null,
    disabled_at: timeOf(disabledAt),
    date_created: isoSeconds(endpoint.createdAt),
  }
}

/** A delivery as the console shows it. */
export function deliveryBody(delivery: Delivery): Type.Static<typeof DeliveryBody> {
  const { deliveredAt, givenUpAt } = delivery
  return {
    id: delivery.id,
    event_name: delivery.name,
    order_id: delivery.orderId,
    event: delivery.seq,
    endpoint: delivery.endpoint,
    state:
      deliveredAt !== undefined ? 'delivered' : givenUpAt !== undefined ? 'given_up' : 'waiting',
    attempts: delivery.attempts,
    next_attempt: timeOf(delivery.dueAt),
    last_attempt: timeOf(delivery.lastAt),
    delivered_at: timeOf(deliveredAt),
    http_status: delivery.httpStatus ?? null,
    answer: delivery.answer ?? null,
    date_created: isoSeconds(delivery.createdAt),
  }
}

/** What is to be sent again. Refuses anything but one of `id`, `order_id`, `from` with `to`. */
export function readWhich(fields: Fields): Which {
  const { id, order_id: orderId, from, to } = fields
  const asked = [id, orderId, from ?? to].filter((one) => one !== undefined)
  if (asked.length !== 1) throw badField('id', asked.length === 0 ? 'missing' : 'invalid')
  if (id !== undefined) return { id }
  if (orderId !== undefined) return { orderId }
  const span = { from: readTime('from', from), to: readTime('to', to) }
  if (span.to <= span.from || span.to - span.from > longestSpanMs) throw badField('to', 'invalid')
  return span
}

/** A date alone would be a day in no zone: the time and the zone must be there. */
const isoTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/

function readTime(name: 'from' | 'to', written: string | undefined): number {
  if (written === undefined) throw badField(name, 'missing')
  const at = isoTime.test(written) ? Date.parse(written) : Number.NaN
  if (!Number.isFinite(at) || at < 0) throw badField(name, 'invalid')
  return at
}

function timeOf(at: number | undefined): string | null {
  return at === undefined ? null : isoSeconds(at)
}
