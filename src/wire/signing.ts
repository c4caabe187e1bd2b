import { createHmac } from 'node:crypto'
import type { Secret } from '../secret.ts'

/** One parameter of a query or form, decoded. */
export type Param = readonly [name: string, value: string]

/** What a merchant's site is told of an order when its customer comes back. */
export interface Told {
  readonly order_id: string
  readonly status: string
  readonly status_id: string
}

/** A way back to a merchant's site. */
export interface Return {
  /** The URL with everything in its query: for a redirect. */
  readonly href: string
  /** The URL with what the merchant wrote only: for a form. */
  readonly action: string
  /** Everything that the whole URL's query holds: the form's fields. */
  readonly params: readonly Param[]
}

/**
 * The signature of a return's parameters, by the key that the merchant has: the documented
 * HMAC-SHA256 over their encoded and sorted form, in base64. It leaves itself out.
 */
export function signReturn(params: readonly Param[], key: Secret): string {
  const message = params
    .filter(([name]) => name !== 'signature' && name !== 'signature_algorithm')
    .map(([name, value]) => [encodeURIComponent(name), encodeURIComponent(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : Number(a > b)))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
  return createHmac('sha256', key.reveal()).update(encodeURIComponent(message)).digest('base64')
}

const ours = ['order_id', 'status', 'status_id', 'signature', 'signature_algorithm']

/**
 * The way back to a return URL. The merchant's own parameters stay as they wrote them and are
 * signed with ours, because a receiver signs all it gets; one that is named like ours gives way.
 */
export function returnTo(url: string, told: Told, key: Secret | undefined): Return {
  const action = new URL(url)
  const kept = action.search
    .slice(1)
    .split('&')
    .filter((part) => part !== '' && !ours.includes(nameIn(part)))
  action.search = kept.join('&')
  const theirs: Param[] = [...action.searchParams]
  const unsigned: Param[] = [
    ['order_id', told.order_id],
    ['status', told.status],
    ['status_id', told.status_id],
  ]
  const added = key ? [...unsigned, ...signatureOf([...theirs, ...unsigned], key)] : unsigned
  const whole = new URL(action)
  whole.search = [...kept, ...added.map((param) => param.map(encodeURIComponent).join('='))].join(
    '&',
  )
  return { href: whole.href, action: action.href, params: [...theirs, ...added] }
}

function signatureOf(params: readonly Param[], key: Secret): readonly Param[] {
  return [
    ['signature', signReturn(params, key)],
    ['signature_algorithm', 'HMAC-SHA256'],
  ]
}

/** The name of `name=value` as a receiver decodes it. */
function nameIn(part: string): string {
  const [[name] = ['']] = new URLSearchParams(part)
  return name
}
