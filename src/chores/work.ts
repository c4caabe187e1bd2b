import type { World } from '../payments/world.ts'

/** Hears of a row whose work has failed. */
export type OnError = (error: unknown) => void

/** One kind of work that nobody waits for. */
export interface Chore {
  readonly name: string
  /** How long to rest when nothing was due, in milliseconds. */
  readonly restMs: number
  /** One pass over what is due now; gives the number of rows begun or done. */
  readonly once: (onError: OnError) => Promise<number>
  /** Resolves when nothing that a pass began is under way. */
  readonly settled: () => Promise<void>
}

/** A pass takes this many rows at the most; what is left is taken by the next one, at once. */
const mostPerPass = 100

/** A row whose work fails is a bug or a broken row: others come first, and it is tried again. */
const putOffMs = 60_000

/** How many gateways are asked at a time: payments being made come first. */
const mostAtOnce = 16

/** How the rows of one table are found, named, worked on, and put off. */
export interface Rows<K> {
  readonly due: (now: number, most: number) => Promise<readonly K[]>
  readonly nameOf: (key: K) => string
  readonly work: (key: K) => Promise<void>
  readonly putOff: (key: K, to: { now: number; until: number }) => Promise<void>
}

/**
 * Rounds over the rows that are due. A pass goes on while slow rows are still under way, so a
 * gateway that hangs holds up nobody else. A row whose work fails is told to `onError` and put off.
 */
export function openRounds<K>(world: World, rows: Rows<K>): Pick<Chore, 'once' | 'settled'> {
  const busy = new Map<string, Promise<void>>()

  async function attend(key: K, onError: OnError): Promise<void> {
    try {
      await rows.work(key)
    } catch (error) {
      onError(error)
      const now = world.now()
      await rows.putOff(key, { now, until: now + putOffMs }).catch(onError)
    }
  }

  return {
    async once(onError) {
      const due = await rows.due(world.now(), mostPerPass)
      const free = due.filter((key) => !busy.has(rows.nameOf(key)))
      for (const key of free) {
        if (busy.size >= mostAtOnce) await Promise.race(busy.values())
        const name = rows.nameOf(key)
        busy.set(
          name,
          attend(key, onError).finally(() => busy.delete(name)),
        )
      }
      return free.length
    },
    async settled() {
      while (busy.size > 0) await Promise.all(busy.values())
    },
  }
}
