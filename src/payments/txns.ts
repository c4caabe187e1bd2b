import assert from 'node:assert/strict'
import type { CardFacts } from '../cards/card.ts'
import type { Tx } from '../db/db.ts'
import { type MerchantId, type OrderId, type Shard, shardIn, shardOf, type TxnId } from '../ids.ts'
import type { Paise } from '../money.ts'
import type { Order } from './order.ts'
import type { Get, OrderKey } from './orders.ts'
import type { Txn } from './txn.ts'
import { txnFrom } from './txn-row.ts'

/** Names one txn. */
export interface TxnKey {
  readonly shard: Shard
  readonly merchant: MerchantId
  readonly id: TxnId
}

const columns = `shard, merchant, id, order_id, n, status, amount, currency, auth_type,
  auto_capture, account, gateway, choice, tries, card, challenge_id, otp_attempts,
  otp_answered, otp_attempts_max, otp_sends, otp_sends_max, otp_sent_at, challenge_until,
  closed_by, bank_data, said, code, late, captured, refunded, instruction, captures, flagged_at,
  locker, lease, lease_until, asked_at, looks, due_at, created_at, updated_at`

const findSql = `select ${columns} from txns where shard = $1 and merchant = $2 and id = $3`

const findByNumberSql = `select ${columns} from txns
  where shard = $1 and merchant = $2 and order_id = $3 and n = $4`

/** Inserts a txn that has just been started. */
export function insertTxn(t: Tx, txn: Txn): void {
  t.put(
    `insert into txns (shard, merchant, id, order_id, n, status, amount, currency, auth_type,
       auto_capture, account, gateway, card, challenge_id, otp_attempts,
       otp_attempts_max, otp_sends, otp_sends_max, said, code, late, lease, lease_until, asked_at,
       looks, due_at, created_at, updated_at, locker, choice, tries)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
       $20, 0, $21, $22, $23, 0, $24, $25, $26, $27, $28, $29)`,
    [
      txn.shard,
      txn.merchant,
      txn.id,
      txn.orderId,
      txn.n,
      txn.status,
      txn.amount,
      txn.currency,
      txn.authType,
      txn.autoCapture ? 1 : 0,
      txn.account,
      txn.gateway,
      JSON.stringify(txn.card),
      txn.challengeId,
      txn.otp.attempts,
      txn.otp.attemptsMax,
      txn.otp.sends,
      txn.otp.sendsMax,
      JSON.stringify(txn.said),
      txn.code,
      txn.lease,
      txn.leaseUntil,
      txn.askedAt,
      txn.dueAt ?? null,
      txn.createdAt,
      txn.updatedAt,
      txn.locker ?? null,
      txn.choice ? JSON.stringify(txn.choice) : null,
      txn.tries,
    ],
  )
}

/** The txn, or `undefined` when this merchant has none by this id. */
export async function findTxn(get: Get, key: TxnKey): Promise<Txn | undefined> {
  const [row] = await get(findSql, [key.shard, key.merchant, key.id])
  return row && txnFrom(row)
}

/** The txn as it is now, for whoever has seen it before: txns are never deleted. */
export async function knownTxn(get: Get, key: TxnKey): Promise<Txn> {
  const txn = await findTxn(get, key)
  assert(txn, `there is a txn ${key.id}`)
  return txn
}

/** The txn that decides what its order shows: the one that holds the money, else the newest. */
export async function decidingTxn(get: Get, order: Order): Promise<Txn | undefined> {
  const id = order.paidBy ?? order.lastTxn
  return id && findTxn(get, { ...order, id })
}

/** The txns of an order, the first one first. */
export async function txnsOf(get: Get, order: OrderKey): Promise<Txn[]> {
  const rows = await get(
    `select ${columns} from txns where shard = $1 and merchant = $2 and order_id = $3 order by n`,
    [order.shard, order.merchant, order.orderId],
  )
  return rows.map(txnFrom)
}

/** How many of a merchant's txns nobody knows the end of, or whose money is not the order's. */
export interface Unresolved {
  readonly unresolved: number
  /** Of these: how many need a person, and how many the bank should have put right by now. */
  readonly flagged: number
  readonly overdue: number
}

/** Counts them; `before`: who was started earlier is overdue. All shards: for the console only. */
export async function countUnresolved(
  get: Get,
  merchant: MerchantId,
  before: number,
): Promise<Unresolved> {
  const [row] = await get(
    `select count(*) as unresolved,
       sum(case when flagged_at is not null then 1 else 0 end) as flagged,
       sum(case when created_at < $2 then 1 else 0 end) as overdue
     from txns where merchant = $1
       and (status = 'AUTHORIZING' or instruction is not null or captured > amount
         or (late = 1 and status not in ('VOIDED', 'AUTO_REFUNDED')))`,
    [merchant, before],
  )
  return {
    unresolved: Number(row?.['unresolved']),
    flagged: Number(row?.['flagged']),
    overdue: Number(row?.['overdue']),
  }
}

