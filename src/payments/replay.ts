import { createHash } from 'node:crypto'
import type { AccountForCard } from '../gateways/account.ts'
import type { HealthView } from '../gateways/health.ts'
import { type Choice, type Out, type PaymentFacts, planWays } from '../gateways/routing.ts'
import { type Rule, type Rules, ruleFor, tagOf } from '../gateways/rule.ts'
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
  /** They went elsewhere than the rules say because of health, which is not replayed. */
  readonly byHealth: Sum
  /** The caller had named a gateway: no rule is asked. */
  readonly askedFor: Sum
  /** It hangs on digits of the card that are forgotten. */
  readonly forgotten: Sum
}

/** A replay that has seen nothing. */
export function openReplay(): Replay {
  return {
    ...{ all: sum(), moved: new Map(), byRule: new Map() },
    ...{ byHealth: sum(), askedFor: sum(), forgotten: sum() },
  }
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
  const { amount, account: from, choice } = payment
  add(into.all, amount)
  const facts = factsOf(payment)
  const rule = ruleFor(rules, facts)
  if (choice?.why === 'asked_for') add(into.askedFor, amount)
  else if (rule === 'unsure') add(into.forgotten, amount)
  else {
    add(madeIn(into.byRule, rule?.name ?? '', sum), amount)
    const to = accountBy({ accounts, rules, rule }, payment, facts)
    if (to === from) return
    const moved = () => ({ ...sum(), from, to })
    const isByHealth = wentByHealth(payment, rule, to)
    add(isByHealth ? into.byHealth : madeIn(into.moved, `${from} → ${to}`, moved), amount)
  }
}

/** The account that the rules put first, '' for none. */
function accountBy(
  by: { accounts: readonly AccountForCard[]; rules: Rules; rule: Rule | undefined },
  { id, account: from, choice }: PastPayment,
  facts: PaymentFacts,
): string {
  const standing = (score: number) => ({ score, error: 0, tookMs: 0 })
  const health: HealthView = { of: () => (account) => standing(account.id === from ? 1 : 0) }
  const accounts = by.accounts.map((account) =>
    outOf(account.id, choice) === 'no_otp' ? { ...account, noOtpUntil: Infinity } : account,
  )
  // Whatever number a payment had, it is not to explore; a split alone needs one.
  const luck = by.rule?.split ? (choice?.luck ?? luckOf(id)) : 0
  const plan = planWays(accounts, { ...facts, luck }, { rules: by.rules, health })
  return plan.ways[0]?.account.id ?? ''
}

/** Whether a payment went elsewhere than to `to` because of what was down, or to find out. */
function wentByHealth({ tries, choice }: PastPayment, rule: Rule | undefined, to: string): boolean {
  const sharing = rule?.split?.map(({ account }) => account) ?? []
  const wasDown = [to, ...sharing].some((id) => outOf(id, choice) === 'down')
  return tries > 1 || choice?.why === 'explored' || wasDown
}

function outOf(id: string, choice: Choice | undefined): Out | undefined {
  return choice?.considered.find(({ account }) => account === id)?.out
}

function factsOf({ amount, card, fields, autoCapture, auth }: PastPayment): PaymentFacts {
  const tag = tagOf(fields)
  return {
    wish: {},
    amount,
    brand: card.brand,
    bin: card.bin,
    issuer: card.bank,
    cardType: card.type,
    ...(tag !== undefined && { tag }),
    needsHold: !autoCapture,
    wantsOtp: auth === 'OTP',
    now: 0,
    luck: 0,
  }
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
