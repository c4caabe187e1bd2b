import type { Db } from './db.ts'

// A tx of ours waits for a few locks, 5 s each at most (`src/db/postgres.ts`).
const longestTxMs = 60_000

const lookAgainMs = 50

/**
 * Waits until the transactions that are under way now have ended, whoever began them: what any of
 * them read before is then acted upon. A stranger's that stays open is waited for a minute.
 */
export async function outliveTxs({
  db,
  sleep,
}: {
  readonly db: Db
  readonly sleep: (ms: number) => Promise<void>
}): Promise<void> {
  let left = await txsUnderWay(db)
  for (let waited = 0; left.length > 0 && waited < longestTxMs; waited += lookAgainMs) {
    await sleep(lookAgainMs)
    const now = new Set(await txsUnderWay(db))
    left = left.filter((tx) => now.has(tx))
  }
}

/** Their names. In an embedded database one that is to write has waited for the one before it. */
async function txsUnderWay(db: Db): Promise<string[]> {
  if (db.engine === 'sqlite') return []
  const rows = await db.read(
    `select l.virtualtransaction as name from pg_locks l join pg_stat_activity a on a.pid = l.pid
     where l.locktype = 'virtualxid' and l.granted and l.mode = 'ExclusiveLock'
     and a.datname = current_database() and a.pid <> pg_backend_pid()`,
  )
  return rows.map((row) => String(row['name']))
}
