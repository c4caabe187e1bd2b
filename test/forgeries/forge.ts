import {
  constants,
  createCipheriv,
  createHmac,
  type KeyObject,
  publicEncrypt,
  randomBytes,
  sign,
} from 'node:crypto'
import type { Form } from '../caller.ts'
import { innerParts, named, outerParts, type Sealer } from '../sealer.ts'

/** What a forger has: a merchant's keys, other keys of theirs, and those of another merchant. */
export interface Forge {
  readonly ours: Sealer
  /** A second key of the same merchant. */
  readonly second: Sealer
  readonly revoked: Sealer
  readonly theirs: Sealer
  /** What a right call says. Each time something else, so that it is no replay. */
  readonly claims: () => Record<string, unknown>
}

/** A header, which may be as wrong as it likes. */
export type Header = Readonly<Record<string, unknown>>

/** A JWS: header and payload are taken as they are, and so is what makes the signature. */
export function jws(
  header: Header | string,
  payload: object | string,
  signed: (text: string) => Buffer,
): string {
  const text = `${part(header)}.${part(payload)}`
  return `${text}.${signed(text).toString('base64url')}`
}

/** Signs as RS256 does, whatever the header says. */
export function rs256(key: KeyObject, hash = 'sha256'): (text: string) => Buffer {
  return (text) => sign(hash, Buffer.from(text), key)
}

/** Signs as HS256 does, with what everybody may know. */
export function hs256(secret: string | Buffer): (text: string) => Buffer {
  return (text) => createHmac('sha256', secret).update(text).digest()
}

/** A JWE of A256GCM with RSA-OAEP, whatever the header says. */
export function jwe(header: Header | string, content: string | Buffer, to: KeyObject): string {
  const key = randomBytes(32)
  const iv = randomBytes(12)
  const aad = part(header)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(aad))
  const body = Buffer.concat([cipher.update(content), cipher.final()])
  const padding = constants.RSA_PKCS1_OAEP_PADDING
  const wrapped = publicEncrypt({ key: to, padding, oaepHash: 'sha1' }, key)
  const rest = [wrapped, iv, body, cipher.getAuthTag()]
  return [aad, ...rest.map((bytes) => bytes.toString('base64url'))].join('.')
}

/** What a right envelope is made of, one thing or another replaced. */
export interface Wrong {
  readonly inner?: Header | string
  readonly outer?: Header | string
  readonly claims?: object | string
  readonly signed?: (text: string) => Buffer
  readonly to?: KeyObject
}

/** The right headers of a key. */
export function headersOf({ kid }: Sealer) {
  return {
    inner: { alg: 'RS256', kid },
    outer: { alg: 'RSA-OAEP', enc: 'A256GCM', kid },
  }
}

/** The JWS in a right envelope of ours, but for what is wrong. */
export function signedBy({ ours, claims }: Forge, wrong: Wrong = {}): string {
  const header = wrong.inner ?? headersOf(ours).inner
  return jws(header, wrong.claims ?? claims(), wrong.signed ?? rs256(ours.own))
}

/** A right envelope of ours, but for what is wrong, as a compact JWE with the JWS in parts. */
export function forged(forge: Forge, wrong: Wrong = {}): string {
  const content = JSON.stringify(named(signedBy(forge, wrong), innerParts))
  return jwe(wrong.outer ?? headersOf(forge.ours).outer, content, wrong.to ?? forge.ours.server)
}

/** A compact JWE as the five parts. */
export function inParts(compact: string): Form {
  return named(compact, outerParts)
}

/** A text with one character of its middle changed to another of base64url. */
export function flipped(text: string): string {
  const at = text.length >> 1
  return text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1)
}

function part(value: object | string): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return Buffer.from(text).toString('base64url')
}
