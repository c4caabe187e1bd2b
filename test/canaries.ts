/** What must never be seen, and the forms in which bytes could hide it. */
export interface Canary {
  /** How it is called when it was found; never the thing itself. */
  readonly name: string
  readonly forms: ReadonlyMap<string, Buffer>
}

/**
 * A canary for a text: plain, in groups of four, percent-encoded, hexadecimal, as UTF-16, and as
 * base64 wherever it begins in the encoded text. `raw` bytes get the forms that bytes can have.
 */
export function canary(name: string, text: string): Canary {
  const plain = Buffer.from(text, 'utf8')
  const groups = text.match(/.{1,4}/g) ?? []
  const percent = [...plain].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
  const utf16 = Buffer.from(text, 'utf16le')
  const forms: [string, Buffer][] = [
    ['plain', plain],
    ['spaced', Buffer.from(groups.join(' '))],
    ['dashed', Buffer.from(groups.join('-'))],
    ['percent-encoded', Buffer.from(percent)],
    ['form-encoded', Buffer.from(encodeURIComponent(text))],
    ['UTF-16, little end first', utf16],
    ['UTF-16, big end first', Buffer.from(utf16).swap16()],
    ...byteForms(plain),
  ]
  return { name, forms: new Map(forms) }
}

/** A canary for bytes that are no text, such as a key. */
export function rawCanary(name: string, bytes: Buffer): Canary {
  return { name, forms: new Map([['raw', bytes], ...byteForms(bytes)]) }
}

function byteForms(bytes: Buffer): [string, Buffer][] {
  const hex = bytes.toString('hex')
  return [
    ['hex', Buffer.from(hex)],
    ['HEX', Buffer.from(hex.toUpperCase())],
    ...([0, 1, 2] as const).flatMap((place): [string, Buffer][] => [
      [`base64 at ${place}`, Buffer.from(base64At(bytes, place, 'base64'))],
      [`base64url at ${place}`, Buffer.from(base64At(bytes, place, 'base64url'))],
    ]),
  ]
}

/** The digits of base64 that depend on these bytes alone, `place` bytes into a group of three. */
function base64At(bytes: Buffer, place: 0 | 1 | 2, encoding: 'base64' | 'base64url'): string {
  const encoded = Buffer.concat([Buffer.alloc(place), bytes]).toString(encoding)
  const firstOwn = [0, 2, 3][place] ?? 0
  return encoded.slice(firstOwn, Math.floor(((place + bytes.length) * 8) / 6))
}

/** Which canaries are in the bytes and in which form, as `name: form`. */
export function sightings(bytes: Buffer, canaries: readonly Canary[]): string[] {
  return canaries.flatMap(({ name, forms }) =>
    [...forms].filter(([, form]) => bytes.includes(form)).map(([form]) => `${name}: ${form}`),
  )
}

/**
 * Which secrets too short to be looked for alone stand beside a word for what they are, as in
 * `"cvv":"739"` or `otp=418302`.
 */
export function shortSightings(
  bytes: Buffer,
  secrets: readonly { readonly word: string; readonly text: string }[],
): string[] {
  const text = bytes.toString('latin1')
  const quotes = `["'\\\\]{0,4}`
  const between = `[\\w.]{0,12}${quotes}\\s{0,2}[:=]?\\s{0,2}${quotes}`
  return secrets
    .filter((secret) => new RegExp(`${secret.word}${between}${secret.text}(?!\\d)`, 'i').test(text))
    .map(({ word, text: secret }) => `${word} of ${secret.length} digits`)
}
