import { randomBytes } from 'node:crypto'
import { dayMs } from '../clock.ts'
import type { MerchantId } from '../ids.ts'
import type { Mode } from '../merchants/merchant.ts'
import { Secret } from '../secret.ts'
import { type WebhookName, webhookNames } from '../wire/webhook-name.ts'
import { newSigningSecret } from './signature.ts'
import { readTarget } from './target.ts'

/** Where a merchant wants to be called back, and how that goes. */
export interface Endpoint {
  readonly merchant: MerchantId
  readonly id: string
  /** Empty for the row that stands for the URLs which orders name themselves. */
  readonly url: string
  /** What it wants to hear of; empty: of everything. */
  readonly events: readonly WebhookName[]
  readonly access: EndpointAccess
  /** Failed attempts in a row. */
  readonly failures: number
  /** Until when nothing is sent, in epoch milliseconds; 0 when it is not paused. */
  readonly pausedUntil: number
  readonly disabledAt?: number
  readonly createdAt: number
}

/** How an endpoint knows that it is us: kept sealed. */
export interface EndpointAccess {
  readonly user?: string
  readonly password?: Secret
  /** Further headers by name. */
  readonly headers: Readonly<Record<string, Secret>>
  /** The newest first. */
  readonly secrets: readonly SigningSecret[]
}

/** A secret that webhooks are signed with. */
export interface SigningSecret {
  readonly secret: Secret
  /** Until when it signs along, in epoch milliseconds; the newest has no end. */
  readonly until?: number
}

/** What a merchant says of a new endpoint. */
export interface NewEndpoint {
  readonly url: string
  readonly events: readonly WebhookName[]
  readonly user?: string
  readonly password?: Secret
  readonly headers: Readonly<Record<string, Secret>>
}

/** An endpoint as a merchant writes it, before anything of it is known to be right. */
export interface EndpointText {
  readonly url?: string | undefined
  readonly user?: string | undefined
  readonly password?: string | undefined
  /** Names with commas between them. */
  readonly events?: string | undefined
  readonly headers: Readonly<Record<string, string>>
}

/** Ten tell a receiver all it may want to know; more is a mistake. */
const mostHeaders = 10

/** An API token fits; proxies take 8 KiB of headers in all. */
const longestText = 512

/**
 * Visible ASCII and spaces: nothing that ends a header or means different things to two readers.
 */
const plainText = /^[ -~]+$/

const headerName = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/

/** Headers that belong to the connection, the body, or the signature (RFC 9110 section 7.6.1). */
const ownHeaders = new RegExp(
  `^(?:${[
    'host|authorization|cookie|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect',
    'proxy-.*|content-.*|webhook-.*',
  ].join('|')})$`,
  'i',
)

/**
 * The endpoint that a merchant wrote, or the name of the field that is wrong. A Basic user has no
 * colon (RFC 7617), and none goes without a password or the other way round.
 */
export function readEndpoint(text: EndpointText, mode: Mode): NewEndpoint | { wrong: string } {
  const { url = '', user, password } = text
  if ('refused' in readTarget(url, mode)) return { wrong: 'url' }
  const events = (text.events ?? '').split(',').map((name) => name.trim())
  const named = events.filter((name) => name !== '')
  if (!named.every(isWebhookName)) return { wrong: 'events' }
  if (user !== undefined && (!isPlain(user) || user.includes(':'))) return { wrong: 'user' }
  if (password !== undefined && !isPlain(password)) return { wrong: 'password' }
  if ((user === undefined) !== (password === undefined)) {
    return { wrong: user === undefined ? 'user' : 'password' }
  }
  const headers = Object.entries(text.headers)
  const names = new Set(headers.map(([name]) => name.toLowerCase()))
  const areRight = headers.every(
    ([name, value]) => headerName.test(name) && !ownHeaders.test(name) && isPlain(value),
  )
  if (!areRight || names.size < headers.length || names.size > mostHeaders) {
    return { wrong: 'headers' }
  }
  return {
    url,
    events: named,
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password: new Secret(password) }),
    headers: Object.fromEntries(headers.map(([name, value]) => [name, new Secret(value)])),
  }
}

function isPlain(text: string): boolean {
  return text.length <= longestText && plainText.test(text) && text.trim() === text
}

function isWebhookName(name: string): name is WebhookName {
  return (webhookNames as readonly string[]).includes(name)
}

/** A new endpoint's id. */
export function newEndpointId(): string {
  return `wep_${randomBytes(12).toString('hex')}`
}

/** Whether an endpoint wants to hear of this. */
export function wants(endpoint: Pick<Endpoint, 'events'>, name: WebhookName): boolean {
  return endpoint.events.length === 0 || endpoint.events.includes(name)
}

/** Receivers take the new secret up within a day. */
const rotationMs = dayMs

/** The access with a new secret; the one before signs along for a day, older ones no more. */
export function rotated(access: EndpointAccess, now: number): EndpointAccess {
  const before = access.secrets.slice(0, 1).map(({ secret }) => ({
    secret,
    until: now + rotationMs,
  }))
  return { ...access, secrets: [{ secret: newSigningSecret() }, ...before] }
}

/** The secrets that sign at this time, the newest first. */
export function signingSecrets({ secrets }: EndpointAccess, now: number): Secret[] {
  return secrets
    .filter(({ until }) => until === undefined || now < until)
    .map(({ secret }) => secret)
}

/** The headers by which an endpoint knows us, beside the signature's. */
export function accessHeaders({ user, password, headers }: EndpointAccess): Record<string, string> {
  const all: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) all[name] = value.reveal()
  if (user !== undefined && password) {
    const pair = Buffer.from(`${user}:${password.reveal()}`).toString('base64')
    all['Authorization'] = `Basic ${pair}`
  }
  return all
}

/** An access as text to be sealed: the only place where its secrets are written out. */
export function accessText({ user, password, headers, secrets }: EndpointAccess): string {
  return JSON.stringify({
    user,
    password: password?.reveal(),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, value.reveal()]),
    ),
    secrets: secrets.map(({ secret, until }) => ({ secret: secret.reveal(), until })),
  })
}

/** The access that {@link accessText} wrote. */
export function readAccess(text: string): EndpointAccess {
  const { user, password, headers, secrets } = JSON.parse(text) as {
    user?: string
    password?: string
    headers: Record<string, string>
    secrets: { secret: string; until?: number }[]
  }
  return {
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password: new Secret(password) }),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, new Secret(value)]),
    ),
    secrets: secrets.map(({ secret, until }) => ({
      secret: new Secret(secret),
      ...(until !== undefined && { until }),
    })),
  }
}
