import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'

/** What sealed text is for and whose it is; text sealed for one can't be opened for another. */
export interface SealedFor {
  readonly purpose: string
  readonly owner: string
}

/** A key of 32 bytes that seals, and its name in what it sealed: letters, digits and `-`. */
export interface SealKey {
  readonly id: string
  readonly key: Buffer
}

/** Seals what must be read again. */
export interface Seal {
  /** Names the master key that seals without telling it: eight hex digits. */
  readonly keyId: string
  /** The names of all master keys that open, that one first. */
  readonly keyIds: readonly string[]
  /** `text` as {@link closeWith} writes it, under the first master key. */
  close(text: string, to: SealedFor): string
  /** The text again. Throws when it was altered, or sealed for another purpose, owner or key. */
  open(sealed: string, to: SealedFor): string
}

const ivBytes = 12
const tagBytes = 16

/**
 * A seal under a master key of 32 bytes. While keys are changed there are more of them: the first
 * one seals, and every one of them opens.
 */
export function makeSeal(...masterKeys: readonly [Buffer, ...Buffer[]]): Seal {
  const [first, ...others] = masterKeys.map(sealKeyOf) as [SealKey, ...SealKey[]]
  const keys = new Map([...others, first].map((key) => [key.id, key]))
  return {
    keyId: first.id,
    keyIds: [first.id, ...others.map(({ id }) => id)],
    close: (text, to) => closeWith(first, text, to),
    open(sealed, to) {
      const key = keys.get(keyIdIn(sealed))
      if (!key) throw new Error('sealed under another key')
      return openWith(key, sealed, to)
    },
  }
}

/** `text` as `v1.<key id>.<base64url of iv, tag and ciphertext>` (AES-256-GCM). */
export function closeWith({ id, key }: SealKey, text: string, to: SealedFor): string {
  const iv = randomBytes(ivBytes)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(boundTo(id, to))
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  const whole = Buffer.concat([iv, cipher.getAuthTag(), body])
  return `v1.${id}.${whole.toString('base64url')}`
}

/** The text again. Throws when it was altered, or sealed for another purpose, owner or key. */
export function openWith({ id, key }: SealKey, sealed: string, to: SealedFor): string {
  const [version, named, body = '', ...more] = sealed.split('.')
  const whole = Buffer.from(body, 'base64url')
  // Node reads base64 loosely; only the one spelling that was written is taken.
  const isOurs = version === 'v1' && named === id && more.length === 0
  if (!isOurs || whole.length < ivBytes + tagBytes || whole.toString('base64url') !== body) {
    throw new Error('not sealed under this key')
  }
  const decipher = createDecipheriv('aes-256-gcm', key, whole.subarray(0, ivBytes), {
    authTagLength: tagBytes,
  })
  decipher.setAAD(boundTo(id, to)).setAuthTag(whole.subarray(ivBytes, ivBytes + tagBytes))
  const text = decipher.update(whole.subarray(ivBytes + tagBytes))
  return Buffer.concat([text, decipher.final()]).toString('utf8')
}

/** The name of the key that sealed a text, or '' when it is no sealed text. */
export function keyIdIn(sealed: string): string {
  return /^v1\.([A-Za-z0-9-]+)\./.exec(sealed)?.[1] ?? ''
}

/** How everything begins that was sealed under the key of this name. */
export function sealedUnder(keyId: string): string {
  return `v1.${keyId}.`
}

/** A key for one purpose alone, out of another: HKDF with SHA-256, 32 bytes. */
export function deriveKey(from: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', from, '', `directotp ${purpose}`, 32))
}

function sealKeyOf(masterKey: Buffer): SealKey {
  const key = deriveKey(masterKey, 'seal')
  return { id: createHmac('sha256', key).update('key id').digest('hex').slice(0, 8), key }
}

function boundTo(id: string, to: SealedFor): Buffer {
  return Buffer.from(JSON.stringify(['v1', id, to.purpose, to.owner]))
}
