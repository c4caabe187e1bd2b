import { closeSync, mkdirSync, openSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Db, Tx } from './db.ts'
import { openSqlite } from './sqlite.ts'

// Any number, but for ever the same one: processes that migrate at once wait for each other by it.
const migrationLock = 20_261_122

interface Migration {
  number: number
  name: string
  text: string
}

/**
 * Opens the database and brings it up to date: PostgreSQL when a URL is given, else the SQLite file
 * `directotp.db` in the data folder, both made when missing and readable by their owner only.
 */
export async function openDatabase(where: {
  dataDir: string
  databaseUrl?: string | undefined
  /** The folder of migrations; this program's own when left out. */
  folder?: string | undefined
}): Promise<Db> {
  const db = where.databaseUrl ? await openServer(where.databaseUrl) : openFile(where.dataDir)
  try {
    await migrate(db, where.folder ?? fileURLToPath(new URL('migrations', import.meta.url)))
  } catch (error) {
    await db.close()
    throw error
  }
  return db
}

/** Its driver is read by those alone who have such a database: commands are to start at once. */
async function openServer(databaseUrl: string): Promise<Db> {
  const { openPostgres } = await import('./postgres.ts')
  return openPostgres(databaseUrl)
}

function openFile(dataDir: string): Db {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const file = join(dataDir, 'directotp.db')
  // SQLite would make it readable by everyone; its WAL files take their mode from this one.
  closeSync(openSync(file, 'a', 0o600))
  return openSqlite(file)
}

/**
 * Runs the migrations of the folder (`0001_name.sql`, `0002_…`) that the database has not seen, all
 * in one transaction, and records them. Processes that migrate at once wait for each other. Throws,
 * changing nothing, when the database knows a migration that the folder has not.
 */
export async function migrate(db: Db, folder: string): Promise<void> {
  const migrations = await readMigrations(folder)
  let running: string | undefined
  const work = async (t: Tx) => {
    if (db.engine === 'postgres') await lockPostgres(t)
    const table = `create table if not exists migrations
      (number bigint primary key, name text not null, at bigint not null)`
    t.put(translate(table, db.engine))
    const known = await t.get('select number, name from migrations order by number')
    for (const { number, name } of known) {
      const ours = migrations[Number(number) - 1]
      if (!ours)
        throw new Error(`the database is newer than this program: it has migration ${name}`)
      if (ours.name !== name)
        throw new Error(`migration ${name} of the database is ${ours.name} here`)
    }
    for (const { number, name, text } of migrations.slice(known.length)) {
      running = name
      for (const statement of splitStatements(text)) await t.get(translate(statement, db.engine))
      t.put('insert into migrations (number, name, at) values ($1, $2, $3)', [
        number,
        name,
        Date.now(),
      ])
    }
    running = undefined
  }
  await db.tx(work).catch((cause) => {
    throw running ? new Error(`migration ${running} failed`, { cause }) : cause
  })
}

/** Waits as long as another process needs, and lets a statement on a big table take its time. */
async function lockPostgres(t: Tx): Promise<void> {
  t.put('set local lock_timeout = 0')
  t.put('set local statement_timeout = 0')
  await t.get('select cast(pg_advisory_xact_lock($1) as text)', [migrationLock])
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  return Promise.all(
    names.map(async (name, i) => {
      const number = i + 1
      if (!name.startsWith(`${String(number).padStart(4, '0')}_`)) {
        throw new Error(`${name} should be migration number ${number}`)
      }
      return { number, name, text: await readFile(join(folder, name), 'utf8') }
    }),
  )
}

/** The statements of a text, without comments; a semicolon inside quotes does not end one. */
export function splitStatements(text: string): string[] {
  const bare = text.replace(/('(?:[^']|'')*')|--[^\n]*/g, (_, quoted) => quoted ?? '')
  const statements = bare.match(/(?:'(?:[^']|'')*'|[^;'])+/g) ?? []
  return statements.map((statement) => statement.trim()).filter(Boolean)
}

/** A strict SQLite table checks types as PostgreSQL does, but knows no `bigint`. */
function translate(statement: string, engine: Db['engine']): string {
  if (engine === 'postgres') return statement
  const text = statement.replace(/\bbigint\b/gi, 'integer')
  return /^create table\b/i.test(text) ? `${text} strict` : text
}
