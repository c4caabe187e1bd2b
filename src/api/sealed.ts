import { hash } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { isMerchantId } from '../ids.ts'
import { type JwtPair, pairOf } from '../merchants/jwt-key.ts'
import { findJwtKey } from '../merchants/jwt-keys.ts'
import { findMerchant } from '../merchants/merchants.ts'
import { spendOnce } from '../merchants/spent-tokens.ts'
import type { World } from '../payments/world.ts'
import { Refusal } from '../refusal.ts'
import {
  type Envelope,
  envelopeLifeMs,
  openEnvelope,
  readEnvelope,
  sealEnvelope,
} from '../wire/envelope.ts'
import { refuseLists } from '../wire/request.ts'
import { fieldsOf, keyHolder, namesOnly } from './auth.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The envelope of a call behind {@link requireEnvelope}, once it is opened. */
    sealed: { readonly envelope: Envelope; readonly pair: JwtPair } | undefined
  }
}

/**
 * Lets only encrypted calls through to the routes of this scope. A route finds the claims of the
 * envelope as its body; what it answers is encrypted too, unless it is a refusal. The very same
 * envelope is taken once.
 */
export function requireEnvelope(scope: FastifyInstance, world: World): void {
  scope.decorateRequest('merchant')
  scope.decorateRequest('actor', '')
  scope.decorateRequest('client')
  scope.decorateRequest('sealed')

  scope.addHook('preValidation', async (request, reply) => {
    const { method, query, body } = request
    const envelope = readEnvelope(fieldsOf(method === 'GET' ? query : body))
    const merchant = await callerOf(request, world)
    const name = { merchant: merchant.id, kid: envelope.kid }
    const key = await findJwtKey(world.db.read, world.seal, name)
    if (!key) throw new Refusal('access_denied')
    const pair = pairOf(key)
    const claims = await openEnvelope(envelope, pair, world.now())
    refuseLists(claims, request.routeOptions.schema?.body)
    request.body = claims
    if (!namesOnly(request, merchant.id)) throw new Refusal('access_denied')
    request.sealed = { envelope, pair }
    request.merchant = merchant
    request.actor = `jwt key ${key.kid}`
    reply.header('x-jp-merchant-id', merchant.id)
  })

  // After the validation, so that a call that was malformed can be sent again.
  scope.addHook('preHandler', async ({ merchant, sealed }) => {
    if (!sealed) return
    const spent = {
      merchant: merchant.id,
      hash: hash('sha256', sealed.envelope.jwe),
      expiresAt: world.now() + envelopeLifeMs,
    }
    if (!(await world.db.tx((t) => spendOnce(t, spent)))) throw new Refusal('access_denied')
  })

  scope.addHook('preSerialization', async ({ sealed }, { statusCode }, payload) => {
    // Clients read a refusal as it is.
    if (!sealed || statusCode >= 300) return payload
    return sealEnvelope(JSON.stringify(payload), sealed.envelope, sealed.pair)
  })
}

/** The merchant that a call names, by header or by an API key. An API key must be theirs. */
async function callerOf(request: FastifyRequest, world: World) {
  const { headers } = request
  const holder = await keyHolder(request, world)
  const id = headers['x-merchantid'] ?? headers['x-merchant-id'] ?? holder?.merchant.id
  const merchant =
    typeof id === 'string' && isMerchantId(id) ? await findMerchant(world, id) : undefined
  const isOther = headers.authorization !== undefined && holder?.merchant.id !== merchant?.id
  if (!merchant || isOther) throw new Refusal('access_denied')
  return merchant
}
