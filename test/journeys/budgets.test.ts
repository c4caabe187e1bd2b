import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChallengeParams, StartPaymentRequest } from '../../sdk/src/directotp.ts'
import { addMerchant } from '../../src/add-merchant.ts'
import { keyHash } from '../../src/merchants/key.ts'
import type { Settings } from '../../src/merchants/merchant.ts'
import { changeSettings, insertKey } from '../../src/merchants/merchants.ts'
import { makeSeal } from '../../src/seal.ts'
import { Secret } from '../../src/secret.ts'
import { bookAt, callerOf } from '../caller.ts'
import { cards, challengeIn, minuteMs, onBothEngines, refusal, type Shop } from './shop.ts'

const dayMs = 24 * 60 * minuteMs
/** Noon in India is half past six in the morning, UTC. */
const fromNoonMs = dayMs - 6.5 * 60 * minuteMs
const crowd = 64
const limit = 15

const off: Partial<Settings> = {
  otp_attempts_per_card: 0,
  otp_attempts_per_customer: 0,
  otp_sends_per_card: 0,
  otp_sends_per_customer: 0,
  otp_sends_per_merchant: 0,
}

/** Begins a day of these limits on which nothing is spent yet. */
async function aDayOf({ later, raw, server }: Shop, settings: Partial<Settings>): Promise<void> {
  assert(await server.db.tx((t) => changeSettings(t, server.merchant, { ...off, ...settings })))
  const { now } = (await (await raw('/bank/clock')).json()) as { now: number }
  // From noon on, so that no day ends in the middle of a story.
  await later(dayMs - ((now + fromNoonMs) % dayMs))
}

/** Opens a challenge for each of so many orders. */
async function challenges(
  { newOrder, start }: Shop,
  count: number,
  more: { customer_id?: string; card_number?: string },
): Promise<ChallengeParams[]> {
  const { customer_id = '', card_number = cards.inbox } = more
  const open = async () => {
    const order = await newOrder({ customer_id })
    return challengeIn(await start(order, { card_number }))
  }
  return Promise.all(Array.from({ length: count }, open))
}

/** How many wrong guesses of these challenges' the bank has looked at. */
async function guessesOf({ server }: Shop, all: readonly ChallengeParams[]): Promise<number> {
  const { payments } = await bookAt(server.bankUrl)
  const mine = payments.filter(({ reference }) => all.some(({ id }) => id === reference))
  assert.equal(mine.length, all.length)
  return mine.reduce((sum, { guesses }) => sum + guesses, 0)
}

/** A wrong guess for each; gives how many were refused for the day's limit, with these words. */
async function guessAtOnce({ api }: Shop, all: readonly ChallengeParams[], words: string) {
  const results = await Promise.allSettled(
    all.map((params) => api.submitOtp({ ...params, otp: '000000' })),
  )
  const refused = results.filter(({ status }) => status === 'rejected')
  for (const result of refused) {
    assert(result.status === 'rejected')
    const { http_status, code, message } = await refusal(Promise.reject(result.reason))
    assert.deepEqual([http_status, code], [400, 'max_limit_exceeded'])
    assert(message.endsWith(`Max daily limit exceeded: ${words}.`), message)
  }
  return refused.length
}

