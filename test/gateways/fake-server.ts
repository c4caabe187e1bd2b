import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { Ajv, type ValidateFunction } from 'ajv'
import type { Fault, Step } from './fake.ts'

/** A request, read and looked at. */
export interface FakeRequest {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  /** The JSON or form of the body; `{}` where there is none. */
  readonly body: Record<string, unknown>
  /** What `{…}` in the path of the OpenAPI file stands for. */
  readonly params: Readonly<Record<string, string>>
  /** The `operationId` of the OpenAPI file. */
  readonly operation: string
}

/** An answer; the body goes out as JSON. */
export interface FakeAnswer {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** What makes a gateway of the server. */
export interface FakeRules {
  /** The OpenAPI file beside this one. */
  readonly spec: string
  /** What the gateway does and says; a spoiled request may already have been acted on. */
  readonly answer: (request: FakeRequest) => FakeAnswer | Promise<FakeAnswer>
  /** Which question a request is the decisive call of; undefined: of none. */
  readonly stepOf: (request: FakeRequest) => Step | undefined
  /** An answer turned into one with a word nobody knows, another amount, or another id. */
  readonly disguise: (
    answer: FakeAnswer,
    as: 'unknown_word' | 'wrong_amount' | 'wrong_id',
    request: FakeRequest,
  ) => FakeAnswer
}

/** The server of a fake. */
export interface FakeServer {
  readonly url: string
  readonly spoil: (fault: Fault, on: Step, times?: number) => void
  readonly stalled: () => Promise<void>
  readonly problems: () => readonly string[]
  readonly connections: () => number
  readonly close: () => Promise<void>
}

interface Operation {
  readonly method: string
  readonly path: RegExp
  readonly names: readonly string[]
  readonly id: string
  readonly headers: readonly string[]
  readonly request: ValidateFunction | undefined
  readonly type: string | undefined
  readonly answers: ReadonlyMap<string, ValidateFunction>
}

/** Reading one takes a tenth of a second, and a suite opens hundreds of fakes. */
const specs = new Map<string, Promise<Operation[]>>()

function operationsIn(spec: string): Promise<Operation[]> {
  const known = specs.get(spec)
  if (known) return known
  const read = operationsOf(spec)
  specs.set(spec, read)
  return read
}

/** Opens a fake's server on a free port of loopback. */
export async function openFakeServer(rules: FakeRules): Promise<FakeServer> {
  const operations = await operationsIn(rules.spec)
  const problems: string[] = []
  const faults: { fault: Fault; on: Step; left: number }[] = []
  const sockets = new Set<Socket>()
  let opened = 0
  const stopping = new AbortController()
  let stall = Promise.withResolvers<void>()

  async function handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const sent = await text(message).catch(() => undefined)
    // Whoever leaves in the middle of a call has asked nothing.
    if (sent === undefined) return
    const url = new URL(message.url ?? '/', 'http://fake')
    const found = operationOf(operations, message.method ?? '', url.pathname)
    if (!found) {
      problems.push(`${message.method} ${url.pathname} is not in ${rules.spec}`)
      response.writeHead(404).end('{}')
      return
    }
    const request = requestOf(message, { url, text: sent, found })
    problems.push(...wrongRequest(found.operation, request, sent))
    const step = rules.stepOf(request)
    const spoilt = faults.find(({ on, left }) => on === step && left > 0)
    if (spoilt) spoilt.left--
    await reply({ message, response, request, operation: found.operation }, spoilt?.fault)
  }

  async function reply(call: Replying, fault: Fault | undefined): Promise<void> {
    const { response, request, operation } = call
    if (fault === 'drop_before') return void call.message.socket.destroy()
    const answer = await rules.answer(request)
    problems.push(...wrongAnswer(operation, answer))
    switch (fault) {
      case 'drop_after':
        return void call.message.socket.destroy()
      case 'never':
        stall.resolve()
        return
      case 'slow':
        await sleep(300, undefined, { signal: stopping.signal }).catch(() => {})
        return write(response, answer)
      case 'garbage':
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":')
        return
      case 'html_502':
        response.writeHead(502, { 'content-type': 'text/html' }).end('<html>Bad Gateway</html>')
        return
      case 'oversized':
        response.writeHead(200).end(`{"x":"${'x'.repeat(300 * 1024)}"}`)
        return
      case 'endless':
        response.writeHead(200).write('{"x":"')
        stall.resolve()
        return
      case 'unknown_word':
      case 'wrong_amount':
      case 'wrong_id':
        return write(response, rules.disguise(answer, fault, request))
      case undefined:
        return write(response, answer)
      default:
        fault satisfies never
    }
  }

