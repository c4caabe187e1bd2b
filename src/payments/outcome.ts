import { withoutCardNumbers } from '../cards/card.ts'
import { gatewayNamed } from '../gateways/catalog.ts'
import type { BankPage, ResponseCode, Said, Verdict } from '../gateways/gateway.ts'
import type { Settings } from '../merchants/merchant.ts'
import { type Paise, paise } from '../money.ts'
import type { Capture, Instruction } from './instruction.ts'
import { nextLook } from './look.ts'
import {
  hasChallenge,
  isPastLife,
  type OtpCounts,
  otpUntil,
  pageLifeMs,
  type Txn,
  type TxnStatus,
} from './txn.ts'

/** What a gateway was asked. */
export type Asked = 'start' | 'submit' | 'resend' | 'sync' | 'capture' | 'void'

/** The circumstances in which an answer is judged. */
export interface Circumstances {
  readonly asked: Asked
  /** Whether an earlier question of this txn never got its answer. */
  readonly lapsed: boolean
  readonly settings: Settings
  readonly now: number
  /** A number in [0, 1), for spreading the next looks. */
  readonly luck: number
}

/**
 * A gateway's word as far as it may be believed: money of another amount than the one it was asked
 * for is not this payment's, and nothing is built on it.
 */
export function believed(txn: Txn, verdict: Verdict): Verdict {
  if (verdict.kind !== 'charged' && verdict.kind !== 'authorized') return verdict
  if (verdict.amount === txn.amount) return verdict
  return { kind: 'unknown', because: 'another amount', sent: true, alarm: true }
}

/** What an answer does to a txn. */
export interface Outcome {
  readonly to: TxnStatus
  readonly code: ResponseCode | ''
  readonly said: Said
  readonly otp: OtpCounts
  readonly page?: BankPage
  readonly looks: number
  readonly dueAt?: number
  /**
   * What becomes of the order's claim. The bank may still be working on it: `keep` it, or `take` it
   * too where the bank itself has said so, so that no other txn may be paid meanwhile.
   */
  readonly claim: 'free' | 'keep' | 'take'
  /** Money that the txn has: how much was authorized, and how much of it is taken so far. */
  readonly money?: { readonly amount: Paise; readonly captured: Paise }
  /** Whether held money was released, so that the order is not paid. */
  readonly released?: true
  /** What the gateway was told to do and has not decided; absent: nothing is under way. */
  readonly instruction?: Instruction
  readonly captures?: readonly Capture[]
}

/** What a gateway's answer does to a txn: the whole judgement, and no I/O. */
export function judge(txn: Txn, verdict: Verdict, at: Circumstances): Outcome {
  switch (verdict.kind) {
    case 'challenge':
      return stillOpen(txn, verdict, at)
    case 'wrong_otp':
      return wrongOtp(txn, verdict, at)
    case 'not_eligible':
      return failed(txn, verdict.said, 'JUSPAY_DECLINED', 'TXN_FAILURE')
    case 'redirect':
      return atBankPage(txn, verdict, at)
    case 'pending':
      return { ...undecided(txn, verdict.said, 'AUTHORIZING', at), claim: 'take' }
    case 'authorized':
    case 'charged':
      return moneyHeld(txn, verdict, at)
    case 'voided':
      return failed(txn, verdict.said, 'AUTHORIZATION_FAILED', 'TXN_VOIDED')
    case 'refused':
      return unknown(
        txn,
        { kind: 'unknown', because: 'refused what was not asked', sent: true },
        at,
      )
    case 'failed':
      return refused(txn, verdict, at)
    case 'not_sent':
      return notSent(txn, verdict, at)
    case 'not_found':
      return notFound(txn, at)
    case 'unknown':
      return unknown(txn, verdict, at)
    default:
      return verdict satisfies never
  }
}

type Of<K extends Verdict['kind']> = Extract<Verdict, { kind: K }>

