import { type FastifyReply, type FastifyRequest, LogController } from 'fastify'
import type { LogLevel } from '../env.ts'

/** Where log lines go: one JSON text a call, with its line break. */
export interface LogStream {
  write(line: string): void
}

/** A stack frame as V8 writes it; a message that runs over several lines has none. */
const frame = /^ {4}at .*:\d+:\d+\)?$/

/**
 * The logger's options. Each serializer names what may be seen of a thing; everything else of it,
 * headers, bodies and queries first of all, can't reach a line.
 */
export function logOptions(level: LogLevel, stream: LogStream) {
  return {
    level,
    stream,
    base: null,
    serializers: { err: errorView, req: requestView, res: replyView },
    hooks: {
      // Without a message pino takes the error's own, which may quote what the caller sent.
      logMethod(this: unknown, args: unknown[], method: (...args: never) => void) {
        const bare = args.length === 1 && typeof args[0] === 'object'
        Reflect.apply(method, this, bare ? [args[0], ''] : args)
      },
    },
  }
}

/** Writes one line for each answered request, at `info`. A class, because Fastify asks for one. */
export class RequestLog extends LogController {
  readonly #on: boolean

  constructor(level: LogLevel) {
    super({ requestIdLogLabel: 'request_id' })
    this.#on = level === 'info' || level === 'debug' || level === 'trace'
  }

  override incomingRequest(): void {}

  override requestCompleted(
    error: Error | null | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): void {
    // Fastify makes routeOptions anew at each look, so nothing is gathered for no line.
    if (!this.#on) return
    reply.log.info(
      {
        method: request.method,
        route: request.routeOptions.url,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 1000) / 1000,
        // Set only where a key is asked for.
        merchant: request.merchant?.id,
        err: error ?? undefined,
      },
      'answered',
    )
  }
}

/** What may be seen of an error. */
export type ErrorView = {
  readonly type: string
  readonly code?: string | undefined
  readonly message: ''
  readonly stack: string
  readonly cause?: ErrorView | undefined
}

/** An error without its message: V8, parsers and databases quote there what they stumbled over. */
export function errorView(error: unknown, depth = 0): ErrorView {
  if (!(error instanceof Error)) return { type: typeof error, message: '', stack: '' }
  return {
    type: error.name,
    code: 'code' in error && typeof error.code === 'string' ? error.code : undefined,
    message: '',
    stack: (error.stack ?? '')
      .split('\n')
      .filter((line) => frame.test(line))
      .join('\n'),
    cause: error.cause === undefined || depth > 2 ? undefined : errorView(error.cause, depth + 1),
  }
}

function requestView(request: FastifyRequest): { method: string; route: string | undefined } {
  return { method: request.method, route: request.routeOptions?.url }
}

function replyView(reply: { statusCode?: number }): { status: number | undefined } {
  return { status: reply.statusCode }
}
