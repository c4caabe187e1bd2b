import type { Settings } from '../merchants/merchant.ts'

/** What one OTP is spent on: it leaves for the customer's phone, or for the bank. */
export type Deed = 'send' | 'attempt'

/** The settings that limit a day. */
export type BudgetName = Extract<keyof Settings, `otp_${'attempts' | 'sends'}_per_${string}`>

/** One limit of a day, and what it is the limit of. */
export interface Budget {
  readonly what: BudgetName
  /** A card's fingerprint, a customer's id; '' for the merchant as a whole. */
  readonly subject: string
  /** At least 1. */
  readonly limit: number
}

/** Who a deed is done for. */
export interface For {
  readonly fingerprint: string
  readonly customerId: string | undefined
}

/**
 * The budgets that a deed spends, in an order that is the same for all, so that no two wait for
 * each other. One that is off is not among them.
 */
export function budgetsOf(deed: Deed, settings: Settings, who: For): readonly Budget[] {
  const { fingerprint, customerId = '' } = who
  const all: readonly (readonly [BudgetName, string | undefined])[] =
    deed === 'attempt'
      ? [
          ['otp_attempts_per_card', fingerprint],
          ['otp_attempts_per_customer', customerId || undefined],
        ]
      : [
          ['otp_sends_per_card', fingerprint],
          ['otp_sends_per_customer', customerId || undefined],
          ['otp_sends_per_merchant', ''],
        ]
  return all.flatMap(([what, subject]) => {
    const limit = settings[what]
    return subject === undefined || limit === 0 ? [] : [{ what, subject, limit }]
  })
}

/** What a used-up budget is called in its refusal. */
export const budgetWords: Record<BudgetName, string> = {
  otp_attempts_per_card: 'OTP attempts for this card',
  otp_attempts_per_customer: 'OTP attempts for this customer',
  otp_sends_per_card: 'OTPs for this card',
  otp_sends_per_customer: 'OTPs for this customer',
  otp_sends_per_merchant: 'OTPs for this merchant',
}
