import { dayInIndia } from '../clock.ts'
import type { Merchant } from '../merchants/merchant.ts'
import { Refusal } from '../refusal.ts'
import { type Budget, budgetsOf, budgetWords, type Deed } from './budget.ts'
import { purgeBudgets, spend } from './budgets.ts'
import { findOrder, type OrderKey } from './orders.ts'
import type { World } from './world.ts'

/** A deed that a card's owner gets an OTP by, or tries one with. */
export interface DaySpending {
  readonly deed: Deed
  /** The card's keyed fingerprint. */
  readonly fingerprint: string
  readonly order: OrderKey
}

/**
 * Spends what a deed costs of the day's budgets, for good, before anything of it is begun. Refuses
 * when one of them is used up; what was spent of the others stays spent. Where no budget is on
 * nothing is written, nor for an order that is not there.
 */
export async function spendBudget(
  world: World,
  merchant: Merchant,
  { deed, fingerprint, order: key }: DaySpending,
): Promise<void> {
  const { settings } = merchant
  const anyone = { fingerprint, customerId: 'anyone' }
  if (budgetsOf(deed, settings, anyone).length === 0) return
  const order = await findOrder(world.db.read, key)
  if (!order) return
  const customerId = order.fields['customer_id']
  const budgets = budgetsOf(deed, settings, { fingerprint, customerId })
  if (budgets.length === 0) return
  const day = dayInIndia(world.now())
  // Thrown inside, the refusal would give back what was spent.
  const over = await world.db.tx(async (t): Promise<Budget | undefined> => {
    for (const budget of budgets) if (!(await spend(t, merchant.id, budget, day))) return budget
    return undefined
  })
  if (over) throw new Refusal('daily_limit', { subject: budgetWords[over.what] })
}

/** {@link spendBudget} of one call: only its first turn spends, however many turns it loses. */
export function budgetOfCall(world: World, merchant: Merchant) {
  let isSpent = false
  return async (spending: DaySpending): Promise<void> => {
    if (isSpent) return
    isSpent = true
    await spendBudget(world, merchant, spending)
  }
}

/** Removes `most` rows of what was spent before yesterday; gives their number, 0 at the end. */
export async function forgetBudgets(world: World, most: number): Promise<number> {
  const before = dayInIndia(world.now()) - 1
  return world.db.tx((t) => purgeBudgets(t, { before, most }))
}
