import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { engines } from '../../test/databases.ts'
import { anOrder, aStart, by, openWorld, type ScriptedWorld } from '../../test/world.ts'
import { addMerchant } from '../add-merchant.ts'
import { dayMs } from '../clock.ts'
import type { Db } from '../db/db.ts'
import type { Verdict } from '../gateways/gateway.ts'
import { type MerchantId, type OrderId, shardOf } from '../ids.ts'
import { defaultSettings, type Merchant, type Settings } from '../merchants/merchant.ts'
import { paise } from '../money.ts'
import { Refusal } from '../refusal.ts'
import { Secret } from '../secret.ts'
import { authenticate } from './authenticate.ts'
import type { BudgetName, Deed } from './budget.ts'
import { createOrder } from './create-order.ts'
import { pay } from './pay.ts'
import { resendOtp } from './resend-otp.ts'
import { forgetBudgets, spendBudget } from './spend-budget.ts'
import type { Txn } from './txn.ts'

const said = { ref: 'pay_1' }
const challenge: Verdict = { kind: 'challenge', said }
const wrong: Verdict = { kind: 'wrong_otp', said, code: 'INCORRECT_OTP' }
const page: Verdict = {
  kind: 'redirect',
  said,
  page: { url: 'https://acs.example/' },
}

/** A refusal of the daily limit that says these words. */
function overLimit(words: string) {
  return (error: unknown) =>
    error instanceof Refusal &&
    error.reason === 'daily_limit' &&
    error.message === `Max daily limit exceeded: ${words}.`
}

/** The same world with these settings and no other limits. */
function limited(at: ScriptedWorld, settings: Partial<Settings>): ScriptedWorld {
  return {
    ...at,
    merchant: { ...at.merchant, settings: { ...defaultSettings('sandbox'), ...settings } },
  }
}

const start = (at: ScriptedWorld, id: string, auth: 'OTP' | 'THREE_DS' = 'OTP') =>
  pay(at.world, at.merchant, aStart(at, id, auth))

const resend = (at: ScriptedWorld, { id, challengeId }: Txn) =>
  resendOtp(at.world, at.merchant, { id, challengeId, by })

const submit = (at: ScriptedWorld, { id, challengeId }: Txn) =>
  authenticate(at.world, at.merchant, { id, challengeId, otp: new Secret('111111'), by })

async function spent({ database }: ScriptedWorld): Promise<Partial<Record<BudgetName, number>>> {
  const rows = await database.db.read('select what, sum(spent) as n from budgets group by what', [])
  return Object.fromEntries(rows.map((row) => [row['what'], Number(row['n'])]))
}

/** An order of a customer of this merchant. */
async function anOrderOf(at: ScriptedWorld, merchant: Merchant, customer: string) {
  const orderId = `of-${merchant.id}-${customer}` as OrderId
  const order = { orderId, amount: paise(100), currency: 'INR', fields: { customer_id: customer } }
  await createOrder(at.world, merchant, { order, ifDifferent: 'refuse', by })
  return { shard: shardOf(merchant.id, orderId), merchant: merchant.id, orderId }
}

