import type { Tx } from '../db/db.ts'
import type { World } from '../payments/world.ts'
import {
  dueDeliveries,
  type FullLanes,
  giveUp,
  type Lane,
  putOff,
  takeDelivery,
} from './deliveries.ts'
import { type Delivery, dueAfterPause, isPausing, leaseUntil, orderEndpoint } from './delivery.ts'
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

/** How much may be taken. */
export interface Room {
  readonly full: FullLanes
  readonly most: number
  /** How many more of a lane may be under way. */
  readonly ofLane: (lane: Lane) => number
  /** Hears of an endpoint that can't be read; it keeps no other from its turn. */
  readonly onError: (error: unknown) => void
}

/** An endpoint that can't be read is a bug, or sealed under another key. */
const unreadableMs = 60_000

/** What is to become of the due deliveries of one lane. */
interface LaneWork {
  /** What can't be read is put off. */
  readonly endpoint: Endpoint | 'gone' | 'unreadable' | undefined
  readonly deliveries: readonly Delivery[]
  readonly room: number
}

/**
 * Takes due deliveries in hand, all in one tx. What is due at an endpoint that is paused, disabled
 * or gone is put off or given up instead; of a paused one whose time has come one is taken. Gives
 * what was taken, and how many deliveries it did something with.
 */
export async function takeDue(
  world: World,
  room: Room,
): Promise<{ taken: readonly Taken[]; done: number }> {
  const { db, seal } = world
  const now = world.now()
  const due = await dueDeliveries(db.read, { now, full: room.full, most: room.most })
  if (due.length === 0) return { taken: [], done: 0 }
  const byLane = Map.groupBy(due, ({ merchant, endpoint }) => `${merchant}/${endpoint}`)
  const lanes = await Promise.all(
    [...byLane.values()].map(async (deliveries): Promise<LaneWork> => {
      const [first] = deliveries
      if (!first) throw new Error('a group has a member')
      const key = { merchant: first.merchant, id: first.endpoint }
      const found = isOrders(first) ? undefined : findEndpoint(db.read, seal, key)
      const endpoint = await found?.then(
        (one) => one ?? 'gone',
        (error: unknown) => {
          room.onError(error)
          return 'unreadable' as const
        },
      )
      return { endpoint, deliveries: inOrder(deliveries), room: room.ofLane(first) }
    }),
  )
  return db.tx(async (t) => {
    const all = await Promise.all(lanes.map((lane) => takeLane(t, world, { lane, now })))
    return { taken: all.flatMap(({ taken }) => taken), done: sum(all.map(({ done }) => done)) }
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
  const after = (pausedUntil: number) => dueAfterPause(pausedUntil, world.luck())
  if (endpoint && endpoint.pausedUntil > now) {
    for (const one of deliveries) putOff(t, one, after(endpoint.pausedUntil))
    return nothing
  }
  const isProbe = endpoint !== undefined && isPausing(endpoint.failures)
  if (isProbe && !(await takeProbe(t, endpoint, until))) return nothing
  const chosen = deliveries.slice(0, isProbe ? 1 : lane.room)
  const had = await Promise.all(chosen.map((one) => takeDelivery(t, one, until)))
  const rest = isProbe ? deliveries.slice(1) : []
  for (const one of rest) putOff(t, one, after(until))
  const taken = chosen
    .filter((_, i) => had[i])
    .map((one) => ({
      delivery: { ...one, lease: one.lease + 1, dueAt: until },
      until,
      isProbe,
      ...(endpoint && { endpoint }),
    }))
  return { taken, done: chosen.length + rest.length }
}

function isOrders({ endpoint }: Lane): boolean {
  return endpoint === orderEndpoint
}

/**
 * All who take rows take them in one order, so that they wait for each other, never in a circle.
 */
function inOrder(deliveries: readonly Delivery[]): Delivery[] {
  return deliveries.toSorted(
    (a, b) => a.shard - b.shard || (a.id < b.id ? -1 : a.id > b.id ? 1 : a.seq - b.seq),
  )
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0)
}