function stillOpen(txn: Txn, verdict: Of<'challenge'>, at: Circumstances): Outcome {
  if (at.asked === 'sync' && isTooEarly(txn, at)) return askAgain(txn, at)
  const { attempts } = txn.otp
  if (attempts > 0 && attempts >= txn.otp.attemptsMax && txn.closedBy !== 'fallback') {
    const status = at.settings.otp_failure_status
    const otp = { ...txn.otp, answered: attempts }
    return { ...failed(txn, verdict.said, status, 'OTP_ATTEMPTS_EXCEEDED'), otp }
  }
  const sentAt = at.asked === 'resend' || !hasChallenge(txn) ? at.now : (txn.otp.sentAt ?? at.now)
  const sends = Math.max(txn.otp.sends, 1)
  const ends = verdict.livesMs === undefined ? undefined : at.now + verdict.livesMs
  const until = otpUntil(sentAt, txn.createdAt, ends)
  const otp = {
    attempts,
    // A challenge that is open has taken no OTP for the right one.
    answered: attempts,
    attemptsMax: lower(txn.otp.attemptsMax, attempts, verdict.attemptsLeft),
    sends,
    sendsMax: lower(txn.otp.sendsMax, sends, verdict.sendsLeft),
    sentAt,
    until,
  }
  const open = { ...txn, status: 'PENDING_VBV' as const, otp }
  const page = verdict.page && { page: verdict.page }
  return { ...waiting(open, verdict.said, at), ...page }
}

function lower(ours: number, spent: number, left: number | undefined): number {
  return left === undefined ? ours : Math.min(ours, spent + left)
}

function wrongOtp(txn: Txn, verdict: Of<'wrong_otp'>, at: Circumstances): Outcome {
  const { attempts, attemptsMax } = txn.otp
  const most = lower(attemptsMax, attempts, verdict.attemptsLeft)
  const otp = { ...txn.otp, answered: attempts, attemptsMax: most }
  const over = attempts >= most || at.settings.fail_on_first_wrong_otp
  if (over) {
    const code = attempts >= most ? 'OTP_ATTEMPTS_EXCEEDED' : verdict.code
    return { ...failed(txn, verdict.said, at.settings.otp_failure_status, code), otp }
  }
  return { ...waiting({ ...txn, otp }, verdict.said, at), code: verdict.code }
}

function atBankPage(txn: Txn, verdict: Of<'redirect'>, at: Circumstances): Outcome {
  const page = verdict.page && { page: verdict.page }
  return { ...waiting({ ...txn, status: 'PENDING_VBV' }, verdict.said, at), ...page }
}

/** The customer's turn. The clock looks when the time is over, and at a bank's page before that. */
function waiting(txn: Txn, said: Said, at: Circumstances): Outcome {
  if (isPastLife(txn, at.now)) {
    return failed(txn, said, at.settings.otp_failure_status, 'TXN_EXPIRED')
  }
  const onPage = !hasChallenge(txn) || txn.closedBy === 'fallback'
  const dueAt = onPage
    ? Math.min(nextLook(txn.looks, at.now, at.luck), txn.createdAt + pageLifeMs)
    : (txn.otp.until ?? at.now)
  return { ...unmoved(txn, said), to: 'PENDING_VBV', code: '', dueAt, claim: 'free' }
}

function undecided(txn: Txn, said: Said, to: TxnStatus, at: Circumstances): Outcome {
  return {
    ...unmoved(txn, said),
    to,
    code: to === 'AUTHORIZING' ? 'PENDING_AT_BANK' : txn.code,
    dueAt: nextLook(txn.looks, at.now, at.luck),
    claim: 'keep',
  }
}

function notSent(txn: Txn, verdict: Of<'not_sent'>, at: Circumstances): Outcome {
  const { sends, sendsMax } = txn.otp
  const otp = { ...txn.otp, sendsMax: verdict.why === 'limit' ? sends : sendsMax }
  return unchanged({ ...txn, otp }, verdict.said, at)
}

function unchanged(txn: Txn, said: Said, at: Circumstances): Outcome {
  const after = waiting(txn, said, at)
  return after.to === 'PENDING_VBV' ? { ...after, code: txn.code } : after
}

function moneyHeld(txn: Txn, verdict: Of<'authorized' | 'charged'>, at: Circumstances): Outcome {
  const { kind, amount, pending } = verdict
  const captured = verdict.captured ?? (kind === 'charged' ? amount : paise(0))
  const held: Outcome = {
    ...unmoved(txn, verdict.said),
    to: kind === 'charged' ? 'CHARGED' : 'AUTHORIZED',
    code: 'TXN_SUCCESS',
    claim: 'free',
    money: { amount, captured },
  }
  if (kind === 'charged' || !pending) return held
  // Whoever told the gateway, it is at work on the money: nothing else may be told it meanwhile.
  const instruction: Instruction =
    pending === 'capture' ? { kind: pending, amount } : { kind: pending }
  return { ...held, instruction, dueAt: nextLook(txn.looks, at.now, at.luck) }
}

