import { hash, randomBytes } from 'node:crypto'
import { Secret } from '../secret.ts'

/** What a key does: `sk` lets its merchant in, `rk` signs what browsers bring back to them. */
type KeyKind = 'sk' | 'rk'

/** A new key: kind and mode in the prefix, 192 random bits, a checksum that scanners can test. */
export function newKey(mode: 'sandbox' | 'live', kind: KeyKind = 'sk'): Secret {
  const prefix = `${kind}_${mode === 'live' ? 'live' : 'test'}`
  const body = `${prefix}_${randomBytes(24).toString('base64url')}`
  return new Secret(`${body}_${hash('sha256', body).slice(0, 6)}`)
}

/** What the database keeps of a key: SHA-256, enough for a secret of more than 112 bits. */
export function keyHash(key: Secret): string {
  return hash('sha256', key.reveal())
}

/** How a key is called in listings and `keys revoke`: the first 12 digits of its hash. */
export function keyId(hash: string): string {
  return hash.slice(0, 12)
}
