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

/** Who calls: a backend by its key, or a customer's browser by a token. */
export type Caller = { readonly authorization: string } | { readonly clientAuthToken: string }

/** The way to one server, as one merchant. */
export interface Line {
  readonly baseUrl: string
  readonly merchantId: string
  readonly caller: Caller
  readonly timeoutMs: number
  readonly routingId: string | undefined
  readonly fetch: typeof fetch
}

/** One question to the server. */
export interface Question {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly query?: object | undefined
  readonly body?: object
  /** Texts of the body that no error may ever repeat. */
  readonly secrets?: Secrets
}

type Secrets = readonly (string | undefined)[]

/** What leads to another call's path: nothing between two slashes, or dots that a URL resolves. */
const namesNothing = /\/\.{0,2}(?=\/|$)/

/** The answer of one call. Throws `DirectOtpError`; `TypeError` for an id that can't be sent. */
export async function call<T>(line: Line, asked: Question, options: CallOptions = {}): Promise<T> {
  const asking = `${asked.method} ${asked.path}`
  if (namesNothing.test(asked.path)) throw new TypeError(`${asking}: an id is empty, or only dots`)
  const requestId = options.requestId ?? crypto.randomUUID()
  const lost = { request_id: requestId, outcome_unknown: asked.method === 'POST' }
  const timeoutMs = options.timeoutMs ?? line.timeoutMs
  const headers = headersOf(line, requestId, options.routingId ?? line.routingId)
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), timeoutMs)
  try {
    const { query, body } = withToken(line, asked)
    const response = await line.fetch(line.baseUrl + asked.path + query, {
      method: asked.method,
      headers,
      // A card must not follow a redirect to somebody else.
      redirect: 'manual',
      signal: late.signal,
      ...(body && { body: JSON.stringify(body) }),
    })
    const secrets = [...(asked.secrets ?? []), tokenOf(line)]
    return read(await response.text(), { response, secrets, asking, lost }) as T
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

function tokenOf({ caller }: Line): string | undefined {
  return 'clientAuthToken' in caller ? caller.clientAuthToken : undefined
}

/** The question with the client token, where that is who calls: in its body, or in its query. */
function withToken(
  line: Line,
  { method, query, body }: Question,
): { query: string; body?: object } {
  const token = tokenOf(line)
  const named = token === undefined ? {} : { client_auth_token: token }
  if (method === 'POST') {
    const isSent = body !== undefined || token !== undefined
    return { query: queryOf(query), ...(isSent && { body: { ...body, ...named } }) }
  }
  return { query: queryOf({ ...query, ...named }) }
}

function queryOf(query: object = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined)
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
  return text && `?${text}`
}

function headersOf(line: Line, requestId: string, routingId: string | undefined): Headers {
  const { caller } = line
  return new Headers({
    ...('authorization' in caller && { authorization: caller.authorization }),
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
  readonly secrets: Secrets
  readonly asking: string
  readonly lost: Failure
}

function read(text: string, { response, secrets, asking, lost }: Answered): object {
  const { status: http_status } = response
  const request_id = response.headers.get('x-request-id') ?? lost.request_id
  const body = jsonObjectIn(text)
  if (http_status === 200 && body) return body
  const words = wordsOf(body, secrets)
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

function wordsOf(body: Record<string, unknown> | undefined, secrets: Secrets): Words {
  const safe = (value: unknown): string | undefined => {
    if (typeof value !== 'string') return undefined
    return secrets.some((secret) => secret && value.includes(secret)) ? '[withheld]' : value
  }
  const info = Object(body?.['error_info'])
  const fields: unknown[] = Array.isArray(info.fields) ? info.fields : []
  return {
    // An order that is not there is refused by its status alone, a fingerprint by `error_info`.
    code: safe(body?.['error_code']) ?? safe(body?.['status']) ?? safe(info.code),
    message: safe(body?.['error_message']) ?? safe(info.developer_message),
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