  const server = createServer((message, response) => {
    handle(message, response).catch((error: unknown) => {
      problems.push(`the fake itself failed: ${error instanceof Error ? error.stack : error}`)
      message.socket.destroy()
    })
  })
  server.on('connection', (socket) => {
    opened++
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spoil: (fault, on, times = 1) => faults.push({ fault, on, left: times }),
    stalled: () => {
      stall = Promise.withResolvers<void>()
      return stall.promise
    },
    problems: () => problems,
    connections: () => opened,
    close: async () => {
      stopping.abort()
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

interface Replying {
  readonly message: IncomingMessage
  readonly response: ServerResponse
  readonly request: FakeRequest
  readonly operation: Operation
}

function write(response: ServerResponse, { status, body, headers }: FakeAnswer): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

function operationOf(operations: readonly Operation[], method: string, path: string) {
  for (const operation of operations) {
    const match = operation.method === method ? operation.path.exec(path) : null
    if (match) return { operation, match }
  }
  return undefined
}

function requestOf(
  message: IncomingMessage,
  {
    url,
    text,
    found: { operation, match },
  }: { url: URL; text: string; found: { operation: Operation; match: RegExpExecArray } },
): FakeRequest {
  const isForm = (message.headers['content-type'] ?? '').startsWith('application/x-www-form')
  const body = text === '' ? {} : isForm ? formOf(text) : jsonOf(text)
  const params = Object.fromEntries(operation.names.map((name, i) => [name, match[i + 1] ?? '']))
  return {
    method: message.method ?? '',
    path: url.pathname,
    query: url.searchParams,
    headers: message.headers,
    body,
    params,
    operation: operation.id,
  }
}

function formOf(text: string): Record<string, unknown> {
  return Object.fromEntries(new URLSearchParams(text))
}

function jsonOf(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}

function wrongRequest(operation: Operation, request: FakeRequest, text: string): string[] {
  const where = `${operation.id}:`
  const wrong = operation.headers
    .filter((name) => request.headers[name] === undefined)
    .map((name) => `${where} the header ${name} is missing`)
  const type = request.headers['content-type']
  if (operation.type !== undefined && text !== '' && !type?.startsWith(operation.type)) {
    wrong.push(`${where} a body of ${type}, not ${operation.type}`)
  }
  const valid = operation.request
  if (valid && !valid(request.body)) {
    wrong.push(
      `${where} ${JSON.stringify(valid.errors?.map((one) => [one.instancePath, one.message]))}`,
    )
  }
  return wrong
}

function wrongAnswer(operation: Operation, { status, body }: FakeAnswer): string[] {
  const valid = operation.answers.get(String(status))
  if (!valid) return [`${operation.id}: no answer ${status} is documented`]
  if (valid(body)) return []
  const errors = valid.errors?.map((one) => [one.instancePath, one.message])
  return [`${operation.id}: answer ${status}: ${JSON.stringify(errors)} ${JSON.stringify(body)}`]
}

interface Media {
  readonly content?: Readonly<Record<string, { readonly schema: object }>>
}

interface Spec {
  readonly paths: Readonly<Record<string, Readonly<Record<string, SpecOperation>>>>
  readonly components?: object
}

interface SpecOperation {
  readonly operationId: string
  readonly parameters?: readonly { in: string; name: string; required?: boolean }[]
  readonly requestBody?: Media
  readonly responses: Readonly<Record<string, Media>>
}

async function operationsOf(file: string): Promise<Operation[]> {
  const spec: Spec = JSON.parse(await readFile(new URL(file, import.meta.url), 'utf8'))
  const ajv = new Ajv({ strict: false, allErrors: true })
  // References lead to `#/components/…`, so every schema is compiled inside the document.
  const compile = (schema: object) => ajv.compile({ ...schema, components: spec.components ?? {} })
  return Object.entries(spec.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
      const [type, media] = Object.entries(operation.requestBody?.content ?? {})[0] ?? []
      return {
        method: method.toUpperCase(),
        path: new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '([^/]+)')}$`),
        names,
        id: operation.operationId,
        headers: (operation.parameters ?? [])
          .filter((one) => one.in === 'header' && one.required)
          .map(({ name }) => name.toLowerCase()),
        request: media && compile(media.schema),
        type,
        answers: new Map(
          Object.entries(operation.responses).flatMap(([status, { content = {} }]) => {
            const [answer] = Object.values(content)
            return answer ? [[status, compile(answer.schema)] as const] : []
          }),
        ),
      }
    }),
  )
}
