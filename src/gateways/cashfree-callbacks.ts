import { createHmac, hash } from 'node:crypto'
import { isSame, jsonIn, objectIn } from './answer.ts'
import type { Access } from './gateway.ts'
import type { Callback, News } from './news.ts'

/** As far as two clocks and a slow network are apart at most; what is older may be a recording. */
const oldestCallbackMs = 900_000

/** Reads a callback: signed with the account's secret over its time and its very bytes. */
export function hearCallback({ headers, body, now }: Callback, { credentials }: Access): News {
  const at = headers['x-webhook-timestamp'] ?? ''
  const secret = credentials['client_secret'] ?? ''
  const right = createHmac('sha256', secret).update(at).update(body).digest()
  const given = Buffer.from(headers['x-webhook-signature'] ?? '', 'base64')
  const isSigned = isSame(given, right)
  const words = objectIn(jsonIn(body.toString()))
  if (secret === '' || !isSigned || !/^\d{13}$/.test(at) || !words) return { kind: 'forged' }
  if (Math.abs(now - Number(at)) > oldestCallbackMs) return { kind: 'stale' }
  const key = headers['x-idempotency-key'] ?? ''
  const id = /^[\w+/=.:-]{1,100}$/.test(key) ? key : hash('sha256', body, 'hex')
  const data = objectIn(words['data']) ?? {}
  for (const part of ['order', 'refund', 'auto_refund']) {
    const reference = objectIn(data[part])?.['order_id']
    if (typeof reference === 'string' && /^txn_[0-9a-f]{24}/.test(reference)) {
      return { kind: 'news', id, reference, ...(part !== 'order' && { isRefund: true }) }
    }
  }
  return { kind: 'other', id }
}
