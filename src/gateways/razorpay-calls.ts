import { withoutGaps } from './answer.ts'
import type { Access, Call, Payment, Said } from './gateway.ts'

/**
 * Our name for one start at Razorpay, of 40 characters at most (its `receipt`): the txn's id, and
 * from the second start on one more character.
 */
export function referenceOf({ id, tries }: Pick<Payment, 'id' | 'tries'>): string {
  return tries === 1 ? id : `${id}${tries.toString(36)}`
}

/** What is known of a payment before an answer is read. */
export function knownOf({ ref, handle }: Payment): Said {
  return withoutGaps({ ref, handle })
}

/** A question that only reads. */
export function get(path: string, access: Access): Call {
  return { method: 'GET', path, headers: { authorization: authorizationOf(access) } }
}

/** A question that may change something, with JSON. */
export function post(path: string, body: object, access: Access): Call {
  const headers = { authorization: authorizationOf(access), 'content-type': 'application/json' }
  return { method: 'POST', path, headers, body: JSON.stringify(body) }
}

function authorizationOf({ credentials }: Access): string {
  const pair = `${credentials['key_id']}:${credentials['key_secret']}`
  return `Basic ${Buffer.from(pair).toString('base64')}`
}
