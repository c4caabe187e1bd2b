/**
 * A value a statement takes or a row holds: text without U+0000 and lone surrogates, a safe integer
 * or null. It is what both engines keep without changing it.
 */
export type Value = string | number | null

/** One row of an answer, by column name. */
export type Row = Record<string, Value>

/** The statements of one transaction. A failed one fails the transaction, even if it is caught. */
export interface Tx {
  /** Runs a statement and gives its rows. */
  get(sql: string, values?: readonly Value[]): Promise<Row[]>
  /** Runs a statement whose rows nobody needs, without waiting; its error fails the transaction. */
  put(sql: string, values?: readonly Value[]): void
}

/**
 * A database. Texts are portable SQL with values as `$1`, `$2`, each one statement, and constants
 * of the program: they are prepared once and kept.
 */
export interface Db {
  readonly engine: 'sqlite' | 'postgres'
  /** Reads what is committed. Refused inside a transaction's work, and for a text that writes. */
  read(sql: string, values?: readonly Value[]): Promise<Row[]>
  /**
   * Runs the work in a transaction and resolves with its result once that is on disk. A work that
   * throws is rolled back and rejects with what it threw. It awaits nothing but its own statements,
   * and has no effect outside them: it may be run again.
   */
  tx<T>(work: (t: Tx) => Promise<T>): Promise<T>
  /** Finishes what was asked for so far, then closes the connections. */
  close(): Promise<void>
}

/** What an engine knows of a work: whether it has ended, and its first failed statement. */
export interface Progress {
  over: boolean
  failed: unknown
}

const quotedText = /'(?:[^']|'')*'/g

/**
 * How many values a text takes: its highest `$n`. A text of several statements, or one that leaves
 * out a number, is a TypeError, because SQLite would run it and PostgreSQL would not.
 */
export function countValues(sql: string): number {
  const bare = sql.replace(quotedText, "''")
  if (/;\s*\S/.test(bare)) throw new TypeError(`more than one statement: ${sql}`)
  const numbers = new Set([...bare.matchAll(/\$(\d+)/g)].map(([, digits]) => Number(digits)))
  const highest = Math.max(0, ...numbers)
  if (numbers.size !== highest) throw new TypeError(`$1 to $${highest} are not all used: ${sql}`)
  return highest
}

/**
 * Throws a TypeError unless there are exactly `count` values and each is a `Value`: what one engine
 * would refuse the other would bend (a Date shifts the values after it, a missing value is null).
 * The message never holds the value itself.
 */
export function checkValues(count: number, values: readonly Value[]): void {
  if (values.length !== count) {
    throw new TypeError(`the statement takes ${count} values, not ${values.length}`)
  }
  for (let i = 0; i < count; i++) {
    const value: unknown = values[i]
    if (typeof value === 'string' ? isStorable(value) : Number.isSafeInteger(value)) continue
    if (value === null) continue
    throw new TypeError(`value $${i + 1} is no storable text, safe integer or null`)
  }
}

function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0')
}

/** Throws when called from inside a work that is still under way. */
export function refuseNested(current: Progress | undefined): void {
  if (current?.over === false) {
    throw new Error("inside a transaction only its own statements may be used, not the database's")
  }
}

/** The error of a statement that comes after its transaction has ended. */
export function lateUse(): Error {
  return new Error('the transaction is over: a statement came after its work had ended')
}
