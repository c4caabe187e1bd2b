import { next } from './answer.ts'
import { referenceOf } from './cashfree-words.ts'
import type { Access, Call, Next, Payment, Reply } from './gateway.ts'

/** Payment ids are texts from the version before this one on. */
const version = '2025-01-01'

const openHeaders = { 'content-type': 'application/json', 'x-api-version': version }

/** A call that takes no credentials: the session or the payment that it names lets it in. */
export function postOpenly(path: string, body: object): Call {
  return { method: 'POST', path, headers: openHeaders, body: JSON.stringify(body) }
}

/** A call of the account, with the key by which Cashfree knows a repeated one for 24 hours. */
export function post(access: Access, path: string, body: object, key?: string): Call {
  const once = key !== undefined && { 'x-idempotency-key': key }
  return { ...postOpenly(path, body), headers: { ...openHeaders, ...keysOf(access), ...once } }
}

/** A question of the account. */
export function get(access: Access, path: string): Call {
  return { method: 'GET', path, headers: { 'x-api-version': version, ...keysOf(access) } }
}

function keysOf({ credentials }: Access) {
  const { client_id = '', client_secret = '' } = credentials
  return { 'x-client-id': client_id, 'x-client-secret': client_secret }
}

/** The path of a payment's order. */
export function orderPath(payment: Payment): string {
  return `/orders/${referenceOf(payment)}`
}

/** The payments of an order: one, unless it was begun anew on Cashfree's page. */
export function getPayments(payment: Payment, access: Access): Call {
  return get(access, `${orderPath(payment)}/payments`)
}

/** One more call after one that may have moved something: silence then comes too late. */
export function thenLook<V>(call: Call, hear: (reply: Reply) => V | Next<V>): Next<V> {
  return next(call, (reply) => hear(reply.kind === 'silence' ? { ...reply, sent: true } : reply))
}
