import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { canWrite } from '../db/facts.ts'
import type { World } from '../payments/world.ts'
import { Refusal } from '../refusal.ts'
import { RefusalSchema } from '../wire/refusal-view.ts'

const Fine = Type.Object({ status: Type.Literal('ok') })

// Each look is a write to disk that anyone may ask for, so all who ask within it share one. A
// probe asks every few seconds.
const freshMs = 1_000

/** `/health`: the process answers. `/ready`: the database takes writes. Neither is rate limited. */
export function healthRoutes(app: FastifyInstance, world: World): void {
  const config = { rateLimit: false }
  const open = { security: [], response: { 200: Fine } }
  const ready = { ...open, response: { ...open.response, 503: RefusalSchema } }
  const isReady = sharedFor(freshMs, world.elapsed, () => canWrite(world.db, world.now()))
  app.get('/health', { config, schema: { summary: 'Alive', ...open } }, () => ({ status: 'ok' }))
  app.get(
    '/ready',
    { config, schema: { summary: 'The database takes writes', ...ready } },
    async () => {
      if (!(await isReady())) throw new Refusal('unavailable')
      return { status: 'ok' }
    },
  )
}

/** Looks anew only when the last look ended longer ago than that; all others share the last one. */
function sharedFor<T>(ms: number, elapsed: () => number, look: () => Promise<T>): () => Promise<T> {
  let last: { readonly found: Promise<T>; freshUntil: number } | undefined
  return () => {
    if (last && elapsed() < last.freshUntil) return last.found
    const found = look()
    const looking = { found, freshUntil: Number.POSITIVE_INFINITY }
    last = looking
    const end = () => {
      looking.freshUntil = elapsed() + ms
    }
    found.then(end, end)
    return found
  }
}
