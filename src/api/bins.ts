import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { listBins } from '../cards/bins.ts'
import { accountsFor } from '../gateways/accounts.ts'
import { ineligibleOf } from '../gateways/bin-answers.ts'
import { otpBins } from '../gateways/routing.ts'
import type { MerchantId } from '../ids.ts'
import type { World } from '../payments/world.ts'
import { badField } from '../refusal.ts'
import { refusedAnswers } from '../wire/refusal-view.ts'
import { fieldsOf } from './auth.ts'

const BinsQuery = Type.Object({ auth_type: Type.Optional(Type.String()) })
const BinsBody = Type.Object({ bins: Type.Array(Type.String()) })

// Some 50 ms in which nobody else is served. What was learned beyond so many is left out: such a
// card is listed, and its payment goes to the bank's page.
const mostBins = 20_000

/** `/v2/bins/eligibility`: the BINs whose cards can pay by an OTP. */
export function binRoutes(scope: FastifyInstance, world: World): void {
  scope.get(
    '/v2/bins/eligibility',
    {
      schema: {
        summary: 'BINs that can pay by OTP',
        querystring: BinsQuery,
        response: { 200: BinsBody, ...refusedAnswers },
      },
    },
    async (request) => {
      const authType = fieldsOf(request.query)['auth_type']
      switch (authType) {
        case 'OTP':
          return { bins: await eligible(world, request.merchant.id) }
        case 'VIES':
          return { bins: [] }
        default:
          throw badField('auth_type', authType ? 'invalid' : 'missing')
      }
    },
  )
}

async function eligible(world: World, merchant: MerchantId): Promise<string[]> {
  const { db, now } = world
  const [bins, accounts, barred] = await Promise.all([
    listBins(db.read, mostBins),
    accountsFor(db.read, merchant, ''),
    ineligibleOf(db.read, merchant, { now: now(), most: mostBins }),
  ])
  return otpBins(bins, accounts, barred).sort()
}
