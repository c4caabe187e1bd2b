import { createHmac } from 'node:crypto'
import { isSame, type Words } from './answer.ts'
import type { Access } from './gateway.ts'
import type { Callback, News } from './news.ts'
import { textIn, wordsAt, wordsIn } from './razorpay-words.ts'

/** Razorpay repeats a callback for 24 hours; the two more are for queues and clocks. */
const replayWindowMs = 26 * 3_600_000

/** Whether a text is the hex HMAC-SHA256 of the data, in constant time. */
export function isSigned(data: string | Buffer, signature: string, secret: string): boolean {
  const right = createHmac('sha256', secret).update(data).digest()
  return /^[0-9a-f]{64}$/i.test(signature) && isSame(Buffer.from(signature, 'hex'), right)
}

/** Reads a callback of Razorpay and checks its signature, which is over the bytes of its body. */
export function hearRazorpay({ headers, body, now }: Callback, { credentials }: Access): News {
  const secret = credentials['webhook_secret']
  const signature = headers['x-razorpay-signature']
  if (!secret || !signature || !isSigned(body, signature, secret)) return { kind: 'forged' }
  const words = wordsIn(body.toString('utf8'))
  if (words === undefined) return { kind: 'forged' }
  const seconds = words['created_at']
  const isRecent = typeof seconds === 'number' && now - seconds * 1_000 <= replayWindowMs
  if (!isRecent) return { kind: 'stale' }
  const event = headers['x-razorpay-event-id'] ?? ''
  // The header is not signed; without a sound one, the signature names the body.
  const id = /^\w{1,64}$/.test(event) ? event : signature.toLowerCase()
  const reference = referenceIn(wordsAt(words, 'payload'))
  if (reference === undefined) return { kind: 'other', id }
  const isRefund = wordsAt(wordsAt(words, 'payload'), 'refund')['entity'] !== undefined
  return { kind: 'news', id, reference, ...(isRefund && { isRefund }) }
}

/** Our reference, in the notes of a payment or a refund, or as the receipt of an order. */
function referenceIn(payload: Words): string | undefined {
  const entity = (name: string) => wordsAt(wordsAt(payload, name), 'entity')
  const candidates = [
    textIn(wordsAt(entity('payment'), 'notes'), 'reference'),
    textIn(entity('order'), 'receipt'),
    textIn(wordsAt(entity('refund'), 'notes'), 'reference'),
  ]
  return candidates.find((text) => text !== undefined && /^txn_[0-9a-f]{35}[0-9a-z]?$/.test(text))
}
