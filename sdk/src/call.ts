import { randomUUID } from 'node:crypto'
import {
  ConnectionError,
  type Failure,
  RefusedError,
  type RefusedField,
  ServerError,
  TimeoutError,
} from './error.ts'

/** What one call may say for itself. */
export interface CallOptions {
  /** The `x-request-id`, to find the call again in logs and events; made when absent. */
  requestId?: string
  /** The `x-routing-id`: the customer's id, the same for all their calls. */
  routingId?: string
  /** How long to wait for the whole answer, in milliseconds. */
  timeoutMs?: number
}

/** The way to one server, as one merchant. */
export interface Line {
  readonly baseUrl: string
  readonly merchantId: string
  readonly authorization: string
  readonly timeoutMs: number
  readonly routingId: string | undefined
  readonly fetch: typeof fetch
}

/** One question to the server. */
export interface Question {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: object
  /** Texts of the body that no error may ever repeat. */
  readonly secrets?: readonly (string | undefined)[]
}

/** The answer of one call. Throws `DirectOtpError`; `TypeError` if no header can carry the id. */
export async function call<T>(line: Line, asked: Question, options: CallOptions = {}): Promise<T> {
  const asking = `${asked.method} ${asked.path}`
  const requestId = options.requestId ?? randomUUID()
  const lost = { request_id: requestId, outcome_unknown: asked.method === 'POST' }
  const timeoutMs = options.timeoutMs ?? line.timeoutMs
  const headers = headersOf(line, requestId, options.routingId ?? line.routingId)
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), timeoutMs)
  try {
    const response = await line.fetch(line.baseUrl + asked.path, {
      method: asked.method,
      headers,
      // A card must not follow a redirect to somebody else.
      redirect: 'manual',
      signal: late.signal,
      ...(asked.body && { body: JSON.stringify(asked.body) }),
    })
    return read(await response.text(), { response, asked, asking, lost }) as T
  } catch (error) {
    if (error instanceof RefusedError || error instanceof ServerError) throw error
    if (late.signal.aborted) {
      throw new TimeoutError(`${asking}: no answer within ${timeoutMs} ms${doubt(lost)}`, lost)
    }
    const code = codeOf(error)
    const failure = nothingSent.has(code) ? { ...lost, outcome_unknown: false } : lost
    throw new ConnectionError(
      `${asking}: the connection failed${code && ` (${code})`}${doubt(failure)}`,
      failure,
    )
  } finally {
    clearTimeout(timer)
  }
}

function headersOf(line: Line, requestId: string, routingId: string | undefined): Headers {
  return new Headers({
    authorization: line.authorization,
    accept: 'application/json',
    'content-type': 'application/json',
    'x-merchantid': line.merchantId,
    'x-request-id': requestId,
    ...(routingId !== undefined && { 'x-routing-id': routingId }),
  })
}

/** These fail before a byte of the request has left. */
const nothingSent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'])

function doubt({ outcome_unknown }: Failure): string {
  return outcome_unknown ? '; the outcome is unknown, the order status tells' : ''
}

interface Answered {
  readonly response: Response
  readonly asked: Question
  readonly asking: string
  readonly lost: Failure
}

function read(text: string, { response, asked, asking, lost }: Answered): object {
  const { status: http_status } = response
  const request_id = response.headers.get('x-request-id') ?? lost.request_id
  const body = jsonObjectIn(text)
  if (http_status === 200 && body) return body
  const words = wordsOf(body, asked.secrets ?? [])
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  const retry_after = Number.isFinite(seconds) ? seconds : undefined
  const failure = { ...lost, request_id, http_status, code: words.code, retry_after }
  const said = [http_status, words.code, words.message].filter((word) => word !== undefined)
  const message = `${asking}: ${said.join(' ')}`
  if (http_status >= 400 && http_status < 500) {
    throw new RefusedError(message, { ...failure, fields: words.fields, outcome_unknown: false })
  }
  const what = http_status < 500 ? `${message}, an answer that is not of this API` : message
  throw new ServerError(what + doubt(failure), failure)
}

function jsonObjectIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    return value as Record<string, unknown>
  } catch {
    // The parser's own error quotes the text, which may quote the request.
    return undefined
  }
}

interface Words {
  readonly code: string | undefined
  readonly message: string | undefined
  readonly fields: readonly RefusedField[]
}

function wordsOf(body: Record<string, unknown> | undefined, secrets: Question['secrets']): Words {
  const safe = (value: unknown): string | undefined => {
    if (typeof value !== 'string') return undefined
    return secrets?.some((secret) => secret && value.includes(secret)) ? '[withheld]' : value
  }
  const info = Object(body?.['error_info'])
  const fields: unknown[] = Array.isArray(info.fields) ? info.fields : []
  return {
    // An order that is not there is refused by its status alone.
    code: safe(body?.['error_code']) ?? safe(body?.['status']),
    message: safe(body?.['error_message']),
    fields: fields.map(Object).map(({ field_name, reason }) => ({
      field_name: safe(field_name) ?? '',
      reason: safe(reason) ?? '',
    })),
  }
}

function codeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && 'code' in cause ? String(cause.code) : ''
}
