import { Type } from 'typebox'

const part = Type.String({ description: 'base64url, without padding' })

/** An envelope: five parts under names, or one compact text. */
export const SealedBody = Type.Union([
  Type.Object({
    header: part,
    encryptedKey: part,
    iv: part,
    encryptedPayload: part,
    tag: part,
  }),
  Type.Object({ JWT: Type.String({ description: 'A compact JWE around a compact JWS' }) }),
])

const optional = Type.Optional(part)

/** The same in a query, where a document can't say which of the two. */
export const SealedQuery = Type.Object({
  header: optional,
  encryptedKey: optional,
  iv: optional,
  encryptedPayload: optional,
  tag: optional,
  JWT: Type.Optional(Type.String({ description: 'Or a compact JWE around a compact JWS' })),
})
