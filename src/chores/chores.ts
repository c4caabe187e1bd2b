import assert from 'node:assert/strict'
import type { MerchantId } from '../ids.ts'
import type { Merchant } from '../merchants/merchant.ts'
import { findMerchant } from '../merchants/merchants.ts'
import { doDuty } from '../payments/do-duty.ts'
import { dueTxns, postpone } from '../payments/duties.ts'
import { dueRefunds, findRefund, postponeRefund, type RefundKey } from '../payments/refunds.ts'
import { sendRefund } from '../payments/send-refund.ts'
import { forgetBudgets } from '../payments/spend-budget.ts'
import { knownTxn, type TxnKey } from '../payments/txns.ts'
import type { World } from '../payments/world.ts'
import { announceOnce } from '../webhooks/announce.ts'
import type { Line } from '../webhooks/deliver.ts'
import { openPostman } from '../webhooks/deliver-due.ts'
import { type Chore, type OnError, openRounds, type Rows } from './work.ts'

/** Refunds and webhooks leave within a second, and looking whether any is due is cheap. */
const shortRestMs = 250
const longRestMs = 3_600_000

/** Everything that is done without anybody's call; webhooks leave over the line. */
export function openChores(world: World, line: Line): readonly Chore[] {
  const short = { restMs: shortRestMs }
  return [
    { name: 'payments', ...short, ...openRounds(world, payments(world)) },
    { name: 'refunds', ...short, ...openRounds(world, refunds(world)) },
    { name: 'events', ...short, once: (onError) => announceOnce(world, onError), settled },
    { name: 'webhooks', ...short, ...openPostman(world, line) },
    { name: 'budgets', restMs: longRestMs, once: () => forgetBudgets(world), settled },
  ]
}

/** Of what does nothing beyond its pass. */
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

async function merchantOf(world: World, id: MerchantId): Promise<Merchant> {
  const merchant = await findMerchant(world, id)
  assert(merchant, `the merchant ${id} exists`)
  return merchant
}
