import assert from 'node:assert/strict'

/** Any JSON value. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [k: string]: Json }

/** One call of a conversation, and what must come back. */
export interface Step {
  readonly request: {
    readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
    readonly path: string
    /** The demo merchant's key is sent unless `authorization` is given here; null sends none. */
    readonly headers?: Readonly<Record<string, string | null>>
    readonly form?: Readonly<Record<string, string>>
    readonly json?: Json
    /** A body as it is; its type is given in `headers`. */
    readonly raw?: string
  }
  readonly answer: {
    readonly status: number
    /** Only those named are looked at; null means absent. */
    readonly headers?: Readonly<Record<string, string | null>>
    /** The whole body. `"$html"` is a page; absent means an empty body. */
    readonly body?: Json
  }
  /** How often the call is made, each time with the same answer; once unless given. */
  readonly times?: number
  /** Whether the answer comes in its own time, because the clock brings it: asked until it does. */
  readonly eventually?: boolean
}

/** A file of this folder: one documented conversation. */
export interface Golden {
  readonly name: string
  /** Where the documents say so. */
  readonly from: string
  /** Variables of a server of its own. */
  readonly server?: Readonly<Record<string, string>>
  /** Settings of the merchant while it runs. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>
  /** Moods of the simulated bank while it runs. */
  readonly moods?: readonly { readonly [k: string]: Json }[]
  readonly steps: readonly Step[]
}

/** What `{name}` stands for, in requests and in answers; captures add to it. */
export type Values = Map<string, string>

const matchers: Readonly<Record<string, (value: unknown) => boolean>> = {
  '$any-string': (value) => typeof value === 'string' && value !== '',
  $digits: (value) => typeof value === 'string' && /^\d+$/.test(value),
  $number: (value) => typeof value === 'number',
  '$iso-date': (value) =>
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value),
  $html: (value) => typeof value === 'string' && value.startsWith('<!doctype html>'),
}

/** A text with its `{name}`s filled in. A name that nobody gave is a mistake in the file. */
export function fill(text: string, values: Values): string {
  return text.replaceAll(/\{([a-z_0-9]+)\}/g, (_, name: string) => {
    const value = values.get(name)
    assert(value !== undefined, `nothing is known by the name {${name}}`)
    return value
  })
}

/** A JSON value with all its texts filled in. */
export function fillAll(json: Json, values: Values): Json {
  if (typeof json === 'string') return fill(json, values)
  if (Array.isArray(json)) return json.map((item) => fillAll(item, values))
  if (!isObject(json)) return json
  return Object.fromEntries(Object.entries(json).map(([k, item]) => [k, fillAll(item, values)]))
}

/** Takes every `"$capture:name"` of the expected answer out of the given one. */
export function capture(expected: Json, actual: unknown, values: Values): void {
  if (typeof expected === 'string') {
    const isThere = typeof actual === 'string' && expected.startsWith('$capture:')
    if (isThere) values.set(expected.slice('$capture:'.length), actual)
  } else if (Array.isArray(expected) && Array.isArray(actual)) {
    for (const [i, item] of expected.entries()) capture(item, actual[i], values)
  } else if (isObject(expected) && isObject(actual)) {
    for (const [key, item] of Object.entries(expected)) capture(item, actual[key], values)
  }
}

/** Every difference between an answer and what is expected of it, each with the place it is at. */
export function differences(
  expected: Json,
  actual: unknown,
  { values, at = '' }: { values: Values; at?: string },
): string[] {
  if (typeof expected === 'string') return differentText(expected, actual, { values, at })
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length)
      return [told(at, expected, actual)]
    return expected.flatMap((item, i) =>
      differences(item, actual[i], { values, at: `${at}[${i}]` }),
    )
  }
  if (!isObject(expected)) return Object.is(expected, actual) ? [] : [told(at, expected, actual)]
  if (!isObject(actual)) return [told(at, expected, actual)]
  const { $more: more, ...named } = expected
  const given = actual
  const unexpected = more === true ? [] : Object.keys(given).filter((key) => !(key in named))
  return [
    ...unexpected.map((key) => `${at}.${key}: not expected: ${JSON.stringify(given[key])}`),
    ...Object.entries(named).flatMap(([key, item]) =>
      key in given
        ? differences(item, given[key], { values, at: `${at}.${key}` })
        : [`${at}.${key}: missing`],
    ),
  ]
}

function differentText(
  expected: string,
  actual: unknown,
  { values, at }: { values: Values; at: string },
): string[] {
  if (expected.startsWith('$capture:')) {
    return typeof actual === 'string' && actual !== '' ? [] : [told(at, expected, actual)]
  }
  const matches = matchers[expected]
  if (matches) return matches(actual) ? [] : [told(at, expected, actual)]
  assert(!expected.startsWith('$'), `there is no matcher ${expected}`)
  const filled = fill(expected, values)
  return filled === actual ? [] : [told(at, filled, actual)]
}

function told(at: string, expected: Json, actual: unknown): string {
  return `${at}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`
}

function isObject(value: unknown): value is { readonly [k: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
