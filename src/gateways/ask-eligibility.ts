import type { Brand } from '../cards/bin.ts'
import type { Now } from '../clock.ts'
import type { MerchantId } from '../ids.ts'
import type { AccountForCard } from './account.ts'
import { type AccountReader, findAccount } from './accounts.ts'
import { rememberAnswer } from './bin-answers.ts'
import { gatewayNamed } from './catalog.ts'
import type { Perform } from './perform.ts'
import { doesOtp } from './routing.ts'

/** What asking takes. */
export interface Asker extends AccountReader {
  readonly perform: Perform
  readonly now: Now
}

/** A card's beginning, and for how long an answer about it is believed. */
export interface AskedBin {
  /** Nine digits: fewer say nothing of a card. */
  readonly bin: string
  readonly brand: Brand
  readonly hours: number
}

/**
 * Asks the accounts that would do OTP for a card, as far as is known, whether they will, where
 * their gateway has such a question and they have not been asked of late. Gives the accounts as
 * they are then. Silence changes nothing, and no payment waits for this.
 */
export async function askEligibility(
  by: Asker,
  merchant: MerchantId,
  { bin, brand, hours, accounts }: AskedBin & { readonly accounts: readonly AccountForCard[] },
): Promise<readonly AccountForCard[]> {
  const now = by.now()
  if (hours === 0) return accounts
  return Promise.all(
    accounts.map(async (account) => {
      const { eligibility: question } = gatewayNamed(account.gateway)
      const isKnown = (account.answeredUntil ?? 0) > now
      if (!question || isKnown || !doesOtp(account, brand, bin, now)) return account
      const found = await findAccount(by, merchant, account.id)
      if (!found) return account
      const { verdict } = await by.perform(question, { bin }, found.access)
      if (verdict.kind === 'unknown') return account
      const eligible = verdict.kind === 'eligible'
      const until = now + hours * 3_600_000
      const said = { merchant, account: account.id, bin, eligible, until }
      await by.db.tx(async (t) => rememberAnswer(t, said))
      return { ...account, answeredUntil: until, ...(!eligible && { noOtpUntil: until }) }
    }),
  )
}