for (const engine of engines) {
  describe(`budgets on ${engine.name}`, () => {
    test('a start and a resend spend a send each, a submit an attempt', async () => {
      const at = limited(await openWorld(engine), {
        otp_sends_per_card: 3,
        otp_attempts_per_card: 2,
      })
      await anOrder(at, 'each')
      at.script.push(challenge, challenge, wrong, wrong)
      const txn = await start(at, 'each')
      assert.deepEqual(await spent(at), { otp_sends_per_card: 1 })
      await resend(at, txn)
      assert.deepEqual(await spent(at), { otp_sends_per_card: 2 })
      await submit(at, txn)
      await submit(at, txn)
      assert.deepEqual(await spent(at), { otp_sends_per_card: 2, otp_attempts_per_card: 2 })

      const history = await at.kinds('each')
      await assert.rejects(submit(at, txn), overLimit('OTP attempts for this card'))
      at.script.push(challenge)
      const last = await resend(at, txn)
      assert.deepEqual([last.otp.attempts, last.otp.sends], [2, 3])
      await assert.rejects(start(at, 'each'), overLimit('OTPs for this card'))
      assert.deepEqual((await at.kinds('each')).slice(0, history.length), history)
      assert.equal((await at.kinds('each')).filter((kind) => kind === 'txn_started').length, 1)
      await at.database.close()
    })

    test('what sends no OTP spends nothing: the bank’s page, an unknown order', async () => {
      const at = limited(await openWorld(engine), { otp_sends_per_card: 1 })
      await anOrder(at, 'page')
      at.script.push(page)
      await start(at, 'page', 'THREE_DS')
      await assert.rejects(start(at, 'nowhere'), { reason: 'order_not_found' })
      assert.deepEqual(await spent(at), {})
      await at.database.close()
    })

    test('the next day in India begins anew', async () => {
      const at = limited(await openWorld(engine), { otp_sends_per_merchant: 1 })
      at.clock.now = Date.UTC(2026, 10, 22, 18, 29)
      for (const id of ['one', 'two', 'three']) await anOrder(at, id)
      at.script.push(challenge)
      await start(at, 'one')
      await assert.rejects(start(at, 'two'), overLimit('OTPs for this merchant'))
      at.clock.now += 60_000
      at.script.push(challenge)
      assert.equal((await start(at, 'two')).status, 'PENDING_VBV')
      await assert.rejects(start(at, 'three'), overLimit('OTPs for this merchant'))
      await at.database.close()
    })

    test('customers, cards and merchants have each their own', async () => {
      const at = await openWorld(engine)
      const settings = { ...defaultSettings('sandbox'), otp_attempts_per_customer: 1 }
      const demo: Merchant = { ...at.merchant, settings }
      const other: Merchant = { id: 'other' as MerchantId, settings }
      await addMerchant(at.world, { id: other.id, mode: 'sandbox', at: 1 })
      const tries = (merchant: Merchant, order: Awaited<ReturnType<typeof anOrderOf>>) =>
        spendBudget(at.world, merchant, { deed: 'attempt', fingerprint: 'f1', order })
      const asha = await anOrderOf(at, demo, 'asha')
      await tries(demo, asha)
      await assert.rejects(tries(demo, asha), overLimit('OTP attempts for this customer'))
      await tries(demo, await anOrderOf(at, demo, 'ravi'))
      await tries(other, await anOrderOf(at, other, 'asha'))
      await tries(demo, await anOrderOf(at, demo, ''))
      assert.deepEqual(await spent(at), { otp_attempts_per_customer: 3 })
      await at.database.close()
    })

    test('a crowd at once spends the limit exactly, and a refusal gives nothing back', async () => {
      const at = await openWorld(engine, 'live')
      const order = await anOrderOf(at, at.merchant, 'asha')
      const attempt = () =>
        spendBudget(at.world, at.merchant, { deed: 'attempt', fingerprint: 'f1', order })
      const results = await Promise.allSettled(Array.from({ length: 64 }, attempt))
      const { otp_attempts_per_card: limit } = at.merchant.settings
      assert(limit > 0 && limit < 64)
      assert.equal(results.filter(({ status }) => status === 'fulfilled').length, limit)
      // The card's budget ends first, so nothing more of the customer's was spent.
      assert.deepEqual(await spent(at), {
        otp_attempts_per_card: limit,
        otp_attempts_per_customer: limit,
      })
      const sends = () =>
        spendBudget(at.world, at.merchant, { deed: 'send', fingerprint: 'f1', order })
      await sends()
      const noCustomer = { ...at.merchant.settings, otp_sends_per_customer: 1 }
      const tight = { ...at.merchant, settings: noCustomer }
      const refused = spendBudget(at.world, tight, { deed: 'send', fingerprint: 'f1', order })
      await assert.rejects(refused, overLimit('OTPs for this customer'))
      const all = await spent(at)
      assert.deepEqual(
        [all.otp_sends_per_card, all.otp_sends_per_customer, all.otp_sends_per_merchant],
        [2, 1, 1],
      )
      await at.database.close()
    })

    test('a call that loses its turn spends once all the same', async () => {
      const unlimited = await openWorld(engine)
      const at = limited(unlimited, { otp_attempts_per_card: 10 })
      await anOrder(at, 'turns')
      at.script.push(challenge)
      const txn = await start(at, 'turns')
      let writes = 0
      const db: Db = {
        ...at.world.db,
        tx: async (work) => {
          // Between what this call spends of the day and its attempt, another one has its turn.
          if (++writes === 2) await submit(unlimited, txn)
          return at.world.db.tx(work)
        },
      }
      at.script.push(wrong, wrong)
      const { otp } = await submit({ ...at, world: { ...at.world, db } }, txn)
      assert.equal(otp.attempts, 2)
      assert.deepEqual(await spent(at), { otp_attempts_per_card: 1 })
      await at.database.close()
    })

    test('where none is on, the database is not asked at all', async () => {
      const at = await openWorld(engine)
      const never = () => assert.fail('the database was asked')
      const db = { ...at.world.db, read: never, tx: never }
      const order = { shard: shardOf(at.merchant.id, 'x'), merchant: at.merchant.id, orderId: 'x' }
      for (const deed of ['send', 'attempt'] satisfies Deed[]) {
        const spending = { deed, fingerprint: 'f1', order: order as never }
        await spendBudget({ ...at.world, db }, at.merchant, spending)
      }
      await at.database.close()
    })

    test('what was spent before yesterday is forgotten, and no more', async () => {
      const at = await openWorld(engine, 'live')
      const order = await anOrderOf(at, at.merchant, 'asha')
      const spending = { deed: 'attempt', fingerprint: 'f1', order } as const
      for (let day = 0; day < 4; day++) {
        await spendBudget(at.world, at.merchant, spending)
        at.clock.now += dayMs
      }
      at.clock.now -= dayMs
      assert.equal(await forgetBudgets(at.world, 3), 3)
      assert.equal(await forgetBudgets(at.world, 3), 1)
      assert.equal(await forgetBudgets(at.world, 3), 0)
      assert.deepEqual(await spent(at), { otp_attempts_per_card: 2, otp_attempts_per_customer: 2 })
      await at.database.close()
    })
  })
}
