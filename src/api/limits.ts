import { hash } from 'node:crypto'
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from '../refusal.ts'

/** Requests a minute, per API key and per address; 0 is no limit. */
export interface Limits {
  readonly perKey: number
  readonly perAddress: number
}

const windowSeconds = 60

// Counters kept at a time, the least used forgotten first: a flood of addresses can't fill memory.
const mostCounters = 20_000

/** What a load balancer asks every second has no limit. */
const unlimitedRoutes: ReadonlySet<string | undefined> = new Set(['/health', '/ready'])

/**
 * Counts the requests of each address and of each API key, and refuses those above the limits with
 * `rate_limited`. Unknown routes count too. Adds nothing at all when both limits are 0.
 */
export function addLimits(app: FastifyInstance, limits: Limits): void {
  if (limits.perAddress === 0 && limits.perKey === 0) return
  const checks: Check[] = []
  app.register(rateLimit, { global: false, cache: mostCounters })
  app.after(() => {
    if (limits.perAddress > 0) checks.push(byAddress(app, limits.perAddress))
    if (limits.perKey > 0) checks.push(byKey(app, limits.perKey))
  })
  app.addHook('onRequest', async (request, reply) => {
    if (unlimitedRoutes.has(request.routeOptions.url)) return
    for (const check of checks) await check(request, reply)
  })
}

/**
 * A limit of a route's own: so many requests a minute for each key. Whoever calls it counts the
 * request, which is refused beyond the limit. The scope waits for it before its routes.
 */
export async function limitBy(
  scope: FastifyInstance,
  limit: { name: string; max: number; keyOf: (request: FastifyRequest) => string },
): Promise<Check> {
  await scope.register(rateLimit, { global: false, cache: mostCounters })
  const { name, max, keyOf: keyGenerator } = limit
  const count = scope.createRateLimit({ max, timeWindow: windowSeconds * 1000, keyGenerator })
  return async (request, reply) => judge(name, reply, await count(request))
}

/** Counts a request, and refuses it beyond the limit. */
export type Check = (request: FastifyRequest, reply: FastifyReply) => Promise<void>

function byAddress(app: FastifyInstance, max: number): Check {
  const count = app.createRateLimit({ max, timeWindow: windowSeconds * 1000 })
  return async (request, reply) => judge('address', reply, await count(request))
}

/** Counts by a digest of the Authorization header, so that no key stays in the counters. */
function byKey(app: FastifyInstance, max: number): Check {
  const count = app.createRateLimit({
    max,
    timeWindow: windowSeconds * 1000,
    keyGenerator: (request) => hash('sha256', request.headers.authorization ?? '', 'base64'),
  })
  return async (request, reply) => {
    if (request.headers.authorization === undefined) return
    judge('key', reply, await count(request))
  }
}

type Count = Awaited<ReturnType<ReturnType<FastifyInstance['createRateLimit']>>>

/** Tells the state of the limit (draft-ietf-httpapi-ratelimit-headers-10) and refuses beyond it. */
function judge(name: string, reply: FastifyReply, count: Count): void {
  if (count.isAllowed) return
  const { max, remaining, ttlInSeconds } = count
  append(reply, 'ratelimit-policy', `"${name}";q=${max};w=${windowSeconds}`)
  append(reply, 'ratelimit', `"${name}";r=${remaining};t=${ttlInSeconds}`)
  if (count.isExceeded) {
    throw new Refusal('rate_limited', { retryAfterSeconds: Math.max(1, ttlInSeconds) })
  }
}

function append(reply: FastifyReply, name: string, item: string): void {
  const before = reply.getHeader(name)
  reply.header(name, before === undefined ? item : `${before}, ${item}`)
}
