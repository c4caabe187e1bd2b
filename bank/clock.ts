/** How the bank's clock differs from the real one. Milliseconds. */
export interface Clock {
  offsetMs: number
  /** The time it stands still at; undefined: it runs. */
  frozenAt: number | undefined
}

/** A change to the clock: first `now` is set, then it advances, then it stands or runs. */
export interface ClockMove {
  now?: number
  advance_ms?: number
  frozen?: boolean
}

/** The clock that shows the real time. */
export const realClock: Clock = { offsetMs: 0, frozenAt: undefined }

/** What the clock shows when the real time is `real`; epoch milliseconds. */
export function timeOf(clock: Clock, real: number): number {
  return clock.frozenAt ?? real + clock.offsetMs
}

/** The clock after a change made when the real time is `real`. */
export function moved(clock: Clock, move: ClockMove, real: number): Clock {
  const time = (move.now ?? timeOf(clock, real)) + (move.advance_ms ?? 0)
  const frozen = move.frozen ?? clock.frozenAt !== undefined
  return { offsetMs: time - real, frozenAt: frozen ? time : undefined }
}
