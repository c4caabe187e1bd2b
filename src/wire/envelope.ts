import { CompactEncrypt, CompactSign, compactDecrypt, compactVerify } from 'jose'
import { dayMs } from '../clock.ts'
import { isJwtKeyId, type JwtKeyId } from '../ids.ts'
import type { JwtPair } from '../merchants/jwt-key.ts'
import { Refusal } from '../refusal.ts'
import { type Fields, listsIn, readJson } from './request.ts'

/**
 * How an envelope is written. `parts`: the five parts of a compact JWE under names, around the
 * three of a JWS under names, as the official clients do it. `jwt`: compact texts, as the guide
 * does it.
 */
export type Framing = 'parts' | 'jwt'

/** An envelope as it came, not opened yet: of its contents nothing is known. */
export interface Envelope {
  readonly framing: Framing
  /** The key that its header names. */
  readonly kid: JwtKeyId
  /** The JWE in compact form, in the one spelling there is of it. */
  readonly jwe: string
}

const sealedParts = ['header', 'encryptedKey', 'iv', 'encryptedPayload', 'tag'] as const
const signedParts = ['header', 'payload', 'signature'] as const

// Clients wrap keys with either hash; the guide prints RSA-OAEP, the newer clients RSA-OAEP-256.
const opened = {
  keyManagementAlgorithms: ['RSA-OAEP', 'RSA-OAEP-256'],
  contentEncryptionAlgorithms: ['A256GCM'],
}
const verified = { algorithms: ['RS256'] }
const written = { alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT' } as const

/** Headers that bring a key along, or change how the rest is read. */
const refusedHeader = /^(?:jku|jwk|x5u|x5c|crit|zip|b64)(?:\.|$)/

/** Clocks of two machines are this far apart at most, in milliseconds. */
const skewMs = 60_000

/** How long an envelope that says when it was made can be used, and any is remembered: 7 days. */
export const envelopeLifeMs = 7 * dayMs

/** The envelope in a body or a query. Throws `access_denied` when there is none. */
export function readEnvelope(fields: Fields): Envelope {
  const isJwt = 'JWT' in fields
  const jwe = isJwt ? fields['JWT'] : inParts(fields, sealedParts)
  const names = Object.keys(fields).length + listsIn(fields).size
  const isAlone = names === (isJwt ? 1 : sealedParts.length)
  const parts = jwe?.split('.') ?? []
  if (jwe === undefined || !isAlone || parts.length !== sealedParts.length) throw denied()
  if (!parts.every(isOneSpelling)) throw denied()
  return { framing: isJwt ? 'jwt' : 'parts', kid: kidIn(parts[0]), jwe }
}

/**
 * What an envelope says, its seal, signature and times checked; `now` is epoch milliseconds.
 * Throws `access_denied`, and `malformed_body` for what the right merchant wrote wrongly.
 */
export async function openEnvelope(
  envelope: Envelope,
  pair: JwtPair,
  now: number,
): Promise<Fields> {
  const claims = readJson(await payloadOf(envelope, pair))
  if (!isInTime(claims, now)) throw denied()
  return claims
}

/** An answer as an envelope, in the framing of the call. */
export async function sealEnvelope(
  text: string,
  { framing, kid }: Pick<Envelope, 'framing' | 'kid'>,
  pair: JwtPair,
): Promise<Record<string, string>> {
  const signed = await new CompactSign(Buffer.from(text))
    .setProtectedHeader({ alg: 'RS256', kid })
    .sign(pair.server)
  const content = framing === 'jwt' ? signed : JSON.stringify(named(signed, signedParts))
  const sealed = await new CompactEncrypt(Buffer.from(content))
    .setProtectedHeader({ ...written, kid })
    .encrypt(pair.merchant)
  return framing === 'jwt' ? { JWT: sealed } : named(sealed, sealedParts)
}

async function payloadOf({ framing, kid, jwe }: Envelope, pair: JwtPair): Promise<Uint8Array> {
  try {
    const { plaintext } = await compactDecrypt(jwe, pair.server, opened)
    const jws = framing === 'jwt' ? Buffer.from(plaintext).toString() : signedIn(plaintext)
    if (kidIn(jws?.split('.')[0]) !== kid) throw denied()
    return (await compactVerify(jws ?? '', pair.merchant, verified)).payload
  } catch {
    // Which check failed would be of use only to whoever forges.
    throw denied()
  }
}

function signedIn(plaintext: Uint8Array): string | undefined {
  return inParts(readJson(plaintext), signedParts)
}

/** The key id of a protected header. Throws when the header is none that we take. */
function kidIn(header: string | undefined): JwtKeyId {
  const fields = headerFields(header ?? '')
  const { kid = '' } = fields
  const names = [...Object.keys(fields), ...listsIn(fields).keys()]
  if (!isJwtKeyId(kid) || names.some((name) => refusedHeader.test(name))) throw denied()
  return kid
}

function headerFields(header: string): Fields {
  try {
    return readJson(Buffer.from(header, 'base64url'))
  } catch {
    throw denied()
  }
}

/** base64url spells the same bytes in several ways; each would pass as another envelope. */
function isOneSpelling(part: string): boolean {
  return part !== '' && Buffer.from(part, 'base64url').toString('base64url') === part
}

function isInTime(claims: Fields, now: number): boolean {
  const { iat, nbf, exp } = claims
  const isNoTime = ['iat', 'nbf', 'exp'].some((name) => listsIn(claims).has(name))
  const [made, from, until] = [iat, nbf, exp].map(timeOf)
  const latest = now + skewMs
  if (isNoTime || [made, from, until].some(Number.isNaN)) return false
  if (made !== undefined && (made > latest || made < now - envelopeLifeMs)) return false
  return (from === undefined || from <= latest) && (until === undefined || until > now - skewMs)
}

/** A NumericDate (RFC 7519 section 2) in epoch milliseconds; NaN when it is none. */
function timeOf(written: string | undefined): number | undefined {
  if (written === undefined) return undefined
  return /^\d{1,12}(?:\.\d{1,9})?$/.test(written) ? Number(written) * 1000 : Number.NaN
}

function inParts(fields: Fields, names: readonly string[]): string | undefined {
  const parts = names.map((name) => fields[name])
  return parts.includes(undefined) ? undefined : parts.join('.')
}

function named(compact: string, names: readonly string[]): Record<string, string> {
  const parts = compact.split('.')
  return Object.fromEntries(names.map((name, i) => [name, parts[i] ?? '']))
}

function denied(): Refusal {
  return new Refusal('access_denied')
}
