import { createHmac, randomBytes } from 'node:crypto'
import { Secret } from '../secret.ts'

/** Standard Webhooks wants 24 to 64 bytes; 32 are as strong as the hash. */
const secretBytes = 32

const prefix = 'whsec_'

/** A new signing secret: `whsec_` and the base64 of random bytes. */
export function newSigningSecret(): Secret {
  return new Secret(prefix + randomBytes(secretBytes).toString('base64'))
}

/** What is signed: the webhook's id, when it is sent (epoch milliseconds), and its exact body. */
export interface Signed {
  readonly id: string
  readonly at: number
  readonly body: string
}

/**
 * The headers of Standard Webhooks 1.0: HMAC-SHA-256 of `id.timestamp.body` under each secret, the
 * time in whole seconds.
 */
export function signatureHeaders(
  { id, at, body }: Signed,
  secrets: readonly Secret[],
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(at / 1_000))
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.reveal().slice(prefix.length), 'base64')
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
  })
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  }
}
