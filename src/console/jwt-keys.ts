import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { fieldsOf } from '../api/auth.ts'
import { isoSeconds } from '../clock.ts'
import { isJwtKeyId } from '../ids.ts'
import { type JwtKey, readPublicKey, serverKeyOf } from '../merchants/jwt-key.ts'
import { jwtKeysOf } from '../merchants/jwt-keys.ts'
import { addJwtKey, endJwtKey } from '../merchants/keep-jwt-keys.ts'
import type { World } from '../payments/world.ts'
import { badField, Refusal } from '../refusal.ts'
import { refusedAnswers } from '../wire/refusal-view.ts'
import { bodyTypes } from '../wire/request.ts'

const KeyPath = Type.Object({ kid: Type.String() })

const KeyRequest = Type.Object({
  public_key: Type.Optional(
    Type.String({ description: 'PEM of an RSA public key or certificate, 2048 to 4096 bits' }),
  ),
})

const KeyBody = Type.Object({
  kid: Type.String({ description: 'Names the key in the headers of encrypted calls' }),
  public_key: Type.String({ description: "The merchant's key, as SPKI PEM" }),
  server_public_key: Type.String({
    description: 'What calls are encrypted with and answers are checked by, as SPKI PEM',
  }),
  date_created: Type.String(),
  revoked_at: Type.Union([Type.String(), Type.Null()]),
})

const KeysBody = Type.Object({ keys: Type.Array(KeyBody) })

/** `/console/jwt-keys…`: the keys of a merchant for encrypted calls. */
export function jwtKeyRoutes(scope: FastifyInstance, world: World): void {
  const changeBy = ({ merchant, actor }: FastifyRequest) => ({
    merchant: merchant.id,
    actor,
    now: world.now(),
  })

  scope.get(
    '/console/jwt-keys',
    {
      schema: {
        summary: 'Keys for encrypted calls',
        response: { 200: KeysBody, ...refusedAnswers },
      },
    },
    async ({ merchant }) => {
      const keys = await jwtKeysOf(world.db.read, world.seal, merchant.id)
      return { keys: keys.map(keyBody) }
    },
  )

  scope.post(
    '/console/jwt-keys',
    {
      schema: {
        summary: 'Register a public key for encrypted calls',
        consumes: bodyTypes,
        body: KeyRequest,
        response: { 200: KeyBody, ...refusedAnswers },
      },
    },
    async (request) => {
      const { public_key: given } = fieldsOf(request.body)
      if (!given) throw badField('public_key', 'missing')
      const publicKey = readPublicKey(given)
      if (!publicKey) throw badField('public_key', 'invalid')
      const added = await addJwtKey(world, changeBy(request), publicKey)
      if (!added) throw new Refusal('too_many_jwt_keys')
      return keyBody(added)
    },
  )

  scope.post<{ Params: Type.Static<typeof KeyPath> }>(
    '/console/jwt-keys/:kid/revoke',
    {
      schema: {
        summary: 'Revoke a key for encrypted calls',
        params: KeyPath,
        response: {
          200: Type.Object({ kid: Type.String(), revoked: Type.Literal(true) }),
          ...refusedAnswers,
        },
      },
    },
    async (request) => {
      const { kid } = request.params
      const isRevoked = isJwtKeyId(kid) && (await endJwtKey(world, changeBy(request), kid))
      if (!isRevoked) throw new Refusal('unknown_jwt_key')
      return { kid, revoked: true }
    },
  )
}

function keyBody(key: JwtKey): Type.Static<typeof KeyBody> {
  return {
    kid: key.kid,
    public_key: key.publicKey,
    server_public_key: serverKeyOf(key),
    date_created: isoSeconds(key.createdAt),
    revoked_at: key.revokedAt === undefined ? null : isoSeconds(key.revokedAt),
  }
}
