import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Access, Callback, News } from './gateway.ts'

/** An older callback may be a recording; the simulated bank's clock is nearly ours. */
const windowMs = 5 * 60_000

/**
 * Reads a callback of the simulated bank and checks its signature: a hex HMAC-SHA256 over event id,
 * time and body, joined by dots. Its key is the account's `callback_secret`; an account without one
 * signs by its name, which is all that this bank asks of anybody.
 */
export function hearSimulator({ headers, body, now }: Callback, { credentials }: Access): News {
  const id = headers['x-bank-event-id'] ?? ''
  const at = headers['x-bank-timestamp'] ?? ''
  const given = Buffer.from(headers['x-bank-signature'] ?? '')
  const key = credentials['callback_secret'] || credentials['account'] || ''
  if (id === '' || !/^\d{1,15}$/.test(at) || key === '') return { kind: 'forged' }
  const digest = createHmac('sha256', key).update(`${id}.${at}.`).update(body).digest('hex')
  const right = Buffer.from(digest)
  if (given.length !== right.length || !timingSafeEqual(given, right)) return { kind: 'forged' }
  if (Math.abs(now - Number(at)) > windowMs) return { kind: 'stale' }
  const reference = referenceIn(body)
  if (typeof reference !== 'string') return { kind: 'forged' }
  return reference.startsWith('txn_') ? { kind: 'news', id, reference } : { kind: 'other', id }
}

function referenceIn(body: Buffer): unknown {
  try {
    const said: unknown = JSON.parse(body.toString('utf8'))
    return (said as { readonly reference?: unknown } | null)?.reference
  } catch {
    return undefined
  }
}
