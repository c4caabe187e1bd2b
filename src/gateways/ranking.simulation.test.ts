import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MerchantId } from '../ids.ts'
import { paise } from '../money.ts'
import { type AccountForCard, defaultTerms } from './account.ts'
import { type Signal, signals } from './health.ts'
import { makeLuck } from './luck.fixture.ts'
import { planWays } from './routing.ts'
import { quietWatch } from './watch-health.fixture.ts'

const merchant = 'demo' as MerchantId
const hours = 12

const rates: Readonly<Record<Signal, number>> = {
  start: 0.98,
  delivery: 0.93,
  match: 0.95,
  authorization: 0.9,
}

const accounts: readonly AccountForCard[] = [
  { id: 'big', gateway: 'razorpay', terms: { ...defaultTerms, weight: 900 } },
  { id: 'small', gateway: 'cashfree', terms: { ...defaultTerms, weight: 100 } },
]

const card = { network: 'VISA', issuer: 'HDFC' } as const

/** The big account's share of payments, in percent; those of the beginning are left out. */
function shareOfBig(
  perMinute: number,
  { seed, authorization }: { seed: number; authorization: number },
): number {
  const luck = makeLuck(seed)
  let now = Date.UTC(2026, 10, 22)
  const watch = quietWatch(() => now)
  let [big, all] = [0, 0]
  const count = Math.min(10_000, hours * 60 * perMinute)
  for (let i = 0; i < count; i++) {
    now += 60_000 / perMinute
    const facts = {
      ...{ wish: {}, amount: paise(10_000), brand: card.network, bin: '411111111' },
      ...{ issuer: card.issuer, cardType: 'CREDIT', needsHold: false, wantsOtp: true },
      ...{ now, luck: luck() },
    }
    const account = planWays(accounts, facts, { health: watch.view(merchant) }).ways[0]?.account
    assert(account)
    if (i > count / hours) {
      all++
      if (account.id === 'big') big++
    }
    const of = account.id === 'big' ? { ...rates, authorization } : rates
    for (const signal of signals) {
      const good = luck() < of[signal]
      const seen = { gateway: account.gateway, account: `${merchant}/${account.id}`, ...card }
      watch.note({ ...seen, signal, good, tookMs: 1_000 })
      if (!good) break
    }
  }
  return (100 * big) / all
}

const seeds = [1, 2, 3]

for (const perMinute of [1, 10, 60, 300]) {
  test(`weights hold between equals, at ${perMinute} payments a minute`, () => {
    for (const seed of seeds) {
      const share = shareOfBig(perMinute, { seed, authorization: rates.authorization })
      assert(share > 78 && share < 95, `${share} % by seed ${seed}`)
    }
  })
}

test('weights do not hold an account of which much is known to be worse', () => {
  for (const seed of seeds) {
    // Of a hundred payments six fewer succeed.
    const share = shareOfBig(300, { seed, authorization: 0.83 })
    assert(share < 40, `${share} % by seed ${seed}`)
  }
})