function refused(txn: Txn, verdict: Of<'failed'>, at: Circumstances): Outcome {
  switch (verdict.by) {
    case 'bank':
      return failed(txn, verdict.said, 'AUTHORIZATION_FAILED', verdict.code)
    case 'customer': {
      const isWrong = verdict.code === 'OTP_ATTEMPTS_EXCEEDED'
      const otp = isWrong ? { ...txn.otp, answered: txn.otp.attempts } : txn.otp
      return { ...failed(txn, verdict.said, at.settings.otp_failure_status, verdict.code), otp }
    }
    case 'gateway':
      return failed(txn, verdict.said, 'JUSPAY_DECLINED', verdict.code)
    default:
      return verdict.by satisfies never
  }
}

function failed(txn: Txn, said: Said, to: TxnStatus, code: ResponseCode): Outcome {
  return { ...unmoved(txn, said), to, code, claim: 'free' }
}

function notFound(txn: Txn, at: Circumstances): Outcome {
  // What was just told to a gateway is there, whatever its record says so soon.
  if (at.asked !== 'sync') return unknown(txn, justNow, at)
  if (isTooEarly(txn, at)) return askAgain(txn, at)
  return failed(txn, {}, 'AUTHORIZATION_FAILED', 'TXN_NOT_FOUND')
}

const justNow = { kind: 'unknown', because: 'not found yet', sent: true } as const

/** A gateway may still be working through our last call: only later is "nothing yet" an answer. */
function isTooEarly(txn: Txn, at: Circumstances): boolean {
  const inDoubt = at.lapsed || txn.status === 'AUTHORIZING'
  return inDoubt && at.now < settledBy(txn)
}

function askAgain(txn: Txn, at: Circumstances): Outcome {
  return { ...undecided(txn, {}, doubtful(txn, at), at), dueAt: settledBy(txn) }
}

/** When the gateway has worked through our last call for certain, in epoch milliseconds. */
export function settledBy(txn: Txn): number {
  return txn.askedAt + gatewayNamed(txn.gateway).settlesWithinMs
}

/** What a lost answer leaves: nobody knows, so it is AUTHORIZING until the gateway tells. */
function doubtful(txn: Txn, at: Circumstances): TxnStatus {
  return at.lapsed ? 'AUTHORIZING' : txn.status
}

function unknown(txn: Txn, verdict: Of<'unknown'>, at: Circumstances): Outcome {
  const { said = {} } = verdict
  switch (at.asked) {
    case 'start':
      return verdict.sent
        ? { ...undecided(txn, said, 'AUTHORIZING', at), claim: 'free' }
        : failed(txn, said, 'JUSPAY_DECLINED', 'GATEWAY_UNREACHABLE')
    case 'submit':
      return verdict.sent ? undecided(txn, said, 'AUTHORIZING', at) : notSubmitted(txn, at)
    case 'resend':
      return unchanged(txn, said, at)
    case 'sync':
    case 'capture':
    case 'void':
      return undecided(txn, said, doubtful(txn, at), at)
    default:
      return at.asked satisfies never
  }
}

/** The bank never saw the OTP, so the challenge stands; an attempt is never given back. */
function notSubmitted(txn: Txn, at: Circumstances): Outcome {
  const over = txn.otp.attempts >= txn.otp.attemptsMax
  if (over) return failed(txn, {}, at.settings.otp_failure_status, 'GATEWAY_UNREACHABLE')
  return { ...waiting(txn, {}, at), code: 'GATEWAY_UNREACHABLE' }
}

/** What every answer does: the gateway's words are kept, the rest stays as it is. */
export function unmoved(txn: Txn, said: Said): Pick<Outcome, 'said' | 'otp' | 'looks'> {
  const known = { ...txn.said, ...said }
  const { message } = known
  const clean = message === undefined ? {} : { message: withoutCardNumbers(message) }
  return { said: { ...known, ...clean }, otp: txn.otp, looks: txn.looks }
}
