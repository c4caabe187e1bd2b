import type { FastifyInstance, FastifyRequest } from 'fastify'
import { keyHash } from '../merchants/key.ts'
import type { Merchant } from '../merchants/merchant.ts'
import { type MerchantReader, merchantByKey } from '../merchants/merchants.ts'
import type { By } from '../payments/events.ts'
import { badField, Refusal } from '../refusal.ts'
import { Secret } from '../secret.ts'
import type { Fields } from '../wire/request.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose key the call carries; there on every route behind `requireKey`. */
    merchant: Merchant
  }
}

/** The longest routing id kept: Juspay's is a customer id. */
const longestRoutingId = 128

/**
 * Lets only calls with an API key through to the routes of this scope. Every merchant id that a
 * call names must be the key's own: it never widens access. Keys are looked up afresh each time.
 */
export function requireKey(scope: FastifyInstance, from: MerchantReader): void {
  scope.decorateRequest('merchant')
  scope.addHook('preValidation', async (request, reply) => {
    const key = keyIn(request.raw.headersDistinct['authorization'])
    const merchant = key && (await merchantByKey(from, keyHash(key)))
    if (!merchant || !namesOnly(request, merchant.id)) throw new Refusal('access_denied')
    request.merchant = merchant
    reply.header('x-jp-merchant-id', merchant.id)
  })
}

/** The fields of a call: body or query, as the door read them. */
export function fieldsOf(from: unknown): Fields {
  return (from ?? {}) as Fields
}

/** Who a change comes from, for the order's events. */
export function byCaller(request: FastifyRequest): By {
  const routingId = request.headers['x-routing-id']
  if (routingId === undefined) return { door: 'api', requestId: request.id }
  if (typeof routingId !== 'string' || routingId.length > longestRoutingId) {
    throw badField('x-routing-id', 'invalid')
  }
  return { door: 'api', requestId: request.id, routingId }
}

/**
 * The key of a Basic header: `key` or `key:`, base64; the password must be empty. Two headers are
 * no key: whoever stands in front of us may have looked at the other one.
 */
function keyIn(headers: readonly string[] | undefined): Secret | undefined {
  const [header = '', ...more] = headers ?? []
  if (more.length > 0) return undefined
  const match = /^basic ([A-Za-z0-9+/=_-]{4,1024})$/i.exec(header)
  if (!match?.[1]) return undefined
  const pair = Buffer.from(match[1], 'base64').toString('utf8')
  const colon = pair.indexOf(':')
  if (colon !== -1 && colon !== pair.length - 1) return undefined
  const key = colon === -1 ? pair : pair.slice(0, colon)
  return key === '' ? undefined : new Secret(key)
}

function namesOnly(request: FastifyRequest, id: string): boolean {
  const { headers } = request
  const named = [
    headers['x-merchantid'],
    headers['x-merchant-id'],
    fieldsOf(request.body)['merchant_id'],
    fieldsOf(request.query)['merchant_id'],
  ]
  return named.every((name) => name === undefined || name === '' || name === id)
}
