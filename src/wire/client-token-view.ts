import { Type } from 'typebox'
import { isoSeconds } from '../clock.ts'
import type { IssuedToken } from '../merchants/client-token.ts'

/** The `juspay` object: a client token, where the caller asked for one. */
export const JuspayBody = Type.Object({
  client_auth_token: Type.String(),
  client_auth_token_expiry: Type.String(),
})

/** A client token as the wire hands it out. */
export function juspayBody(issued: IssuedToken): Type.Static<typeof JuspayBody> {
  return {
    client_auth_token: issued.token,
    client_auth_token_expiry: isoSeconds(issued.expiresAt),
  }
}
