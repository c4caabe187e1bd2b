import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { dayMs } from '../clock.ts'
import { overdueBefore } from '../payments/duty.ts'
import { countAlarms } from '../payments/events.ts'
import { countInReview } from '../payments/refunds.ts'
import { countUnresolved } from '../payments/txns.ts'
import type { World } from '../payments/world.ts'
import { waitingCounts } from '../webhooks/deliveries.ts'
import { endpointsOf } from '../webhooks/endpoints.ts'
import { refusedAnswers } from '../wire/refusal-view.ts'
import { downFor } from './outages.ts'

/** Each metric with what it counts, in the words of its HELP line. */
const helps = {
  directotp_payments_unresolved:
    'Payments with an open end, capture or void, or money to give back.',
  directotp_payments_flagged: 'Of these, payments that need a person.',
  directotp_reversals_overdue: 'Of these, payments the bank should have put right by now (T+5).',
  directotp_refunds_in_review: 'Refunds that need a person.',
  directotp_webhooks_waiting: 'Webhooks that are still to be delivered.',
  directotp_webhook_endpoints_failing: 'Endpoints that are paused or disabled.',
  directotp_outages_open: 'Outages of gateways and accounts that payments may go to.',
  directotp_gateway_alarms: 'Answers of the last seven days that need a person (gateway_alarm).',
} as const

/** Nothing takes an alarm back; within a week somebody has seen it. */
const alarmedMs = 7 * dayMs

const Text = Type.String({ description: "Prometheus' text format" })

/** `/console/metrics`: what of a merchant's business waits, as Prometheus reads it. */
export function metrics(scope: FastifyInstance, world: World): void {
  scope.get(
    '/console/metrics',
    {
      schema: {
        summary: 'What waits, in the text format of Prometheus',
        produces: ['text/plain'],
        response: { 200: Text, ...refusedAnswers },
      },
    },
    async ({ merchant: { id } }, reply) => {
      const now = world.now()
      const { db, seal } = world
      const { unresolved, flagged, overdue } = await countUnresolved(
        db.read,
        id,
        overdueBefore(now),
      )
      const waiting = await waitingCounts(db.read, id)
      const endpoints = await endpointsOf(db.read, seal, id)
      const failing = endpoints.filter(
        (one) => one.disabledAt !== undefined || one.pausedUntil > now,
      )
      const values: Record<keyof typeof helps, number> = {
        directotp_payments_unresolved: unresolved,
        directotp_payments_flagged: flagged,
        directotp_reversals_overdue: overdue,
        directotp_refunds_in_review: await countInReview(db.read, id),
        directotp_webhooks_waiting: [...waiting.values()].reduce((sum, one) => sum + one, 0),
        directotp_webhook_endpoints_failing: failing.length,
        directotp_outages_open: (await downFor(db.read, id)).length,
        directotp_gateway_alarms: await countAlarms(db.read, id, now - alarmedMs),
      }
      return reply.type('text/plain; version=0.0.4; charset=utf-8').send(textOf(values))
    },
  )
}

function textOf(values: Record<keyof typeof helps, number>): string {
  const names = Object.keys(helps) as (keyof typeof helps)[]
  return names
    .map((name) => `# HELP ${name} ${helps[name]}\n# TYPE ${name} gauge\n${name} ${values[name]}\n`)
    .join('')
}
