import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { brandOf, isBin } from '../cards/bin.ts'
import { findBin } from '../cards/bins.ts'
import { accountsFor } from '../gateways/accounts.ts'
import { askEligibility } from '../gateways/ask-eligibility.ts'
import { doesOtp } from '../gateways/routing.ts'
import type { World } from '../payments/world.ts'
import { Refusal } from '../refusal.ts'
import { BinBody, BinQuery, binBody, readChecks } from '../wire/bin-view.ts'
import { refusedAnswers } from '../wire/refusal-view.ts'
import { fieldsOf, merchantNamed } from './auth.ts'

const BinPath = Type.Object({ bin: Type.String() })

/** `/cardbins/{bin}`: what is known of a card by its first digits. A page may ask without a key. */
export function cardBinRoutes(app: FastifyInstance, world: World): void {
  app.get<{ Params: Type.Static<typeof BinPath> }>(
    '/cardbins/:bin',
    {
      config: { anyPage: true },
      schema: {
        summary: 'Card info and Direct OTP eligibility',
        security: [{ key: [] }, {}],
        params: BinPath,
        querystring: BinQuery,
        response: { 200: BinBody, ...refusedAnswers },
      },
    },
    async (request) => {
      const merchant = await merchantNamed(request, world)
      const { bin } = request.params
      const brand = isBin(bin) ? brandOf(bin) : undefined
      if (brand === undefined) throw new Refusal('card_bin_invalid')
      const asked = readChecks(fieldsOf(request.query))
      const row = await findBin(world.db.read, bin)
      // What an account has refused is known by nine digits, and says nothing of a wider range.
      const known = await accountsFor(world.db.read, merchant.id, bin)
      const now = world.now()
      const hours = merchant.settings.no_otp_hours
      const about = { bin, brand, hours, accounts: known }
      // A backend asks while its customer is typing: then is the time to ask gateways, not at the
      // start. Whoever has no key is told what is known, because anyone could make us ask.
      const isCard = asked.includes('direct_otp_support') && bin.length === 9
      const mayAsk = isCard && request.headers.authorization !== undefined
      const accounts = mayAsk ? await askEligibility(world, merchant.id, about) : known
      const otp = accounts.some((account) => doesOtp(account, brand, bin, now))
      return binBody(bin, { row, brand, otp }, asked)
    },
  )
}
