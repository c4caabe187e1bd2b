import type { AccountForCard } from './account.ts'
import type { Standing } from './health.ts'
import type { Rule } from './rule.ts'

/** An account that fits a payment, and what is expected of it. */
export interface Fitting {
  readonly account: AccountForCard
  readonly standing: Standing
}

/** Accounts in the order in which they are to be tried. */
export interface Ranking<F extends Fitting = Fitting> {
  readonly ranked: readonly F[]
  /** Whether the first is there to find out how it does, and not because it is the best. */
  readonly explored: boolean
}

/** What so many standard errors can explain may be chance, and weights decide. */
const chanceErrors = 2
/** Nobody sees a smaller difference. */
const leastNear = 0.01
/** Six more of a hundred payments lost are not left to weights. */
const mostNear = 0.06

/** What a customer notices, in milliseconds. */
const noticeableMs = 500

/** Of those who are not the first: enough to see within minutes that one does better again. */
const exploredShare = 0.03

/**
 * The order of accounts for a payment: a rule's priorities first, then health; what is down comes
 * last. `luck` in [0, 1) decides the shares, who is explored, and who probes what is down; 0 gives
 * the plain order.
 */
export function rank<F extends Fitting>(
  fitting: readonly F[],
  { rule, luck }: { rule: Rule | undefined; luck: number },
): Ranking<F> {
  const levels = rule ? levelsOf(fitting, rule, luck) : [fitting]
  const up = levels.map((level) => byHealth(level.filter(isUp), luck))
  const down = levels.map((level) =>
    byHealth(
      level.filter((one) => !isUp(one)),
      luck,
    ),
  )
  const ranked = [...up.flat(), ...down.flat()]
  const isShared = (one: F) => rule?.split?.some(({ account }) => account === one.account.id)
  const leads = up.findIndex((level) => level.length > 0)
  if (leads < 0) return { ranked, explored: false }
  const chosen =
    probed(
      down.flatMap((level, i) => (i <= leads ? level : level.filter(isShared))),
      luck,
    ) ?? (rule?.split && leads === 0 ? undefined : explored(up[leads] ?? [], luck))
  if (!chosen) return { ranked, explored: false }
  return { ranked: [chosen, ...ranked.filter((one) => one !== chosen)], explored: true }
}

function isUp({ standing }: Fitting): boolean {
  return standing.probeShare === undefined
}

/** One number for each decision, from one: digits that far behind know nothing of each other. */
function draw(luck: number, about: 'explore' | 'probe'): number {
  const scaled = luck * (about === 'explore' ? 101 : 10_007)
  return scaled - Math.floor(scaled)
}

function probed<F extends Fitting>(down: readonly F[], luck: number): F | undefined {
  const drawn = draw(luck, 'probe')
  let end = 1
  for (const one of down) {
    end -= one.standing.probeShare ?? 0
    if (drawn >= end) return one
  }
  return undefined
}

function explored<F extends Fitting>(level: readonly F[], luck: number): F | undefined {
  const above = draw(luck, 'explore') - (1 - exploredShare)
  if (above < 0) return undefined
  // Who shares by weight is seen by that.
  const equals = new Set(equalsIn(level))
  const others = level.filter((one) => hasWeight(one) && !equals.has(one))
  return others[Math.floor((above / exploredShare) * others.length)]
}

/** Who is as good as each other by a rule: its split's choice, its priorities, and the rest. */
function levelsOf<F extends Fitting>(fitting: readonly F[], rule: Rule, luck: number): F[][] {
  const left = new Map(fitting.map((one) => [one.account.id, one]))
  const take = (ids: readonly string[]) =>
    ids.flatMap((id) => {
      const one = left.get(id)
      left.delete(id)
      return one ? [one] : []
    })
  const split = rule.split?.flatMap(({ account, percent }) => {
    const one = left.get(account)
    return one ? [{ one, share: percent }] : []
  })
  const up = split?.filter(({ one }) => isUp(one)) ?? []
  const first = up.length > 0 ? drawn(up, luck) : undefined
  const levels = [take(first ? [first.account.id] : []), ...rule.use.map(take)]
  levels.push(take(rule.split?.map(({ account }) => account) ?? []))
  if (!rule.only) levels.push([...left.values()])
  return levels.filter((level) => level.length > 0)
}

/** The best first. Who is as good shares by weight; who has no weight comes after those who do. */
function byHealth<F extends Fitting>(level: readonly F[], luck: number): F[] {
  if (level.length < 2) return [...level]
  const keyed = level.map((one) => ({ one, near: Math.round(one.standing.score / leastNear) }))
  keyed.sort(
    (a, b) =>
      Number(hasWeight(b.one)) - Number(hasWeight(a.one)) ||
      b.near - a.near ||
      a.one.standing.tookMs - b.one.standing.tookMs,
  )
  const sorted = keyed.map(({ one }) => one)
  const first = drawn(
    equalsIn(sorted).map((one) => ({ one, share: one.account.terms.weight })),
    luck,
  )
  return first ? [first, ...sorted.filter((one) => one !== first)] : sorted
}

/** Those with weight of whom nobody can say that another does better or is sooner. */
function equalsIn<F extends Fitting>(level: readonly F[]): F[] {
  const weighed = level.filter(hasWeight)
  const [first, ...others] = weighed
  if (!first) return []
  const best = others.reduce((a, b) => (b.standing.score > a.standing.score ? b : a), first)
  const near = weighed.filter((one) => isAsGood(one.standing, best.standing))
  const soonest = Math.min(...near.map(({ standing }) => standing.tookMs))
  return near.filter(({ standing }) => standing.tookMs <= soonest + noticeableMs)
}

/** Whether it may be chance that an account looks worse than the best. */
function isAsGood(one: Standing, best: Standing): boolean {
  const behind = best.score - one.score
  // Hundreds of accounts are compared: the root is taken only where it decides.
  if (behind <= leastNear || behind > mostNear) return behind <= leastNear
  return behind <= chanceErrors * Math.sqrt(one.error ** 2 + best.error ** 2)
}

function hasWeight({ account }: Fitting): boolean {
  return account.terms.weight > 0
}

function drawn<F>(from: readonly { one: F; share: number }[], luck: number): F | undefined {
  let left = luck * from.reduce((sum, { share }) => sum + share, 0)
  for (const { one, share } of from) {
    left -= share
    if (left < 0) return one
  }
  return from.at(-1)?.one
}
