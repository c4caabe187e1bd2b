import { createHmac, timingSafeEqual } from 'node:crypto'

/** What the server said of an order when it sent the customer's browser back. */
export interface Returned {
  order_id: string
  status: string
  status_id: string
}

/**
 * What the parameters of a return (a URL, or a form's fields) say, when they are signed by the
 * merchant's response key; `undefined` when they are not. They can be old, or come twice: deliver
 * on the order's status alone.
 */
export function verifyReturn(
  returned: URL | URLSearchParams | Record<string, string>,
  responseKey: string,
): Returned | undefined {
  const params = paramsIn(returned)
  const given = Buffer.from(params.get('signature') ?? '')
  const right = Buffer.from(signatureOf(params, responseKey))
  if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined
  const [order_id, status, status_id] = ['order_id', 'status', 'status_id'].map((name) =>
    params.get(name),
  )
  return order_id && status && status_id ? { order_id, status, status_id } : undefined
}

function paramsIn(returned: URL | URLSearchParams | Record<string, string>): URLSearchParams {
  return returned instanceof URL ? returned.searchParams : new URLSearchParams(returned)
}

/** The documented HMAC-SHA256 over all parameters but itself, encoded, sorted and encoded again. */
function signatureOf(params: URLSearchParams, key: string): string {
  const message = [...params]
    .filter(([name]) => name !== 'signature' && name !== 'signature_algorithm')
    .map(([name, value]) => [encodeURIComponent(name), encodeURIComponent(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : Number(a > b)))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
  return createHmac('sha256', key).update(encodeURIComponent(message)).digest('base64')
}
