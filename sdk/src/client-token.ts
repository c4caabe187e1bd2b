/** A client token, with which a customer's browser makes the calls of its own payment. */
export interface ClientToken {
  client_auth_token: string
  /** When it ends: 15 minutes after it was made, or sooner by its number of calls. */
  client_auth_token_expiry: string
}

/** Has a client token made, to be in the answer's `juspay`. */
export interface WantsClientToken {
  'options.get_client_auth_token'?: boolean
}
