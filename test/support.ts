import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { startApp } from '../src/app.ts'
import type { Db } from '../src/db/db.ts'
import { readEnv, type Variables } from '../src/env.ts'
import type { engines } from './databases.ts'

/** One of the two database engines that every behaviour is shown on. */
export type Engine = (typeof engines)[number]

/** A server inside this process, on a fresh database, with its bank's book in memory. */
export interface TestServer {
  readonly url: string
  readonly merchant: string
  readonly key: string
  readonly bankUrl: string
  /** A connection of the test's own to the server's database. */
  readonly db: Db
  readonly dataDir: string
  /** Everything the server has logged so far. */
  readonly log: readonly string[]
  readonly close: () => Promise<void>
}

const masterKey = 'ab'.repeat(32)

/** The variables that tests start servers with; `more` is laid over them. */
export function testVariables(
  at: { dataDir: string; databaseUrl?: string | undefined },
  more: Variables = {},
): Variables {
  return {
    PORT: '0',
    DATA_DIR: at.dataDir,
    DATABASE_URL: at.databaseUrl,
    MASTER_KEY: masterKey,
    BANK_BOOK: 'memory',
    LOG_LEVEL: 'info',
    ...more,
  }
}

/** Starts a server on a fresh database of this engine. */
export async function startTestServer(engine: Engine, more: Variables = {}): Promise<TestServer> {
  const database = await engine.open()
  const read = readEnv(testVariables(database, more))
  assert('ok' in read, 'wrong' in read ? read.wrong.join('\n') : '')
  const log: string[] = []
  const app = await startApp(read.ok, { write: (line) => log.push(line) })
  assert(app.demo, 'tests run in sandbox mode')
  return {
    url: app.publicUrl,
    merchant: app.demo.merchant,
    key: app.demo.key.reveal(),
    bankUrl: app.demo.bankUrl,
    db: database.db,
    dataDir: database.dataDir,
    log,
    close: async () => {
      await app.close()
      await database.close()
    },
  }
}

/** A process of this program, with everything it has written. */
export interface Spawned {
  readonly child: ChildProcess
  readonly output: () => string
  /** Resolves with the first match in what the process writes; rejects when it ends without. */
  readonly saying: (pattern: RegExp) => Promise<RegExpMatchArray>
  /** Resolves with the exit code, or `undefined` when a signal ended it. */
  readonly ended: Promise<number | undefined>
}

// A test run starts the program a hundred times; compiling it is most of a start.
const compileCache = fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url))

/** Runs a file of this program (`src/main.ts`, `bank/main.ts`) as a process of its own. */
export function run(file: string, words: readonly string[], variables: Variables): Spawned {
  const path = fileURLToPath(new URL(`../${file}`, import.meta.url))
  const child = spawn(process.execPath, [path, ...words], {
    env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: compileCache, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  const gather = (part: Buffer) => {
    text += part.toString('utf8')
  }
  child.stdout.on('data', gather)
  child.stderr.on('data', gather)
  const ended = once(child, 'close').then(([code]) => (code === null ? undefined : Number(code)))
  return {
    child,
    output: () => text,
    ended,
    saying: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(text)
          if (match) resolve(match)
        }
        child.stdout.on('data', look)
        child.stderr.on('data', look)
        child.on('close', () => reject(new Error(`it ended without ${pattern}:\n${text}`)))
        look()
      }),
  }
}
