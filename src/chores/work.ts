import type { World } from '../payments/world.ts'

/** Hears of a row whose work has failed. */
export type OnError = (error: unknown) => void

/** One kind of work that nobody waits for. */
export interface Chore {
  readonly name: string
  /** How long to rest when nothing was due, in milliseconds. */
  readonly restMs: number
  /** One pass over what is due now; gives the number of rows done. */
  readonly once: (onError: OnError) => Promise<number>
}

/** A pass takes this many rows at the most; what is left is taken by the next one, at once. */
const mostPerPass = 100

/** A row whose work fails is a bug or a broken row: others come first, and it is tried again. */
const putOffMs = 60_000

/** How many gateways are asked at a time: payments being made come first. */
const mostAtOnce = 8

/** How the rows of one table are found, worked on, and put off. */
export interface Rows<K> {
  readonly due: (now: number, most: number) => Promise<readonly K[]>
  readonly work: (key: K) => Promise<void>
  readonly putOff: (key: K, to: { now: number; until: number }) => Promise<void>
}

/**
 * One pass over the rows that are due. A row whose work fails is told to `onError` and put off; it
 * does not keep the others from their turn. Gives the number of rows done.
 */
export async function workThrough<K>(
  world: World,
  { due, work, putOff }: Rows<K>,
  onError: OnError,
): Promise<number> {
  const keys = (await due(world.now(), mostPerPass)).values()
  let done = 0
  const one = async () => {
    for (const key of keys) {
      try {
        await work(key)
        done++
      } catch (error) {
        onError(error)
        const now = world.now()
        await putOff(key, { now, until: now + putOffMs })
      }
    }
  }
  await Promise.all(Array.from({ length: mostAtOnce }, one))
  return done
}