/** The txn by either of its wire ids: the `txn_uuid`, or `{merchant}-{order}-{n}`. */
export async function findTxnOnWire(
  get: Get,
  merchant: MerchantId,
  id: string,
): Promise<Txn | undefined> {
  const shard = shardIn(id)
  if (shard !== undefined) return findTxn(get, { shard, merchant, id: id as TxnId })
  const match = /^([A-Za-z0-9._-]+)-([1-9]\d?)$/.exec(id)
  if (!match?.[1]?.startsWith(`${merchant}-`)) return undefined
  const orderId = match[1].slice(merchant.length + 1) as OrderId
  const [row] = await get(findByNumberSql, [
    shardOf(merchant, orderId),
    merchant,
    orderId,
    Number(match[2]),
  ])
  return row && txnFrom(row)
}

/**
 * A txn was not as a statement expects it: somebody was first. Thrown inside a tx, so that nothing
 * of the tx is written.
 */
export class Overtaken extends Error {}

/** Closes a txn's challenge for the bank's page, if no OTP is with the bank. Throws `Overtaken`. */
export async function closeForPage(
  t: Tx,
  key: TxnKey,
  at: { now: number; dueAt: number },
): Promise<void> {
  const rows = await t.get(
    `update txns set closed_by = 'fallback', due_at = $5, updated_at = $4
     where shard = $1 and merchant = $2 and id = $3 and status = 'PENDING_VBV' and lease_until = 0
     returning id`,
    [key.shard, key.merchant, key.id, at.now, at.dueAt],
  )
  if (rows.length === 0) throw new Overtaken()
}

/** Closes the open challenges of an order whose amount changes. */
export function closeForAmount(t: Tx, order: OrderKey, now: number): void {
  t.put(
    `update txns set closed_by = 'amount', updated_at = $4
     where shard = $1 and merchant = $2 and order_id = $3 and status = 'PENDING_VBV'
       and closed_by is null`,
    [order.shard, order.merchant, order.orderId, now],
  )
}

/**
 * Writes a txn as a gateway's answer leaves it, if it still is what it was when the question was
 * asked (its status and its turn). Throws `Overtaken`.
 */
export async function moveTxn(t: Tx, from: Txn, to: Txn): Promise<void> {
  const rows = await t.get(
    `update txns set status = $6, otp_attempts_max = $7, otp_sends = $8, otp_sends_max = $9,
       otp_sent_at = $10, challenge_until = $11, bank_data = $12, said = $13, code = $14,
       late = $15, lease_until = 0, looks = $16, due_at = $17, updated_at = $18, captured = $19,
       instruction = $20, captures = $21, flagged_at = coalesce(flagged_at, $22), locker = $24,
       otp_answered = $25
     where shard = $1 and merchant = $2 and id = $3 and status = $4 and lease = $5
       and lease_until = $23
     returning id`,
    [
      from.shard,
      from.merchant,
      from.id,
      from.status,
      from.lease,
      to.status,
      to.otp.attemptsMax,
      to.otp.sends,
      to.otp.sendsMax,
      to.otp.sentAt ?? null,
      to.otp.until ?? null,
      to.bankData ?? null,
      JSON.stringify(to.said),
      to.code,
      to.late ? 1 : 0,
      to.looks,
      to.dueAt ?? null,
      to.updatedAt,
      to.captured,
      to.instruction ? JSON.stringify(to.instruction) : null,
      JSON.stringify(to.captures),
      to.flaggedAt ?? null,
      from.leaseUntil,
      to.locker ?? null,
      to.otp.answered,
    ],
  )
  if (rows.length === 0) throw new Overtaken()
}

/**
 * Keeps this much of a finished txn's card, and nothing that is waiting to be stored; says when the
 * clock has more to do for it. Throws `Overtaken` when a question was put to the gateway meanwhile.
 */
export async function keepCard(
  t: Tx,
  seen: Txn,
  to: { card: CardFacts; dueAt: number | undefined },
): Promise<void> {
  const rows = await t.get(
    `update txns set card = $5, due_at = $6, locker = null
     where shard = $1 and merchant = $2 and id = $3 and lease = $4 and lease_until = 0
     returning id`,
    [seen.shard, seen.merchant, seen.id, seen.lease, JSON.stringify(to.card), to.dueAt ?? null],
  )
  if (rows.length === 0) throw new Overtaken()
}

/** Sets taken money aside for a refund; `false`, and nothing written, when so much is not left. */
export async function setAside(t: Tx, key: TxnKey, amount: Paise): Promise<boolean> {
  const rows = await t.get(
    `update txns set refunded = refunded + $4
     where shard = $1 and merchant = $2 and id = $3 and refunded + $4 <= captured
     returning id`,
    [key.shard, key.merchant, key.id, amount],
  )
  return rows.length > 0
}

/** Puts back what was set aside for a refund that has failed. */
export function putBack(t: Tx, key: TxnKey, amount: Paise): void {
  t.put(`update txns set refunded = refunded - $4 where shard = $1 and merchant = $2 and id = $3`, [
    key.shard,
    key.merchant,
    key.id,
    amount,
  ])
}
