import { lookup, Resolver } from 'node:dns/promises'
import http from 'node:http'
import https from 'node:https'
import { isIP } from 'node:net'
import type { Now } from '../clock.ts'
import type { Mode } from '../merchants/merchant.ts'
import { answerText, attemptMs, longestAnswerBytes } from './delivery.ts'
import { isPublic, readTarget, type Target } from './target.ts'

/** What an attempt came to: an answer's status and beginning, or why there was none. */
export interface Reply {
  /** Absent when there was no answer. */
  readonly status?: number
  readonly answer: string
}

/** One request, to one address that has been looked at. */
export interface Post {
  readonly target: Target
  /** The only address that may be connected to. */
  readonly address: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly signal: AbortSignal
}

/** The ways out of this process that webhooks take; tests hand over their own. */
export interface Line {
  readonly mode: Mode
  /** The machine's own time in epoch milliseconds, which receivers compare with theirs. */
  readonly now: Now
  /** All addresses of a name. */
  readonly resolve: (hostname: string) => Promise<readonly string[]>
  readonly post: (post: Post) => Promise<Required<Reply>>
  /** Calls `end` after so many milliseconds, unless what it gives is called before. */
  readonly after: (ms: number, end: () => void) => () => void
  /** Closes the connections that are kept alive. */
  readonly close: () => void
}

/** What is to be sent. */
export interface Message {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * Posts a message, in 10 s at most; never throws for what the URL, the network or the receiver
 * does. The name is resolved once, all its addresses must be public (not in sandbox mode), and the
 * connection goes to the first of those that were looked at where anybody is. Redirects are answers
 * like any other.
 */
export async function deliver(line: Line, message: Message): Promise<Reply> {
  const late = new AbortController()
  const timedOut = Promise.withResolvers<Reply>()
  const cancel = line.after(attemptMs, () => {
    late.abort()
    timedOut.resolve({ answer: `no answer within ${attemptMs / 1_000} s` })
  })
  try {
    return await Promise.race([send(line, message, late.signal), timedOut.promise])
  } catch (error) {
    return { answer: wordFor(error) }
  } finally {
    cancel()
  }
}

async function send(line: Line, message: Message, signal: AbortSignal): Promise<Reply> {
  const target = readTarget(message.url, line.mode)
  if ('refused' in target) return { answer: `not sent: ${target.refused}` }
  const { hostname } = target
  const addresses = isIP(hostname) === 0 ? await line.resolve(hostname) : [hostname]
  if (addresses.length === 0) return { answer: 'not sent: the name has no address' }
  if (line.mode === 'live' && !addresses.every(isPublic)) {
    return { answer: 'not sent: an address of the host is not public' }
  }
  const { headers, body } = message
  for (const [i, address] of addresses.entries()) {
    signal.throwIfAborted()
    try {
      return await line.post({ target, address, headers, body, signal })
    } catch (error) {
      if (i === addresses.length - 1 || !isNobodyThere(error)) throw error
    }
  }
  throw new Error('there is a last address')
}

// Nothing was sent: a machine has no way there, or nobody listens.
const nobodyThere: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
])

function isNobodyThere(error: unknown): boolean {
  return error instanceof Error && 'code' in error && nobodyThere.has(error.code)
}

/** The kind of failure only: a message could quote the URL. */
function wordFor(error: unknown): string {
  if (!(error instanceof Error)) return 'error'
  return 'code' in error ? String(error.code) : error.name
}

// A name server that says nothing for so long is asked once more.
const resolver = { timeout: 2_000, tries: 2 } as const

// Most receivers close an idle connection after 5 s; we are first, so that none is cut in use.
const idleMs = 4_000

// As many as one endpoint is sent at a time.
const mostIdle = 16

/** The real line: the platform's resolver, HTTP and HTTPS with connections kept alive. */
export function openLine(mode: Mode): Line {
  const options = { keepAlive: true, timeout: idleMs, maxFreeSockets: mostIdle }
  const agents = { http: new http.Agent(options), https: new https.Agent(options) }
  return {
    mode,
    now: Date.now,
    resolve: mode === 'live' ? byDns() : byHost,
    post: (post) => postBy(agents, post),
    after: (ms, end) => {
      const timer = setTimeout(end, ms)
      return () => clearTimeout(timer)
    },
    close: () => {
      agents.http.destroy()
      agents.https.destroy()
    },
  }
}

/** As every program of a developer's machine does, with its hosts file. */
async function byHost(hostname: string): Promise<readonly string[]> {
  return (await lookup(hostname, { all: true })).map(({ address }) => address)
}

/**
 * By DNS alone, without the four threads that the platform's own way shares with everything: a name
 * whose servers are silent must not hold up other names.
 */
function byDns(): Line['resolve'] {
  const dns = new Resolver(resolver)
  return async (hostname) => {
    const found = await Promise.allSettled([dns.resolve4(hostname), dns.resolve6(hostname)])
    const addresses = found.flatMap((one) => (one.status === 'fulfilled' ? one.value : []))
    const [failed] = found.filter((one) => one.status === 'rejected')
    if (addresses.length === 0 && failed) throw failed.reason
    return addresses
  }
}

interface Agents {
  readonly http: http.Agent
  readonly https: https.Agent
}

/**
 * A connection that the receiver has closed just as it was used again; nothing is wrong with it.
 */
class Stale extends Error {}

async function postBy(agents: Agents, post: Post): Promise<Required<Reply>> {
  try {
    return await postOnce(agents, post)
  } catch (error) {
    if (!(error instanceof Stale)) throw error
  }
  return postOnce(undefined, post)
}

function postOnce(agents: Agents | undefined, post: Post): Promise<Required<Reply>> {
  const { url, hostname, port } = post.target
  const body = Buffer.from(post.body)
  const isHttps = url.protocol === 'https:'
  const options: https.RequestOptions = {
    method: 'POST',
    // An address, so that nothing is resolved a second time.
    host: post.address,
    port,
    path: url.pathname + url.search,
    headers: {
      Host: url.host,
      'User-Agent': 'directotp',
      'Content-Length': body.length,
      ...post.headers,
    },
    signal: post.signal,
    agent: agents ? agents[isHttps ? 'https' : 'http'] : false,
    // The name that the certificate is for; an address can't be one (RFC 6066 section 3).
    ...(isHttps && { servername: isIP(hostname) === 0 ? hostname : '', rejectUnauthorized: true }),
  }
  return new Promise((resolve, reject) => {
    const request = (isHttps ? https : http).request(options)
    request.on('error', (error) => {
      const cut = 'code' in error && error.code === 'ECONNRESET' && request.reusedSocket
      reject(cut ? new Stale() : error)
    })
    request.on('response', (response) => {
      textOf(response).then((answer) => {
        resolve({ status: response.statusCode ?? 0, answer })
      }, reject)
    })
    request.end(body)
  })
}

/** A receiver's answer is a word or two; who sends more is cut, with the connection. */
const mostReadBytes = 64 * 1_024

async function textOf(response: http.IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of response) {
    if (size < longestAnswerBytes) parts.push(part)
    size += part.length
    if (size > mostReadBytes) break
  }
  return answerText(Buffer.concat(parts))
}
