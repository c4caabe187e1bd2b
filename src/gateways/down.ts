import { type Ending, type Outage, placeName } from './outage.ts'

/** An outage that is open, as this process sees it. */
export interface Down {
  readonly outage: Outage
  /** When it was last tried, as far as this process knows. */
  triedAt: number
  /** How many in a row have worked since. */
  good: number
  isWritten: boolean
}

/** What has changed since it was last written down. */
export interface OutageChanges {
  readonly opened: readonly Outage[]
  readonly closed: readonly Outage[]
  /** These are still open, and were tried since. */
  readonly tried: readonly Outage[]
}

/** What is down, and what of that is written down, where other processes write too. */
export interface Downs {
  readonly all: () => Iterable<Down>
  readonly areNone: () => boolean
  readonly open: (outage: Outage) => void
  readonly close: (down: Down, until: number, ending: Ending) => void
  /** What is to be written down now. */
  readonly changes: () => OutageChanges
  /** These changes are written down. */
  readonly written: (changes: OutageChanges) => void
  /** These, and no others that were written down, are open now; gives those that are news here. */
  readonly adopt: (listed: readonly Outage[]) => readonly Outage[]
}

/** So often others are told of tries: little beside the hour after which all is forgotten. */
const toldMs = 60_000

/** Nothing is down. */
export function openDowns(): Downs {
  const downs = new Map<string, Down>()
  const closed = new Map<string, Outage>()
  /** What may be written down by now. */
  const handed = new Set<string>()
  return {
    all: () => downs.values(),
    areNone: () => downs.size === 0,
    open: (outage) => {
      downs.set(keyOf(outage), { outage, triedAt: outage.since, good: 0, isWritten: false })
    },
    close: ({ outage }, until, ending) => {
      downs.delete(keyOf(outage))
      if (handed.has(outage.id)) closed.set(outage.id, { ...outage, until, ending })
    },
    changes: () => {
      const open = [...downs.values()]
      const opened = open.filter(({ isWritten }) => !isWritten).map(({ outage }) => outage)
      for (const { id } of opened) handed.add(id)
      const tried = open
        .filter((one) => one.isWritten && one.triedAt - one.outage.triedAt >= toldMs)
        .map(({ outage, triedAt }) => ({ ...outage, triedAt }))
      return { opened, closed: [...closed.values()], tried }
    },
    written: (changes) => {
      for (const outage of changes.opened) {
        const down = downs.get(keyOf(outage))
        if (down?.outage.id === outage.id) down.isWritten = true
      }
      for (const { id } of changes.closed) {
        closed.delete(id)
        handed.delete(id)
      }
    },
    adopt: (listed) => {
      const keys = new Set(listed.map(keyOf))
      for (const [key, { outage, isWritten }] of [...downs]) {
        if (!isWritten || keys.has(key)) continue
        downs.delete(key)
        handed.delete(outage.id)
      }
      const news: Outage[] = []
      for (const outage of listed) {
        if (closed.has(outage.id)) continue
        const { triedAt, good } = downs.get(keyOf(outage)) ?? { triedAt: 0, good: 0 }
        if (!downs.has(keyOf(outage))) news.push(outage)
        const latest = Math.max(triedAt, outage.triedAt)
        downs.set(keyOf(outage), { outage, triedAt: latest, good, isWritten: true })
        handed.add(outage.id)
      }
      return news
    },
  }
}

function keyOf(outage: Outage): string {
  return `${placeName(outage)} ${outage.merchant}`
}
