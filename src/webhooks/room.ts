import type { DeliveryKey } from './delivery.ts'

/** What is sent to one endpoint of a merchant, some at a time. */
export type Lane = Pick<DeliveryKey, 'merchant' | 'endpoint'>

/** How much may be under way at a time: in all, to one merchant, and to one endpoint. */
export interface Room {
  /** How many more may be under way in all. */
  readonly left: () => number
  /** How many more may be under way to this lane, when one to each of those begins beside it. */
  readonly of: (lane: Lane, beside?: readonly Lane[]) => number
  /** Takes a place; what it gives leaves it, and learns from whether the endpoint has accepted. */
  readonly enter: (lane: Lane) => (isAccepted: boolean) => void
}

/** A burst is sent in parallel, and payments keep most of the process. */
const mostUnderWay = 64

/** What is not known to be quick leaves a quarter to what is. */
const mostUnproven = 48

/** What is known to be slow leaves some to what nobody knows yet. */
const mostSlow = 32

/** A merchant whose endpoints all fall silent at once leaves most of it to others. */
const mostPerMerchant = 24

/** An endpoint that falls silent leaves places to the merchant's other endpoints. */
const mostPerEndpoint = 16

/** Twelve merchants of slow endpoints fit side by side. */
const mostUnprovenPerMerchant = 4

/** A second place, so that one answer that never comes does not stop an endpoint. */
const mostUnprovenPerEndpoint = 2

/** Who needs longer than this for an answer is slow; most receivers need a tenth of it. */
const slowMs = 2_000

/** Enough for all that are busy at a time; who is forgotten begins as unknown. */
const mostKnown = 10_000

/** How an endpoint answers; only what is quick is proven. */
type Pace = 'new' | 'quick' | 'slow'

/** What is under way to one lane. */
interface Busy {
  readonly lane: Lane
  /** When each began. */
  readonly begun: Set<{ readonly at: number }>
}

/** An empty room. `elapsed`: milliseconds of real time since any fixed moment. */
export function openRoom(elapsed: () => number): Room {
  const busy = new Map<string, Busy>()
  const known = new Map<string, Pace>()

  function paceOf(lane: Lane): Pace {
    const now = elapsed()
    const begun = [...(busy.get(nameOf(lane))?.begun ?? [])]
    if (begun.some(({ at }) => now - at > slowMs)) return 'slow'
    return known.get(nameOf(lane)) ?? 'new'
  }

  function placesTaken(lane: Lane, beside: readonly Lane[]) {
    const taken = { inAll: 0, unproven: 0, slow: 0, here: 0, ofMerchant: 0, unprovenOfMerchant: 0 }
    const add = (one: Lane, n: number) => {
      const pace = paceOf(one)
      const isOurs = one.merchant === lane.merchant
      taken.inAll += n
      if (isOurs) taken.ofMerchant += n
      if (isOurs && one.endpoint === lane.endpoint) taken.here += n
      if (pace === 'slow') taken.slow += n
      if (pace === 'quick') return
      taken.unproven += n
      if (isOurs) taken.unprovenOfMerchant += n
    }
    for (const one of busy.values()) add(one.lane, one.begun.size)
    for (const one of beside) add(one, 1)
    return taken
  }

  function learn(lane: Lane, pace: Pace): void {
    if (known.size >= mostKnown) known.clear()
    known.set(nameOf(lane), pace)
  }

  return {
    left: () => [...busy.values()].reduce((left, { begun }) => left - begun.size, mostUnderWay),
    of: (lane, beside = []) => {
      const taken = placesTaken(lane, beside)
      const pace = paceOf(lane)
      const left = [mostUnderWay - taken.inAll, mostPerMerchant - taken.ofMerchant]
      if (pace === 'quick') left.push(mostPerEndpoint - taken.here)
      else {
        left.push(mostUnprovenPerEndpoint - taken.here)
        left.push(mostUnprovenPerMerchant - taken.unprovenOfMerchant)
        left.push(mostUnproven - taken.unproven)
      }
      if (pace === 'slow') left.push(mostSlow - taken.slow)
      return Math.max(0, Math.min(...left))
    },
    enter: (lane) => {
      const name = nameOf(lane)
      const ours = busy.get(name) ?? { lane, begun: new Set() }
      busy.set(name, ours)
      const mine = { at: elapsed() }
      ours.begun.add(mine)
      return (isAccepted) => {
        ours.begun.delete(mine)
        if (ours.begun.size === 0) busy.delete(name)
        if (elapsed() - mine.at > slowMs) learn(lane, 'slow')
        else if (isAccepted) learn(lane, 'quick')
      }
    },
  }
}

function nameOf({ merchant, endpoint }: Lane): string {
  return `${merchant}/${endpoint}`
}
