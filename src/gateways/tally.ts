import type { Account } from './account.ts'
import type { GatewayName } from './catalog.ts'
import {
  type Bucket,
  type HealthOfCard,
  type Sign,
  type Signal,
  type Standing,
  signals,
} from './health.ts'

/** What was seen so long ago weighs half: long enough to learn, short enough to see a recovery. */
const halfLifeMinutes = 10

/** What was seen before weighs less than a sixtieth, and is left out. */
export const windowMinutes = 60

/** What is known of the wider weighs as much as so many observations of the narrow. */
const priorStrength = 12

/** What is expected of a gateway that nobody has seen, and how long it takes, in milliseconds. */
const unseen: Estimate = {
  start: { ...guessed(0.97), tookMs: 1_000 },
  delivery: { ...guessed(0.93), tookMs: 0 },
  match: { ...guessed(0.95), tookMs: 0 },
  authorization: { ...guessed(0.9), tookMs: 2_000 },
}

/** A guess is worth as much as the observations that it weighs. */
function guessed(rate: number): Rate {
  return { rate, variance: (rate * (1 - rate)) / priorStrength }
}

/** The minute of a moment, since the epoch. */
export function minuteOf(at: number): number {
  return Math.floor(at / 60_000)
}

/** What one observation adds to the counts of its gateway, and to those of its account. */
export function bucketsOf(sign: Sign, at: number): readonly Bucket[] {
  const { gateway, account, network, issuer, signal, good } = sign
  const counts = {
    question: signal,
    minute: minuteOf(at),
    good: good ? 1 : 0,
    bad: good ? 0 : 1,
    tookMs: Math.round(sign.tookMs ?? unseen[signal].tookMs),
  }
  return [
    { scope: gateway, network, issuer, ...counts },
    { scope: account, network: '', issuer: '', ...counts },
  ]
}

interface Weights {
  good: number
  bad: number
  tookMs: number
}

/** What was seen in one cell; weights are as of the tally's own moment. */
type Cell = Readonly<Record<Signal, Weights>>

/** A cell and the narrower ones in it, by name. */
interface Wide {
  readonly cell: Cell
  readonly parts: Map<string, Wide>
}

/** All observations, each weighing less the older it is. */
export interface Tally {
  /** Adds counts; negative ones take back what was added too much. */
  readonly add: (bucket: Bucket) => void
  /** What is to be expected for a card at a time, of each of a merchant's accounts by its id. */
  readonly expect: (
    card: HealthOfCard,
    of: { merchant: string; now: number },
  ) => (account: Pick<Account, 'id' | 'gateway'>) => Standing
}

/** An empty tally. */
export function openTally(): Tally {
  const all = wide()
  /** By merchant, then by id: a name made of both for every look would cost more than the look. */
  const accounts = new Map<string, Map<string, Cell>>()
  // Weights grow towards the future instead of all being made smaller with every minute.
  let origin: number | undefined

  function add(bucket: Bucket): void {
    origin ??= bucket.minute
    if (bucket.minute - origin > windowMinutes * 4) {
      const factor = 2 ** ((origin - bucket.minute) / halfLifeMinutes)
      origin = bucket.minute
      fade(all, factor)
      for (const [merchant, cells] of accounts) {
        for (const [id, cell] of cells) if (faded(cell, factor)) cells.delete(id)
        if (cells.size === 0) accounts.delete(merchant)
      }
    }
    const weight = 2 ** ((bucket.minute - origin) / halfLifeMinutes)
    for (const cell of cellsOf(bucket)) weigh(cell[bucket.question], bucket, weight)
  }

  function cellsOf({ scope, network, issuer }: Bucket): Cell[] {
    const [merchant = '', id] = scope.split('/')
    if (id !== undefined) {
      const cells = madeIn(accounts, merchant, () => new Map<string, Cell>())
      return [madeIn(cells, id, newCell)]
    }
    const gateway = madeIn(all.parts, scope, wide)
    const ofNetwork = madeIn(gateway.parts, network, wide)
    return [all.cell, gateway.cell, ofNetwork.cell, madeIn(ofNetwork.parts, issuer, wide).cell]
  }

  return {
    add,
    expect: ({ network, issuer }, { merchant, now }) => {
      const factor = 2 ** (((origin ?? 0) - now / 60_000) / halfLifeMinutes)
      const seen = new Map<GatewayName, Seen>()
      const seenOf = (name: GatewayName): Seen => {
        const gateway = all.parts.get(name)
        const ofNetwork = gateway?.parts.get(network)
        const ofIssuer = ofNetwork?.parts.get(issuer)
        const ofOthers = narrowed(unseen, { cell: all.cell, without: gateway?.cell }, factor)
        const ofGateway = narrowed(ofOthers, { cell: gateway?.cell }, factor)
        let card = narrowed(ofOthers, { cell: gateway?.cell, without: ofNetwork?.cell }, factor)
        card = narrowed(card, { cell: ofNetwork?.cell, without: ofIssuer?.cell }, factor)
        card = narrowed(card, { cell: ofIssuer?.cell }, factor)
        const tookMs = card.start.tookMs + card.authorization.tookMs
        const parts = signals.map((signal) => {
          const { good, bad } = gateway?.cell[signal] ?? { good: 0, bad: 0 }
          const { rate, variance } = card[signal]
          return { signal, rate, variance, usual: ofGateway[signal].rate, count: good + bad }
        })
        return { parts, tookMs, factor }
      }
      const own = accounts.get(merchant)
      return ({ id, gateway }) => {
        let known = seen.get(gateway)
        if (!known) {
          known = seenOf(gateway)
          seen.set(gateway, known)
        }
        return standingOf(known, own?.get(id))
      }
    },
  }
}

