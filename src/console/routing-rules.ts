import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { fieldsOf } from '../api/auth.ts'
import { isoSeconds } from '../clock.ts'
import { setRules } from '../gateways/keep-rules.ts'
import { newestRules, type RulesVersion } from '../gateways/routing-rules.ts'
import type { World } from '../payments/world.ts'
import { badField, Refusal } from '../refusal.ts'
import { refusedAnswers } from '../wire/refusal-view.ts'
import { bodyTypes } from '../wire/request.ts'

const RulesRequest = Type.Object({
  rules: Type.Optional(
    Type.String({ description: 'JSON: a list of rules, of which the first that matches decides' }),
  ),
})

const RulesBody = Type.Object({
  version: Type.Integer({ description: '0 when there never were any rules' }),
  rules: Type.String({ description: 'JSON, as it was written' }),
  actor: Type.Union([Type.String(), Type.Null()]),
  date_created: Type.Union([Type.String(), Type.Null()]),
})

/** `/console/routing-rules`: a merchant's rules of which account a payment goes to. */
export function routingRuleRoutes(scope: FastifyInstance, world: World): void {
  scope.get(
    '/console/routing-rules',
    { schema: { summary: 'Routing rules', response: { 200: RulesBody, ...refusedAnswers } } },
    async ({ merchant }) => rulesBody(await newestRules(world.db.read, merchant.id)),
  )

  scope.post(
    '/console/routing-rules',
    {
      schema: {
        summary: 'Set the routing rules',
        consumes: bodyTypes,
        body: RulesRequest,
        response: { 200: RulesBody, ...refusedAnswers },
      },
    },
    async (request) => {
      const { rules: text } = fieldsOf(request.body)
      if (!text) throw badField('rules', 'missing')
      const change = { text, actor: request.actor, now: world.now() }
      const kept = await setRules(world, request.merchant.id, change)
      if ('ok' in kept) return rulesBody(kept.ok)
      const fields = [{ field_name: 'rules', reason: 'invalid' }]
      throw new Refusal('invalid_request', { subject: `rules: ${kept.wrong}.`, fields })
    },
  )
}

function rulesBody(rules: RulesVersion | undefined): Type.Static<typeof RulesBody> {
  return {
    version: rules?.version ?? 0,
    rules: rules?.text ?? '[]',
    actor: rules?.actor ?? null,
    date_created: rules ? isoSeconds(rules.createdAt) : null,
  }
}
