import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifySchemaValidationError,
} from 'fastify'
import type { LogLevel } from '../env.ts'
import { newRequestId } from '../ids.ts'
import { badField, Refusal } from '../refusal.ts'
import { refusalBody, refusalHeaders, refusalStatus } from '../wire/refusal-view.ts'
import {
  type Fields,
  isClean,
  noFields,
  readForm,
  readJson,
  readQuery,
  refuseLists,
} from '../wire/request.ts'
import { addLimits, type Limits } from './limits.ts'
import { type LogStream, logOptions, RequestLog } from './log.ts'
import { answerUnreadable } from './unreadable.ts'

/** What the door needs to know. */
export interface DoorOptions {
  /** Whether callers reach the server by https, so that browsers may be told to insist on it. */
  readonly https: boolean
  readonly trustedProxies: readonly string[]
  readonly limits: Limits
  readonly logLevel: LogLevel
  readonly logStream: LogStream
}

/** Sizes and times that every request must keep to; milliseconds and bytes. */
const bounds = {
  // Ten times the fullest order; the documents name no size.
  bodyBytes: 64 * 1024,
  // Node's own default is 16 KiB; keys, ids and a browser's headers stay far below 8.
  headerBytes: 8 * 1024,
  // The longest thing in a path is one of our ids (40) or a txn id made of two names.
  pathPartChars: 128,
  // A sender of 64 KiB who takes longer is keeping the connection, not sending.
  headersMs: 8_000,
  requestMs: 10_000,
  // So that those two are kept to within a second; Node looks every 30 s by default.
  checkMs: 1_000,
  // A silent socket, which a caller who waits for a slow bank has too: an OTP may take 30 s there
  // and 10 s until its turn, and cutting that connection would lose the answer.
  silenceMs: 50_000,
  // Longer than the 60 s of common load balancers, so that they close first and lose no request.
  keepAliveMs: 72_000,
} as const

/** RFC 6648 left its form open; what is echoed in headers and logs must have nothing to escape. */
const requestIdForm = /^[A-Za-z0-9._-]{1,128}$/

/** JSON and forms in UTF-8, the only charset their parsers read. */
const readableType =
  /^application\/(?:json|x-www-form-urlencoded)[ \t]*(?:;[ \t]*(?:charset="?utf-8"?[ \t]*)?)?$/i

/**
 * Answers are data, never a page: a browser shown one may load nothing, frame nothing, keep
 * nothing. Set by hand: `@fastify/helmet` works the same constants out anew for every request (3 µs
 * and a promise each). They are set first, so a page's own header takes their place.
 */
const answerHeaders = Object.freeze({
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
})

/** A year, which is the least that OWASP ASVS 3.4.1 asks for. */
const strictTransport = 'max-age=31536000; includeSubDomains'

/**
 * The HTTP server without its routes: what is read, logged, refused and how long anyone may take.
 * A route finds `request.query` and `request.body` as `Fields`, read strictly, and throws a
 * `Refusal` for whatever it will not do.
 */
export function openDoor(options: DoorOptions): FastifyInstance {
  const headers = options.https
    ? { ...answerHeaders, 'strict-transport-security': strictTransport }
    : answerHeaders
  const app = fastify({
    http: {
      maxHeaderSize: bounds.headerBytes,
      headersTimeout: bounds.headersMs,
      connectionsCheckingInterval: bounds.checkMs,
    },
    bodyLimit: bounds.bodyBytes,
    requestTimeout: bounds.requestMs,
    connectionTimeout: bounds.silenceMs,
    keepAliveTimeout: bounds.keepAliveMs,
    forceCloseConnections: 'idle',
    // Fastify's own 503 has none of the documented words; ours is in greet.
    return503OnClosing: false,
    trustProxy: options.trustedProxies.length > 0 ? [...options.trustedProxies] : false,
    routerOptions: {
      maxParamLength: bounds.pathPartChars,
      querystringParser: queryOrRefusal,
      ignoreTrailingSlash: true,
    },
    ajv: {
      customOptions: {
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false,
        allErrors: false,
      },
    },
    genReqId: requestIdOf,
    logger: logOptions(options.logLevel, options.logStream),
    logController: new RequestLog(options.logLevel),
    clientErrorHandler: answerUnreadable,
    // A path that can't be decoded, or has a part too long, names nothing of ours.
    frameworkErrors: (_error, request, reply) => {
      sign(request.id, reply, headers)
      refuse(new Refusal('not_found'), request.id, reply)
      request.log.info({ method: request.method, status: 404 }, 'answered')
    },
  })
  readBodies(app)
  app.setSchemaErrorFormatter(([first]) => fieldRefusal(first))
  app.setErrorHandler<Error>((error, request, reply) => {
    const refusal = refusalOf(error)
    if (refusal.reason === 'internal_error') request.log.error({ err: error }, 'internal error')
    refuse(refusal, request.id, reply)
  })
  greet(app, headers)
  addLimits(app, options.limits)
  app.addHook('onRequest', look)
  // Only a route knows which of its fields are texts; before the validation, which looks at texts.
  app.addHook('preValidation', async ({ body, routeOptions }) => {
    refuseLists(body as Fields, routeOptions.schema?.body)
  })
  return app
}

