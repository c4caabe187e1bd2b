import type { Db } from '../db/db.ts'
import type { MerchantId } from '../ids.ts'
import { type Breakers, openBreakers } from './breaker.ts'
import type { Bucket, HealthView, Sign } from './health.ts'
import { addCounts, countsSince, purgeCounts } from './health-counts.ts'
import { openOutages, writeOutages } from './outages.ts'
import { bucketsOf, minuteOf, openTally, windowMinutes } from './tally.ts'

/** What is known of gateways' health in this process. */
export interface HealthWatch {
  /** Counts an observation at once, in memory. */
  readonly note: (sign: Sign) => void
  /** What is known now, of one merchant's accounts: their ids are theirs alone. */
  readonly view: (merchant: MerchantId) => HealthView
  /** Writes what was noted, reads what others wrote; gives 0, because nothing is left to do. */
  readonly once: () => Promise<number>
}

/** Who was late by so many minutes has written by now, and what was written is not changed. */
const openMinutes = 2

/** Old counts are removed so often, and a few hundred rows too many hurt nobody. */
const purgeMinutes = 10

/** What of gateways' health is in memory: counts and circuit breakers. */
export interface Memory {
  readonly breakers: Breakers
  readonly view: HealthWatch['view']
  /** Counts it; gives what was counted. */
  readonly count: (sign: Sign) => readonly Bucket[]
  /** Adds what others have counted. */
  readonly add: (bucket: Bucket) => void
}

/** A memory of nothing yet. `now`: epoch milliseconds. */
export function openMemory(now: () => number): Memory {
  const tally = openTally()
  const breakers = openBreakers()
  const view: HealthWatch['view'] = (merchant) => ({
    of: (card) => {
      const at = now()
      const expected = tally.expect(card, { merchant, now: at })
      const { network, issuer } = card
      return (account) => {
        const standing = expected(account)
        if (breakers.allUp()) return standing
        const { gateway, id } = account
        const way = { gateway, account: `${merchant}/${id}`, network, issuer }
        const probeShare = breakers.probeShareOf(way, at)
        return probeShare === undefined ? standing : { ...standing, probeShare }
      }
    },
  })
  const count = (sign: Sign) => {
    const at = now()
    const wasDown = breakers.probeShareOf(sign, at) !== undefined
    breakers.note(sign, at)
    // Probes find out whether it is up again; what it does then is what its counts are to tell.
    // What is the account's own fault says nothing of chances: it works, or it is down.
    if (wasDown || sign.own) return []
    const counted = bucketsOf(sign, at)
    counted.forEach(tally.add)
    return counted
  }
  return { breakers, view, count, add: tally.add }
}

/**
 * A watch whose counts and outages all processes on a database share. `once` is for a chore, once a
 * second; when it can't write, what was noted meanwhile is lost to the others, and nothing else.
 */
export function openWatch(db: Db, now: () => number): HealthWatch {
  const { breakers, view, count, add } = openMemory(now)
  /** What is counted here of the minutes that others still add to. */
  const known = new Map<string, Bucket>()
  let unwritten = new Map<string, Bucket>()
  let readUntil: number | undefined
  let purgedAt = 0

  function note(sign: Sign): void {
    for (const bucket of count(sign)) {
      put(known, bucket)
      put(unwritten, bucket)
    }
  }

  async function write(minute: number): Promise<void> {
    const buckets = [...unwritten].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one)
    unwritten = new Map()
    const changes = breakers.changes(now())
    const isPurge = minute >= purgedAt + purgeMinutes
    const isNews = Object.values(changes).some(({ length }) => length > 0)
    if (buckets.length === 0 && !isNews && !isPurge) return
    await db.tx(async (t) => {
      // In one order everywhere, so that no two processes wait for each other.
      for (const bucket of buckets) addCounts(t, bucket)
      if (isPurge) purgeCounts(t, minute - windowMinutes)
      writeOutages(t, changes)
    })
    if (isPurge) purgedAt = minute
    breakers.written(changes)
  }

  async function read(minute: number): Promise<void> {
    const since = readUntil === undefined ? minute - windowMinutes : readUntil - openMinutes
    for (const there of await countsSince(db.read, since)) {
      const key = keyOf(there)
      const all = sum(there, unwritten.get(key))
      const more = sum(all, known.get(key), -1)
      if (more.good === 0 && more.bad === 0) continue
      known.set(key, all)
      add(more)
    }
    readUntil = minute
    for (const [key, bucket] of known) if (bucket.minute < minute - openMinutes) known.delete(key)
    breakers.adopt(await openOutages(db.read))
  }

  return {
    note,
    view,
    once: async () => {
      const minute = minuteOf(now())
      await write(minute)
      await read(minute)
      return 0
    },
  }
}

function put(buckets: Map<string, Bucket>, bucket: Bucket): void {
  const key = keyOf(bucket)
  buckets.set(key, sum(bucket, buckets.get(key)))
}

function sum(bucket: Bucket, other: Bucket | undefined, sign: 1 | -1 = 1): Bucket {
  if (!other) return bucket
  return {
    ...bucket,
    good: bucket.good + sign * other.good,
    bad: bucket.bad + sign * other.bad,
    tookMs: bucket.tookMs + sign * other.tookMs,
  }
}

function keyOf({ minute, scope, network, issuer, question }: Bucket): string {
  return `${minute} ${scope} ${network} ${issuer} ${question}`
}
