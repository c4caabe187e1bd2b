import { randomBytes } from 'node:crypto'
import { statfsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { Client } from 'pg'
import type { Db } from '../src/db/db.ts'
import { openDatabase } from '../src/db/migrate.ts'
import { type PostgresServer, startPostgres } from './postgres.ts'

/** An empty, migrated database of a test's own. */
export interface TestDatabase {
  readonly db: Db
  /** What another process would open it by; only PostgreSQL has one. */
  readonly databaseUrl?: string
  /** An empty folder, with the SQLite file in it when that is the engine. */
  readonly dataDir: string
  /** Closes and removes it. */
  close(): Promise<void>
}

const memory = '/dev/shm'
const enoughBytes = 2 ** 30

/** In memory where there is plenty: of a story's time a third is waiting for a disk. */
const home = hasRoom() ? memory : tmpdir()

function hasRoom(): boolean {
  try {
    const { bavail, bsize } = statfsSync(memory)
    return bavail * bsize >= enoughBytes
  } catch {
    return false
  }
}

/** The engines every statement is tested on. `open` takes a folder of migrations, or uses ours. */
export const engines: readonly {
  readonly name: Db['engine']
  open(folder?: string): Promise<TestDatabase>
}[] = [
  { name: 'sqlite', open: openSqliteDatabase },
  { name: 'postgres', open: openPostgresDatabase },
]

async function openSqliteDatabase(folder?: string): Promise<TestDatabase> {
  return openIn({ folder, remove: async () => {} })
}

async function openPostgresDatabase(folder?: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`
  const url = new URL(await serverUrl())
  const admin = url.href
  await administer(admin, `create database ${name}`)
  url.pathname = `/${name}`
  const remove = () => administer(admin, `drop database ${name} with (force)`)
  return openIn({ databaseUrl: url.href, folder, remove })
}

async function openIn(where: {
  databaseUrl?: string
  folder: string | undefined
  remove: () => Promise<void>
}): Promise<TestDatabase> {
  const dataDir = await mkdtemp(join(home, 'directotp-test-'))
  const { databaseUrl, folder } = where
  const remove = async () => {
    await where.remove()
    await rm(dataDir, { recursive: true })
  }
  try {
    const db = await openDatabase({ dataDir, databaseUrl, folder })
    const close = () => db.close().then(remove)
    return { db, dataDir, close, ...(databaseUrl ? { databaseUrl } : {}) }
  } catch (error) {
    await remove()
    throw error
  }
}

async function administer(url: string, sql: string): Promise<void> {
  const client = new Client(url)
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

// A test file that runs without the global setup brings its own server.
let ownServer: Promise<PostgresServer> | undefined

async function serverUrl(): Promise<string> {
  const shared = process.env['DIRECTOTP_TEST_POSTGRES']
  if (shared) return shared
  ownServer ??= startPostgres()
  return (await ownServer).url
}

/** A folder of migrations with these texts, in their order; removed when the tests have ended. */
export async function migrationsFolder(...texts: string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'directotp-migrations-'))
  after(() => rm(folder, { recursive: true, force: true }))
  for (const [i, text] of texts.entries()) {
    await writeFile(join(folder, `000${i + 1}_step.sql`), text)
  }
  return folder
}
