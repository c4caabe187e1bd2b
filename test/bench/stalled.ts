import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Db } from '../../src/db/db.ts'
import { openDatabase } from '../../src/db/migrate.ts'
import { makeSeal } from '../../src/seal.ts'
import { type Caller, callerOf, challengeIn } from '../caller.ts'
import { openCashfreeFake } from '../gateways/cashfree-fake.ts'
import type { Fake } from '../gateways/fake.ts'
import { addAccount } from '../gateways/fake-account.ts'
import { openRazorpayFake } from '../gateways/razorpay-fake.ts'
import { run } from '../support.ts'

/**
 * `npm run bench:stalled`: how long payments through one gateway take while another one never
 * answers, and without that one. Rounds of both go by turns, and the median of the rounds counts:
 * a busy machine is fair then, but only a quiet one says something.
 */
const { values: options } = parseArgs({
  options: {
    shoppers: { type: 'string', default: '2' },
    waiting: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '10' },
  },
})
const shoppers = Number(options.shoppers)
const waiting = Number(options.waiting)
const seconds = Number(options.seconds)
const rounds = Number(options.rounds)

const masterKey = 'ab'.repeat(32)
const key = 'bench_key_of_the_demo_shop'
const merchant = 'demo'
let orders = 0

async function newOrder(caller: Caller, account: string): Promise<string> {
  const order = `${account}-${++orders}`
  const created = await caller.create(order, {
    'metadata.JUSPAY:gateway_reference_id': account,
    customer_id: 'c-1',
    customer_email: 'asha@shop.example',
    customer_phone: '9999999999',
  })
  assert.equal(created.status, 200, created.text)
  return order
}

function cardOf({ cards }: Fake) {
  return { card_number: cards.good, card_exp_year: '35' }
}

/** What starting and ending a stalled gateway's payments costs is not what they cost waiting. */
const restMs = 1_000

/** Milliseconds of each payment, from the card to the money. */
async function shopAt(caller: Caller, account: string, fake: Fake): Promise<number[]> {
  await sleep(restMs)
  const times: number[] = []
  const end = performance.now() + seconds * 1_000
  const shopper = async () => {
    while (performance.now() < end) {
      const order = await newOrder(caller, account)
      const began = performance.now()
      const challenge = challengeIn(await caller.start(order, cardOf(fake)))
      const { body, text } = await caller.submit(challenge, fake.otp.right)
      times.push(performance.now() - began)
      assert.equal(body.status, 'CHARGED', text)
    }
  }
  await Promise.all(Array.from({ length: shoppers }, shopper))
  return times
}

function add(db: Db, account: string, fake: Fake): Promise<void> {
  const seal = makeSeal(Buffer.from(masterKey, 'hex'))
  return db.tx(async (t) => {
    addAccount(t, seal, { merchant, account, fake, at: Date.now(), holds: true })
  })
}

/** Does it while so many payments wait for a gateway that has not answered one of them. */
async function besideStalled<T>(at: { db: Db; caller: Caller }, work: () => Promise<T>) {
  const fake = await openRazorpayFake({ now: Date.now })
  const account = `stalled-${orders}`
  await add(at.db, account, fake)
  fake.spoil('never', 'start', waiting)
  const stuck = Array.from({ length: waiting }, async () => {
    await at.caller.start(await newOrder(at.caller, account), cardOf(fake))
  })
  while (fake.connections() < waiting) await sleep(10)
  const found = await work()
  await fake.close()
  await Promise.all(stuck)
  // Nobody looks after them any more, so that the next round is alone again.
  await at.db.tx(async (t) => t.put('update txns set due_at = null where account = $1', [account]))
  return found
}

function at(times: readonly number[], share: number): number {
  const sorted = [...times].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length * share)] ?? 0
}

const dataDir = mkdtempSync(join(tmpdir(), 'directotp-stalled-'))
const server = run('src/main.ts', ['serve'], {
  PORT: '0',
  DATA_DIR: dataDir,
  BANK_BOOK: 'memory',
  LOG_LEVEL: 'error',
  DEMO_API_KEY: key,
  MASTER_KEY: masterKey,
})
const [, url = ''] = await server.saying(/Base URL +(\S+)/)
const db = await openDatabase({ dataDir })
const caller = callerOf({ url, merchant, key })
const fake = await openCashfreeFake({ now: Date.now })
await add(db, 'busy', fake)

const alone: number[][] = []
const beside: number[][] = []
const shop = () => shopAt(caller, 'busy', fake)
const turns = [
  async () => alone.push(await shop()),
  async () => beside.push(await besideStalled({ db, caller }, shop)),
]
for (let round = 0; round <= rounds; round++) {
  for (const turn of round % 2 === 0 ? turns : turns.toReversed()) await turn()
  // The first round only warms up.
  if (round === 0) alone.length = beside.length = 0
}
server.child.kill('SIGTERM')
await server.ended
await fake.close()
await db.close()
rmSync(dataDir, { recursive: true })

const print = (text: string) => process.stdout.write(`${text}\n`)
print(`${shoppers} shoppers at one gateway, ${rounds} rounds of ${seconds} s each way`)
/** The median over the rounds. */
const over = (found: readonly number[][], share: number) =>
  at(
    found.map((times) => at(times, share)),
    0.5,
  )
const line = (name: string, found: readonly number[][]) =>
  print(
    `${name} p50 ${over(found, 0.5).toFixed(1)} ms  p99 ${over(found, 0.99).toFixed(1)} ms  ` +
      `(${found.flat().length} payments)`,
  )
line('alone ', alone)
line('beside', beside)
print(`       a stalled gateway for which ${waiting} payments wait`)
print(`ratio of the p99s ${(over(beside, 0.99) / over(alone, 0.99)).toFixed(2)}`)
