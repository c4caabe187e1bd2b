import assert from 'node:assert/strict'
import type { GatewayName } from '../gateways/catalog.ts'
import { type MerchantId, txnBeginningIn } from '../ids.ts'
import { findTxnBeginning, hurryRefund, hurryTxn } from './duties.ts'
import { isWorthAsking } from './duty.ts'
import { appendEvent, type By, lastHeardAt, type NewEvent } from './events.ts'
import { openInquiry } from './inquiries.ts'
import { aboutLeft, aboutMoney, type Inquiry } from './inquiry.ts'
import { touch } from './orders.ts'
import { isRefundOver, type Refund, refundsOfTxn } from './refund.ts'
import { refundsOf } from './refunds.ts'
import type { Txn } from './txn.ts'
import { findTxn, Overtaken } from './txns.ts'
import type { World } from './world.ts'

/** A gateway's word that there is something to hear about a payment, and no word of what. */
export interface Heard {
  readonly merchant: MerchantId
  readonly gateway: GatewayName
  readonly account: string
  /** What the gateway knows the payment by: begins with as much of a txn id as it could keep. */
  readonly reference: string
  /** Whether it is about money that went back. */
  readonly isRefund: boolean
  readonly requestId: string
}

/** A server's ear for news. */
export interface Hurry {
  /**
   * Has the clock ask at once how the payment stands, and its refunds, where their gateway's word
   * is awaited or a failure may still be undone; what became of a start that was left; and whether
   * money is still there of which none is to go back. Nothing else that the clock does comes
   * sooner. `false`: no payment of that account.
   */
  readonly hear: (heard: Heard) => Promise<boolean>
  /** Resolves when nothing waits for the end of a question any more. */
  readonly idle: () => Promise<void>
  /** Leaves what waits to the clock's own looks. */
  readonly close: () => Promise<void>
}

/** A gateway that repeats itself makes us ask no more often. */
const restMs = 1_000

/**
 * Opens the ear. Where a question is under way its answer may be older than the news, so it is
 * asked again afterwards. That wait is in memory: a process that dies leaves it to the clock's own
 * looks.
 */
export function openHurry(world: World, onError: (error: unknown) => void): Hurry {
  const waiting = new Map<string, Set<string>>()
  const running = new Set<Promise<void>>()
  let closed = false

  async function goOn(name: string, heard: Heard, busy: Set<string>): Promise<void> {
    try {
      while (busy.size > 0) {
        await world.sleep(restMs)
        if (closed) return
        const left = new Set(busy)
        busy.clear()
        for (const ref of await hurry(world, heard, left)) busy.add(ref)
      }
    } finally {
      waiting.delete(name)
    }
  }

  /** A gateway waits for no more of its callback than that it was heard. */
  function goOnAlone(work: Promise<void>): void {
    const run = work.catch(onError).finally(() => running.delete(run))
    running.add(run)
  }

  const idle = async () => {
    await Promise.all(running)
  }

  return {
    idle,
    hear: async (heard) => {
      const txn = await txnOf(world, heard)
      if (!txn) return false
      const inquiries = await inquiriesOf(world, txn, heard)
      if (inquiries.length > 0) await inquireSoon(world, heard, { txn, inquiries })
      if (!isAt(txn, heard)) return inquiries.length > 0
      const busy = await hurry(world, heard)
      if (busy.length === 0) return true
      const name = `${heard.merchant}/${heard.reference}`
      const known = waiting.get(name)
      if (known) {
        for (const ref of busy) known.add(ref)
        return true
      }
      const mine = new Set(busy)
      waiting.set(name, mine)
      goOnAlone(goOn(name, heard, mine))
      return true
    },
    close: async () => {
      closed = true
      await idle()
    },
  }
}

