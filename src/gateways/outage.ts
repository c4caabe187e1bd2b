import { randomUUID } from 'node:crypto'
import type { Brand } from '../cards/bin.ts'
import type { GatewayName } from './catalog.ts'
import type { Sign } from './health.ts'

/** What can be down: a gateway or one account, as a whole, for a network, or for its issuer too. */
export interface Place {
  /** A gateway's name, or an account as `merchant/id`. */
  readonly scope: string
  /** '' for all. */
  readonly network: string
  readonly issuer: string
}

/** A time in which a place was, or still is, down. */
export interface Outage extends Place {
  readonly id: string
  /** Epoch milliseconds. */
  readonly since: number
  readonly until?: number
}

/** What a payment meets on its way. */
export interface Passing {
  readonly gateway: GatewayName
  /** As `merchant/id`. */
  readonly account: string
  readonly network: Brand
  readonly issuer: string
}

/** Of fewer nobody can say that it is not chance. */
const fewestOutcomes = 6
/** The last so many tell how it is now. */
const mostOutcomes = 20
const outcomesMs = 10 * 60_000

/** A place that lets one of two payments through has such a row once in sixteen. */
const goodInRow = 4

/** Who is down is tried by so many of a hundred payments, and by more the longer nobody did. */
const probeShare = 0.03
const mostProbeShare = 0.25

/** What nobody has tried for so long may be up; others may have tried what they found down. */
const forgottenMs = 60 * 60_000
const othersForgottenMs = 6 * forgottenMs

type Technical = 'start' | 'authorization'

interface Outcome extends Passing {
  readonly at: number
  readonly works: boolean
}

interface Down {
  readonly outage: Outage
  /** What failed: it has to work again. Another process's outage is over when payments succeed. */
  readonly signal: Technical
  /** Whether this process found it. */
  readonly isOwn: boolean
  isWritten: boolean
  good: number
  heardAt: number
}

/** What has changed since it was last written down. */
export interface OutageChanges {
  readonly opened: readonly Outage[]
  readonly closed: readonly Outage[]
}

/** The circuit breakers of all gateways and accounts, as this process sees them. */
export interface Breakers {
  /** Takes notice of a start or an authorization; all else says nothing of technical trouble. */
  readonly note: (sign: Sign, now: number) => void
  /** Whether nothing is down, anywhere. */
  readonly allUp: () => boolean
  /** Absent: nothing on the way is down; else the share of payments that try it all the same. */
  readonly probeShareOf: (passing: Passing, now: number) => number | undefined
  /** What is to be written down now. */
  readonly changes: (now: number) => OutageChanges
  /** These changes are written down. */
  readonly written: (changes: OutageChanges) => void
  /** These outages, and no others that were written down, are open now. */
  readonly adopt: (open: readonly Outage[], now: number) => void
}

