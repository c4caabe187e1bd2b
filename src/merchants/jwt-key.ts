import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { JwtKeyId, MerchantId } from '../ids.ts'
import { newJwtKeyId } from '../ids.ts'
import { Secret } from '../secret.ts'

/** A merchant's public key, and the key of ours that belongs to it alone. */
export interface JwtKey {
  readonly merchant: MerchantId
  readonly kid: JwtKeyId
  /** The merchant's public key as SPKI PEM. */
  readonly publicKey: string
  /** Our own private key as PKCS #8 PEM. */
  readonly privateKey: Secret
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly revokedAt?: number
}

/** What encrypted calls are opened and answered with. */
export interface JwtPair {
  /** Checks what the merchant signed, and encrypts for them. */
  readonly merchant: KeyObject
  /** Opens what was encrypted for us, and signs our answers. */
  readonly server: KeyObject
}

/** Two while keys are changed, and some more for servers that have their own. */
export const mostJwtKeys = 8

// NIST SP 800-131A: fewer bits are not to be used. More than 4096 only cost time.
const fewestBits = 2048
const mostBits = 4096

// NIST SP 800-56B section 6.2: an exponent is greater than 2^16.
const smallestExponent = 65_537n

// A PEM text of 4096 bits has 800 characters, a certificate two or three thousand.
const longestPemChars = 10_000

/** One block of what a public key may be written as. */
const onePem =
  /^-----BEGIN (PUBLIC KEY|RSA PUBLIC KEY|CERTIFICATE)-----\s[A-Za-z0-9+/=\s]+-----END \1-----$/

const makePair = promisify(generateKeyPair)

/**
 * A merchant's public key as SPKI PEM: RSA of 2048 to 4096 bits, from PEM of the key or of a
 * certificate. `undefined` for anything else, a private key first of all.
 */
export function readPublicKey(text: string): string | undefined {
  const pem = text.trim()
  if (pem.length > longestPemChars || !onePem.test(pem)) return undefined
  const key = publicKeyIn(pem)
  const { modulusLength = 0, publicExponent = 0n } = key?.asymmetricKeyDetails ?? {}
  if (key?.asymmetricKeyType !== 'rsa') return undefined
  if (modulusLength < fewestBits || modulusLength > mostBits) return undefined
  return publicExponent < smallestExponent ? undefined : pemOf(key)
}

/** A key for a merchant's public key that {@link readPublicKey} gave; ours is made for it. */
export async function makeJwtKey(
  merchant: MerchantId,
  publicKey: string,
  now: number,
): Promise<JwtKey> {
  const { privateKey } = await makePair('rsa', { modulusLength: fewestBits })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
  return {
    merchant,
    kid: newJwtKeyId(),
    publicKey,
    privateKey: new Secret(String(pem)),
    createdAt: now,
  }
}

/** Our public key as SPKI PEM: what the merchant encrypts with, and checks our answers by. */
export function serverKeyOf({ privateKey }: JwtKey): string {
  return pemOf(createPublicKey(privateKey.reveal()))
}

/** Both keys, ready for use. */
export function pairOf({ publicKey, privateKey }: JwtKey): JwtPair {
  return { merchant: createPublicKey(publicKey), server: createPrivateKey(privateKey.reveal()) }
}

function publicKeyIn(pem: string): KeyObject | undefined {
  try {
    return createPublicKey(pem)
  } catch {
    return undefined
  }
}

function pemOf(key: KeyObject): string {
  return String(key.export({ type: 'spki', format: 'pem' }))
}