/** Makes due what is to be asked about; gives the refs of what is under way, to be asked later. */
async function hurry(world: World, heard: Heard, only?: ReadonlySet<string>): Promise<string[]> {
  const txn = await txnOf(world, heard)
  if (!txn || !isAt(txn, heard)) return []
  const now = world.now()
  const all = await awaitedOf(world, txn, now)
  const awaited = only ? all.filter((one) => only.has(refOf(one))) : all
  if (awaited.length === 0) return []
  const last = (await lastHeardAt(world.db.read, txn, txn.id)) ?? -Infinity
  // The clock of a sandbox can be set back.
  const dueAt = last > now ? now : Math.max(now, last + restMs)
  const free = awaited.filter((one) => one.leaseUntil === 0 && (one.dueAt ?? Infinity) > dueAt)
  if (free.length > 0 && !(await bringForward(world, heard, { txn, free, now, dueAt }))) {
    return awaited.map(refOf)
  }
  // A question whose time is over may still be answered, with what is older than the news.
  return awaited.filter(({ leaseUntil }) => leaseUntil !== 0).map(refOf)
}

async function txnOf({ db }: World, { merchant, reference }: Heard) {
  const found = txnBeginningIn(reference)
  const key = found && (await findTxnBeginning(db.read, { ...found, merchant }))
  return key && findTxn(db.read, key)
}

function isAt(txn: Pick<Txn, 'gateway' | 'account'>, { gateway, account }: Heard): boolean {
  return txn.gateway === gateway && txn.account === account
}

/** What the news may be about that awaits nothing. */
async function inquiriesOf(world: World, txn: Txn, heard: Heard): Promise<Inquiry[]> {
  const now = world.now()
  const left = txn.choice?.left?.filter((one) => isAt(one, heard)) ?? []
  const ofLeft = left.map((one) => ({ ...aboutLeft(txn, one, { now, luck: 0 }), dueAt: now }))
  const mayBeGone = heard.isRefund && isAt(txn, heard) && txn.refunded < txn.captured
  const isOurs = mayBeGone && (await refundsUnderWay(world, txn)).length > 0
  return mayBeGone && !isOurs ? [...ofLeft, aboutMoney(txn, now)] : ofLeft
}

async function inquireSoon(
  { db, now }: World,
  heard: Heard,
  { txn, inquiries }: { txn: Txn; inquiries: readonly Inquiry[] },
): Promise<void> {
  await db.tx(async (t) => {
    const order = await touch(t, txn)
    assert(order, 'a txn has an order')
    for (const inquiry of inquiries) openInquiry(t, inquiry)
    appendEvent(t, txn, heardEvent(heard, { txn, seq: order.seq, at: now() }))
  })
}

async function awaitedOf(world: World, txn: Txn, now: number): Promise<(Txn | Refund)[]> {
  return [...(isWorthAsking(txn, now) ? [txn] : []), ...(await refundsUnderWay(world, txn))]
}

async function refundsUnderWay({ db }: World, txn: Txn): Promise<Refund[]> {
  if (txn.refunded === 0) return []
  const refunds = refundsOfTxn(await refundsOf(db.read, txn), txn.id)
  return refunds.filter(({ sent, status }) => sent && !isRefundOver(status))
}

function refOf(one: Txn | Refund): string {
  return isRefund(one) ? one.ref : one.id
}

function isRefund(one: Txn | Refund): one is Refund {
  return 'ref' in one
}

interface Forward {
  readonly txn: Txn
  readonly free: readonly (Txn | Refund)[]
  readonly now: number
  readonly dueAt: number
}

/** `false`, and nothing written, when something of it is no more as it was seen. */
async function bringForward(
  world: World,
  heard: Heard,
  { txn, free, now, dueAt }: Forward,
): Promise<boolean> {
  try {
    await world.db.tx(async (t) => {
      const order = await touch(t, txn)
      assert(order, 'a txn has an order')
      for (const one of free) {
        await (isRefund(one) ? hurryRefund(t, one, dueAt) : hurryTxn(t, one, dueAt))
      }
      appendEvent(t, txn, heardEvent(heard, { txn, seq: order.seq, at: now }))
    })
    return true
  } catch (error) {
    if (error instanceof Overtaken) return false
    throw error
  }
}

function heardEvent(
  { account, requestId }: Heard,
  { txn, seq, at }: { txn: Txn; seq: number; at: number },
): NewEvent {
  const by: By = { door: 'gateway', requestId }
  return { seq, kind: 'callback_heard', txn: txn.id, at, by, body: { account } }
}
