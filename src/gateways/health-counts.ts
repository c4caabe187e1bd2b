import type { Db, Tx } from '../db/db.ts'
import type { Bucket, Signal } from './health.ts'

/** Adds counts to what all processes have written of that minute and cell. */
export function addCounts(t: Tx, bucket: Bucket): void {
  t.put(
    `insert into health_counts (scope, network, issuer, question, minute, good, bad, took_ms)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (minute, scope, network, issuer, question) do update set
       good = health_counts.good + excluded.good, bad = health_counts.bad + excluded.bad,
       took_ms = health_counts.took_ms + excluded.took_ms`,
    [
      bucket.scope,
      bucket.network,
      bucket.issuer,
      bucket.question,
      bucket.minute,
      bucket.good,
      bucket.bad,
      bucket.tookMs,
    ],
  )
}

/** All counts of a minute and of those after it. */
export async function countsSince(get: Db['read'], minute: number): Promise<Bucket[]> {
  const rows = await get(
    `select scope, network, issuer, question, minute, good, bad, took_ms from health_counts
     where minute >= $1`,
    [minute],
  )
  return rows.map((row) => ({
    scope: String(row['scope']),
    network: String(row['network']),
    issuer: String(row['issuer']),
    question: row['question'] as Signal,
    minute: Number(row['minute']),
    good: Number(row['good']),
    bad: Number(row['bad']),
    tookMs: Number(row['took_ms']),
  }))
}

/** Removes the counts of all minutes before. */
export function purgeCounts(t: Tx, minute: number): void {
  t.put('delete from health_counts where minute < $1', [minute])
}
