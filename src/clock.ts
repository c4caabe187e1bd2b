/** A clock: epoch milliseconds. In sandbox mode it follows the simulated bank's movable clock. */
export type Now = () => number

/** A moment (epoch milliseconds) as the wire shows it: ISO-8601 in UTC, whole seconds, `Z`. */
export function isoSeconds(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`
}

/** A day, in milliseconds. */
export const dayMs = 24 * 3_600_000

/** India's time is UTC+5:30; its banks, and the law about them, count its days. */
const indiaAheadMs = 5.5 * 3_600_000

/** The number of a moment's day in India. */
export function dayInIndia(at: number): number {
  return Math.floor((at + indiaAheadMs) / dayMs)
}

/** When a day in India begins, in epoch milliseconds. */
export function beginningOf(indiasDay: number): number {
  return indiasDay * dayMs - indiaAheadMs
}
