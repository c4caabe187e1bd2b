import { AsyncLocalStorage } from 'node:async_hooks'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  checkValues,
  countValues,
  type Db,
  lateUse,
  type Progress,
  type Row,
  refuseNested,
  type Tx,
  type Value,
} from './db.ts'

// One fsync serves this many works; more only lengthens the pause of the event loop.
const groupWorks = 64
// A group of slow works is closed after this long, so that reading and HTTP get their turn.
const groupMilliseconds = 5
// SQLite's own waiting would stop the event loop, so a locked file is asked again this often...
const busyRetryMilliseconds = 3
// ...and for this long: longer than any single short write of the command line beside the server.
const busyPatienceMilliseconds = 10_000

const sqliteBusy = 5

/**
 * Opens the SQLite file (it is made when missing) with group commit: works that wait at the same
 * time run one after another in one transaction, each under its own savepoint, and all of them,
 * refusals too, are answered after its COMMIT.
 */
export function openSqlite(file: string): Db {
  const writer = new DatabaseSync(file, { timeout: 0 })
  useWal(writer)
  const reader = new DatabaseSync(file, { readOnly: true, timeout: 0 })
  const reading = statements(reader)
  const inside = new AsyncLocalStorage<Progress>()
  const commits = groupCommit(writer, inside)
  let closed: Promise<void> | undefined

  function refuseMisuse(): void {
    refuseNested(inside.getStore())
    if (closed) throw new Error('the database is closed')
  }
  return {
    engine: 'sqlite',
    async read(sql, values = []) {
      refuseMisuse()
      return patiently(() => reading.rows(sql, values))
    },
    async tx(work) {
      refuseMisuse()
      return commits.add(work)
    },
    close() {
      closed ??= commits.settled().then(() => {
        reader.close()
        writer.close()
      })
      return closed
    },
  }
}

/**
 * Two processes that make a new file at once may both be refused here, whatever SQLite's time-out:
 * this one waits its turn, stopping the process, which has nothing else to do before it is open.
 */
function useWal(writer: DatabaseSync): void {
  const pause = new Int32Array(new SharedArrayBuffer(4))
  const giveUpAt = performance.now() + busyPatienceMilliseconds
  for (;;) {
    try {
      writer.exec('pragma journal_mode = wal; pragma synchronous = full')
      return
    } catch (error) {
      if (!isBusy(error) || performance.now() >= giveUpAt) throw error
    }
    Atomics.wait(pause, 0, 0, busyRetryMilliseconds)
  }
}

/** Prepares each text once, and runs it with checked values. */
function statements(database: DatabaseSync) {
  const prepared = new Map<string, Prepared>()

  function prepare(sql: string) {
    let found = prepared.get(sql)
    if (!found) {
      const count = countValues(sql)
      const text = sql.replace(/('(?:[^']|'')*')|\$(\d+)/g, (_, quoted, n) => quoted ?? `?${n}`)
      const statement = database.prepare(text)
      statement.setReturnArrays(true)
      found = { statement, count, columns: statement.columns().map(({ name }) => name) }
      prepared.set(sql, found)
    }
    return found
  }
  return {
    rows(sql: string, values: readonly Value[]): Row[] {
      const { statement, count, columns } = prepare(sql)
      checkValues(count, values)
      const rows = statement.all(...values.map(bindable)) as unknown as Value[][]
      return rows.map((row) => rowOf(columns, row))
    },
    run(sql: string, values: readonly Value[]): void {
      const { statement, count } = prepare(sql)
      checkValues(count, values)
      statement.run(...values.map(bindable))
    },
  }
}

interface Prepared {
  readonly statement: StatementSync
  readonly count: number
  readonly columns: readonly string[]
}

/**
 * Plain objects, as PostgreSQL's rows are: node:sqlite's own have no prototype, and copying one of
 * thirty columns takes three times as long as reading it.
 */
function rowOf(columns: readonly string[], values: readonly Value[]): Row {
  const row: Row = {}
  for (let i = 0; i < columns.length; i++) row[columns[i] ?? ''] = values[i] ?? null
  return row
}

/** A number would be bound as a double: '5.0' in a text column, and no whole division. */
function bindable(value: Value): string | bigint | null {
  return typeof value === 'number' ? BigInt(value) : value
}

interface Job {
  work: (t: Tx) => Promise<unknown>
  progress: Progress
  deliver: () => void
  resolve: (value: unknown) => void
  reject: (reason: unknown) => void
}

