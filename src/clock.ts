/** A clock: epoch milliseconds. In sandbox mode it follows the simulated bank's movable clock. */
export type Now = () => number

/** A moment (epoch milliseconds) as the wire shows it: ISO-8601 in UTC, whole seconds, `Z`. */
export function isoSeconds(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`
}
