import { createHmac, randomBytes } from 'node:crypto'
import { keyIdIn, type Seal, type SealedFor, type SealKey } from '../seal.ts'
import type { Secret } from '../secret.ts'

/** What a data key is for. `cards` seals card numbers, the others make keyed digests. */
export type KeyPurpose = 'cards' | 'fingerprint' | 'audit'

/** Whose a data key is: a merchant's id, or '' for the server's own. */
export type KeyOwner = string

/** A key of 32 bytes that does the work, known to the database only as its provider wrapped it. */
export interface DataKey extends SealKey {
  readonly owner: KeyOwner
  readonly purpose: KeyPurpose
  /** 1 for the first; each rotation makes the next. */
  readonly generation: number
}

/**
 * Wraps data keys, so that the database alone opens nothing. The default does it under MASTER_KEY;
 * a KMS or an HSM takes its place by these two functions.
 */
export interface KeyProvider {
  /** The key as text to be kept; `to` is to be bound to it. */
  wrap(key: Buffer, to: SealedFor): Promise<string>
  /** The key again. Rejects for anything that it has not wrapped for this. */
  unwrap(wrapped: string, of: SealedFor): Promise<Buffer>
}

/** The provider that keeps data keys under the master key. */
export function sealProvider(seal: Seal): KeyProvider {
  return {
    wrap: async (key, to) => seal.close(key.toString('base64url'), to),
    unwrap: async (wrapped, of) => Buffer.from(seal.open(wrapped, of), 'base64url'),
  }
}

/** AES-256's. */
export const keyBytes = 32

/** The bytes of a new data key. */
export function newDataKey(): Buffer {
  return randomBytes(keyBytes)
}

/** A data key out of its bytes. */
export function dataKey(
  of: { readonly owner: KeyOwner; readonly purpose: KeyPurpose; readonly generation: number },
  key: Buffer,
): DataKey {
  const { owner, purpose, generation } = of
  return { owner, purpose, generation, id: keyIdOf(generation), key }
}

/** How a data key of this generation is named in what it sealed. */
export function keyIdOf(generation: number): string {
  return `g${generation}`
}

/** The generation of the data key that sealed a text, or `undefined` when it names none. */
export function generationIn(sealed: string): number | undefined {
  const digits = /^g(\d{1,15})$/.exec(keyIdIn(sealed))?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** What a wrapped data key is bound to. */
export function wrappedFor(of: Pick<DataKey, 'owner' | 'purpose' | 'generation'>): SealedFor {
  return { purpose: `data key ${of.purpose} ${of.generation}`, owner: of.owner }
}

/** 128 bits of the HMAC name a card beyond doubt and stay short on the wire. */
const fingerprintDigits = 32

/**
 * A card number's fingerprint, the same for one merchant as long as they have this key: PCI DSS
 * 3.5.1.1 wants it keyed, because the digests of all card numbers are quickly made.
 */
export function fingerprintOf(key: DataKey, number: Secret): string {
  return createHmac('sha256', key.key)
    .update(number.reveal())
    .digest('hex')
    .slice(0, fingerprintDigits)
}
