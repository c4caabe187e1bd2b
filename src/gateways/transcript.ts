import { withoutCardNumbers } from '../cards/card.ts'
import type { Call, Reply } from './gateway.ts'

/** What is written down of one call to a gateway: never more than its allow-list names. */
export interface Transcript {
  /** The method and the path, without its query. */
  readonly call: string
  /** The HTTP status, or the kind of silence. */
  readonly answer: number | string
  readonly ms: number
  readonly asked: Readonly<Record<string, string>>
  readonly heard: Readonly<Record<string, string>>
}

/** A gateway's words are short; what is longer is a page. */
const longestText = 200

/** A gateway's answers are four deep; deeper ones could exhaust the stack. */
const deepest = 8

/** No answer of a gateway has more of what is worth keeping. */
const mostFields = 40

/** Banks' own references: a retrieval reference number has 12 digits, an ARN 23. */
const referenceNumber = /^(?:\d{12}|\d{23})$/

/** One call as it may be kept: the fields that the allow-list names, wherever they stand. */
export function transcribe(
  { call, reply, ms }: { call: Call; reply: Reply; ms: number },
  allowed: ReadonlySet<string>,
): Transcript {
  const body = reply.kind === 'answer' ? reply.body : undefined
  return {
    call: `${call.method} ${withoutCardNumbers(pathOf(call.path))}`,
    answer: reply.kind === 'answer' ? reply.status : reply.because,
    ms,
    asked: fieldsIn(call.body, allowed),
    heard: fieldsIn(body, allowed),
  }
}

function pathOf(path: string): string {
  return path.replace(/^https?:\/\/[^/]+/, '').replace(/\?.*$/s, '')
}

function fieldsIn(
  body: string | undefined,
  allowed: ReadonlySet<string>,
): Readonly<Record<string, string>> {
  const found: Record<string, string> = {}
  if (body !== undefined && body !== '') collect(contentOf(body), '', { found, allowed })
  return found
}

/** JSON as it reads, and everything else as a form: neither is trusted to be one. */
function contentOf(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return /^[\w.%+-]+=/.test(body) ? Object.fromEntries(new URLSearchParams(body)) : undefined
  }
}

interface Collecting {
  readonly found: Record<string, string>
  readonly allowed: ReadonlySet<string>
}

function collect(value: unknown, name: string, into: Collecting, depth = 0): void {
  if (depth > deepest || Object.keys(into.found).length >= mostFields) return
  if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      collect(inner, Array.isArray(value) ? name : key, into, depth + 1)
    }
    return
  }
  if (value === null || value === undefined || !into.allowed.has(name)) return
  const text = String(value)
  into.found[name] ??= referenceNumber.test(text)
    ? text
    : withoutCardNumbers(text).slice(0, longestText)
}
