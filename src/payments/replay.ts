import { createHash } from 'node:crypto'
import type { AccountForCard } from '../gateways/account.ts'
import { planWays } from '../gateways/routing.ts'
import { type Rules, ruleFor, tagOf } from '../gateways/rule.ts'
import type { PastPayment } from './past-payments.ts'

/** How many payments, and how much money in paise. */
export interface Sum {
  count: number
  amount: number
}

/** What rules would have made of payments that are over. */
export interface Replay {
  readonly all: Sum
  /** By `from → to`; `to` is '' where no account would have taken the payment. */
  readonly moved: Map<string, Sum & { readonly from: string; readonly to: string }>
  /** By the names of the rules, and '' for what none decides. */
  readonly byRule: Map<string, Sum>
  /** The caller had named a gateway: no rule is asked. */
  readonly askedFor: Sum
  /** It hangs on digits of the card that are forgotten. */
  readonly forgotten: Sum
}

/** A replay that has seen nothing. */
export function openReplay(): Replay {
  return { all: sum(), moved: new Map(), byRule: new Map(), askedFor: sum(), forgotten: sum() }
}

/**
 * Adds a payment. Accounts are taken as they are now; where the rules leave several it stays where
 * it was, because health decided then and would have decided again.
 */
export function replay(
  into: Replay,
  payment: PastPayment,
  { accounts, rules }: { accounts: readonly AccountForCard[]; rules: Rules },
): void {
  const { amount, card, account: from } = payment
  add(into.all, amount)
  if (payment.choice !== undefined && JSON.parse(payment.choice).why === 'asked_for') {
    add(into.askedFor, amount)
    return
  }
  const tag = tagOf(payment.fields)
  const facts = {
    wish: {},
    amount,
    brand: card.brand,
    bin: card.bin,
    issuer: card.bank,
    cardType: card.type,
    ...(tag !== undefined && { tag }),
    needsHold: !payment.autoCapture,
    wantsOtp: payment.auth === 'OTP',
    now: 0,
    luck: luckOf(payment.id),
  }
  const rule = ruleFor(rules, facts)
  if (rule === 'unsure') {
    add(into.forgotten, amount)
    return
  }
  add(madeIn(into.byRule, rule?.name ?? '', sum), amount)
  const health = {
    of:
      () =>
      ({ id }: { id: string }) => ({ score: id === from ? 1 : 0, tookMs: 0 }),
  }
  const plan = planWays(accounts, facts, { rules, health })
  const to = plan.ways[0]?.account.id ?? ''
  if (to !== from)
    add(
      madeIn(into.moved, `${from} → ${to}`, () => ({ ...sum(), from, to })),
      amount,
    )
}

/** The same number for the same payment at every replay. */
function luckOf(id: string): number {
  return createHash('sha256').update(id).digest().readUInt32BE() / 2 ** 32
}

function sum(): Sum {
  return { count: 0, amount: 0 }
}

function add(to: Sum, amount: number): void {
  to.count++
  to.amount += amount
}

function madeIn<V>(map: Map<string, V>, key: string, make: () => V): V {
  const there = map.get(key)
  if (there !== undefined) return there
  const made = make()
  map.set(key, made)
  return made
}
