import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { type Example, examples } from '../../src/wire/examples.ts'
import { engines } from '../databases.ts'
import { startTestServer } from '../support.ts'
import { learn, type Tried, trierOf, volatile } from './try-example.ts'

/**
 * Makes the call of every example and writes down what is answered: `node
 * test/wire/record-examples.ts`, then `npx biome check --write src/wire/examples.json`. Ids and
 * times that were there stay. In a new example `@start-payment.txn_uuid` is what that one
 * answered.
 */
async function record(): Promise<void> {
  const [sqlite] = engines
  assert(sqlite)
  const server = await startTestServer(sqlite)
  const { meanings, attempt } = trierOf(server, 'json')
  const done: Example[] = []
  try {
    for (const example of examples) {
      const named = {
        ...example,
        path: resolved(done, example.path) ?? {},
        query: resolved(done, example.query) ?? {},
        body: resolved(done, example.body),
        claims: example.claims,
        says: example.says,
      }
      const { status, body, says, sent } = await attempt(named)
      if (status >= 400) console.error(example.name, status, JSON.stringify(body))
      learn(meanings, example.answer, body)
      learn(meanings, example.says, says)
      const words = [...meanings, ['https://pay.example.com', server.url] as const]
      const answer = kept(example.answer, translated(body, words))
      const inClear = says !== undefined && { says: kept(example.says, translated(says, words)) }
      done.push({
        ...written(example, { ...named, ...envelopeOf(example, sent) }),
        status,
        answer: shortened(answer),
        ...inClear,
      })
    }
  } finally {
    await server.close()
  }
  const path = new URL('../../src/wire/examples.json', import.meta.url)
  writeFileSync(path, `${JSON.stringify(done, undefined, 2)}\n`)
}

type Texts = Readonly<Record<string, string>>

function written(example: Example, named: { path: Texts; query: Texts; body: Texts | undefined }) {
  const { name, route, summary } = example
  return {
    ...{ name, route, summary },
    ...(example.path && { path: named.path }),
    ...(example.query && { query: named.query }),
    ...(named.body && { body: named.body }),
    ...(example.claims && { claims: example.claims }),
  }
}

function resolved(done: readonly Example[], texts: Texts | undefined): Texts | undefined {
  if (!texts) return undefined
  const entries = Object.entries(texts).map(([key, text]) => {
    const [, name, way = ''] = /^@([\w-]+)\.(.+)$/.exec(text) ?? []
    if (name === undefined) return [key, text]
    let value: unknown = done.find((one) => one.name === name)?.answer
    for (const part of way.split('.')) value = Object(value)[part]
    assert(typeof value === 'string', `${text} is a text of an answer`)
    return [key, value]
  })
  return Object.fromEntries(entries)
}

/** What this server said, in the words of the examples. */
function translated(body: unknown, words: readonly (readonly [string, string])[]): unknown {
  let text = JSON.stringify(body)
  for (const [ours, theirs] of words) text = text.replaceAll(quoted(theirs), quoted(ours))
  return JSON.parse(text)
}

/** The parts of an envelope, which say nothing to a reader, by how they begin. */
function shortened(answer: unknown): unknown {
  const isEnvelope = Object(answer).JWT !== undefined || Object(answer).encryptedKey !== undefined
  if (!isEnvelope) return answer
  const parts = Object.entries(Object(answer)).map(([name, text]) => {
    const start = String(text).slice(0, 40)
    return [name, start.length < String(text).length ? `${start}…` : start]
  })
  return Object.fromEntries(parts)
}

/** The envelope of a call as it is shown, in its body or its query. */
function envelopeOf({ query, body }: Example, sent: Tried['sent']) {
  if (!sent) return {}
  const shown = { query: shortened(sent.query), body: shortened(sent.body) }
  return kept({ query, body }, shown) as { query: Texts; body: Texts | undefined }
}

/** A text as it stands between quotation marks. */
function quoted(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}

function kept(before: unknown, now: unknown): unknown {
  if (typeof before === 'string' && typeof now === 'string') {
    return volatile.test(before) || before.endsWith('…') ? before : now
  }
  if (Array.isArray(now)) return now.map((one, i) => kept(Object(before)[i], one))
  if (typeof now !== 'object' || now === null) return now
  return Object.fromEntries(
    Object.entries(now).map(([key, value]) => [key, kept(Object(before)[key], value)]),
  )
}

await record()
