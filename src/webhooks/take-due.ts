import type { Tx } from '../db/db.ts'
import type { World } from '../payments/world.ts'
import { dueDeliveries, giveUp, putOff, type Turn, takeDelivery } from './deliveries.ts'
import { type Delivery, isPausing, leaseUntil, orderEndpoint } from './delivery.ts'
import type { Endpoint } from './endpoint.ts'
import { findEndpoint, holdEndpoint, takeProbe } from './endpoints.ts'

/** A delivery that this process has in hand. */
export interface Taken {
  readonly delivery: Delivery
  /** Until when nobody else takes it, in epoch milliseconds. */
  readonly until: number
  /** Absent for the URL that the order names itself. */
  readonly endpoint?: Endpoint
  /** Whether it is the one attempt that a paused endpoint is tried with. */
  readonly isProbe: boolean
}

/** Whose turn it is, and how much may be taken. */
export interface Taker extends Omit<Turn, 'now'> {
  /** Hears of an endpoint that can't be read; it keeps no other from its turn. */
  readonly onError: (error: unknown) => void
}

/** What came of a look at what is due. */
export interface Look {
  readonly taken: readonly Taken[]
  /** How many deliveries something was done with. */
  readonly done: number
  /** The lane that had its turn last. */
  readonly last: Turn['after']
}

/** An endpoint that can't be read is a bug, or sealed under another key. */
const unreadableMs = 60_000

/** What is to become of the due deliveries of one lane. */
interface LaneWork {
  /** What can't be read is put off. */
  readonly endpoint: Endpoint | 'gone' | 'unreadable' | undefined
  readonly deliveries: readonly Delivery[]
}

/**
 * Takes due deliveries in hand, all in one tx. What is due at an endpoint that is disabled is put
 * off for good, at one that is gone it is given up; of a paused one whose time has come one is
 * taken.
 */
export async function takeDue(world: World, { onError, ...turn }: Taker): Promise<Look> {
  const { db, seal } = world
  const now = world.now()
  const due = await dueDeliveries(db.read, { ...turn, now })
  const last = due.at(-1) ?? turn.after
  if (due.length === 0) return { taken: [], done: 0, last }
  const byLane = Map.groupBy(inOrder(due), ({ merchant, endpoint }) => `${merchant}/${endpoint}`)
  const lanes = await Promise.all(
    [...byLane.values()].map(async (deliveries): Promise<LaneWork> => {
      const [first] = deliveries
      if (!first) throw new Error('a group has a member')
      const key = { merchant: first.merchant, id: first.endpoint }
      const found = isOrders(first) ? undefined : findEndpoint(db.read, seal, key)
      const endpoint = await found?.then(
        (one) => one ?? 'gone',
        (error: unknown) => {
          onError(error)
          return 'unreadable' as const
        },
      )
      return { endpoint, deliveries }
    }),
  )
  return db.tx(async (t) => {
    const all = await Promise.all(lanes.map((lane) => takeLane(t, world, { lane, now })))
    const done = all.reduce((sum, one) => sum + one.done, 0)
    return { taken: all.flatMap(({ taken }) => taken), done, last }
  })
}

interface Taking {
  readonly lane: LaneWork
  readonly now: number
}

async function takeLane(t: Tx, world: World, { lane, now }: Taking) {
  const { endpoint, deliveries } = lane
  const until = leaseUntil(now)
  const nothing = { taken: [], done: deliveries.length }
  if (endpoint === 'unreadable') {
    for (const one of deliveries) putOff(t, one, now + unreadableMs)
    return nothing
  }
  if (endpoint === 'gone') {
    const why = { at: now, answer: 'not sent: the endpoint is gone' }
    for (const delivery of deliveries) giveUp(t, delivery, why)
    return nothing
  }
  if (endpoint?.disabledAt !== undefined) {
    // Held, so that nobody enables it between this look and the writing.
    const held = await holdEndpoint(t, world.seal, endpoint)
    if (held?.disabledAt !== undefined) for (const one of deliveries) putOff(t, one, null)
    return nothing
  }
  const isProbe = endpoint !== undefined && isPausing(endpoint.failures)
  if (endpoint && isProbe) {
    // Paused since it was looked at, or somebody else tries it: it is not its turn.
    const isOurs = endpoint.pausedUntil <= now && (await takeProbe(t, endpoint, until))
    if (!isOurs) return { taken: [], done: 0 }
  }
  const chosen = isProbe ? deliveries.slice(0, 1) : deliveries
  const had = await Promise.all(chosen.map((one) => takeDelivery(t, one, until)))
  const taken = chosen
    .filter((_, i) => had[i])
    .map((one) => ({
      delivery: { ...one, lease: one.lease + 1, dueAt: until },
      until,
      isProbe,
      ...(endpoint && { endpoint }),
    }))
  return { taken, done: chosen.length }
}

function isOrders({ endpoint }: Delivery): boolean {
  return endpoint === orderEndpoint
}

/**
 * All who take rows take them in one order, so that they wait for each other, never in a circle.
 */
function inOrder(deliveries: readonly Delivery[]): Delivery[] {
  const places = deliveries.map((one) => ({ one, place: `${one.merchant}/${one.endpoint}` }))
  return places
    .toSorted(
      ({ one: a, place: atA }, { one: b, place: atB }) =>
        compare(atA, atB) || a.shard - b.shard || compare(a.id, b.id) || a.seq - b.seq,
    )
    .map(({ one }) => one)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