/** Breakers that know of nothing. */
export function openBreakers(): Breakers {
  const downs = new Map<string, Down>()
  const closed = new Map<string, Outage>()
  /** What may be written down by now. */
  const handed = new Set<string>()
  const outcomes = openOutcomes()

  function open(place: Place, signal: Technical, now: number): void {
    const outage = { ...place, id: newOutageId(), since: now }
    downs.set(keyOf(place), {
      outage,
      signal,
      isOwn: true,
      isWritten: false,
      good: 0,
      heardAt: now,
    })
    outcomes.drop(place)
  }

  function close({ outage }: Down, now: number): void {
    downs.delete(keyOf(outage))
    if (handed.has(outage.id)) closed.set(outage.id, { ...outage, until: now })
  }

  function recover(down: Down, sign: Sign, { works, now }: { works: boolean; now: number }): void {
    down.heardAt = now
    if (down.signal !== sign.signal) return
    down.good = works ? down.good + 1 : 0
    if (down.good >= goodInRow) close(down, now)
  }

  function note(sign: Sign, now: number): void {
    const { signal } = sign
    if (signal !== 'start' && signal !== 'authorization') return
    const works = sign.good || (signal === 'authorization' && sign.technical !== true)
    const down = placesOf(sign).flatMap((place) => downs.get(keyOf(place)) ?? [])
    // It is known to be bad, and must not be held against what is around it.
    for (const one of down) recover(one, sign, { works, now })
    const blamed = down.length > 0 ? undefined : outcomes.add(sign, { signal, works, at: now })
    if (blamed) open(blamed, signal, now)
  }

  return {
    note,
    allUp: () => downs.size === 0,
    probeShareOf: (passing, now) => {
      const down = placesOf(passing).flatMap((place) => downs.get(keyOf(place)) ?? [])
      if (down.length === 0) return undefined
      return Math.min(...down.map(({ heardAt }) => shareAfter(now - heardAt)))
    },
    changes: (now) => {
      for (const down of [...downs.values()]) {
        const mostMs = down.isOwn ? forgottenMs : othersForgottenMs
        if (now - down.heardAt >= mostMs) close(down, now)
      }
      const fresh = [...downs.values()].filter(({ isWritten }) => !isWritten)
      const opened = fresh.map(({ outage }) => outage)
      for (const { id } of opened) handed.add(id)
      return { opened, closed: [...closed.values()] }
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
    adopt: (open, now) => {
      const listed = new Set(open.map(keyOf))
      for (const [key, down] of [...downs]) {
        if (!down.isWritten || listed.has(key)) continue
        downs.delete(key)
        handed.delete(down.outage.id)
      }
      for (const outage of open) {
        if (closed.has(outage.id)) continue
        const there = downs.get(keyOf(outage))
        if (!there) outcomes.drop(outage)
        const unseen = { signal: 'authorization', isOwn: false, good: 0, heardAt: now } as const
        downs.set(keyOf(outage), { ...(there ?? unseen), outage, isWritten: true })
        handed.add(outage.id)
      }
    },
  }
}

/** The last outcomes of every place. */
interface Outcomes {
  /** Adds one; gives the place that has failed too often with it. */
  readonly add: (
    passing: Passing,
    outcome: { signal: Technical; works: boolean; at: number },
  ) => Place | undefined
  /** What was seen of a place before it went down says nothing of it once it is up. */
  readonly drop: (place: Place) => void
}

function openOutcomes(): Outcomes {
  const lists = new Map<string, Outcome[]>()
  return {
    add: ({ gateway, account, network, issuer }, { signal, works, at }) => {
      const outcome = { gateway, account, network, issuer, at, works }
      const places = placesOf(outcome)
      const nameOf = (place: Place) => `${signal} ${gateway} ${keyOf(place)}`
      for (const place of places) {
        const list = lists.get(nameOf(place)) ?? []
        lists.set(nameOf(place), list)
        list.push(outcome)
        while (list.length > mostOutcomes || (list[0]?.at ?? at) < at - outcomesMs) list.shift()
      }
      return works ? undefined : blame(places, (place) => lists.get(nameOf(place)) ?? [])
    },
    drop: (place) => {
      for (const [name, list] of lists) {
        const left = list.filter((one) => !isIn(one, place))
        if (left.length === 0) lists.delete(name)
        else lists.set(name, left)
      }
    },
  }
}

/**
 * What is to blame: the narrowest that mostly fails, while around it things mostly work. As long as
 * a part may turn out to be that, the whole is not.
 */
function blame(
  places: readonly Place[],
  seenOf: (place: Place) => readonly Outcome[],
): Place | undefined {
  const [whole, ...parts] = places.toReversed()
  if (!whole) return undefined
  const around = seenOf(whole)
  const suspects = parts.filter((place) => {
    const outside = around.filter((one) => !isIn(one, place))
    return outside.filter(({ works }) => works).length * 2 > outside.length
  })
  if (suspects.length === 0) return mostlyFails(around) ? whole : undefined
  return suspects.findLast((place) => mostlyFails(seenOf(place)))
}

function mostlyFails(seen: readonly Outcome[]): boolean {
  const failed = seen.filter(({ works }) => !works).length
  return seen.length >= fewestOutcomes && failed * 2 > seen.length
}

/** The places on a way, the narrowest first: account, issuer, network, gateway. */
function placesOf({ gateway, account, network, issuer }: Passing): Place[] {
  const places = [{ scope: account, network: '', issuer: '' }]
  // Cards of banks that nobody knows have no bank in common.
  if (issuer !== '') places.push({ scope: gateway, network, issuer })
  places.push({ scope: gateway, network, issuer: '' }, { scope: gateway, network: '', issuer: '' })
  return places
}

function isIn(one: Passing, { scope, network, issuer }: Place): boolean {
  return (
    (scope === one.account || scope === one.gateway) &&
    (network === '' || network === one.network) &&
    (issuer === '' || issuer === one.issuer)
  )
}

function keyOf({ scope, network, issuer }: Place): string {
  return `${scope} ${network} ${issuer}`
}

function shareAfter(quietMs: number): number {
  return Math.min(mostProbeShare, probeShare * (1 + Math.max(0, quietMs) / 60_000))
}

function newOutageId(): string {
  return `out_${randomUUID().replaceAll('-', '')}`
}