/** The first hook of every request: the headers of all answers, and who is not served at all. */
function greet(app: FastifyInstance, headers: Readonly<Record<string, string>>): void {
  let closing = false
  app.addHook('preClose', (done) => {
    closing = true
    done()
  })
  // A connection kept alive after its last answer would keep the server from closing.
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (closing) reply.header('connection', 'close')
    done()
  })
  app.addHook('onRequest', (request, reply, done) => {
    sign(request.id, reply, headers)
    if (closing) done(new Refusal('unavailable', { retryAfterSeconds: 1 }))
    else if (request.raw.httpVersionMajor !== 1)
      done(new Refusal('malformed_body', { subject: 'it is not HTTP/1.1' }))
    else done()
  })
}

/** What can be refused before the body is read. */
function look(request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void {
  // Before the query, so that all that is nowhere looks the same.
  if (request.is404 || !hasCleanPath(request)) done(new Refusal('not_found'))
  else if (request.query instanceof Error) done(request.query)
  else {
    // A POST without a body has no fields, rather than no object to look for them in.
    request.body = noFields
    done()
  }
}

/** What the router decoded is in the parameters; the rest of a path is a route's own words. */
function hasCleanPath({ params }: FastifyRequest): boolean {
  return Object.values(params as Record<string, string>).every(isClean)
}

function sign(
  requestId: string,
  reply: Pick<FastifyReply, 'headers' | 'header'>,
  headers: Readonly<Record<string, string>>,
): void {
  reply.headers(headers)
  reply.header('x-request-id', requestId)
  reply.header('x-response-id', randomUUID())
}

function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id']
  return typeof given === 'string' && requestIdForm.test(given) ? given : newRequestId()
}

function readBodies(app: FastifyInstance): void {
  const readers = { 'application/x-www-form-urlencoded': readForm, 'application/json': readJson }
  app.removeAllContentTypeParsers()
  for (const [type, read] of Object.entries(readers)) {
    app.addContentTypeParser<Buffer>(type, { parseAs: 'buffer' }, (request, body, done) => {
      const given = request.headers['content-type'] ?? ''
      if (given !== type && !readableType.test(given)) done(new Refusal('content_type'), undefined)
      else done(null, read(body))
    })
  }
}

/** The router calls this outside of any request, where a throw would end the process. */
function queryOrRefusal(query: string): { [key: string]: unknown } {
  try {
    return readQuery(query)
  } catch (error) {
    return error as { [key: string]: unknown }
  }
}

function refuse(
  refusal: Refusal,
  requestId: string,
  reply: Pick<FastifyReply, 'code' | 'headers' | 'send'>,
): void {
  reply.code(refusalStatus(refusal))
  reply.headers(refusalHeaders(refusal))
  reply.send(refusalBody(refusal, requestId))
}

/** What a thrown error means to the caller. Only Fastify's own are taken for the caller's fault. */
function refusalOf(error: Error & { code?: string; statusCode?: number }): Refusal {
  if (error instanceof Refusal) return error
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new Refusal('too_large')
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new Refusal('content_type')
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new Refusal('malformed_body', { subject: 'its length is not the announced one' })
    // The sender went away in the middle of the body; nobody reads this answer.
    case 'ECONNRESET':
      return new Refusal('malformed_body', { subject: 'it ended too early' })
    default:
      return new Refusal('internal_error')
  }
}

function fieldRefusal(error: FastifySchemaValidationError | undefined): Refusal {
  const missing = error?.params['missingProperty']
  const pointer = error?.instancePath.slice(1).replaceAll('~1', '/').replaceAll('~0', '~')
  const name = typeof missing === 'string' ? missing : (pointer ?? '')
  // A free-form key is the caller's own text, and might be anything.
  const known = /^[A-Za-z0-9_.-]{1,64}$/.test(name) ? name : 'a field'
  switch (error?.keyword) {
    case 'required':
      return badField(known, 'missing')
    case 'maxLength':
      return badField(known, 'too long')
    default:
      return badField(known, 'invalid')
  }
}
