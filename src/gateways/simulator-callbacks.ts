import { createHmac } from 'node:crypto'
import { isSame, jsonIn, objectIn } from './answer.ts'
import type { Access } from './gateway.ts'
import type { Callback, News } from './news.ts'

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
  if (!isSame(given, Buffer.from(digest))) return { kind: 'forged' }
  if (Math.abs(now - Number(at)) > windowMs) return { kind: 'stale' }
  const reference = objectIn(jsonIn(body.toString()))?.['reference']
  if (typeof reference !== 'string') return { kind: 'forged' }
  return reference.startsWith('txn_') ? { kind: 'news', id, reference } : { kind: 'other', id }
}
