import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import type { Secret } from './secret.ts'

/** What sealed text is for and whose it is; text sealed for one can't be opened for another. */
export interface SealedFor {
  readonly purpose: string
  readonly owner: string
}

/** Seals what must be read again, and makes the keyed fingerprints of what must not. */
export interface Seal {
  /** Names the master key without telling it: eight hex digits. */
  readonly keyId: string
  /** `text` as `v1.<key id>.<base64url of iv, tag and ciphertext>` (AES-256-GCM). */
  close(text: string, to: SealedFor): string
  /** The text again. Throws when it was altered, or sealed for another purpose, owner or key. */
  open(sealed: string, to: SealedFor): string
  /** HMAC-SHA-256 under its own key, 128 bits as hex; equal only for equal texts and owners. */
  fingerprint(text: Secret, of: SealedFor): string
}

const ivBytes = 12
const tagBytes = 16
/** 128 bits of the HMAC name a card beyond doubt and stay short on the wire. */
const fingerprintDigits = 32

/**
 * A seal under `masterKey` (32 bytes). Encryption and fingerprints get keys of their own by HKDF,
 * because PCI DSS 3.5.1.1 wants fingerprints keyed, and keyed apart from encryption.
 */
export function makeSeal(masterKey: Buffer): Seal {
  const sealKey = derive(masterKey, 'seal')
  const fingerprintKey = derive(masterKey, 'fingerprint')
  const keyId = createHmac('sha256', sealKey).update('key id').digest('hex').slice(0, 8)
  const boundTo = (to: SealedFor) =>
    Buffer.from(JSON.stringify(['v1', keyId, to.purpose, to.owner]))
  return {
    keyId,
    close(text, to) {
      const iv = randomBytes(ivBytes)
      const cipher = createCipheriv('aes-256-gcm', sealKey, iv).setAAD(boundTo(to))
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      const whole = Buffer.concat([iv, cipher.getAuthTag(), body])
      return `v1.${keyId}.${whole.toString('base64url')}`
    },
    open(sealed, to) {
      const [version, id, body = ''] = sealed.split('.')
      if (version !== 'v1' || id !== keyId) throw new Error('sealed under another key')
      const whole = Buffer.from(body, 'base64url')
      const decipher = createDecipheriv('aes-256-gcm', sealKey, whole.subarray(0, ivBytes), {
        authTagLength: tagBytes,
      })
      decipher.setAAD(boundTo(to)).setAuthTag(whole.subarray(ivBytes, ivBytes + tagBytes))
      const text = decipher.update(whole.subarray(ivBytes + tagBytes))
      return Buffer.concat([text, decipher.final()]).toString('utf8')
    },
    fingerprint(text, of) {
      return createHmac('sha256', fingerprintKey)
        .update(JSON.stringify([of.purpose, of.owner]))
        .update('\0')
        .update(text.reveal())
        .digest('hex')
        .slice(0, fingerprintDigits)
    },
  }
}

function derive(masterKey: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', masterKey, '', `directotp ${purpose}`, 32))
}
