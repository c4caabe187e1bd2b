import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { callerOf } from '../caller.ts'
import { newPair, opened, pemOf, type Sealer, sealed } from '../sealer.ts'
import type { TestServer } from '../support.ts'
import { type OpenApi, operationOf, routesOf } from './openapi.ts'

/** An example as the document has it: a call, and what it answers. */
export interface Tryable {
  readonly route: string
  readonly name: string
  readonly path: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, string>> | undefined
  /** What an encrypted call says in its envelope. */
  readonly claims: Readonly<Record<string, string>> | undefined
  readonly status: number
  readonly answer: unknown
  /** What the answer to an encrypted call says. */
  readonly says: unknown
}

/** What of an example stands for what on the server that it is tried on. */
export type Meanings = Map<string, string>

/** Merchants' places that a try must not really call. */
const ownPlaces: Meanings = new Map([
  ['https://shop.example/webhooks', 'http://127.0.0.1:9/webhooks'],
])

/** Every example of the document, by its name. */
export function examplesIn(document: OpenApi): Map<string, Tryable> {
  const found = new Map<string, Tryable>()
  for (const route of routesOf(document)) {
    const { responses, requestBody, parameters = [] } = operationOf(document, route)
    for (const [status, { content = {} }] of Object.entries(responses)) {
      const shown = Object.values(content)[0]?.examples ?? {}
      for (const [name, { value, 'x-claims': says }] of Object.entries(shown)) {
        assert(!found.has(name), `${name} is the name of one example`)
        const given = (where: string) =>
          Object.fromEntries(
            parameters
              .filter((one) => one.in === where && one.examples?.[name])
              .map((one) => [one.name, String(one.examples?.[name]?.value)]),
          )
        const [type] = Object.values(requestBody?.content ?? {})
        const claims = [type, ...parameters].map((one) => one?.examples?.[name]?.['x-claims'])
        found.set(name, {
          route,
          name,
          path: given('path'),
          query: given('query'),
          body: type?.examples?.[name]?.value as Tryable['body'],
          claims: claims.find((one) => one !== undefined) as Tryable['claims'],
          status: Number(status),
          answer: value,
          says,
        })
      }
    }
  }
  return found
}

/** How the bodies of a try are written. */
export type BodyForm = 'json' | 'form'

/** What came back of a try; `says` is what was encrypted in it. */
export interface Tried {
  readonly status: number
  readonly body: unknown
  readonly says?: unknown
  /** The envelope of an encrypted call. */
  readonly sent?: Pick<Tryable, 'query' | 'body'>
}

/** A merchant who tries examples, one after another. */
export interface Trier {
  readonly meanings: Meanings
  /** Makes the call of an example, with what its ids mean on this server. */
  readonly attempt: (example: Asking) => Promise<Tried>
  /** The same call, whatever it answers. */
  readonly once: (example: Asking) => Promise<Tried>
}

type Asking = Pick<Tryable, 'route' | 'path' | 'query' | 'body' | 'claims' | 'answer' | 'says'>
type Texts = Readonly<Record<string, string>>

// What the clock brings comes within a second; the rest is for a machine that is busy.
const longestWaitMs = 5_000

