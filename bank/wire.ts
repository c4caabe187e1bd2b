import { setTimeout as sleep } from 'node:timers/promises'
import type { LineMood } from './mood.ts'
import type { Reply } from './reply.ts'

/** What a call rejects with when its answer never comes; the same as `AbortSignal.timeout`. */
function timedOut(): DOMException {
  return new DOMException('The operation was aborted due to timeout', 'TimeoutError')
}

/** What a call rejects with when its connection breaks; the same as Node's `fetch`. */
export function connectionReset(): TypeError {
  const cause = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
  return new TypeError('fetch failed', { cause })
}

/** An answer as JSON. */
export function json(body: object, status = 200): Response {
  return Response.json(body, { status })
}

/**
 * Carries a reply to its caller through the mood of the line.
 * @throws TypeError for a connection reset, DOMException for a time-out or an aborted signal
 */
export async function carry(reply: Reply, signal: AbortSignal): Promise<Response> {
  const { wire } = reply
  if (wire?.mood === 'slow') {
    await sleep(wire.delayMs, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
  if (reply.lost === 'timeout') throw timedOut()
  if (reply.lost === 'reset') throw connectionReset()
  return (wire && spoilt(wire.mood)) ?? json(reply.body, reply.status)
}

function spoilt(mood: LineMood): Response | undefined {
  switch (mood) {
    case 'timeout_before':
    case 'timeout_after':
      throw timedOut()
    case 'reset_before':
    case 'reset_after':
      throw connectionReset()
    case 'http_500':
      return json({ error: 'internal_error' }, 500)
    case 'garbage':
      return new Response('\u0001{"state": "char', {
        headers: { 'content-type': 'application/json' },
      })
    case 'html':
      return new Response('<html><body><h1>502 Bad Gateway</h1></body></html>', {
        status: 502,
        headers: { 'content-type': 'text/html' },
      })
    case 'unknown_word':
      return json({ state: 'under_review' })
    case 'slow':
      return undefined
    default:
      return mood satisfies never
  }
}