/** The one writer: takes works, and answers each when the transaction it was part of is on disk. */
function groupCommit(writer: DatabaseSync, inside: AsyncLocalStorage<Progress>) {
  const { rows, run } = statements(writer)
  const waiting: Job[] = []
  let idle: PromiseWithResolvers<void> | undefined
  let expire = () => {}

  /** Runs the work to its end, or to the moment it is known to await something foreign. */
  function finish(job: Job): Promise<boolean> {
    const { promise, resolve: done } = Promise.withResolvers<boolean>()
    const { progress } = job
    const end = (deliver: () => void, succeeded: boolean) => {
      if (progress.over) return
      progress.over = true
      const { failed } = progress
      job.deliver = failed === undefined ? deliver : () => job.reject(failed)
      done(succeeded && failed === undefined)
    }
    const fail = (reason: unknown) => end(() => job.reject(reason), false)
    expire = () => fail(new Error('a work may await nothing but the statements of its transaction'))
    inside
      .run(progress, async () => job.work(txOf(progress, { rows, run })))
      .then((value) => end(() => job.resolve(value), true), fail)
    return promise
  }

  async function runUnderSavepoint(job: Job): Promise<void> {
    run('savepoint work', [])
    const succeeded = await finish(job)
    if (!succeeded && writer.isTransaction) run('rollback to work', [])
    if (writer.isTransaction) run('release work', [])
  }

  /** Runs works until the group is full; false when there was only one and it failed. */
  async function runMembers(members: Job[]): Promise<boolean> {
    const closeAt = performance.now() + groupMilliseconds
    const alone = waiting.length === 1
    for (let job = waiting.shift(); job; job = waiting.shift()) {
      members.push(job)
      if (alone) return finish(job)
      await runUnderSavepoint(job)
      if (!writer.isTransaction) return true
      if (members.length === groupWorks || performance.now() >= closeAt) return true
    }
    return true
  }

  async function runGroup(): Promise<void> {
    const members: Job[] = []
    // The statements of a work end in microtasks, and those all run before the next immediate.
    let guard: NodeJS.Immediate | undefined
    const watch = () => {
      guard = setImmediate(() => {
        expire()
        watch()
      })
    }
    try {
      await patiently(() => run('begin immediate', []))
      watch()
      const worthCommitting = await runMembers(members)
      if (!writer.isTransaction) {
        throw members.at(-1)?.progress.failed ?? new Error('a work ended the transaction itself')
      }
      run(worthCommitting ? 'commit' : 'rollback', [])
      for (const job of members) job.deliver()
    } catch (error) {
      if (members.length === 0) members.push(...waiting.splice(0, groupWorks))
      for (const job of members) job.reject(error)
      // Disk full and the like: SQLite has taken back the whole transaction, or we do it now.
      if (writer.isTransaction) writer.exec('rollback')
    } finally {
      clearImmediate(guard)
      if (waiting.length > 0) setImmediate(runGroup)
      else idle?.resolve()
      if (waiting.length === 0) idle = undefined
    }
  }

  return {
    add<T>(work: (t: Tx) => Promise<T>): Promise<T> {
      const { promise, resolve, reject } = Promise.withResolvers<T>()
      waiting.push({
        work,
        progress: { over: false, failed: undefined },
        deliver: () => {},
        resolve: resolve as (value: unknown) => void,
        reject,
      })
      if (!idle) {
        idle = Promise.withResolvers()
        // Everyone who asks in this turn of the event loop joins the same group.
        setImmediate(runGroup)
      }
      return promise
    },
    settled: async () => idle?.promise,
  }
}

/** The statements of one work: its first failed one is remembered, and ends it. */
function txOf(progress: Progress, { rows, run }: ReturnType<typeof statements>): Tx {
  function refused(error: unknown): Promise<never> {
    const promise = Promise.reject(error)
    // A work that does not await this statement fails all the same, at its end.
    promise.catch(() => {})
    return promise
  }
  return {
    get(sql, values = []) {
      if (progress.over) return Promise.reject(lateUse())
      if (progress.failed !== undefined) return refused(progress.failed)
      try {
        return Promise.resolve(rows(sql, values))
      } catch (error) {
        progress.failed = error
        return refused(error)
      }
    },
    put(sql, values = []) {
      if (progress.over) throw lateUse()
      if (progress.failed !== undefined) return
      try {
        run(sql, values)
      } catch (error) {
        progress.failed = error
      }
    },
  }
}

/** Tries again while another process holds the file; other errors, and the last, are thrown. */
async function patiently<T>(attempt: () => T): Promise<T> {
  const giveUpAt = performance.now() + busyPatienceMilliseconds
  for (;;) {
    try {
      return attempt()
    } catch (error) {
      if (!isBusy(error) || performance.now() >= giveUpAt) throw error
    }
    await sleep(busyRetryMilliseconds)
  }
}

/** The low byte of an extended result code is the code itself: https://sqlite.org/rescode.html */
function isBusy(error: unknown): boolean {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined
  return typeof code === 'number' && (code & 0xff) === sqliteBusy
}
