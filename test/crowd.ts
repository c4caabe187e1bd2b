import assert from 'node:assert/strict'
import { startApp } from '../src/app.ts'
import { readEnv } from '../src/env.ts'
import { type RefusalName, refusals } from '../src/refusal.ts'
import { type Answer, type Caller, callerOf } from './caller.ts'
import { engines, type TestDatabase } from './databases.ts'
import { type Engine, testVariables } from './support.ts'

/** How many call at once. */
export const crowd = 64

// What a gateway does only tomorrow is under way for that long.
const mostTries = 5

/** Several servers on one database, with one bank. */
export interface Servers {
  readonly callers: readonly Caller[]
  readonly bankUrl: string
  readonly database: TestDatabase
  close(): Promise<void>
}

/** Starts so many servers on a fresh database of this engine. */
export async function startServers(engine: Engine, count: number): Promise<Servers> {
  const database = await engine.open()
  const start = async (bankUrl?: string) => {
    const more = { LOG_LEVEL: 'error', ...(bankUrl && { BANK_URL: bankUrl }) }
    const read = readEnv(testVariables(database, more))
    assert('ok' in read)
    const app = await startApp(read.ok, { write: (line) => assert.fail(line) })
    assert(app.demo)
    return { ...app, demo: app.demo }
  }
  const first = await start()
  const { bankUrl } = first.demo
  const apps = [first]
  while (apps.length < count) apps.push(await start(bankUrl))
  const callers = apps.map(({ publicUrl: url, demo: { merchant, key } }) =>
    callerOf({ url, merchant, key: key.reveal() }),
  )
  const close = async () => {
    for (const app of apps.reverse()) await app.close()
    await database.close()
  }
  return { callers, bankUrl, database, close }
}

/** One call from everyone in the crowd at once, spread over the servers. */
export function atOnce(
  { callers }: Servers,
  count: number,
  one: (caller: Caller, i: number) => Promise<Answer>,
): Promise<Answer[]> {
  const calls = Array.from({ length: count }, (_, i) => {
    const caller = callers[i % callers.length]
    assert(caller)
    return insist(() => one(caller, i))
  })
  return Promise.all(calls)
}

/** Whoever has waited for others in vain asks again. */
async function insist(ask: () => Promise<Answer>): Promise<Answer> {
  for (let tries = 1; ; tries++) {
    const answer = await ask()
    if (tries === mostTries || wordOf(answer) !== 'in_process') return answer
  }
}

/** The word of an answer: a status with its code, or the name of the documented refusal. */
function wordOf(answer: Answer): string {
  const { body } = answer
  if (answer.status === 200) return `${body.status} ${body.resp_code ?? ''}`.trim()
  const name = (Object.keys(refusals) as RefusalName[]).find((one) => {
    const { http, code, message } = refusals[one]
    const pattern = message.split('{}').map((part) => RegExp.escape(part))
    const said = new RegExp(`^${pattern.join('.*')}$`)
    return http === answer.status && code === body.error_code && said.test(body.error_message ?? '')
  })
  return name ?? answer.text
}

/** Every answer is one of these words. */
export function onlyThese(answers: readonly Answer[], ...words: string[]): void {
  for (const answer of answers) assert(words.includes(wordOf(answer)), answer.text)
}

/** How many answers are this word. */
export function count(answers: readonly Answer[], word: string): number {
  return answers.filter((answer) => wordOf(answer) === word).length
}

/** Each engine, and at how many servers: several can work on one PostgreSQL. */
export const sceneries: readonly (readonly [Engine, number])[] = engines.flatMap((engine) =>
  engine.name === 'sqlite'
    ? [[engine, 1]]
    : [
        [engine, 1],
        [engine, 2],
      ],
)
