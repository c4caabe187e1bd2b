import { openOutcomes } from './blame.ts'
import { type Down, type OutageChanges, openDowns } from './down.ts'
import type { Sign } from './health.ts'
import { isHitBy, newOutage, type Outage, type Passing, type TechnicalSignal } from './outage.ts'

/** A place that lets one of two payments through has such a row once in sixteen. */
const goodInRow = 4

/** Who is down is tried by so many of a hundred payments, and by more the longer nobody did. */
const probeShare = 0.03
const mostProbeShare = 0.25

/** What nobody has tried for so long may be up. */
const forgottenMs = 60 * 60_000

/** The circuit breakers of all gateways and accounts, as this process sees them. */
export interface Breakers {
  /** Takes notice of a start or an authorization; all else says nothing of technical trouble. */
  readonly note: (sign: Sign, now: number) => void
  /** Whether nothing is down, anywhere. */
  readonly allUp: () => boolean
  /** Absent: nothing on the way is down; else the share of payments that try it all the same. */
  readonly probeShareOf: (passing: Passing, now: number) => number | undefined
  /** What is to be written down now. */
  readonly changes: (now: number) => OutageChanges
  /** These changes are written down. */
  readonly written: (changes: OutageChanges) => void
  /** These outages, and no others that were written down, are open now. */
  readonly adopt: (open: readonly Outage[]) => void
}

/** Breakers that know of nothing. */
export function openBreakers(): Breakers {
  const downs = openDowns()
  const outcomes = openOutcomes()
  return {
    note: (sign, now) => {
      const { signal, own: isOwn = false } = sign
      if (signal !== 'start' && signal !== 'authorization') return
      const works = sign.good || (signal === 'authorization' && sign.technical !== true)
      const shown = [...downs.all()].filter(({ outage }) => isShownBy(sign, outage))
      // It is known to be bad, and must not be held against what is around it.
      for (const down of shown) {
        if (isUpWith(down, signal, { works, now })) downs.close(down, now, 'recovered')
      }
      if (shown.length > 0) return
      const blamed = outcomes.add(sign, { signal, works, isOwn, at: now })
      if (!blamed) return
      downs.open(newOutage({ ...blamed, signal, since: now }))
      outcomes.drop(blamed)
    },
    allUp: downs.areNone,
    probeShareOf: (passing, now) => {
      let share: number | undefined
      for (const { outage, triedAt } of downs.all()) {
        if (isHitBy(passing, outage)) share = Math.min(share ?? 1, shareAfter(now - triedAt))
      }
      return share
    },
    changes: (now) => {
      for (const down of [...downs.all()]) {
        if (now - down.triedAt >= forgottenMs) downs.close(down, now, 'untried')
      }
      return downs.changes()
    },
    written: downs.written,
    adopt: (open) => downs.adopt(open).forEach(outcomes.drop),
  }
}

/** Whether a payment tells anything of an outage: an account's own fault does so of it alone. */
function isShownBy(sign: Sign, outage: Outage): boolean {
  return isHitBy(sign, outage) && (sign.own !== true || outage.scope === sign.account)
}

/** Takes notice of a payment that has tried it; whether it is up now. */
function isUpWith(
  down: Down,
  signal: TechnicalSignal,
  { works, now }: { works: boolean; now: number },
): boolean {
  down.triedAt = now
  if (down.outage.signal !== signal) return false
  down.good = works ? down.good + 1 : 0
  return down.good >= goodInRow
}

function shareAfter(quietMs: number): number {
  return Math.min(mostProbeShare, probeShare * (1 + Math.max(0, quietMs) / 60_000))
}
