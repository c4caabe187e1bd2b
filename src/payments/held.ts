import type { ResponseCode, Said, Verdict } from '../gateways/gateway.ts'
import { paise } from '../money.ts'
import type { Capture } from './instruction.ts'
import { nextLook } from './look.ts'
import { type Circumstances, type Outcome, settledBy, unmoved } from './outcome.ts'
import { isHeld, isPartlyCharged, mayMove, type Txn, type TxnStatus } from './txn.ts'

type Money = Extract<Verdict, { readonly amount: unknown }>

/** Whether the merchant may have this txn's money captured now. */
export function mayCapture(txn: Txn): boolean {
  if (txn.late) return false
  return isPartlyCharged(txn) || (isHeld(txn.status) && !txn.status.endsWith('_INITIATED'))
}

/** Whether the merchant may have this txn's money released now. */
export function mayVoid(txn: Txn): boolean {
  return isHeld(txn.status) && !txn.status.endsWith('_INITIATED')
}

/**
 * What a gateway's answer does to a txn that has money: the whole judgement of captures and voids,
 * and no I/O. Words that belong to an earlier time change nothing.
 */
export function judgeHeld(txn: Txn, verdict: Verdict, at: Circumstances): Outcome {
  const outcome = judgeWords(txn, verdict, at)
  const fits = outcome.to === txn.status || mayMove(txn.status, outcome.to)
  return fits ? outcome : undecided(txn, {}, at)
}

function judgeWords(txn: Txn, verdict: Verdict, at: Circumstances): Outcome {
  switch (verdict.kind) {
    case 'charged':
      return taken(txn, verdict, at)
    case 'authorized':
      return stillHeld(txn, verdict, at)
    case 'voided':
      return txn.captured > 0 ? undone(txn, verdict.said) : released(txn, verdict.said)
    case 'refused':
      return txn.instruction && at.asked !== 'sync'
        ? undone(txn, verdict.said)
        : undecided(txn, {}, at)
    case 'unknown':
      return verdict.sent || at.asked === 'sync' ? undecided(txn, {}, at) : notTold(txn)
    case 'challenge':
    case 'wrong_otp':
    case 'not_eligible':
    case 'redirect':
    case 'pending':
    case 'failed':
    case 'not_sent':
    case 'not_found':
      return undecided(txn, {}, at)
    default:
      return verdict satisfies never
  }
}

/** The money, or another part of it, is taken. */
function taken(txn: Txn, verdict: Money, at: Circumstances): Outcome {
  const total = paise(Math.max(txn.captured, verdict.captured ?? verdict.amount))
  const { instruction } = txn
  const awaited = instruction?.kind === 'capture' ? txn.captured + instruction.amount : total
  if (total < awaited) {
    return verdict.pending ? undecided(txn, verdict.said, at) : notYet(txn, verdict.said, at)
  }
  const capture = instruction?.kind === 'capture' ? [captureOf(instruction)] : []
  return {
    ...unmoved(txn, verdict.said),
    to: 'CHARGED',
    code: 'TXN_SUCCESS',
    claim: 'free',
    money: { amount: txn.amount, captured: total },
    captures: [...txn.captures, ...capture],
  }
}

function captureOf({ amount, key }: Extract<Txn['instruction'], { kind: 'capture' }>): Capture {
  return { amount, ...(key !== undefined && { key }) }
}

/** Nothing more is taken than we know of; what it was told to do is under way, or was not done. */
function stillHeld(txn: Txn, verdict: Money, at: Circumstances): Outcome {
  const { said, pending } = verdict
  if (txn.captured > 0) return undecided(txn, {}, at)
  if (pending) {
    const to = pending === 'capture' ? 'CAPTURE_INITIATED' : 'VOID_INITIATED'
    return { ...undecided(txn, said, at), to, code: 'PENDING_AT_BANK', dueAt: look(txn, at) }
  }
  if (at.asked !== 'sync') return undecided(txn, said, at)
  return txn.instruction || txn.status.endsWith('_INITIATED')
    ? notYet(txn, said, at)
    : undecided(txn, {}, at)
}

/** A gateway may still be working through our last call: only later is "not done" an answer. */
function notYet(txn: Txn, said: Said, at: Circumstances): Outcome {
  const until = settledBy(txn)
  return at.now < until ? { ...undecided(txn, said, at), dueAt: until } : undone(txn, noReason)
}

/** The gateway only shows what it holds; why it did nothing more it does not say. */
const noReason: Said = { code: '', message: '' }

/** What it was told to do is definitely not done. */
function undone(txn: Txn, said: Said): Outcome {
  const voiding = txn.instruction?.kind === 'void' || txn.status === 'VOID_INITIATED'
  const [to, code]: [TxnStatus, ResponseCode] = voiding
    ? ['VOID_FAILED', 'VOID_FAILED']
    : ['CAPTURE_FAILED', 'CAPTURE_FAILED']
  return {
    ...unmoved(txn, said),
    to: txn.captured > 0 ? txn.status : to,
    code: txn.captured > 0 && !txn.instruction ? txn.code : code,
    claim: 'free',
  }
}

function released(txn: Txn, said: Said): Outcome {
  return { ...unmoved(txn, said), to: 'VOIDED', code: 'TXN_VOIDED', claim: 'free', released: true }
}

/** The gateway was never told, so nothing is under way and the money is held as before. */
function notTold(txn: Txn): Outcome {
  return { ...unmoved(txn, {}), to: txn.status, code: 'GATEWAY_UNREACHABLE', claim: 'free' }
}

/** All stays as it is, and what is under way is looked at again. */
function undecided(txn: Txn, said: Said, at: Circumstances): Outcome {
  return {
    ...unmoved(txn, said),
    to: txn.status,
    code: txn.code,
    claim: 'free',
    ...(txn.instruction && { instruction: txn.instruction }),
    dueAt: look(txn, at),
  }
}

function look(txn: Txn, at: Circumstances): number {
  return nextLook(txn.looks, at.now, at.luck)
}
