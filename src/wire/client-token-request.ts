import { Type } from 'typebox'
import { type Fields, truth } from './request.ts'

/** Asks for a client token beside the answer. */
export const TokenOption = {
  'options.get_client_auth_token': Type.Optional(
    Type.String({ maxLength: 16, description: 'true: adds a client token for it' }),
  ),
}

/** A client token in place of a key. */
export const TokenField = {
  client_auth_token: Type.Optional(
    Type.String({ maxLength: 64, description: 'A client token, in place of the key' }),
  ),
}

/** Whether a call asks for a client token. */
export function asksForToken(fields: Fields): boolean {
  return truth(fields['options.get_client_auth_token']) ?? false
}
