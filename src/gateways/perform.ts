import type { Access, Call, Question, Reply } from './gateway.ts'

/** The platform's `fetch`, or the in-process bank's front. */
export type Fetch = (request: Request) => Promise<Response>

/** Asks a gateway one question over HTTP; never throws for what the network or the gateway does. */
export type Perform = <P, V>(question: Question<P, V>, about: P, access: Access) => Promise<V>

/** 256 KiB: a payment's answer is under 10 KiB, and a page of HTML need not be read to its end. */
const longestAnswerBytes = 256 * 1024

/** These fail before a byte can have left, so another gateway may be tried at once. */
const nothingSent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'])

/** The only way to a gateway: total time limit, size limit, redirects refused. */
export function makePerform(fetch: Fetch): Perform {
  return async (question, about, access) => {
    const call = question.ask(about, access)
    return question.hear(await send(fetch, call, access.baseUrl, question.patienceMs))
  }
}

async function send(fetch: Fetch, call: Call, baseUrl: string, patience: number): Promise<Reply> {
  const late = new AbortController()
  const timer = setTimeout(
    () => late.abort(new DOMException('timed out', 'TimeoutError')),
    patience,
  )
  try {
    const response = await fetch(
      new Request(baseUrl + call.path, {
        method: call.method,
        redirect: 'manual',
        signal: late.signal,
        ...(call.headers && { headers: call.headers }),
        ...(call.body !== undefined && { body: call.body }),
      }),
    )
    return { kind: 'answer', status: response.status, body: await textOf(response) }
  } catch (error) {
    return { kind: 'silence', because: wordFor(error), sent: !nothingSent.has(codeOf(error)) }
  } finally {
    clearTimeout(timer)
  }
}

async function textOf(response: Response): Promise<string> {
  if (!response.body) return ''
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of response.body) {
    size += part.byteLength
    if (size > longestAnswerBytes) throw new Error('answer too long')
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

function codeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  if (cause instanceof AggregateError && cause.errors.length > 0) {
    const codes = cause.errors.map((one: unknown) => codeIn(one))
    return codes.every((code) => nothingSent.has(code)) ? (codes[0] ?? '') : ''
  }
  return codeIn(cause)
}

function codeIn(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : ''
}

/** The kind of failure only: a message could quote the URL or a header. */
function wordFor(error: unknown): string {
  return codeOf(error) || (error instanceof Error ? error.name : 'error')
}
