import assert from 'node:assert/strict'
import type { Tx } from '../db/db.ts'
import type { Verdict } from '../gateways/gateway.ts'
import type { Heard } from '../gateways/perform.ts'
import type { Settings } from '../merchants/merchant.ts'
import { flagForPerson } from './duties.ts'
import { awaitsLateNews, firstLateLook, nextDutyAt } from './duty.ts'
import { appendEvent, type By, type EventKind, type NewEvent } from './events.ts'
import { judgeHeld } from './held.ts'
import { keepsLocker, savesCard } from './locker.ts'
import { nextLook } from './look.ts'
import { touch, touchToSettle } from './orders.ts'
import { type Asked, believed, judge, type Outcome } from './outcome.ts'
import { saveCard } from './save-card.ts'
import { signsOf } from './sign.ts'
import {
  holdsMoney,
  isAwaited,
  isFailed,
  isFinal,
  mayMove,
  type Txn,
  type TxnStatus,
} from './txn.ts'
import { knownTxn, moveTxn, Overtaken } from './txns.ts'
import type { World } from './world.ts'

/** A gateway's answer about a txn, as it was when the question was asked. */
export interface Answer extends Heard<Verdict> {
  readonly txn: Txn
  readonly asked: Asked
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
export async function settle(world: World, heard: Answer): Promise<Txn> {
  const answer = { ...heard, verdict: believed(heard.txn, heard.verdict) }
  for (let { txn } = answer; ; ) {
    try {
      const settled = await settleFrom(world, { ...answer, txn })
      for (const sign of signsOf({ ...answer, txn, to: settled })) world.health.note(sign)
      return await afterSuccess(world, answer, settled)
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error
    }
    txn = await knownTxn(world.db.read, txn)
    if (!tellsMore(answer.verdict, txn)) return isAlarm(answer) ? alarmed(world, answer, txn) : txn
  }
}

/** An alarm that came too late to be judged moves nothing; a person is told all the same. */
async function alarmed(world: World, answer: Answer, key: Txn): Promise<Txn> {
  const at = world.now()
  return world.db.tx(async (t) => {
    const order = await touch(t, key)
    assert(order, 'a txn has an order')
    const seen = await knownTxn(t.get, key)
    const txn = { ...seen, flaggedAt: seen.flaggedAt ?? at }
    flagForPerson(t, txn, at)
    const body = bodyOf({ ...answer, txn: seen }, txn, false)
    const { seq } = order
    appendEvent(t, txn, { seq, kind: 'gateway_alarm', txn: txn.id, at, by: answer.by, body })
    return txn
  })
}

/** Stores the card that was paid with, if it is to be: the answer of the payment tells of it. */
async function afterSuccess(world: World, answer: Answer, txn: Txn): Promise<Txn> {
  if (!savesCard(txn)) return txn
  const { settings, by } = answer
  try {
    return await saveCard(world, { id: txn.merchant, settings }, { txn, by })
  } catch {
    // The money is what the caller has to hear of; the clock stores the card, or says why it can't.
    return txn
  }
}

async function settleFrom(world: World, answer: Answer): Promise<Txn> {
  const now = world.now()
  const luck = world.luck()
  const { txn, asked, lapsed, settings } = answer
  const at = { asked, lapsed, settings, now, luck }
  const outcome = holdsMoney(txn.status)
    ? judgeHeld(txn, answer.verdict, at)
    : judgeFree(answer, judge(txn, answer.verdict, at), now)
  assert(
    outcome.to === txn.status || mayMove(txn.status, outcome.to),
    `${txn.status}→${outcome.to}`,
  )
  return world.db.tx((t) => write(t, { world, answer, outcome, now }))
}

/** What an answer does to a txn without money: one that has ended moves for late money only. */
function judgeFree(answer: Answer, judged: Outcome, now: number): Outcome {
  const { status } = answer.txn
  const isNews = !isFinal(status) || (judged.money && mayRevive(answer.txn, judged.to))
  return isNews ? judged : nothingNew(answer, judged, now)
}

/** Whether an answer that came too late to be written speaks of money that the txn has not. */
function tellsMore(verdict: Verdict, txn: Txn): boolean {
  if (verdict.kind !== 'charged' && verdict.kind !== 'authorized') return false
  if (!holdsMoney(txn.status)) return mayRevive(txn, statusOf(verdict.kind))
  return verdict.kind === 'charged' && (verdict.captured ?? verdict.amount) > txn.captured
}

/** Whether an ended txn may have money after all; a hold that the bank has released is old news. */
function mayRevive(txn: Txn, to: TxnStatus): boolean {
  return mayMove(txn.status, to) && !(txn.code === 'TXN_VOIDED' && to === 'AUTHORIZED')
}

function statusOf(kind: 'charged' | 'authorized'): TxnStatus {
  return kind === 'charged' ? 'CHARGED' : 'AUTHORIZED'
}

interface Settling {
  readonly world: World
  readonly answer: Answer
  readonly outcome: Outcome
  readonly now: number
}

async function write(t: Tx, settling: Settling): Promise<Txn> {
  const { answer, outcome, now } = settling
  const { txn } = answer
  const gained = outcome.money !== undefined && !holdsMoney(txn.status)
  // Money that the merchant has been told not to expect is theirs only if they want it so.
  const unwanted =
    txn.status === 'VOIDED' || (isFailed(txn.status) && answer.settings.refund_late_charges)
  const money = txn.late || (gained && unwanted) ? undefined : outcome.money
  const order = await touchToSettle(t, txn, {
    txn: txn.id,
    claim: outcome.claim,
    released: outcome.released === true,
    ...(money && { money: { ...inOrder(money), currency: txn.currency } }),
  })
  assert(order, 'a txn has an order')
  const late = txn.late || (gained && order.paidBy !== txn.id)
  const to = settled({ ...settling, late })
  await moveTxn(t, txn, to)
  const paidByOther = order.paidBy !== undefined && order.paidBy !== txn.id
  appendEvent(t, txn, {
    seq: order.seq,
    kind: kindOf(answer, to),
    txn: txn.id,
    at: now,
    by: answer.by,
    body: bodyOf(answer, to, paidByOther),
  })
  return to
}

/** A bank that has taken more than it held is for a person; the order's sum ends at its amount. */
function inOrder({ amount, captured }: NonNullable<Outcome['money']>) {
  return { amount, captured: captured > amount ? amount : captured }
}

function settled({ world, answer, outcome, late, now }: Settling & { late: boolean }): Txn {
  const { txn, settings } = answer
  const { dueAt: _dueAt, instruction: _instruction, locker, ...rest } = txn
  const ended = isFinal(txn.status) && outcome.to === txn.status
  const to: Txn = {
    ...rest,
    status: outcome.to,
    otp: outcome.otp,
    ...(outcome.page && { bankData: world.seal.close(JSON.stringify(outcome.page), pageOf(txn)) }),
    said: outcome.said,
    code: late && holdsMoney(outcome.to) ? 'LATE_CHARGE' : outcome.code,
    late,
    captured: outcome.money?.captured ?? txn.captured,
    ...(outcome.instruction && { instruction: outcome.instruction }),
    captures: outcome.captures ?? txn.captures,
    leaseUntil: 0,
    looks: looksAfter(txn, outcome, late),
    updatedAt: ended && !outcome.captures ? txn.updatedAt : now,
  }
  const kept = locker !== undefined && keepsLocker(to, now) ? { ...to, locker } : to
  const needsPerson = isAlarm(answer) || isDoubted(to, settings, now)
  const flagged = needsPerson ? { ...kept, flaggedAt: to.flaggedAt ?? now } : kept
  const dueAt = isAwaited(to)
    ? outcome.dueAt
    : nextDutyAt(kept, { settings, now, luck: world.luck() })
  return dueAt === undefined ? flagged : { ...flagged, dueAt }
}

/** A bank's no is doubted later than an open end, and money that nobody wanted is moved at once. */
function looksAfter(txn: Txn, outcome: Outcome, late: boolean): number {
  if (late && !txn.late) return 0
  const ends = isFailed(outcome.to) && !isFailed(txn.status)
  return ends ? Math.max(outcome.looks, firstLateLook) : outcome.looks
}

function isDoubted(txn: Txn, settings: Settings, now: number): boolean {
  if (txn.captured > txn.amount) return !txn.late
  const inDoubt = txn.status === 'AUTHORIZING' || txn.instruction !== undefined
  const since = txn.instruction ? txn.askedAt : txn.createdAt
  return inDoubt && now >= since + settings.flag_after_hours * 3_600_000
}

/** Whether a person has to see to what the gateway says. */
function isAlarm({ verdict }: Answer): boolean {
  return verdict.kind === 'unknown' && verdict.alarm === true
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
  const { page: _page, money: _money, instruction: _instruction, ...rest } = judged
  const looks = by.door === 'browser' ? 0 : txn.looks
  const latestNextLook = nextLook(looks, now, 1)
  const claim = awaitsLateNews(txn, latestNextLook) ? judged.claim : 'free'
  return { ...rest, claim, looks, to: txn.status, code: txn.code, otp: txn.otp, said: txn.said }
}

function kindOf(answer: Answer, to: Txn): EventKind {
  const { txn: from } = answer
  const isNews = from.status !== to.status && isFinal(to.status)
  if (isAlarm(answer) && !isNews) return 'gateway_alarm'
  const gained = holdsMoney(to.status) && !holdsMoney(from.status)
  if (gained && (to.late || isFinal(from.status))) return 'late_charge'
  const moved = from.status !== to.status || from.captured !== to.captured
  if (moved) return 'status_changed'
  return isNewlyFlagged(from, to) ? 'flagged' : 'gateway_answered'
}

function isNewlyFlagged(from: Txn, to: Txn): boolean {
  return to.flaggedAt !== undefined && from.flaggedAt === undefined
}

function bodyOf(
  { txn, asked, verdict, calls }: Answer,
  to: Txn,
  paidByOther: boolean,
): NewEvent['body'] {
  return {
    asked,
    heard: verdict.kind,
    ...(verdict.kind === 'unknown' && { because: verdict.because }),
    ...(verdict.kind === 'unknown' && verdict.alarm && { alarm: true }),
    ...(verdict.kind === 'failed' && { by: verdict.by }),
    from: txn.status,
    to: to.status,
    code: to.code,
    ...(to.late && { late: true }),
    ...(isNewlyFlagged(txn, to) && { flagged: true }),
    ...(paidByOther && { order_paid: true }),
    ...(to.captured > 0 && { captured: to.captured }),
    ...(to.said.ref !== undefined && { gateway_ref: to.said.ref }),
    ...(to.said.code !== undefined && { gateway_code: to.said.code }),
    ...(calls.length > 0 && { calls }),
  }
}

/**
 * Ends a txn whose late money has gone back as a whole, inside the tx that writes the refund; gives
 * the status it has then.
 */
export async function settleReturned(t: Tx, txn: Txn, now: number): Promise<TxnStatus> {
  if (!txn.late || !mayMove(txn.status, 'AUTO_REFUNDED')) return txn.status
  await moveTxn(t, txn, { ...txn, status: 'AUTO_REFUNDED', code: 'AUTO_REFUNDED', updatedAt: now })
  return 'AUTO_REFUNDED'
}
