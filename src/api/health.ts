import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { canWrite } from '../db/facts.ts'
import type { World } from '../payments/world.ts'
import { Refusal } from '../refusal.ts'
import { RefusalSchema } from '../wire/refusal-view.ts'

const Fine = Type.Object({ status: Type.Literal('ok') })

/** `/health`: the process answers. `/ready`: the database takes writes. Neither is rate limited. */
export function healthRoutes(app: FastifyInstance, world: World): void {
  const config = { rateLimit: false }
  const open = { security: [], response: { 200: Fine } }
  const ready = { ...open, response: { ...open.response, 503: RefusalSchema } }
  app.get('/health', { config, schema: { summary: 'Alive', ...open } }, () => ({ status: 'ok' }))
  app.get(
    '/ready',
    { config, schema: { summary: 'The database takes writes', ...ready } },
    async () => {
      if (!(await canWrite(world.db, world.now()))) throw new Refusal('unavailable')
      return { status: 'ok' }
    },
  )
}
