import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MerchantId } from '../../src/ids.ts'
import { keyHash } from '../../src/merchants/key.ts'
import { changeSettings, insertKey, insertMerchant } from '../../src/merchants/merchants.ts'
import { Secret } from '../../src/secret.ts'
import type { TestServer } from '../support.ts'
import {
  capture,
  differences,
  fill,
  fillAll,
  type Golden,
  type Step,
  type Values,
} from './golden.ts'

/** An answer as it came. */
export interface Heard {
  readonly method: string
  readonly path: string
  readonly status: number
  readonly headers: Headers
  /** JSON where it is JSON, else the text; absent when there was none. */
  readonly body: unknown
}

const otherMerchant = { id: 'other' as MerchantId, key: 'sk_sandbox_of_the_other_merchant' }

/** Adds the second merchant whose ids the conversations try to use. */
export async function addOtherMerchant(server: TestServer): Promise<void> {
  const { id, key } = otherMerchant
  await server.db.tx(async (t) => insertMerchant(t, id, 1))
  await server.db.tx(async (t) =>
    insertKey(t, { hash: keyHash(new Secret(key)), merchant: id, at: 1 }),
  )
}

/** The names that every conversation starts with; `order` is an id that no other one uses. */
export function valuesFor(server: TestServer, order: string): Values {
  const basic = (pair: string) => Buffer.from(pair).toString('base64')
  return new Map([
    ['url', server.url],
    ['merchant', server.merchant],
    ['other', otherMerchant.id],
    ['order', order],
    ['basic', basic(`${server.key}:`)],
    ['basic_bare', basic(server.key)],
    ['basic_with_password', basic(`${server.key}:password`)],
    ['basic_wrong', basic('sk_sandbox_nobody_has_this_key:')],
    ['basic_other', basic(`${otherMerchant.key}:`)],
    ['long', 'x'.repeat(70_000)],
    ['many_fields', Array.from({ length: 300 }, (_, i) => `f${i}=1`).join('&')],
  ])
}

/** Makes one call of a conversation. */
export async function call(
  server: TestServer,
  { request }: Pick<Step, 'request'>,
  values: Values,
): Promise<Heard> {
  const path = fill(request.path, values)
  const { body, type } = bodyOf(request, values)
  const headers = new Headers({ authorization: `Basic ${values.get('basic')}`, ...type })
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    if (value === null) headers.delete(name)
    else headers.set(name, fill(value, values))
  }
  const { method } = request
  const asked = {
    method,
    headers,
    redirect: 'manual',
    ...(body !== undefined && { body }),
  } as const
  const response = await fetch(new URL(path, server.url), asked)
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json')
  const heard = text === '' ? undefined : isJson ? JSON.parse(text) : text
  return { method, path, status: response.status, headers: response.headers, body: heard }
}

function bodyOf(request: Step['request'], values: Values): { body?: string; type?: object } {
  if (request.form) {
    const filled = fillAll(request.form, values) as Record<string, string>
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    return { body: new URLSearchParams(filled).toString(), type }
  }
  if (request.json !== undefined) {
    const type = { 'content-type': 'application/json' }
    return { body: JSON.stringify(fillAll(request.json, values)), type }
  }
  // A typeless text body would get a type from fetch.
  return request.raw === undefined ? {} : { body: fill(request.raw, values) }
}

/** Plays a conversation; throws where an answer is not the expected one. `heard` sees them all. */
export async function play(
  server: TestServer,
  golden: Golden,
  { order, heard }: { order: string; heard: (answer: Heard) => void },
): Promise<void> {
  const values = valuesFor(server, order)
  const { settings, moods = [] } = golden
  if (settings) await server.db.tx((t) => changeSettings(t, server.merchant, settings))
  for (const mood of moods) await tellBank(server, 'POST', mood)
  try {
    for (const [i, step] of golden.steps.entries()) {
      for (let time = 0; time < (step.times ?? 1); time++) {
        const { answer, wrong } = await hear(server, step, values)
        const { method, path } = step.request
        const what = `step ${i + 1}, ${method} ${path}: ${JSON.stringify(answer.body)}`
        assert.deepEqual(wrong, [], what)
        heard(answer)
      }
    }
  } finally {
    if (moods.length > 0) await tellBank(server, 'DELETE')
    if (settings) await forgetSettings(server)
  }
}

/** The clock looks four times a second; what it has not done by then it does not do. */
const patienceMs = 10_000
const betweenMs = 50

async function hear(
  server: TestServer,
  step: Step,
  values: Values,
): Promise<{ answer: Heard; wrong: string[] }> {
  const giveUpAt = performance.now() + patienceMs
  for (;;) {
    const answer = await call(server, step, values)
    const wrong = check(step, answer, values)
    const again = step.eventually === true && wrong.length > 0 && performance.now() < giveUpAt
    if (!again) return { answer, wrong }
    await sleep(betweenMs)
  }
}

function check({ answer: expected }: Step, answer: Heard, values: Values): string[] {
  if (answer.status !== expected.status) return [`status ${answer.status}, not ${expected.status}`]
  const headers = Object.fromEntries(answer.headers)
  const wrongHeaders = Object.entries(expected.headers ?? {}).flatMap(([name, value]) => {
    if (value === null) return name in headers ? [`header ${name}: not expected`] : []
    capture(value, headers[name], values)
    return differences(value, headers[name], { values, at: `header ${name}` })
  })
  if (expected.body === undefined) {
    return answer.body === undefined ? wrongHeaders : [...wrongHeaders, 'a body was not expected']
  }
  capture(expected.body, answer.body, values)
  return [...wrongHeaders, ...differences(expected.body, answer.body, { values })]
}

async function forgetSettings(server: TestServer): Promise<void> {
  const sql = "update merchants set settings = '{}' where id = $1"
  await server.db.tx(async (t) => t.put(sql, [server.merchant]))
}

async function tellBank(server: TestServer, method: string, mood?: object): Promise<void> {
  const body = mood && { body: JSON.stringify(mood) }
  const response = await fetch(`${server.bankUrl}/moods`, { method, ...body })
  assert(response.ok, `the bank took the mood ${JSON.stringify(mood)}: ${await response.text()}`)
}
