import assert from 'node:assert/strict'
import type { Tx } from '../db/db.ts'
import type { Verdict } from '../gateways/gateway.ts'
import type { Settings } from '../merchants/merchant.ts'
import { paise } from '../money.ts'
import { appendEvent, type By, type EventKind, type NewEvent } from './events.ts'
import { touchToSettle } from './orders.ts'
import { type Asked, judge, type Outcome } from './outcome.ts'
import { awaitsLateNews, holdsMoney, isFinal, mayMove, nextLook, type Txn } from './txn.ts'
import { knownTxn, moveTxn, Overtaken } from './txns.ts'
import type { World } from './world.ts'

/** India lets a merchant's server keep a card's BIN, expiry and name four days (RBI, July 2022). */
const cardMemoryMs = 4 * 24 * 3_600_000

/** A gateway's answer about a txn, as it was when the question was asked. */
export interface Answer {
  readonly txn: Txn
  readonly asked: Asked
  readonly verdict: Verdict
  /** Whether an earlier question of this txn never got its answer. */
  readonly lapsed: boolean
  readonly settings: Settings
  readonly by: By
}

/**
 * The only way a txn's status changes, and the third beat of every step: judges the answer, writes
 * txn, order and event in one tx, and gives the txn as it now is. When somebody else's answer came
 * first this one changes nothing, unless it brings money: that is judged again from where the txn
 * now stands, because nobody else may ever hear of it.
 */
export async function settle(world: World, answer: Answer): Promise<Txn> {
  for (let { txn } = answer; ; ) {
    try {
      return await settleFrom(world, { ...answer, txn })
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error
    }
    txn = await knownTxn(world.db.read, txn)
    if (!bringsMoney(answer.verdict) || holdsMoney(txn.status)) return txn
  }
}

async function settleFrom(world: World, answer: Answer): Promise<Txn> {
  const now = world.now()
  const luck = world.luck()
  const { txn, asked, lapsed, settings } = answer
  const judged = judge(txn, answer.verdict, { asked, lapsed, settings, now, luck })
  const outcome = isFinal(txn.status) && !judged.money ? nothingNew(answer, judged, now) : judged
  assert(
    outcome.to === txn.status || mayMove(txn.status, outcome.to),
    `${txn.status}→${outcome.to}`,
  )
  return world.db.tx((t) => write(t, { world, answer, outcome, now }))
}

function bringsMoney(verdict: Verdict): boolean {
  return verdict.kind === 'charged' || verdict.kind === 'authorized'
}

interface Settling {
  readonly world: World
  readonly answer: Answer
  readonly outcome: Outcome
  readonly now: number
}

async function write(t: Tx, { world, answer, outcome, now }: Settling): Promise<Txn> {
  const { txn } = answer
  const order = await touchToSettle(t, txn, {
    txn: txn.id,
    claim: outcome.claim,
    ...(outcome.money && {
      money: {
        amount: outcome.money.amount,
        currency: txn.currency,
        captured: outcome.money.captured ? outcome.money.amount : paise(0),
      },
    }),
  })
  assert(order, 'a txn has an order')
  const late = txn.late || (outcome.money !== undefined && order.paidBy !== txn.id)
  const to = settled(world, { txn, outcome, late, now })
  await moveTxn(t, txn, to)
  appendEvent(t, txn, {
    seq: order.seq,
    kind: kindOf(txn, to),
    txn: txn.id,
    at: now,
    by: answer.by,
    body: bodyOf(answer, to),
  })
  return to
}

function settled(world: World, { txn, outcome, late, now }: Ending): Txn {
  const { dueAt: _dueAt, ...rest } = txn
  const ended = isFinal(txn.status) && outcome.to === txn.status
  const to: Txn = {
    ...rest,
    status: outcome.to,
    otp: outcome.otp,
    ...(outcome.page && { bankData: world.seal.close(JSON.stringify(outcome.page), pageOf(txn)) }),
    said: outcome.said,
    code: late ? 'LATE_CHARGE' : outcome.code,
    late,
    leaseUntil: 0,
    looks: outcome.looks,
    updatedAt: ended ? txn.updatedAt : now,
  }
  const dueAt = isFinal(to.status) ? dueAfterEnd(world, to, now) : outcome.dueAt
  return dueAt === undefined ? to : { ...to, dueAt }
}

interface Ending {
  readonly txn: Txn
  readonly outcome: Outcome
  readonly late: boolean
  readonly now: number
}

/** What is left to do for a payment that has ended: listen for late news, then forget the card. */
function dueAfterEnd(world: World, txn: Txn, now: number): number | undefined {
  const look = nextLook(txn.looks, now, world.luck())
  if (awaitsLateNews(txn, look)) return look
  const remembersAll = txn.card.bin !== ''
  return world.mode === 'live' && remembersAll ? txn.updatedAt + cardMemoryMs : undefined
}

/** What the seal binds a txn's bank page to. */
export function pageOf(txn: Txn): { purpose: string; owner: string } {
  return { purpose: 'bank page', owner: txn.id }
}

/**
 * A payment that has ended stays as it is; a customer who comes back makes its looks frequent. As
 * long as the bank works on it and somebody goes on looking, the order is claimed.
 */
function nothingNew({ txn, by }: Answer, judged: Outcome, now: number): Outcome {
  const { page: _page, ...rest } = judged
  const looks = by.door === 'browser' ? 0 : txn.looks
  const latestNextLook = nextLook(looks, now, 1)
  const claim = awaitsLateNews(txn, latestNextLook) ? judged.claim : 'free'
  return { ...rest, claim, looks, to: txn.status, code: txn.code, otp: txn.otp, said: txn.said }
}

function kindOf(from: Txn, to: Txn): EventKind {
  const gained = holdsMoney(to.status) && !holdsMoney(from.status)
  if (gained && (to.late || isFinal(from.status))) return 'late_charge'
  return from.status === to.status ? 'gateway_answered' : 'status_changed'
}

function bodyOf({ txn, asked, verdict }: Answer, to: Txn): NewEvent['body'] {
  return {
    asked,
    heard: verdict.kind,
    ...(verdict.kind === 'unknown' && { because: verdict.because }),
    ...(verdict.kind === 'failed' && { by: verdict.by }),
    from: txn.status,
    to: to.status,
    code: to.code,
    ...(to.late && { late: true }),
    ...(to.said.ref !== undefined && { gateway_ref: to.said.ref }),
    ...(to.said.code !== undefined && { gateway_code: to.said.code }),
  }
}