/** A merchant with a key pair of their own, for encrypted calls. */
export function trierOf(server: TestServer, form: BodyForm): Trier {
  const meanings: Meanings = new Map(ownPlaces)
  const pair = newPair()
  let sealer: Sealer | undefined
  const meant = (said: Texts) =>
    Object.entries(said).map(
      ([name, text]) => [name, meanings.get(text) ?? text] as [string, string],
    )

  async function once({ route, claims, ...example }: Asking): Promise<Tried> {
    const { body = undefined, query } = claims ? await enveloped(example, claims) : example
    const registers = route === 'POST /console/jwt-keys'
    if (registers && body) meanings.set(String(body['public_key']), pemOf(pair.ownPublic))
    const answer = await send({ route, path: example.path, query, body })
    if (registers && answer.status === 200) sealer = sealerIn(answer.body)
    if (!claims) return answer
    const sent = { query, body }
    if (!sealer || answer.status !== 200) return { ...answer, sent }
    return { ...answer, sent, says: await opened(sealer, Object(answer.body)) }
  }

  async function enveloped(example: Pick<Asking, 'query' | 'body'>, claims: Texts) {
    assert(sealer, 'a key is registered first')
    const framing = 'JWT' in (example.body ?? example.query) ? 'jwt' : 'parts'
    const envelope = await sealed(sealer, Object.fromEntries(meant(claims)), { framing })
    return example.body ? { query: {}, body: envelope } : { query: envelope }
  }

  function sealerIn(body: unknown): Sealer {
    const { kid, server_public_key } = Object(body)
    return { ...pair, kid, server: createPublicKey(server_public_key), caller: callerOf(server) }
  }

  async function send(asked: Pick<Asking, 'route' | 'path' | 'query' | 'body'>): Promise<Tried> {
    const [method = '', template = ''] = asked.route.split(' ')
    const path = meant(asked.path).reduce(
      (text, [name, value]) => text.replace(`{${name}}`, encodeURIComponent(value)),
      template,
    )
    const query = new URLSearchParams(meant(asked.query))
    const fields = asked.body && meant(asked.body)
    const isJson = form === 'json'
    const response = await fetch(`${server.url}${path}${query.size > 0 ? `?${query}` : ''}`, {
      method,
      headers: {
        authorization: callerOf(server).authorization,
        ...(fields && isJson && { 'content-type': 'application/json' }),
      },
      ...(fields && {
        body: isJson ? JSON.stringify(Object.fromEntries(fields)) : new URLSearchParams(fields),
      }),
    })
    const text = await response.text()
    const isAnswer = response.headers.get('content-type')?.startsWith('application/json')
    return { status: response.status, body: isAnswer ? JSON.parse(text) : text }
  }

  /** A question is asked again until the answer is like the example's. */
  async function attempt(example: Asking): Promise<Tried> {
    const until = performance.now() + longestWaitMs
    for (;;) {
      const heard = await once(example)
      const isLike = unlike(example.answer, heard.body).length === 0
      const isDone = isLike || performance.now() > until
      if (isDone || !example.route.startsWith('GET')) return heard
      await sleep(50)
    }
  }

  return { meanings, attempt, once }
}

/** Ids, tokens and times, which are others on each server. */
export const volatile = /[0-9a-f]{12}|^(?:ctkn?|tkn|whsec|eyJ)|^\d{4}-\d\d-\d\dT/

/** Takes note of what the ids of an example's answer are on the server that gave this one. */
export function learn(meanings: Meanings, example: unknown, answer: unknown): void {
  if (typeof example === 'string' && typeof answer === 'string') {
    if (example !== answer && volatile.test(example)) meanings.set(example, answer)
  } else if (isList(example) && isList(answer)) {
    example.forEach((one, i) => {
      learn(meanings, one, answer[i])
    })
  } else if (isObject(example) && isObject(answer)) {
    for (const key of Object.keys(example)) learn(meanings, example[key], answer[key])
  }
}

/** Where an answer has other keys than its example, or another `status`. */
export function unlike(example: unknown, answer: unknown, at = ''): string[] {
  if (isList(example) && isList(answer)) {
    if (example.length === 0) return []
    if (answer.length === 0) return [`${at} is empty`]
    return unlike(example[0], answer[0], `${at}[0]`)
  }
  if (!isObject(example) || !isObject(answer)) {
    const same = at !== '.status' || example === answer
    return same ? [] : [`${at} is ${answer}, not ${example}`]
  }
  const keys = [...new Set([...Object.keys(example), ...Object.keys(answer)])]
  return keys.flatMap((key) => {
    if (!(key in answer)) return [`${at}.${key} is missing`]
    if (!(key in example)) return [`${at}.${key} is not in the example`]
    return unlike(example[key], answer[key], `${at}.${key}`)
  })
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