/** What is expected of a gateway for one card and moment. */
interface Seen {
  readonly parts: readonly Part[]
  readonly tookMs: number
  readonly factor: number
}

interface Part {
  readonly signal: Signal
  /** For the card, and for all cards. */
  readonly rate: number
  readonly usual: number
  /** How far the rate may be from the truth: the square of its standard error. */
  readonly variance: number
  /** How much was seen of the whole gateway. */
  readonly count: number
}

/**
 * What is expected of the gateway for the card, made better or worse as the account is than its
 * gateway. What it has made of the gateway's rate itself is in that already: of a gateway's only
 * account nothing is left to say.
 */
function standingOf({ parts, factor, tookMs }: Seen, own: Cell | undefined): Standing {
  let [score, relative] = [1, 0]
  for (const { signal, rate, variance, usual, count } of parts) {
    let better = 1
    relative += variance / rate ** 2
    if (own && count > 0) {
      const { good, bad } = own[signal]
      const others = 1 - Math.min(1, (good + bad) / count)
      const seen = (good + bad) * factor
      const shown = (good * factor + priorStrength * usual) / (seen + priorStrength)
      better = 1 + (shown / usual - 1) * others
      relative += seen * shown * (1 - shown) * (others / usual / (seen + priorStrength)) ** 2
    }
    score *= Math.min(1, rate * better)
  }
  return { score, error: score * Math.sqrt(relative), tookMs }
}

interface Rate {
  readonly rate: number
  /** The square of its standard error, as far as chance goes. */
  readonly variance: number
}

type Estimate = Readonly<Record<Signal, Rate & { readonly tookMs: number }>>

/**
 * What is expected of a cell, as far as it differs from the wider by what was seen of it. What was
 * seen of the part that comes next is left out, or it would count at every step.
 */
function narrowed(
  of: Estimate,
  { cell, without }: { cell: Cell | undefined; without?: Cell | undefined },
  factor: number,
): Estimate {
  if (!cell) return of
  const one = (signal: Signal) => {
    const { good, bad, tookMs } = less(cell[signal], without?.[signal])
    const { rate: usual, variance, tookMs: usualMs } = of[signal]
    const seen = (good + bad) * factor
    const count = seen + priorStrength
    const rate = (good * factor + priorStrength * usual) / count
    const chance = seen * rate * (1 - rate) + priorStrength ** 2 * variance
    return {
      rate,
      variance: chance / count ** 2,
      tookMs: (tookMs * factor + priorStrength * usualMs) / count,
    }
  }
  return {
    start: one('start'),
    delivery: one('delivery'),
    match: one('match'),
    authorization: one('authorization'),
  }
}

/** Sums of fractions are never exact: what is left of nothing must not be less than nothing. */
function less(all: Weights, part: Weights | undefined): Weights {
  if (!part) return all
  return {
    good: Math.max(0, all.good - part.good),
    bad: Math.max(0, all.bad - part.bad),
    tookMs: Math.max(0, all.tookMs - part.tookMs),
  }
}

function weigh(weights: Weights, { good, bad, tookMs }: Bucket, weight: number): void {
  weights.good += good * weight
  weights.bad += bad * weight
  weights.tookMs += tookMs * weight
}

/** Makes all weights smaller; says whether nothing is left of them. */
function faded(cell: Cell, factor: number): boolean {
  let left = 0
  for (const signal of signals) {
    const weights = cell[signal]
    weights.good *= factor
    weights.bad *= factor
    weights.tookMs *= factor
    left += weights.good + weights.bad
  }
  return left < 0.001
}

function fade({ cell, parts }: Wide, factor: number): boolean {
  for (const [name, part] of parts) if (fade(part, factor)) parts.delete(name)
  return faded(cell, factor) && parts.size === 0
}

function newCell(): Cell {
  const none = () => ({ good: 0, bad: 0, tookMs: 0 })
  return { start: none(), delivery: none(), match: none(), authorization: none() }
}

function wide(): Wide {
  return { cell: newCell(), parts: new Map() }
}

function madeIn<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const there = map.get(key)
  if (there !== undefined) return there
  const made = make()
  map.set(key, made)
  return made
}
