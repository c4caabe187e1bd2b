import { randomBytes } from 'node:crypto'
import { closeWith, deriveKey, keyIdIn, openWith, type SealedFor, type SealKey } from './seal.ts'

/** A quarter of an hour: how long what was sealed can be opened at least, in milliseconds. */
export const shortlyMs = 15 * 60_000

/**
 * A seal whose keys change every quarter of an hour, and open for one more. What it closed can be
 * opened for {@link shortlyMs} at least and twice as long at most.
 */
export interface ShortSeal {
  /** `now`: epoch milliseconds. */
  close(text: string, to: SealedFor, now: number): string
  /** The text again. Throws when it is too old, was altered, or was sealed for something else. */
  open(sealed: string, of: SealedFor, now: number): string
}

/** Keys that are in this process's memory alone: nobody can open anything once they are gone. */
export function randomShortSeal(): ShortSeal {
  const keys = new Map<number, SealKey>()
  const keyOf = (quarter: number) => {
    const key = keys.get(quarter) ?? { id: `r-${quarter}`, key: randomBytes(32) }
    for (const old of keys.keys()) if (old < quarter - 1) keys.delete(old)
    keys.set(quarter, key)
    return key
  }
  return shortSeal(keyOf, (id) => [...keys.values()].find((key) => key.id === id))
}

/** Keys that every process with the same master keys has. The first master key seals. */
export function derivedShortSeal(...masterKeys: readonly [Buffer, ...Buffer[]]): ShortSeal {
  const keyFrom = (master: Buffer, quarter: number): SealKey => {
    const key = deriveKey(master, `short seal ${quarter}`)
    return { id: `d${deriveKey(key, 'id').toString('hex').slice(0, 8)}-${quarter}`, key }
  }
  return shortSeal(
    (quarter) => keyFrom(masterKeys[0], quarter),
    (id) => {
      const quarter = Number(id.split('-')[1])
      return masterKeys.map((key) => keyFrom(key, quarter)).find((key) => key.id === id)
    },
  )
}

function shortSeal(
  closing: (quarter: number) => SealKey,
  opening: (id: string) => SealKey | undefined,
): ShortSeal {
  return {
    close: (text, to, now) => closeWith(closing(quarterOf(now)), text, to),
    open(sealed, of, now) {
      const id = keyIdIn(sealed)
      const age = quarterOf(now) - Number(id.split('-')[1])
      const key = age === 0 || age === 1 ? opening(id) : undefined
      if (!key) throw new Error('sealed under a key that is gone')
      return openWith(key, sealed, of)
    },
  }
}

function quarterOf(now: number): number {
  return Math.floor(now / shortlyMs)
}
