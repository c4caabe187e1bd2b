import type { Row, Tx, Value } from '../db/db.ts'
import type { GatewayName } from '../gateways/catalog.ts'
import type { Chosen } from './chosen.ts'
import type { Instruction } from './instruction.ts'
import type { Txn } from './txn.ts'
import { Overtaken } from './txns.ts'

/** What a question to the gateway takes from the txn's row before it may be asked. */
export interface Turn {
  readonly now: number
  /** When the answer is given up and the truth fetched, in epoch milliseconds. */
  readonly leaseUntil: number
}

/** Takes the turn to submit an OTP, and spends the attempt. Throws `Overtaken`. */
export async function spendAttempt(
  t: Tx,
  txn: Txn,
  turn: Turn & { autoCapture: boolean },
): Promise<Txn> {
  const rows = await t.get(
    `update txns set otp_attempts = otp_attempts + 1, auto_capture = $7, lease = lease + 1,
       lease_until = $6, due_at = $6, asked_at = $5, updated_at = $5
     where shard = $1 and merchant = $2 and id = $3 and lease = $4 and lease_until = 0
       and status = 'PENDING_VBV' and closed_by is null and otp_sends > 0 and challenge_until > $5
       and otp_attempts < otp_attempts_max
     returning id`,
    [...turnOf(txn, turn), turn.autoCapture ? 1 : 0],
  )
  const taken = turnTaken(rows, txn, turn)
  const otp = { ...txn.otp, attempts: txn.otp.attempts + 1 }
  return { ...taken, otp, autoCapture: turn.autoCapture, askedAt: turn.now, updatedAt: turn.now }
}

/** Takes the turn to have the OTP sent again, and spends the send. Throws `Overtaken`. */
export async function spendSend(
  t: Tx,
  txn: Txn,
  turn: Turn & { sentBefore: number },
): Promise<Txn> {
  const rows = await t.get(
    `update txns set otp_sends = otp_sends + 1, otp_sent_at = $5, lease = lease + 1,
       lease_until = $6, due_at = $6, asked_at = $5, updated_at = $5
     where shard = $1 and merchant = $2 and id = $3 and lease = $4 and lease_until = 0
       and status = 'PENDING_VBV' and closed_by is null and otp_sends > 0 and challenge_until > $5
       and otp_sends < otp_sends_max and otp_sent_at <= $7
     returning id`,
    [...turnOf(txn, turn), turn.sentBefore],
  )
  const taken = turnTaken(rows, txn, turn)
  const otp = { ...txn.otp, sends: txn.otp.sends + 1, sentAt: turn.now }
  return { ...taken, otp, askedAt: turn.now, updatedAt: turn.now }
}

/** Takes the turn to ask how the payment stands, if nobody else is asking. Throws `Overtaken`. */
export async function takeTurn(t: Tx, txn: Txn, turn: Turn): Promise<Txn> {
  const rows = await t.get(
    `update txns set lease = lease + 1, lease_until = $6, due_at = $6, looks = looks + 1
     where shard = $1 and merchant = $2 and id = $3 and lease = $4 and lease_until <= $5
       and status = $7
     returning id`,
    [...turnOf(txn, turn), txn.status],
  )
  return { ...turnTaken(rows, txn, turn), looks: txn.looks + 1 }
}

function turnOf(txn: Txn, turn: Turn): Value[] {
  return [txn.shard, txn.merchant, txn.id, txn.lease, turn.now, turn.leaseUntil]
}

/** Where a start goes on that came to nothing at one account. */
export interface Onward extends Turn {
  readonly account: string
  readonly gateway: GatewayName
  readonly choice: Chosen
  readonly sendsMax: number
}

/** Takes a start to another account, or to the page of the same one. Throws `Overtaken`. */
export async function moveOn(t: Tx, txn: Txn, to: Onward): Promise<Txn> {
  const { account, gateway, choice, sendsMax, now } = to
  const rows = await t.get(
    `update txns set account = $8, gateway = $9, choice = $10, otp_sends_max = $11,
       tries = tries + 1, lease = lease + 1, lease_until = $6, due_at = $6, asked_at = $5
     where shard = $1 and merchant = $2 and id = $3 and lease = $4 and lease_until > 0
       and status = $7
     returning id`,
    [...turnOf(txn, to), txn.status, account, gateway, JSON.stringify(choice), sendsMax],
  )
  const tries = txn.tries + 1
  const otp = { ...txn.otp, sendsMax }
  return { ...turnTaken(rows, txn, to), account, gateway, choice, otp, tries, askedAt: now }
}

/** Takes the turn to tell the gateway what to do with held money. Throws `Overtaken`. */
export async function giveInstruction(
  t: Tx,
  txn: Txn,
  turn: Turn & { instruction: Instruction; looks: number },
): Promise<Txn> {
  // What is to be released must not be taken by the clock when the gateway could not be told.
  const autoCapture = txn.autoCapture && turn.instruction.kind !== 'void'
  const rows = await t.get(
    `update txns set instruction = $8, lease = lease + 1, lease_until = $6, due_at = $6,
       asked_at = $5, looks = $9, auto_capture = $10
     where shard = $1 and merchant = $2 and id = $3 and lease = $4 and lease_until = 0
       and status = $7 and instruction is null
     returning id`,
    [
      ...turnOf(txn, turn),
      txn.status,
      JSON.stringify(turn.instruction),
      turn.looks,
      autoCapture ? 1 : 0,
    ],
  )
  const taken = turnTaken(rows, txn, turn)
  const { instruction, looks, now } = turn
  return { ...taken, instruction, looks, autoCapture, askedAt: now }
}

function turnTaken(rows: readonly Row[], txn: Txn, { leaseUntil }: Turn): Txn {
  if (rows.length === 0) throw new Overtaken()
  return { ...txn, lease: txn.lease + 1, leaseUntil, dueAt: leaseUntil }
}
