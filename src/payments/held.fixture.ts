import assert from 'node:assert/strict'
import { anOrder, aStart, by, type ScriptedWorld } from '../../test/world.ts'
import type { RefundVerdict, Said, Verdict } from '../gateways/gateway.ts'
import { paise } from '../money.ts'
import { doDuty } from './do-duty.ts'
import { dueInquiries } from './inquiries.ts'
import type { Inquiry } from './inquiry.ts'
import { pay } from './pay.ts'
import type { Refund } from './refund.ts'
import { refundsOf } from './refunds.ts'
import { sendRefund } from './send-refund.ts'
import { sync } from './sync.ts'
import type { Txn } from './txn.ts'
import { findTxn } from './txns.ts'

const said: Said = { ref: 'pay_1' }

/** What the scripted gateway says of the ₹100 of an order, and of the rest of the world. */
export const words = {
  held: { kind: 'authorized', said, amount: paise(10_000) },
  charged: { kind: 'charged', said, amount: paise(10_000) },
  voided: { kind: 'voided', said },
  refused: { kind: 'refused', said: { ...said, code: 'NO' } },
  declined: { kind: 'failed', said, by: 'bank', code: 'BANK_DECLINED' },
  gaveUp: { kind: 'failed', said, by: 'customer', code: 'USER_DECLINED' },
  silence: { kind: 'unknown', because: 'TimeoutError', sent: true },
  notSent: { kind: 'unknown', because: 'ECONNREFUSED', sent: false },
} satisfies Record<string, Verdict>

/** An order of ₹100 by this id, and its txn whose money the gateway holds. */
export async function heldTxn(at: ScriptedWorld, id: string): Promise<Txn> {
  return firstTxn(at, id, words.held)
}

/** An order of ₹100 by this id, and its txn whose money the gateway has taken. */
export async function chargedTxn(at: ScriptedWorld, id: string): Promise<Txn> {
  return firstTxn(at, id, words.charged)
}

/** An order of ₹100 by this id, and its txn of whose start the gateway says this. */
export async function firstTxn(at: ScriptedWorld, id: string, verdict: Verdict): Promise<Txn> {
  await anOrder(at, id)
  at.script.push(verdict)
  return pay(at.world, at.merchant, aStart(at, id))
}

/** The txn as it is now. */
export async function asItIs({ world }: ScriptedWorld, seen: Txn): Promise<Txn> {
  const txn = await findTxn(world.db.read, seen)
  assert(txn)
  return txn
}

/** What the gateway was asked, as the simulator would be called; the newest last. */
export interface Heard {
  readonly path: string
  readonly body: { readonly reference?: string; readonly amount?: number }
}

/** The same world, in which every call to the gateway is written down. */
export function listening(at: ScriptedWorld): ScriptedWorld & { readonly calls: Heard[] } {
  const calls: Heard[] = []
  const perform: ScriptedWorld['world']['perform'] = async (question, about, access) => {
    const { path, body } = question.ask(about, access)
    calls.push({ path, body: JSON.parse(body ?? '{}') })
    return at.world.perform(question, about, access)
  }
  return { ...at, world: { ...at.world, perform }, calls }
}

/** A gateway that answers when the test says so; resolves `asked` once it was asked. */
export function slowly<T>(): {
  readonly say: (said: T) => void
  readonly asked: Promise<void>
  readonly answer: () => Promise<T>
} {
  const answer = Promise.withResolvers<T>()
  const asked = Promise.withResolvers<void>()
  return {
    say: answer.resolve,
    asked: asked.promise,
    answer: () => {
      asked.resolve()
      return answer.promise
    },
  }
}

/** What the clock does to a txn when it is due, in the world that `open` gives. */
export function dutiesOf(open: () => ScriptedWorld): {
  readonly whenDue: (seen: Txn, verdict?: Verdict | Later, there?: ScriptedWorld) => Promise<Txn>
  readonly sent: (txn: Txn, verdict: RefundVerdict) => Promise<Txn>
  readonly lateTxn: (id: string) => Promise<Txn>
  readonly refundsTo: (txn: Txn) => Promise<Refund[]>
} {
  const refundsTo = (txn: Txn) => refundsOf(open().world.db.read, txn)
  return {
    refundsTo,
    /** The clock comes to the txn when it is due, and hears this. */
    whenDue: async (seen, verdict, there = open()) => {
      const txn = await asItIs(there, seen)
      assert(txn.dueAt !== undefined, 'the txn waits for the clock')
      there.clock.now = Math.max(there.clock.now, txn.dueAt)
      if (verdict) there.script.push(verdict)
      await doDuty(there.world, there.merchant, txn)
      return asItIs(there, seen)
    },
    /** The newest refund of the txn's order is sent, and this is the answer. */
    sent: async (txn, verdict) => {
      const refund = (await refundsTo(txn)).at(-1)
      assert(refund, 'there is a refund')
      const { world, merchant, script } = open()
      script.push(verdict)
      await sendRefund(world, merchant, refund)
      return asItIs(open(), txn)
    },
    /** A txn whose money was taken after all, for a merchant who does not want it then. */
    lateTxn: async (id) => {
      const at = open()
      const txn = await firstTxn(at, id, words.declined)
      const settings = { ...at.merchant.settings, refund_late_charges: true }
      at.script.push(words.charged)
      return sync(at.world, { ...at.merchant, settings }, { txn, by })
    },
  }
}

/** A payment that has gone on at the simulator after a second account came to nothing. */
export async function leftTxn(at: ScriptedWorld, orderId: string): Promise<Txn> {
  const txn = await firstTxn(at, orderId, { kind: 'challenge', said: { ref: 'pay_1' } })
  const { db, seal } = at.world
  const to = { purpose: 'gateway credentials', owner: `${txn.merchant}/second` }
  const left = [{ account: 'second', gateway: 'simulator', tries: 1 }]
  await db.tx(async (t) => {
    t.put(
      `insert into accounts (merchant, id, gateway, credentials, created_at, disabled_at)
       values ($1, 'second', 'simulator', $2, 0, 0) on conflict do nothing`,
      [txn.merchant, seal.close('{"account":"second"}', to)],
    )
    t.put('update txns set choice = $2, tries = 2 where id = $1', [
      txn.id,
      JSON.stringify({ ...txn.choice, left }),
    ])
  })
  return asItIs(at, txn)
}

/** The questions about a txn that wait for the clock, due or not. */
export async function inquiriesOf({ world }: ScriptedWorld, { id }: Txn): Promise<Inquiry[]> {
  const all = await dueInquiries(world.db.read, Number.MAX_SAFE_INTEGER, 1_000)
  return all.filter(({ txn }) => txn.id === id)
}

type Later = () => Promise<Verdict>
