import { type Brand, brandOf } from '../cards/bin.ts'
import type { Account, AccountForCard } from './account.ts'
import { gatewayNamed } from './catalog.ts'
import type { HealthView, Standing } from './health.ts'
import { type Fitting, rank } from './ranking.ts'
import { type Rule, type RuledPayment, type Rules, ruleFor } from './rule.ts'

/** An account that does no OTP for cards of a BIN, by its own word. */
export interface Barred {
  readonly account: string
  /** The first nine digits of the card. */
  readonly bin: string
}

/** What a caller asked for: a gateway by its wire number, an account by its id or its label. */
export interface Wish {
  readonly gatewayId?: string
  readonly accountId?: string
  /** The order's `metadata.JUSPAY:gateway_reference_id`. */
  readonly label?: string
}

/** What decides the way of one payment; nine digits of its card are known. */
export interface PaymentFacts extends RuledPayment {
  readonly wish: Wish
  /** Whether the money is to be held before it is taken. */
  readonly needsHold: boolean
  readonly wantsOtp: boolean
  readonly now: number
  /** In [0, 1): decides shares. */
  readonly luck: number
}

/** The way a payment goes: through which account, and whether an OTP is asked for there. */
export interface Way {
  readonly account: AccountForCard
  readonly auth: 'OTP' | 'REDIRECT'
}

/** Why an account is not used, or not for an OTP, or only when no other can. */
export type Out =
  | 'not_asked_for'
  | 'disabled'
  | 'amount'
  | 'no_hold'
  | 'rule'
  | 'network'
  | 'no_otp'
  | 'down'

/** Why a payment goes the way it goes, small enough to be kept with it. */
export interface Choice {
  readonly why: 'asked_for' | 'only_one' | 'rule' | 'health' | 'explored'
  /** The name of the rule that decided. */
  readonly rule?: string
  /** The number that decided the rule's split: `PaymentFacts.luck`. */
  readonly luck?: number
  /** The best first; the score is 0 to 1,000. */
  readonly considered: readonly {
    readonly account: string
    readonly score?: number
    readonly out?: Out
  }[]
}

/** The ways of a payment, the best first: those with an OTP, then the bank's page. */
export interface Plan {
  /** Empty: no account fits. */
  readonly ways: readonly Way[]
  readonly choice: Choice
}

/** Whoever is failed by so many pages is failed by more. */
const mostPages = 3

/** A choice is kept with every payment; nobody reads further. */
const mostConsidered = 12

interface Candidate extends Fitting {
  /** Why it can't do OTP for this card. */
  readonly withoutOtp?: Out
}

/** Plans a payment's ways: what fits it, in the order of the merchant's rules and of health. */
export function planWays(
  accounts: readonly AccountForCard[],
  facts: PaymentFacts,
  { rules = [], health }: { rules?: Rules | undefined; health: HealthView },
): Plan {
  const isAskedFor = Object.values(facts.wish).some((one) => one !== undefined)
  const found = isAskedFor ? undefined : ruleFor(rules, facts)
  const rule = found === 'unsure' ? undefined : found
  const standingOf = health.of({ network: facts.brand, issuer: facts.issuer })
  const named = rule?.only ? namesOf(rule) : undefined
  const fitting: Candidate[] = []
  const misfits: Misfit[] = []
  for (const account of accounts) {
    const out = whyNot(account, facts) ?? (named?.has(account.id) === false ? 'rule' : undefined)
    if (out) misfits.push({ account, out })
    else fitting.push(candidate(account, facts, standingOf(account)))
  }
  const luck = { rule, luck: facts.luck }
  const withOtp = facts.wantsOtp
    ? rank(
        fitting.filter(({ withoutOtp }) => withoutOtp === undefined),
        luck,
      )
    : { ranked: [], explored: false }
  const isWhole = withOtp.ranked.length === fitting.length
  const all = isWhole ? withOtp : rank(fitting, luck)
  const explored = withOtp.ranked.length > 0 ? withOtp.explored : all.explored
  const ways: Way[] = [
    ...withOtp.ranked.map(({ account }) => ({ account, auth: 'OTP' as const })),
    ...all.ranked
      .slice(0, mostPages)
      .map(({ account }) => ({ account, auth: 'REDIRECT' as const })),
  ]
  const tried = isWhole ? all.ranked : [...new Set([...withOtp.ranked, ...all.ranked])]
  const left = Math.max(0, mostConsidered - tried.length)
  const why = whyOf({ isAskedFor, isOnly: fitting.length === 1, explored, rule })
  return {
    ways,
    choice: {
      why,
      ...(rule && { rule: rule.name }),
      ...(rule?.split && { luck: facts.luck }),
      considered: [
        ...tried.slice(0, mostConsidered).map(looked),
        ...misfits.slice(0, left).map(({ account, out }) => ({ account: account.id, out })),
      ],
    },
  }
}