onBothEngines((shop) => {
  test('many payments of one card give no more guesses than its day has', async () => {
    await aDayOf(shop(), { otp_attempts_per_card: limit })
    const all = await challenges(shop(), crowd, {})
    assert.equal(await guessAtOnce(shop(), all, 'OTP attempts for this card'), crowd - limit)
    assert.equal(await guessesOf(shop(), all), limit)

    const [another] = await challenges(shop(), 1, { card_number: cards.documented })
    assert(another)
    const paid = await shop().api.submitOtp({ ...another, otp: '123456' })
    assert.equal(paid.status, 'CHARGED')
  })

  test('many cards of one customer give no more guesses than theirs has', async () => {
    await aDayOf(shop(), { otp_attempts_per_customer: limit })
    const each = { customer_id: 'asha' }
    const some = await challenges(shop(), crowd / 2, each)
    const more = await challenges(shop(), crowd / 2, { ...each, card_number: cards.documented })
    const all = [...some, ...more]
    assert.equal(await guessAtOnce(shop(), all, 'OTP attempts for this customer'), crowd - limit)
    assert.equal(await guessesOf(shop(), all), limit)
  })

  test('the day after, the right OTP pays', async () => {
    await aDayOf(shop(), { otp_attempts_per_card: 1 })
    const [wrong, right] = await challenges(shop(), 2, {})
    assert(wrong && right)
    assert.equal(await guessAtOnce(shop(), [wrong], ''), 0)
    const refused = await refusal(shop().api.submitOtp({ ...right, otp: await shop().otp(right) }))
    assert.equal(refused.code, 'max_limit_exceeded')
    await shop().later(dayMs)
    const [again] = await challenges(shop(), 1, {})
    assert(again)
    const paid = await shop().api.submitOtp({ ...again, otp: await shop().otp(again) })
    assert.equal(paid.status, 'CHARGED')
  })

  test('starts and resends send a card no more SMS than its day has', async () => {
    await aDayOf(shop(), { otp_sends_per_card: 4 })
    const all = await challenges(shop(), 2, {})
    for (const params of all) await shop().api.resendOtp(params)
    const [first] = all
    assert(first)
    const { newOrder, order, start } = shop()
    const fresh = await newOrder()
    for (const call of [() => shop().api.resendOtp(first), () => start(fresh)]) {
      assert.match(
        (await refusal(call())).message,
        /Max daily limit exceeded: OTPs for this card\.$/,
      )
    }
    assert.equal((await order(fresh)).status, 'NEW')
    const { payments } = await bookAt(shop().server.bankUrl)
    const sends = payments.filter(({ reference }) => all.some(({ id }) => id === reference))
    assert.deepEqual(
      sends.map((payment) => payment.sends),
      [2, 2],
    )
    const byPage: Partial<StartPaymentRequest> = { auth_type: 'THREE_DS' }
    assert.equal((await start(fresh, byPage)).status, 'PENDING_VBV')
  })

  test('another merchant has a day of their own', async () => {
    await aDayOf(shop(), { otp_sends_per_merchant: 1, otp_attempts_per_card: 1 })
    const { db, url } = shop().server
    const id = 'other' as Parameters<typeof addMerchant>[1]['id']
    const seal = makeSeal(Buffer.from('ab'.repeat(32), 'hex'))
    await addMerchant({ db, seal }, { id, mode: 'sandbox', at: 1 })
    const key = new Secret('sk_test_of_the_other_one')
    await db.tx(async (t) => {
      insertKey(t, { hash: keyHash(key), merchant: id, at: 1 })
      await changeSettings(t, id, { otp_sends_per_merchant: 1, otp_attempts_per_card: 1 })
    })
    const { newOrder, start } = shop()
    const card_number = cards.documented
    const params = challengeIn(await start(await newOrder(), { card_number }))
    assert.equal(await guessAtOnce(shop(), [params], ''), 0)
    await refusal(start(await newOrder(), { card_number }))

    const other = callerOf({ url, merchant: id, key: key.reveal() })
    const theirs = await other.open('theirs')
    assert.equal((await other.submit(theirs, '123456')).body.status, 'CHARGED')
  })

  test('in sandbox mode there is no limit unless one is set', async () => {
    const { db, merchant } = shop().server
    await aDayOf(shop(), {})
    await db.tx(async (t) =>
      t.put("update merchants set settings = '{}' where id = $1", [merchant]),
    )
    const before = await db.read('select count(*) as n from budgets', [])
    const all = await challenges(shop(), 20, { customer_id: 'ravi' })
    assert.equal(await guessAtOnce(shop(), all, ''), 0)
    assert.deepEqual(await db.read('select count(*) as n from budgets', []), before)
  })
})
