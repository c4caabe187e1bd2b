import assert from 'node:assert/strict'
import { purgeCards } from '../cards/purge-cards.ts'
import { removeOldKeys } from '../cards/rotate-card-keys.ts'
import { purgeAnswers } from '../gateways/bin-answers.ts'
import type { MerchantId } from '../ids.ts'
import { forgetClientTokens } from '../merchants/issue-client-token.ts'
import type { Merchant } from '../merchants/merchant.ts'
import { findMerchant } from '../merchants/merchants.ts'
import { purgeSpentTokens } from '../merchants/spent-tokens.ts'
import { doDuty } from '../payments/do-duty.ts'
import { dueTxns, postpone } from '../payments/duties.ts'
import { inquire } from '../payments/inquire.ts'
import { dueInquiries, postponeInquiry } from '../payments/inquiries.ts'
import type { Inquiry } from '../payments/inquiry.ts'
import { dueRefunds, findRefund, postponeRefund, type RefundKey } from '../payments/refunds.ts'
import { sendRefund } from '../payments/send-refund.ts'
import { forgetBudgets } from '../payments/spend-budget.ts'
import { knownTxn, type TxnKey } from '../payments/txns.ts'
import type { World } from '../payments/world.ts'
import { announceOnce } from '../webhooks/announce.ts'
import { announceOutages } from '../webhooks/announce-outages.ts'
import type { Line } from '../webhooks/deliver.ts'
import { openPostman } from '../webhooks/deliver-due.ts'
import { type Chore, type OnError, openRounds, type Rows } from './work.ts'

/** Refunds and webhooks leave within a second, and looking whether any is due is cheap. */
const shortRestMs = 250
/** What one process sees of a gateway's health, and an outage, others know within a second. */
const secondMs = 1_000
/** A card that must go after four days goes within a minute. */
const mediumRestMs = 60_000
const longRestMs = 3_600_000

/** Everything that is done without anybody's call; webhooks leave over the line. */
export function openChores(world: World, line: Line): readonly Chore[] {
  const short = { restMs: shortRestMs }
  return [
    { name: 'payments', ...short, ...openRounds(world, payments(world)) },
    { name: 'refunds', ...short, ...openRounds(world, refunds(world)) },
    { name: 'inquiries', restMs: secondMs, ...openRounds(world, inquiries(world)) },
    { name: 'events', ...short, once: (onError) => announceOnce(world, onError), settled },
    { name: 'webhooks', ...short, ...openPostman(world, line) },
    {
      name: 'client tokens',
      restMs: longRestMs,
      once: () => forgetClientTokens(world),
      settled,
    },
    { name: 'cards', restMs: mediumRestMs, once: () => purgeCards(world), settled },
    { name: 'used tokens', restMs: longRestMs, once: () => forgetSpentTokens(world), settled },
    { name: 'BIN answers', restMs: longRestMs, once: () => forgetAnswers(world), settled },
    { name: 'old card keys', restMs: longRestMs, once: () => removeOldKeys(world), settled },
    { name: 'health', restMs: secondMs, once: () => world.health.once(), settled },
    { name: 'outage news', restMs: secondMs, once: () => announceOutages(world), settled },
    { name: 'budgets', restMs: longRestMs, once: () => forgetBudgets(world, mostPerPass), settled },
  ]
}

/** For chores that have done everything when their pass ends. */
const settled = async () => {}

/** Works through what is due, each kind by itself, until `stop`, which waits for the last pass. */
export function startChores(
  chores: readonly Chore[],
  onError: OnError,
): { readonly stop: () => Promise<void> } {
  const stopping = new AbortController()
  const { signal } = stopping
  const running = chores.map((chore) => goOn(chore, signal, onError))
  return {
    stop: async () => {
      stopping.abort()
      await Promise.all(running)
      await Promise.all(chores.map((chore) => chore.settled()))
    },
  }
}

async function goOn(chore: Chore, signal: AbortSignal, onError: OnError): Promise<void> {
  while (!signal.aborted) {
    const done = await chore.once(onError).catch((error: unknown) => {
      onError(error)
      return 0
    })
    if (done === 0) await rest(chore.restMs, signal)
  }
}

function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resume) => {
    if (signal.aborted) return resume()
    const wake = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', wake)
      resume()
    }
    const timer = setTimeout(wake, ms)
    signal.addEventListener('abort', wake)
  })
}

function payments(world: World): Rows<TxnKey> {
  return {
    due: (now, most) => dueTxns(world.db.read, now, most),
    nameOf: ({ id }) => id,
    work: async (key) => {
      const txn = await knownTxn(world.db.read, key)
      await doDuty(world, await merchantOf(world, key.merchant), txn)
    },
    putOff: (key, to) => world.db.tx(async (t) => postpone(t, key, to)),
  }
}

function refunds(world: World): Rows<RefundKey> {
  return {
    due: (now, most) => dueRefunds(world.db.read, now, most),
    nameOf: ({ merchant, orderId, id }) => `${merchant}/${orderId}/${id}`,
    work: async (key) => {
      const refund = await findRefund(world.db.read, key)
      assert(refund, `the refund ${key.id} is there`)
      if ((refund.dueAt ?? Infinity) > world.now()) return
      await sendRefund(world, await merchantOf(world, key.merchant), refund)
    },
    putOff: (key, to) => world.db.tx(async (t) => postponeRefund(t, key, to)),
  }
}

function inquiries(world: World): Rows<Inquiry> {
  return {
    due: (now, most) => dueInquiries(world.db.read, now, most),
    nameOf: ({ txn, tries }) => `${txn.id}/${tries}`,
    work: (inquiry) => inquire(world, inquiry),
    putOff: (inquiry, { until }) => world.db.tx(async (t) => postponeInquiry(t, inquiry, until)),
  }
}

/** So many rows go in a few milliseconds; payments wait for no more than that. */
const mostPerPass = 500

/** Servers' clocks are 2 s apart at most, and an envelope's time may be a minute ahead of ours. */
const spentGraceMs = 2 * 60_000

/** Removes some of the one-time tokens that are over; gives their number. */
async function forgetSpentTokens({ db, now }: World): Promise<number> {
  return db.tx((t) => purgeSpentTokens(t, { before: now() - spentGraceMs, most: mostPerPass }))
}

/** The chore has done all of it at once. */
async function forgetAnswers({ db, now }: World): Promise<number> {
  await purgeAnswers(db, now())
  return 0
}

async function merchantOf(world: World, id: MerchantId): Promise<Merchant> {
  const merchant = await findMerchant(world, id)
  assert(merchant, `the merchant ${id} exists`)
  return merchant
}
