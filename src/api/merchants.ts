import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { brands } from '../cards/bin.ts'
import { accountsFor } from '../gateways/accounts.ts'
import { findMerchant } from '../merchants/merchants.ts'
import type { World } from '../payments/world.ts'
import { Refusal } from '../refusal.ts'
import { brandNames, MethodsBody } from '../wire/payment-methods-view.ts'
import { refusedAnswers } from '../wire/refusal-view.ts'
import { isOwnPage } from './auth.ts'

const MerchantPath = Type.Object({ merchant_id: Type.String() })

/** `/merchants/{merchant_id}/paymentmethods`: what can be paid with, for any page to show. */
export function merchantRoutes(app: FastifyInstance, world: World): void {
  app.get<{ Params: Type.Static<typeof MerchantPath> }>(
    '/merchants/:merchant_id/paymentmethods',
    {
      config: { anyPage: true },
      schema: {
        summary: 'What can be paid with',
        security: [],
        params: MerchantPath,
        response: { 200: MethodsBody, ...refusedAnswers },
      },
    },
    async (request) => {
      const merchant = await findMerchant(world, request.params.merchant_id)
      if (!merchant || !isOwnPage(request, merchant, world.publicUrl)) {
        throw new Refusal('not_found')
      }
      const accounts = await accountsFor(world.db.read, merchant.id, '')
      // Every gateway takes every network; by OTP or by the bank's page is another question.
      const methods = accounts.every(({ disabledAt }) => disabledAt !== undefined) ? [] : brands
      return {
        payment_methods: methods.map((brand) => ({
          payment_method_type: 'CARD' as const,
          payment_method: brand,
          description: brandNames[brand],
        })),
      }
    },
  )
}
