import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { CompactEncrypt, CompactSign, compactDecrypt, compactVerify } from 'jose'
import type { Framing } from '../src/wire/envelope.ts'
import { type Answer, ask, type Body, type Caller, type Form } from './caller.ts'

/** A merchant's backend that encrypts its calls, with one registered key. */
export interface Sealer {
  readonly caller: Caller
  readonly kid: string
  /** The merchant's own private key. */
  readonly own: KeyObject
  /** The merchant's own public key. */
  readonly ownPublic: KeyObject
  /** What the server gave for it. */
  readonly server: KeyObject
}

/** How an envelope is made, where it is not made as the official clients make it. */
export interface Sealing {
  readonly framing?: Framing
  readonly alg?: 'RSA-OAEP' | 'RSA-OAEP-256'
}

/** The names of the parts of an envelope, in their order. */
export const outerParts = ['header', 'encryptedKey', 'iv', 'encryptedPayload', 'tag'] as const

/** The names of the parts of what was signed, in their order. */
export const innerParts = ['header', 'payload', 'signature'] as const

/** A new RSA pair. */
export function newPair(modulusLength = 2048): { own: KeyObject; ownPublic: KeyObject } {
  const { privateKey: own, publicKey: ownPublic } = generateKeyPairSync('rsa', { modulusLength })
  return { own, ownPublic }
}

/** A public key as PEM. */
export function pemOf(key: KeyObject): string {
  return String(key.export({ type: 'spki', format: 'pem' }))
}

/** Registers a new key of the caller's. */
export async function sealerOf(caller: Caller): Promise<Sealer> {
  const pair = newPair()
  const added = await caller.call('/console/jwt-keys', { public_key: pemOf(pair.ownPublic) })
  assert.equal(added.status, 200, added.text)
  const { kid, server_public_key: server } = added.body
  return { caller, kid: String(kid), server: createPublicKey(String(server)), ...pair }
}

/** Claims as an envelope of this merchant. */
export async function sealed(
  { own, server, kid }: Pick<Sealer, 'own' | 'server' | 'kid'>,
  claims: object,
  { framing = 'parts', alg = 'RSA-OAEP' }: Sealing = {},
): Promise<Form> {
  const jws = await new CompactSign(Buffer.from(JSON.stringify(claims)))
    .setProtectedHeader({ alg: 'RS256', kid })
    .sign(own)
  const content = framing === 'jwt' ? jws : JSON.stringify(named(jws, innerParts))
  const jwe = await new CompactEncrypt(Buffer.from(content))
    .setProtectedHeader({ alg, enc: 'A256GCM', kid })
    .encrypt(server)
  return framing === 'jwt' ? { JWT: jwe } : named(jwe, outerParts)
}

/** What an encrypted answer says; only what the server writes is taken. */
export async function opened({ own, server, kid }: Sealer, body: object): Promise<Body> {
  const isJwt = 'JWT' in body
  assert.deepEqual(Object.keys(body), isJwt ? ['JWT'] : outerParts)
  const { plaintext, protectedHeader } = await compactDecrypt(Object.values(body).join('.'), own)
  assert.deepEqual(protectedHeader, { alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT', kid })
  const text = Buffer.from(plaintext).toString()
  const jws = isJwt ? text : Object.values(JSON.parse(text)).join('.')
  const verified = await compactVerify(jws, server)
  assert.deepEqual(verified.protectedHeader, { alg: 'RS256', kid })
  return JSON.parse(Buffer.from(verified.payload).toString())
}

/** Posts an envelope as the official clients do: no key, the merchant in a header. */
export function post({ caller }: Sealer, path: string, envelope: object): Promise<Answer> {
  const headers = { 'x-merchantid': caller.merchant }
  return ask(caller.url + path, { json: envelope, headers })
}

/** One encrypted call that must be answered encrypted; gives what the answer says. */
export async function sealedCall(
  sealer: Sealer,
  path: string,
  { claims, how }: { claims: object; how?: Sealing },
): Promise<Body> {
  const answer = await post(sealer, path, await sealed(sealer, claims, how))
  assert.equal(answer.status, 200, answer.text)
  return opened(sealer, answer.body)
}

/** A compact text as an object of its parts. */
export function named(compact: string, names: readonly string[]): Form {
  const parts = compact.split('.')
  return Object.fromEntries(names.map((name, i) => [name, parts[i] ?? '']))
}
