/** Understands a text that somebody typed, or gives `undefined`. */
export type Reader<T> = (text: string) => T | undefined

/** A reader of one of these words, as they are written here. */
export function oneOf<T extends string>(...words: readonly T[]): Reader<T> {
  return (text) => words.find((word) => word === text)
}

/** A reader of a whole number between two, both included, in plain digits. */
export function wholeBetween(least: number, most: number): Reader<number> {
  return (text) => {
    // Fifteen digits are always exact.
    const value = /^\d{1,15}$/.test(text) ? Number(text) : undefined
    return value !== undefined && value >= least && value <= most ? value : undefined
  }
}
