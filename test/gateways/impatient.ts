import type { Carry } from '../../src/gateways/perform.ts'

/** How long the tests of a world wait for its gateways. */
export interface Patience {
  /** Undefined: as long as the question says. */
  turns: number | undefined
}

/** Few enough for a test. */
// Each is 10 ms at the least, and a call on loopback takes a few of them on the busiest machine.
export const fewTurns = 8

/** Gives up after so many turns of the event loop, which last longer where much is going on. */
export function impatient(carry: Carry, patience: Patience): Carry {
  return async (outgoing) => {
    if (patience.turns === undefined) return carry(outgoing)
    const late = new AbortController()
    const stop = countDown(patience.turns, () => {
      late.abort(new DOMException('timed out', 'TimeoutError'))
    })
    try {
      const signal = AbortSignal.any([outgoing.signal, late.signal])
      const { status, body } = await carry({ ...outgoing, signal })
      return { status, body: watched(body, stop) }
    } catch (error) {
      stop()
      throw error
    }
  }
}

function countDown(turns: number, done: () => void): () => void {
  let timer: NodeJS.Timeout | undefined
  const turn = (left: number) => {
    timer = setTimeout(() => (left === 0 ? done() : turn(left - 1)), 10)
  }
  turn(turns)
  return () => clearTimeout(timer)
}

async function* watched(body: AsyncIterable<Uint8Array>, end: () => void) {
  try {
    yield* body
  } finally {
    end()
  }
}
