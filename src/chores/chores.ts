import type { World } from '../payments/world.ts'
import { workOnce } from './work.ts'

/** Nobody waits for a chore; a second is soon enough, and an idle server stays idle. */
const restMs = 1_000

/** Works through what is due, again and again; `stop` waits for the last pass. */
export function startChores(
  world: World,
  onError: (error: unknown) => void,
): { stop: () => Promise<void> } {
  const stopping = new AbortController()
  const rest = () =>
    new Promise<void>((resume) => {
      const timer = setTimeout(resume, restMs)
      stopping.signal.addEventListener('abort', () => {
        clearTimeout(timer)
        resume()
      })
    })
  const run = async () => {
    while (!stopping.signal.aborted) {
      const done = await workOnce(world, onError).catch((error: unknown) => {
        onError(error)
        return 0
      })
      if (done === 0) await rest()
    }
  }
  const running = run()
  return {
    stop: async () => {
      stopping.abort()
      await running
    },
  }
}
