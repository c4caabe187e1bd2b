import { readFileSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'

/** The bank's own database. Everything in it is synchronous, so no two calls ever interleave. */
export interface Book {
  /** A prepared statement; the same text gives the same one. */
  prepare(sql: string): StatementSync
  /** Runs the work as one transaction; a throw undoes it. */
  tx<T>(work: () => T): T
  close(): void
}

/** Where a book is kept. */
export type BookPlace = { kind: 'memory' } | { kind: 'file'; path: string }

// Another process reading the same book holds its lock for far less than this.
const busyTimeoutMs = 2000

// A book's version is how many of these it has been through; a new one goes through them all.
const steps = ['./schema.sql', './upgrade.sql', './callbacks.sql'] as const

/** Opens the book at a place: makes it, if new, and brings an older one up to date. */
export function openBook(place: BookPlace): Book {
  const path = place.kind === 'memory' ? ':memory:' : place.path
  const db = new DatabaseSync(path, { timeout: busyTimeoutMs })
  db.exec('pragma journal_mode = wal; pragma synchronous = normal')
  bringUpToDate(db)
  const prepared = new Map<string, StatementSync>()
  const prepare = (sql: string): StatementSync => {
    const known = prepared.get(sql)
    if (known) return known
    const statement = db.prepare(sql)
    prepared.set(sql, statement)
    return statement
  }
  const begin = db.prepare('begin immediate')
  const commit = db.prepare('commit')
  return {
    prepare,
    tx: (work) => {
      begin.run()
      try {
        const result = work()
        commit.run()
        return result
      } catch (error) {
        if (db.isTransaction) db.exec('rollback')
        throw error
      }
    },
    close: () => db.close(),
  }
}

function bringUpToDate(db: DatabaseSync): void {
  db.exec('begin immediate')
  const version = Number(db.prepare('pragma user_version').get()?.['user_version'])
  for (const step of steps.slice(version)) {
    db.exec(readFileSync(new URL(step, import.meta.url), 'utf8'))
  }
  if (version < steps.length) db.exec(`pragma user_version = ${steps.length}`)
  db.exec('commit')
}

/** Reads one fact of the book about itself. */
export function readFact(book: Book, name: string): string | undefined {
  const row = book.prepare('select value from facts where name = ?').get(name)
  return row === undefined ? undefined : String(row['value'])
}

/** Writes one fact of the book about itself. */
export function writeFact(book: Book, name: string, value: string): void {
  book
    .prepare(
      'insert into facts values (?, ?) on conflict (name) do update set value = excluded.value',
    )
    .run(name, value)
}
