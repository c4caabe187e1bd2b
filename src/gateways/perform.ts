import { Agent, request } from 'undici'
import type { Access, Call, Next, Question, Reply } from './gateway.ts'
import { type Transcript, transcribe } from './transcript.ts'

/** One HTTP request that is ready to leave. */
export interface Outgoing {
  readonly url: string
  readonly method: Call['method']
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
  readonly signal: AbortSignal
}

/** An answer that begins to come in. */
export interface Incoming {
  readonly status: number
  readonly body: AsyncIterable<Uint8Array>
}

/** A way to gateways: the network, or the in-process bank. Redirects are answers. */
export type Carry = (outgoing: Outgoing) => Promise<Incoming>

/** What a question came to. */
export interface Heard<V> {
  readonly verdict: V
  /** What is kept of its calls, in their order. */
  readonly calls: readonly Transcript[]
  /** How long the gateway took for all of them, in milliseconds. */
  readonly tookMs: number
}

/** Asks a gateway one question over HTTP; never throws for what the network or the gateway does. */
export type Perform = <P, V>(
  question: Question<P, V>,
  about: P,
  access: Access,
) => Promise<Heard<V>>

/** 256 KiB: a payment's answer is under 10 KiB, and a page of HTML need not be read to its end. */
const longestAnswerBytes = 256 * 1024

/** No gateway needs more calls for one question; more are a circle. */
const mostCalls = 6

/** These fail before a byte can have left, so another gateway may be tried at once. */
const nothingSent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'])

/** The only way to a gateway: total time limit, size limit, redirects refused, its own hosts. */
export function makePerform(carry: Carry): Perform {
  return async <P, V>(question: Question<P, V>, about: P, access: Access) => {
    const began = performance.now()
    const late = new AbortController()
    const timer = setTimeout(
      () => late.abort(new DOMException('timed out', 'TimeoutError')),
      question.patienceMs,
    )
    const calls: Transcript[] = []
    const put = async (call: Call) => {
      const from = performance.now()
      const reply: Reply =
        calls.length === mostCalls
          ? { kind: 'silence', because: 'too many calls', sent: true }
          : await send(carry, { call, access, signal: late.signal })
      const ms = Math.round(performance.now() - from)
      calls.push(transcribe({ call, reply, ms }, access.transcribed))
      return reply
    }
    try {
      let heard = question.hear(await put(question.ask(about, access)), about, access)
      while (isNext(heard)) heard = heard.hear(await put(heard.call))
      return { verdict: heard, calls, tookMs: Math.round(performance.now() - began) }
    } finally {
      clearTimeout(timer)
    }
  }
}

function isNext<V>(heard: V | Next<V>): heard is Next<V> {
  return typeof heard === 'object' && heard !== null && 'kind' in heard && heard.kind === 'next'
}

interface Sending {
  readonly call: Call
  readonly access: Access
  readonly signal: AbortSignal
}

async function send(carry: Carry, { call, access, signal }: Sending): Promise<Reply> {
  const url = urlOf(call, access)
  if (url === undefined) return { kind: 'silence', because: 'a foreign host', sent: false }
  try {
    const { method, headers = {}, body } = call
    const { status, body: answer } = await carry({ url, method, headers, body, signal })
    return { kind: 'answer', status, body: await textOf(answer, signal) }
  } catch (error) {
    return { kind: 'silence', because: wordFor(error), sent: !nothingSent.has(codeOf(error)) }
  }
}

/** Where a call goes. A gateway's answer can name a URL, and could be made to name any. */
function urlOf({ path }: Call, { baseUrl, origins }: Access): string | undefined {
  if (path.startsWith('/')) return baseUrl + path
  return URL.canParse(path) && origins.includes(new URL(path).origin) ? path : undefined
}

async function textOf(body: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of body) {
    signal.throwIfAborted()
    size += part.byteLength
    if (size > longestAnswerBytes) throw new Error('answer too long')
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

function codeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
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
  if (error instanceof DOMException) return error.name
  return codeOf(error) || (error instanceof Error ? error.name : 'error')
}

/** A gateway that can't be connected to within this is down, and nothing was sent. */
const connectMs = 3_000

/** Shorter than any gateway's own limit, so that no connection is cut while a card leaves on it. */
const idleMs = 4_000

/** As many calls as one gateway is given at a time: one that stalls can't use up the sockets. */
const mostConnections = 256

/** The network, with connections kept alive, each gateway's apart from all others'. */
export function openNetwork(): { readonly carry: Carry; readonly close: () => Promise<void> } {
  const dispatcher = new Agent({
    connect: { timeout: connectMs },
    keepAliveTimeout: idleMs,
    keepAliveMaxTimeout: idleMs,
    connections: mostConnections,
    pipelining: 1,
    // HTTP/2 lets a server refuse a stream, and the client sends it again by itself.
    allowH2: false,
  })
  return {
    carry: async ({ url, body, ...rest }) => {
      const answer = await request(url, { ...rest, body: body ?? null, dispatcher })
      return { status: answer.statusCode, body: answer.body }
    },
    close: () => dispatcher.destroy(),
  }
}

/** A front in this process, such as the simulated bank's: a call costs no socket. */
export function carryTo(fetch: (request: Request) => Promise<Response>): Carry {
  return async ({ url, body, ...rest }) => {
    const asked = new Request(url, { ...rest, redirect: 'manual', ...(body && { body }) })
    const response = await fetch(asked)
    return { status: response.status, body: response.body ?? nothing() }
  }
}

async function* nothing(): AsyncIterable<Uint8Array> {}
