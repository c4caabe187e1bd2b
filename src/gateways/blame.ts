import {
  isHitBy,
  isIn,
  type Outage,
  type Passing,
  type Place,
  placeName,
  placesOf,
  type TechnicalSignal,
} from './outage.ts'

/** Of fewer nobody can say that it is not chance. */
const fewestOutcomes = 6
/** The last so many tell how it is now. */
const mostOutcomes = 20
const outcomesMs = 10 * 60_000

/** So many failures of others, beside a merchant's own: one is chance. */
const fewestOfOthers = 2

interface Outcome extends Passing {
  readonly at: number
  readonly works: boolean
}

/** What has failed too often, and for whom. */
export type Blamed = Place & Pick<Outage, 'merchant'>

/** The last outcomes of every place. */
export interface Outcomes {
  /** Adds one; gives the place that has failed too often with it. */
  readonly add: (
    passing: Passing,
    outcome: {
      readonly signal: TechnicalSignal
      readonly works: boolean
      /** It was the account's own fault: it says nothing of the gateway. */
      readonly isOwn: boolean
      readonly at: number
    },
  ) => Blamed | undefined
  /** What was seen of a place before it went down says nothing of it once it is up. */
  readonly drop: (blamed: Blamed) => void
}

/** No outcomes. */
export function openOutcomes(): Outcomes {
  const lists = new Map<string, Outcome[]>()
  return {
    add: ({ gateway, account, network, issuer }, { signal, works, isOwn, at }) => {
      const outcome = { gateway, account, network, issuer, at, works }
      const places = isOwn ? placesOf(outcome).slice(0, 1) : placesOf(outcome)
      const nameOf = (place: Place) => `${signal} ${gateway} ${placeName(place)}`
      for (const place of places) {
        const list = lists.get(nameOf(place)) ?? []
        lists.set(nameOf(place), list)
        list.push(outcome)
        while (list.length > mostOutcomes || (list[0]?.at ?? at) < at - outcomesMs) list.shift()
      }
      return works ? undefined : blame(places, (place) => lists.get(nameOf(place)) ?? [])
    },
    drop: (blamed) => {
      for (const [name, list] of lists) {
        const left = list.filter((one) => !isHitBy(one, blamed))
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
): Blamed | undefined {
  const [whole, ...parts] = places.toReversed()
  if (!whole) return undefined
  const around = seenOf(whole)
  const suspects = parts.filter((place) => {
    const outside = around.filter((one) => !isIn(one, place))
    return outside.filter(({ works }) => works).length * 2 > outside.length
  })
  const place = (suspects.length === 0 ? [whole] : suspects).findLast((one) =>
    mostlyFails(seenOf(one)),
  )
  return place && { ...place, merchant: aloneIn(seenOf(place)) }
}

function mostlyFails(seen: readonly Outcome[]): boolean {
  const failed = seen.filter(({ works }) => !works).length
  return seen.length >= fewestOutcomes && failed * 2 > seen.length
}

/** The merchant whose payments alone have failed, or ''. */
function aloneIn(seen: readonly Outcome[]): string {
  const failed = seen.filter(({ works }) => !works)
  const byMerchant = Map.groupBy(failed, ({ account }) => account.slice(0, account.indexOf('/')))
  const [most] = [...byMerchant].sort(([, a], [, b]) => b.length - a.length)
  return most && failed.length - most[1].length < fewestOfOthers ? most[0] : ''
}
