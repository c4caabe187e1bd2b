import type { Carry } from '../../src/gateways/perform.ts'

/** How the tests of a world wait for its gateways. */
export interface Patience {
  /** When it ends; undefined: as the question says. */
  end: Promise<void> | undefined
}

/** Gives up calls when the patience of the tests has ended. */
export function impatient(carry: Carry, patience: Patience): Carry {
  return async (outgoing) => {
    const { end } = patience
    if (!end) return carry(outgoing)
    const late = new AbortController()
    void end.then(() => late.abort(new DOMException('timed out', 'TimeoutError')))
    return carry({ ...outgoing, signal: AbortSignal.any([outgoing.signal, late.signal]) })
  }
}
