import assert from 'node:assert/strict'
import { binOf } from '../cards/bin.ts'
import type { CardFacts } from '../cards/card.ts'
import type { TakenCard } from '../cards/take-card.ts'
import { accountsFor } from '../gateways/accounts.ts'
import { type Plan, planWays, type Way, type Wish } from '../gateways/routing.ts'
import { tagOf } from '../gateways/rule.ts'
import type { Merchant } from '../merchants/merchant.ts'
import { Refusal } from '../refusal.ts'
import { appendEvent, type By } from './events.ts'
import type { Order } from './order.ts'
import { touch } from './orders.ts'
import type { AuthType } from './txn.ts'
import type { World } from './world.ts'

/** What is to be paid, and with what card. */
export interface Planning {
  readonly start: { readonly auth: AuthType; readonly wish: Wish; readonly by: By }
  readonly order: Order
  readonly taken: TakenCard
  readonly card: CardFacts
}

/** A plan with a way to begin with. */
export type UsablePlan = Plan & { readonly ways: readonly [Way, ...Way[]] }

/**
 * The ways a payment could go, the best first. Refuses an account that is not the merchant's, a
 * hold that none of the accounts can do, and when there is no account for the payment.
 */
export async function planPayment(
  world: World,
  merchant: Merchant,
  { start, order, taken, card }: Planning,
): Promise<UsablePlan> {
  const bin = binOf(taken.card.number.reveal())
  const [accounts, rules] = await Promise.all([
    accountsFor(world.db.read, merchant.id, bin),
    world.rulesOf(merchant.id),
  ])
  const { wish } = start
  const tag = tagOf(order.fields)
  const facts = {
    wish: wishOf(wish, order),
    amount: order.amount,
    brand: taken.brand,
    bin,
    issuer: card.bank,
    cardType: card.type,
    ...(tag !== undefined && { tag }),
    needsHold: !autoCaptureOf(order),
    wantsOtp: start.auth === 'OTP',
    now: world.now(),
    luck: world.luck(),
  }
  const means = { ...(rules && { rules }), health: world.health.view(merchant.id) }
  const plan = planWays(accounts, facts, means)
  const [first, ...others] = plan.ways
  if (first) return { ...plan, ways: [first, ...others] }
  await tellWhy(world, order, { plan, by: start.by })
  const withoutHold = { ...facts, needsHold: false }
  if (facts.needsHold && planWays(accounts, withoutHold, means).ways.length > 0) {
    throw new Refusal('capture_unsupported')
  }
  throw new Refusal(wish.accountId === undefined ? 'no_gateway' : 'unknown_txn')
}

/** A refused payment has no txn: its order's history is where an operator finds the reason. */
async function tellWhy(
  world: World,
  order: Order,
  { plan, by }: { plan: Plan; by: By },
): Promise<void> {
  const reasons = plan.choice.considered.map(({ account, out }) => `${account}: ${out}`)
  const body = { reasons: reasons.join(', ') || 'there is no account' }
  await world.db.tx(async (t) => {
    const touched = await touch(t, order)
    assert(touched, 'an order stays')
    appendEvent(t, order, { seq: touched.seq, kind: 'no_gateway', at: world.now(), by, body })
  })
}

/** Capture is the default; `metadata.txns.auto_capture` of the order can put it off. */
export function autoCaptureOf(order: Order): boolean {
  return !/^(false|0)$/i.test(order.fields['metadata.txns.auto_capture'] ?? '')
}

/** What the payment's call asks for, and beside it what its order does. */
function wishOf(wish: Wish, { fields }: Order): Wish {
  const label = fields['metadata.JUSPAY:gateway_reference_id']
  const gatewayId = wish.gatewayId ?? (fields['gateway_id'] || undefined)
  return {
    ...wish,
    ...(gatewayId !== undefined && { gatewayId }),
    ...(label !== undefined && label !== '' && { label }),
  }
}