interface Misfit {
  readonly account: Account
  readonly out: Out
}

function whyOf(of: {
  isAskedFor: boolean
  isOnly: boolean
  explored: boolean
  rule: Rule | undefined
}): Choice['why'] {
  if (of.isAskedFor) return 'asked_for'
  if (of.isOnly) return 'only_one'
  if (of.explored) return 'explored'
  return of.rule ? 'rule' : 'health'
}

function namesOf({ use, split = [] }: Rule): Set<string> {
  return new Set([...use.flat(), ...split.map(({ account }) => account)])
}

function candidate(account: AccountForCard, facts: PaymentFacts, standing: Standing): Candidate {
  const withoutOtp = facts.wantsOtp ? whyNoOtp(account, facts.brand, facts) : undefined
  return withoutOtp ? { account, standing, withoutOtp } : { account, standing }
}

function looked({ account, standing, withoutOtp }: Candidate): Choice['considered'][number] {
  const out = withoutOtp ?? (standing.probeShare === undefined ? undefined : 'down')
  const score = Math.round(standing.score * 1_000)
  return { account: account.id, score, ...(out && { out }) }
}

/** Why a payment can't go through an account at all. */
function whyNot(account: AccountForCard, facts: PaymentFacts): Out | undefined {
  const { terms, gateway: name } = account
  const gateway = gatewayNamed(name)
  const { gatewayId, accountId, label } = facts.wish
  const isAskedFor =
    (gatewayId === undefined || String(gateway.wireId) === gatewayId) &&
    (accountId === undefined || account.id === accountId) &&
    (label === undefined || account.label === label)
  if (!isAskedFor) return 'not_asked_for'
  if (account.disabledAt !== undefined) return 'disabled'
  const { least = 0, most = Infinity } = terms
  if (facts.amount < least || facts.amount > most) return 'amount'
  if (facts.needsHold && gateway.holds !== 'always' && !terms.holds) return 'no_hold'
  return undefined
}

/** Whether an account does OTP for a card, as far as anyone knows; one switched off does none. */
export function doesOtp(account: AccountForCard, brand: Brand, bin: string, now: number): boolean {
  return account.disabledAt === undefined && whyNoOtp(account, brand, { bin, now }) === undefined
}

function whyNoOtp(
  { gateway: name, terms, noOtpUntil = 0 }: AccountForCard,
  brand: Brand,
  { bin, now }: { bin: string; now: number },
): 'network' | 'no_otp' | undefined {
  const gateway = gatewayNamed(name)
  if (gateway.submitOtp === undefined || noOtpUntil > now) return 'no_otp'
  // A wide range is asked about with fewer digits than a BIN of theirs may have.
  const fits = (one: string) => bin.startsWith(one) || one.startsWith(bin)
  const isTheirs = terms.bins === undefined || terms.bins.some(fits)
  return isTheirs && (terms.networks ?? gateway.otpBrands).includes(brand) ? undefined : 'network'
}

/** The BINs that some account does OTP for, by what gateways publish and what was learned. */
export function otpBins(
  bins: readonly string[],
  accounts: readonly Account[],
  barred: readonly Barred[],
): string[] {
  const learned = Map.groupBy(barred, ({ bin }) => bin)
  return bins.filter((bin) => {
    const brand = brandOf(bin)
    const without = learned.get(bin)?.map(({ account }) => account) ?? []
    const left = accounts.filter(({ id }) => !without.includes(id))
    return brand !== undefined && left.some((account) => doesOtp(account, brand, bin, 0))
  })
}
