import { AsyncLocalStorage } from 'node:async_hooks'
import { createHash } from 'node:crypto'
import {
  type ClientBase,
  type CustomTypesConfig,
  DatabaseError,
  Pool,
  type PoolClient,
  type QueryConfig,
} from 'pg'
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

// On two cores eight pipelined connections took more payments a second than sixteen.
const poolConnections = 8
// As long as SQLite's patience with a locked file: after it the caller gets an error, not silence.
const connectMilliseconds = 10_000
// Our statements take milliseconds; one that takes this long is stuck, and holds an order's row.
const statementMilliseconds = 10_000
// Shorter than the statement's, so that the error says it was a lock.
const lockMilliseconds = 5_000
// A work never pauses between its statements: a process that does has hung or lost its network.
const idleInTransactionMilliseconds = 10_000
// Conflicts are rare and short, since every work takes its order's row first.
const reruns = 3

const serializationFailure = '40001'
const deadlockDetected = '40P01'

/**
 * Opens a pool of pipelined connections to PostgreSQL. A lost connection fails what was under way
 * on it (a COMMIT whose answer was lost may have happened) and nothing else.
 */
export function openPostgres(url: string): Db {
  const pool = new Pool({
    connectionString: url,
    max: poolConnections,
    connectionTimeoutMillis: connectMilliseconds,
    pipeline: true,
    // A new connection prepares every statement again: none is closed for having nothing to do.
    idleTimeoutMillis: 0,
    allowExitOnIdle: true,
    keepAlive: true,
    types: { getTypeParser: parserOf as CustomTypesConfig['getTypeParser'] },
    onConnect: prepareSession,
  })
  // An error of an idle connection, and of one in use, would end the process if nobody listened;
  // the statements under way get it too.
  pool.on('error', () => {})
  const statement = preparedStatements()
  const inside = new AsyncLocalStorage<Progress>()
  const underWay = new Set<Promise<unknown>>()
  let closed: Promise<void> | undefined

  async function track<T>(start: () => Promise<T>): Promise<T> {
    refuseNested(inside.getStore())
    if (closed) throw new Error('the database is closed')
    const promise = start()
    underWay.add(promise)
    return promise.finally(() => underWay.delete(promise))
  }
  return {
    engine: 'postgres',
    read: (sql, values = []) => track(async () => readRows(pool, statement(sql, values))),
    tx: (work) => track(() => runAgain(() => runTx(pool, statement, inside, work))),
    close() {
      // The pool forgets those who still wait for a connection when it ends.
      closed ??= Promise.allSettled(underWay).then(() => pool.end())
      return closed
    },
  }
}

// Each connection of a session answers reads outside a transaction: those must not write, and the
// transactions say that they do. Set here and not in the URL, where the operator's own options are.
const session = `set statement_timeout = ${statementMilliseconds};
  set lock_timeout = ${lockMilliseconds};
  set idle_in_transaction_session_timeout = ${idleInTransactionMilliseconds};
  set default_transaction_read_only = on`

async function prepareSession(client: ClientBase): Promise<void> {
  client.on('error', () => {})
  await client.query(session)
}

/** Every text is prepared once on each connection, under a name made from the text. */
function preparedStatements() {
  const known = new Map<string, { name: string; count: number }>()

  return (text: string, values: readonly Value[]): QueryConfig => {
    let found = known.get(text)
    if (!found) {
      const name = createHash('sha256').update(text).digest('base64url').slice(0, 16)
      found = { name, count: countValues(text) }
      known.set(text, found)
    }
    checkValues(found.count, values)
    return { name: found.name, text, values: [...values] }
  }
}

type Statement = ReturnType<typeof preparedStatements>

async function readRows(pool: Pool, query: QueryConfig): Promise<Row[]> {
  const client = await pool.connect()
  try {
    return (await client.query<Row>(query)).rows
  } finally {
    client.release()
  }
}

/** Runs the work again while it loses against others that want the same rows in another order. */
async function runAgain<T>(run: () => Promise<T>): Promise<T> {
  for (let rerun = 0; ; rerun++) {
    try {
      return await run()
    } catch (error) {
      const code = error instanceof DatabaseError ? error.code : undefined
      const lostConflict = code === serializationFailure || code === deadlockDetected
      if (!lostConflict || rerun === reruns) throw error
    }
  }
}

/** One transaction on one connection. Its first failed statement is its error. */
async function runTx<T>(
  pool: Pool,
  statement: Statement,
  inside: AsyncLocalStorage<Progress>,
  work: (t: Tx) => Promise<T>,
): Promise<T> {
  const client = await pool.connect()
  const progress: Progress = { over: false, failed: undefined }
  const t = txOf(client, statement, progress)
  note(progress, client.query('begin isolation level read committed read write'))
  const outcome = await inside
    .run(progress, async () => work(t))
    .then(
      (result) => ({ result }),
      (reason: unknown) => ({ reason }),
    )
  progress.over = true
  const succeeded = 'result' in outcome && progress.failed === undefined
  const answer = await client.query(succeeded ? 'commit' : 'rollback').catch((error) => {
    progress.failed ??= error
  })
  client.release()
  if (progress.failed !== undefined) throw progress.failed
  if ('reason' in outcome) throw outcome.reason
  // PostgreSQL answers the COMMIT of a failed transaction with ROLLBACK, and no error.
  if (answer?.command !== 'COMMIT') throw new Error('PostgreSQL rolled the transaction back')
  return outcome.result
}

/** Remembers the first error of a transaction's statements; nobody else needs to catch it. */
function note(progress: Progress, answer: Promise<unknown>): void {
  answer.catch((error: unknown) => {
    progress.failed ??= error
  })
}

/** The statements of one work, each sent at once. */
function txOf(client: PoolClient, statement: Statement, progress: Progress): Tx {
  async function send(sql: string, values: readonly Value[]): Promise<Row[]> {
    if (progress.failed !== undefined) throw progress.failed
    return (await client.query<Row>(statement(sql, values))).rows
  }
  return {
    get(sql, values = []) {
      if (progress.over) return Promise.reject(lateUse())
      const rows = send(sql, values)
      note(progress, rows)
      return rows
    },
    put(sql, values = []) {
      if (progress.over) throw lateUse()
      note(progress, send(sql, values))
    },
  }
}

// Object ids of pg_type, which never change: int8, int2, int4, numeric; text, bpchar, varchar.
const integerTypes = new Set([20, 21, 23, 1700])
const textTypes = new Set([25, 1042, 1043])

/** How a column is read. A type that SQLite would give back otherwise is an error on both. */
function parserOf(type: number): (text: string) => Value {
  if (textTypes.has(type)) return (text) => text
  return (text) => {
    const number = Number(text)
    if (!integerTypes.has(type))
      throw new TypeError(`a column is neither text nor integer: ${type}`)
    if (!Number.isSafeInteger(number)) throw new RangeError('a column is no safe integer')
    return number
  }
}
