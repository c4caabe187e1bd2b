import { Refusal } from '../refusal.ts'

/**
 * What a caller sent, form or JSON alike: dotted keys to text, on an object without prototype.
 * JSON numbers are their own digits, booleans `true` and `false`; what was `null` is absent.
 */
export type Fields = Readonly<Record<string, string>>

/** How a body may be written. Clients of the API send both. */
export const bodyTypes = ['application/x-www-form-urlencoded', 'application/json'] as const

/** No fields at all: what an empty body or query says. */
export const noFields: Fields = Object.freeze(Object.create(null))

// About three times what the fullest documented order has, and cheap to refuse beyond.
const mostFields = 256

// The documents nest twice (`metadata.txns.auto_capture`); a parser should never recurse for more.
const deepestNesting = 8

/** Names that reach an object's prototype in careless code; no documented field has one. */
const prototypeName = /(?:^|[.[\]])(?:__proto__|constructor|prototype)(?:$|[.[\]])/

/** Fields with leading zeros that a JSON number can't carry. */
const textOnly: ReadonlySet<string> = new Set(['answer.otp', 'card_security_code'])

/** Below these names a list is kept, as its JSON text. */
const keptList = /^(?:order\.)?metadata\./

type Lists = ReadonlyMap<string, readonly unknown[]>

/** The lists that were left out of fields, by their names. */
const leftOut = new WeakMap<Fields, Lists>()
const noLists: Lists = new Map()

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** JSON numbers as they were written (ECMAScript "JSON.parse source text access"). */
interface RawNumber {
  readonly rawJSON: string
}

declare global {
  interface JSON {
    rawJSON(text: string): RawNumber
    isRawJSON(value: unknown): value is RawNumber
  }
}

/**
 * The fields of a form body (`application/x-www-form-urlencoded`). Throws `malformed_body` for
 * anything two parsers could read differently: broken UTF-8 or escapes, a key twice.
 */
export function readForm(body: Uint8Array): Fields {
  return body.length === 0 ? noFields : readPairs(textOf(body))
}

/** The fields of a URL's query, without its `?`. Throws as {@link readForm} does. */
export function readQuery(query: string): Fields {
  if (query === '') return noFields
  // Node hands the bytes of a URL over as Latin-1; a caller who means more than ASCII escapes it.
  for (let i = 0; i < query.length; i++) {
    if (query.charCodeAt(i) > 0x7e) throw malformed('the query is not ASCII')
  }
  return readPairs(query)
}

/**
 * The fields of a JSON body, nested objects flattened to dotted keys. An array is kept, as its
 * JSON text, below `metadata.` only; the others are left out, and {@link listsIn} has them.
 * Throws `malformed_body`.
 */
export function readJson(body: Uint8Array): Fields {
  if (body.length === 0) return noFields
  const text = textOf(body)
  const seen = survey(text)
  if (seen.depth > deepestNesting) throw malformed('it is nested too deeply')
  const tree = parseJson(text, seen.numbers)
  if (!isObject(tree)) throw malformed('it is not a JSON object')
  // The parser keeps only the last of equal keys, so a colon too many is a key that was lost.
  if (members(tree) !== seen.colons) throw malformed('a key appears twice')
  const tally: Tally = { fields: Object.create(null), count: 0 }
  const lists = new Map<string, readonly unknown[]>()
  flatten(tree, '', { tally, lists })
  if (lists.size > 0) leftOut.set(tally.fields, lists)
  return tally.fields
}

/** The lists that a JSON body had and its fields have not, by their names. */
export function listsIn(fields: Fields): Lists {
  return leftOut.get(fields) ?? noLists
}

/**
 * Refuses a list under a name that a route's schema knows as a text; any other list is a field that
 * nobody reads. Throws `malformed_body`.
 */
export function refuseLists(fields: Fields, schema: unknown): void {
  const { properties = {} } = (schema ?? {}) as { properties?: Record<string, { type?: unknown }> }
  for (const name of listsIn(fields).keys()) {
    const isText = Object.hasOwn(properties, name) && properties[name]?.type === 'string'
    if (isText) throw malformed('a list stands where a text belongs')
  }
}

