import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ClientScope } from '../merchants/client-token.ts'
import { type TokenRoom, useClientToken } from '../merchants/issue-client-token.ts'
import { keyHash, keyId } from '../merchants/key.ts'
import { type Merchant, mayCallFrom } from '../merchants/merchant.ts'
import { findMerchant, type MerchantReader, merchantByKey } from '../merchants/merchants.ts'
import type { By } from '../payments/events.ts'
import { Refusal } from '../refusal.ts'
import { Secret } from '../secret.ts'
import type { Fields } from '../wire/request.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose key or client token the call carries; there on every route behind `requireKey`. */
    merchant: Merchant
    /** Who that is, for the audit log: `key <id>`, `jwt key <kid>`, or `client token`. */
    actor: string
    /** What the call may be about where a client token makes it; a key may name anything. */
    client: ClientScope | undefined
  }
  interface FastifyContextConfig {
    /** Whose client tokens are taken in place of a key; absent: none, and no page may call. */
    client?: 'order' | 'customer'
  }
}

/** What is needed to know callers. */
export interface CallerRoom extends MerchantReader, TokenRoom {
  readonly publicUrl: string
}

interface KnownCaller extends Pick<FastifyRequest, 'merchant' | 'actor'> {
  readonly client?: ClientScope
}

/** So much of a routing id is kept: Juspay's is a customer id, and no call fails for it. */
const longestRoutingId = 128

/**
 * Lets only calls with an API key through to the routes of this scope, and where a route's
 * `config.client` says so, calls with a client token and no Authorization. Every merchant id that a
 * call names must be the caller's own: it never widens access. Keys are looked up afresh each time.
 */
export function requireKey(scope: FastifyInstance, from: CallerRoom): void {
  scope.decorateRequest('merchant')
  scope.decorateRequest('actor', '')
  scope.decorateRequest('client')
  scope.addHook('preValidation', async (request, reply) => {
    const { authorization } = request.raw.headersDistinct
    const caller = authorization ? await keyHolder(request, from) : await byToken(request, from)
    if (!caller || !namesOnly(request, caller.merchant.id)) throw new Refusal('access_denied')
    request.merchant = caller.merchant
    request.actor = caller.actor
    request.client = caller.client
    reply.header('x-jp-merchant-id', caller.merchant.id)
  })
}

/** Refuses what a client token asks of another order than its own. A key may name any. */
export function ofOwnOrder({ client }: FastifyRequest, orderId: string | undefined): void {
  if (client && (client.order === undefined || client.order !== orderId)) {
    throw new Refusal('access_denied')
  }
}

/**
 * Refuses what a client token asks of another customer than its own, both named as the merchant
 * names them. A key may name any.
 */
export function ofOwnCustomer({ client }: FastifyRequest, customer: string | undefined): void {
  if (client && (client.customer === undefined || client.customer !== customer)) {
    throw new Refusal('access_denied')
  }
}

/** The fields of a call: body or query, as the door read them. */
export function fieldsOf(from: unknown): Fields {
  return (from ?? {}) as Fields
}

/** Who a change comes from, for the order's events. */
export function byCaller(request: FastifyRequest): By {
  const routingId = request.headers['x-routing-id']
  if (typeof routingId !== 'string') return { door: 'api', requestId: request.id }
  const kept = routingId.slice(0, longestRoutingId)
  return { door: 'api', requestId: request.id, routingId: kept }
}

/** Whose API key the call carries, or `undefined`. */
export async function keyHolder(
  request: FastifyRequest,
  from: MerchantReader,
): Promise<KnownCaller | undefined> {
  const key = keyIn(request.raw.headersDistinct['authorization'])
  if (!key) return undefined
  const hash = keyHash(key)
  const merchant = await merchantByKey(from, hash)
  return merchant && { merchant, actor: `key ${keyId(hash)}` }
}

/**
 * Whose call it is by its key or, on a route that a page may call without one, whom its
 * `merchant_id` names. Refuses as a wrong key is refused, and in other words who names nobody.
 */
export async function merchantNamed(
  request: FastifyRequest,
  from: MerchantReader & { readonly publicUrl: string },
): Promise<Merchant> {
  const { authorization } = request.raw.headersDistinct
  const named = fieldsOf(request.body)['merchant_id'] ?? fieldsOf(request.query)['merchant_id']
  if (!authorization && !named) throw new Refusal('merchant_unnamed')
  const merchant = authorization
    ? (await keyHolder(request, from))?.merchant
    : await findMerchant(from, named ?? '')
  if (!merchant || !namesOnly(request, merchant.id)) throw new Refusal('access_denied')
  if (!isOwnPage(request, merchant, from.publicUrl)) throw new Refusal('access_denied')
  return merchant
}

/** Whoever shows a client token. A page may, where its origin is the merchant's, or it is ours. */
async function byToken(
  request: FastifyRequest,
  from: CallerRoom,
): Promise<KnownCaller | undefined> {
  const { client: kind } = request.routeOptions.config
  const token =
    fieldsOf(request.body)['client_auth_token'] ?? fieldsOf(request.query)['client_auth_token']
  if (kind === undefined || token === undefined) return undefined
  const client = await useClientToken(from, token)
  const merchant = client?.[kind] && (await findMerchant(from, client.merchant))
  if (!merchant || !isOwnPage(request, merchant, from.publicUrl)) return undefined
  return { merchant, client, actor: 'client token' }
}

/** Whether a call comes from no page, from one of the merchant's own, or from one of ours. */
export function isOwnPage(
  { headers: { origin } }: FastifyRequest,
  merchant: Merchant,
  publicUrl: string,
): boolean {
  if (origin === undefined || origin === new URL(publicUrl).origin) return true
  return mayCallFrom(origin, merchant.settings)
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

/** Whether every merchant id that a call names is this one. */
export function namesOnly(request: FastifyRequest, id: string): boolean {
  const { headers } = request
  const named = [
    headers['x-merchantid'],
    headers['x-merchant-id'],
    fieldsOf(request.body)['merchant_id'],
    fieldsOf(request.body)['merchantId'],
    fieldsOf(request.body)['order.merchant_id'],
    fieldsOf(request.query)['merchant_id'],
    fieldsOf(request.query)['merchantId'],
  ]
  return named.every((name) => name === undefined || name === '' || name === id)
}
