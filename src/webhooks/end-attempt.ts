import type { Tx } from '../db/db.ts'
import type { World } from '../payments/world.ts'
import type { Reply } from './deliver.ts'
import { type Attempted, endAttempt } from './deliveries.ts'
import { afterFailure, isPausing, waitAfter } from './delivery.ts'
import type { Endpoint } from './endpoint.ts'
import { type Circuit, endFailures, holdEndpoint, setCircuit } from './endpoints.ts'
import type { Taken } from './take-due.ts'

/**
 * Somebody else has the delivery in hand by now. Thrown inside a tx, so that nothing is written.
 */
class Lost extends Error {}

/** Whoever answers so wants to hear nothing more (RFC 9110 section 15.5.11). */
const gone = 410

/**
 * Writes what came of an attempt, to the delivery and to its endpoint's circuit, if the lease is
 * still ours; else nothing.
 */
export async function recordAttempt(world: World, taken: Taken, reply: Reply): Promise<void> {
  const ending = { taken, reply, now: world.now(), luck: world.luck() }
  try {
    await world.db.tx((t) => record(t, world, ending))
  } catch (error) {
    if (!(error instanceof Lost)) throw error
  }
}

interface Ending {
  readonly taken: Taken
  readonly reply: Reply
  readonly now: number
  readonly luck: number
}

async function record(t: Tx, world: World, ending: Ending): Promise<void> {
  const { taken, reply, now } = ending
  const { endpoint, delivery } = taken
  const said: Attempted = {
    at: now,
    answer: reply.answer,
    ...(reply.status !== undefined && { httpStatus: reply.status }),
  }
  if (isSuccess(reply)) {
    // The endpoint first, as everywhere: two who lock in turns would wait for each other.
    if (endpoint) endFailures(t, endpoint)
    await write(t, taken, { ...said, deliveredAt: now })
    return
  }
  const held = endpoint && (await holdEndpoint(t, world.seal, endpoint))
  if (reply.status === gone) {
    if (held) setCircuit(t, held, { ...held, disabledAt: now })
    await write(t, taken, held ? said : { ...said, givenUpAt: now })
    return
  }
  const circuit = held && afterFailedAttempt(held, ending)
  if (circuit && held) setCircuit(t, held, circuit)
  const at = { ...ending, failures: circuit?.failures ?? 0 }
  const next = afterFailure(delivery.attempts + 1, at)
  if (held?.disabledAt !== undefined) await write(t, taken, said)
  else await write(t, taken, { ...said, ...next })
}

/** Whether the receiver has acknowledged: any 2xx. */
export function isSuccess({ status }: Reply): boolean {
  return status !== undefined && status >= 200 && status < 300
}

/** Of many attempts that fail at once only so many count as it takes to pause their endpoint. */
function afterFailedAttempt(held: Endpoint, { taken, now, luck }: Ending): Circuit {
  if (held.pausedUntil > now && !taken.isProbe) return held
  const failures = held.failures + 1
  const pausedUntil = isPausing(failures) ? now + waitAfter(failures, luck) : 0
  return { ...held, failures, pausedUntil }
}

async function write(t: Tx, { delivery }: Taken, to: Attempted): Promise<void> {
  if (!(await endAttempt(t, delivery, to))) throw new Lost()
}
