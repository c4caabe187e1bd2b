import { timingSafeEqual } from 'node:crypto'
import { type KeyProvider, keyBytes } from './data-key.ts'

/** What a provider did wrong, in our words alone: what it gave or was given is not in them. */
export class WrongProvider extends Error {}

/** A KMS answers in milliseconds; a payment that needs it fails while its caller still waits. */
const longestAnswerMs = 3_000

/**
 * A provider that nothing is lost by: what it wrapped is unwrapped and compared before anybody gets
 * to keep it, and a call without an answer rejects. Rejects with {@link WrongProvider}, or with
 * what the provider rejected with.
 */
export function checkProvider(provider: KeyProvider, limitMs = longestAnswerMs): KeyProvider {
  const unwrap: KeyProvider['unwrap'] = async (wrapped, of) => {
    const key: unknown = await within(limitMs, 'unwrap', provider.unwrap(wrapped, of))
    if (key instanceof Uint8Array && key.length === keyBytes) return Buffer.from(key)
    throw new WrongProvider(`its unwrap gave no ${keyBytes} bytes`)
  }
  return {
    unwrap,
    wrap: async (key, to) => {
      // A copy, because a careful provider empties the buffer that it has wrapped.
      const wrapped: unknown = await within(limitMs, 'wrap', provider.wrap(Buffer.from(key), to))
      if (typeof wrapped !== 'string' || !isStorable(wrapped)) {
        throw new WrongProvider('its wrap gave no text that can be kept')
      }
      if (timingSafeEqual(await unwrap(wrapped, to), key)) return wrapped
      throw new WrongProvider('what it wrapped it does not unwrap')
    },
  }
}

/** Whether it is there, and every database keeps it as it is. */
function isStorable(text: string): boolean {
  return text !== '' && text.isWellFormed() && !text.includes('\0')
}

async function within<T>(limitMs: number, called: string, answer: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const late = new WrongProvider(`its ${called} gave no answer for ${limitMs / 1_000} s`)
  const timer = setTimeout(() => reject(late), limitMs)
  try {
    return await Promise.race([answer, promise])
  } finally {
    clearTimeout(timer)
  }
}
