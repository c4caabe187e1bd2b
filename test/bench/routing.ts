import assert from 'node:assert/strict'
import { type Brand, brands } from '../../src/cards/bin.ts'
import { type AccountForCard, defaultTerms } from '../../src/gateways/account.ts'
import { type GatewayName, gateways } from '../../src/gateways/catalog.ts'
import { planWays } from '../../src/gateways/routing.ts'
import { readRules } from '../../src/gateways/rule.ts'
import { quietWatch } from '../../src/gateways/watch-health.fixture.ts'
import type { MerchantId } from '../../src/ids.ts'
import { paise } from '../../src/money.ts'

const accountCount = 50
const ruleCount = 200
const payments = 20_000
const merchant = 'bench' as MerchantId
const issuers = Array.from({ length: 20 }, (_, i) => `BANK ${i}`)
const names = Object.keys(gateways) as GatewayName[]

/** Microseconds that choosing takes for one payment: eligibility, rules, health, the order. */
function routingMicros(): number {
  const now = Date.UTC(2026, 10, 22)
  const watch = quietWatch(() => now)
  const accounts = Array.from(
    { length: accountCount },
    (_, i): AccountForCard => ({
      id: `account-${i}`,
      gateway: pick(names, i),
      terms: { ...defaultTerms, bins: ['4', '5', '6'], least: paise(100) },
    }),
  )
  for (let i = 0; i < 5_000; i++) {
    const { id, gateway } = pick(accounts, i * 7)
    watch.note({
      gateway,
      account: `${merchant}/${id}`,
      network: pick(brands, i * 3),
      issuer: pick(issuers, i),
      signal: i % 2 === 0 ? 'start' : 'authorization',
      good: i % 9 !== 0,
      tookMs: 800 + i,
    })
  }
  const rules = rulesThatHardlyMatch()
  const choose = (i: number) =>
    planWays(accounts, factsOf(i, now), { rules, health: watch.view(merchant) }).ways.length
  for (let i = 0; i < payments; i++) choose(i)
  // Of a busy machine only what this process itself has worked counts.
  const began = process.cpuUsage()
  for (let i = 0; i < payments; i++) choose(i)
  const { user, system } = process.cpuUsage(began)
  return (user + system) / payments
}

/** Nearly all rules are asked for nearly every payment. */
function rulesThatHardlyMatch() {
  const read = readRules(
    Array.from({ length: ruleCount }, (_, i) => ({
      name: `rule ${i}`,
      when: {
        amount: { gte: '100.00', lt: String(1_000_000 + i) },
        network: ['VISA', 'MASTERCARD', 'RUPAY'],
        card_type: ['CREDIT', 'DEBIT'],
        bin: Array.from({ length: 20 }, (_, k) => String(460_000 + i * 100 + k)),
      },
      use: [[`account-${i % accountCount}`, `account-${(i + 1) % accountCount}`]],
    })),
  )
  assert('ok' in read)
  return read.ok
}

function factsOf(i: number, now: number) {
  const brand: Brand = pick(['VISA', 'MASTERCARD', 'RUPAY'], i)
  return {
    wish: {},
    amount: paise(50_000 + i),
    brand,
    bin: `4${String(10_000_000 + i)}`,
    issuer: pick(issuers, i),
    cardType: 'CREDIT',
    needsHold: false,
    wantsOtp: true,
    now,
    luck: (i * 0.6180339887498949) % 1,
  }
}

function pick<T>(from: readonly T[], i: number): T {
  const one = from[i % from.length]
  assert(one !== undefined)
  return one
}

/** The line that a bench prints of it. */
export function routingLine(): string {
  const micros = routingMicros().toFixed(0)
  return `choosing    ${micros} µs a payment, among ${accountCount} accounts by ${ruleCount} rules`
}

if (import.meta.main) process.stdout.write(`${routingLine()}\n`)
