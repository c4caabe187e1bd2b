import { createHmac, randomUUID } from 'node:crypto'
import type { OrderWebhook, OutageWebhook } from './webhook.ts'

/** A webhook to be signed; what is left out is made up. */
export type UnsignedWebhook = Unsigned<OrderWebhook> | Unsigned<OutageWebhook>

type Unsigned<W extends OrderWebhook | OutageWebhook> = Pick<W, 'event_name' | 'content'> &
  Partial<W>

/** A webhook as a test sends it to its own server: POST the body with the headers. */
export interface SignedWebhook {
  headers: Record<string, string>
  body: string
}

/**
 * For tests of your own server: a webhook as the server signs it, by the endpoint's secret
 * (`whsec_…`), at a moment that is now when absent. An old one is to be refused.
 */
export function signWebhook(
  webhook: UnsignedWebhook,
  secret: string,
  at = new Date(),
): SignedWebhook {
  const id = webhook.id ?? `evt_V2_${randomUUID().replaceAll('-', '')}`
  const date_created = at.toISOString().replace(/\.\d+Z$/, 'Z')
  const body = JSON.stringify({ sequence: 1, date_created, ...webhook, id })
  const timestamp = String(Math.floor(at.getTime() / 1_000))
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return {
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${signature}`,
    },
    body,
  }
}
