import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { dayMs } from '../clock.ts'
import type { Db } from '../db/db.ts'
import { accountsFor } from '../gateways/accounts.ts'
import type { Outage } from '../gateways/outage.ts'
import { openOutages, outagesOf } from '../gateways/outages.ts'
import type { MerchantId } from '../ids.ts'
import type { World } from '../payments/world.ts'
import { OutageBody, outageBody } from '../wire/outage-view.ts'
import { refusedAnswers } from '../wire/refusal-view.ts'

const OutagesBody = Type.Object({ outages: Type.Array(OutageBody) })

/** What is over is shown for so long: it explains the payments of this week. */
const shownMs = 7 * dayMs

/** A gateway that comes and goes fills no more than a page. */
const mostOutages = 100

/** `GET /console/outages`: what is down, and what was, of the gateways where a merchant is. */
export function outageRoutes(scope: FastifyInstance, { db, now }: World): void {
  scope.get(
    '/console/outages',
    {
      schema: {
        summary: 'Outages of the gateways where the merchant has accounts',
        response: { 200: OutagesBody, ...refusedAnswers },
      },
    },
    async ({ merchant }) => {
      const places = await placesOf(db.read, merchant.id)
      const recent = { since: now() - shownMs, most: mostOutages }
      const past = await outagesOf(db.read, merchant.id, recent)
      const ids = new Set(past.map(({ id }) => id))
      // What is still down is shown however long ago it began.
      const older = (await downFor(db.read, merchant.id)).filter(({ id }) => !ids.has(id))
      const all = [...past.filter((one) => places.has(one.scope)), ...older]
      return { outages: all.toSorted((a, b) => b.since - a.since).map(outageBody) }
    },
  )
}

/** What is down now where a merchant has accounts. */
export async function downFor(get: Db['read'], merchant: MerchantId): Promise<Outage[]> {
  const places = await placesOf(get, merchant)
  const open = await openOutages(get)
  return open.filter((one) => places.has(one.scope) && ['', merchant].includes(one.merchant))
}

async function placesOf(get: Db['read'], merchant: MerchantId): Promise<ReadonlySet<string>> {
  const accounts = await accountsFor(get, merchant, '')
  return new Set(accounts.flatMap(({ id, gateway }) => [gateway, `${merchant}/${id}`]))
}