/** A flag as clients write it (`true`, `True`, `TRUE`, `1`), or `undefined` for any other text. */
export function truth(text: string | undefined): boolean | undefined {
  switch (text) {
    case 'true':
    case 'True':
    case 'TRUE':
    case '1':
      return true
    case 'false':
    case 'False':
    case 'FALSE':
    case '0':
      return false
    default:
      return undefined
  }
}

function malformed(reason: string): Refusal {
  return new Refusal('malformed_body', { subject: reason })
}

function textOf(body: Uint8Array): string {
  try {
    return utf8.decode(body)
  } catch {
    throw malformed('it is not UTF-8')
  }
}

function readPairs(text: string): Fields {
  if (!isClean(text.includes('%') ? unescaped(text) : text)) {
    throw malformed('it has a character that is not allowed')
  }
  const tally: Tally = { fields: Object.create(null), count: 0 }
  for (const [key, value] of new URLSearchParams(text)) put(tally, key, value)
  return tally.fields
}

/** URLSearchParams would turn a broken escape into U+FFFD; this refuses it. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw malformed('a percent escape is not UTF-8')
  }
}

/** Whether both engines keep a text: U+0000 ends strings, and a lone surrogate has no UTF-8. */
export function isClean(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed()
}

interface Tally {
  readonly fields: Record<string, string>
  count: number
}

function put(tally: Tally, key: string, value: string): void {
  if (key in tally.fields) throw malformed('a key appears twice')
  if (prototypeName.test(key)) throw malformed('a key is not allowed')
  if (tally.count === mostFields) throw malformed('it has too many fields')
  tally.fields[key] = value
  tally.count++
}

/** Counts what the parser does not tell; exact for valid JSON, and harmless for the rest. */
function survey(text: string): { colons: number; depth: number; numbers: boolean } {
  const seen = { colons: 0, depth: 0, numbers: false }
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    switch (text[i]) {
      case '"':
        for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === '\\') i++
        break
      case ':':
        seen.colons++
        break
      case '{':
      case '[':
        depth++
        if (depth > seen.depth) seen.depth = depth
        break
      case '}':
      case ']':
        depth--
        break
      default:
        if (isDigit(text.charCodeAt(i))) seen.numbers = true
    }
  }
  return seen
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

/** The reviver makes parsing several times slower, so it is used only where there are numbers. */
function parseJson(text: string, numbers: boolean): unknown {
  try {
    return numbers ? JSON.parse(text, keepDigits) : JSON.parse(text)
  } catch {
    throw malformed('it is not JSON')
  }
}

function keepDigits(_key: string, value: unknown, from?: { source?: string }): unknown {
  return typeof value === 'number' && from?.source !== undefined ? JSON.rawJSON(from.source) : value
}

function isObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  return !Array.isArray(value) && !JSON.isRawJSON(value)
}

/** The members of all objects in the tree; refuses keys and texts that are not allowed anywhere. */
function members(value: unknown): number {
  if (typeof value === 'string' && !isClean(value)) {
    throw malformed('it has a character that is not allowed')
  }
  if (Array.isArray(value)) return value.reduce((sum, item) => sum + members(item), 0)
  if (!isObject(value)) return 0
  let sum = 0
  for (const [key, item] of Object.entries(value)) {
    if (!isClean(key)) throw malformed('it has a character that is not allowed')
    if (prototypeName.test(key)) throw malformed('a key is not allowed')
    sum += 1 + members(item)
  }
  return sum
}

function flatten(
  object: Record<string, unknown>,
  prefix: string,
  into: { tally: Tally; lists: Map<string, readonly unknown[]> },
): void {
  for (const [name, value] of Object.entries(object)) {
    const key = prefix + name
    if (value === null) continue
    if (isObject(value)) flatten(value, `${key}.`, into)
    else if (Array.isArray(value) && !keptList.test(key)) into.lists.set(key, value)
    else put(into.tally, key, leaf(key, value))
  }
}

function leaf(key: string, value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return JSON.stringify(value)
  if (!JSON.isRawJSON(value)) return String(value)
  if (textOnly.has(key)) throw malformed(`${key} must be a string`)
  return value.rawJSON
}
