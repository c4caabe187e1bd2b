import { type Paise, paise } from '../money.ts'
import { alarm, jsonIn, objectIn, unknown, type Words } from './answer.ts'
import type {
  BankPage,
  Payment,
  Refunding,
  RefundSaid,
  RefundVerdict,
  Reply,
  ResponseCode,
  Said,
  Unknown,
  Verdict,
} from './gateway.ts'

/** The bank knows each start of a payment by a name of its own. */
export function referenceOf({ id, tries }: Payment): string {
  return tries === 1 ? id : `${id}.${tries}`
}

/** What an answer about a payment means. */
export function hear(reply: Reply, about: Payment): Verdict {
  const words = heardIn(reply)
  if (words === undefined) return silent(reply)
  return isOurs(words, about) ? verdictOn(words) : misheard
}

/** The words of an answer that the bank gives when all is well; else it tells nothing. */
function heardIn(reply: Reply): Words | undefined {
  if (reply.kind === 'silence') return undefined
  return reply.status === 200 || reply.status === 404 ? objectIn(jsonIn(reply.body)) : undefined
}

/** An answer that tells nothing. */
export function silent(reply: Reply): Unknown {
  return reply.kind === 'silence' ? { ...reply, kind: 'unknown' } : unknown(`http ${reply.status}`)
}

/** Whether an answer is about the payment that was asked about, as far as it names one. */
function isOurs({ id, reference, currency }: Words, about: Payment): boolean {
  return (
    (about.ref === undefined || typeof id !== 'string' || id === about.ref) &&
    (typeof reference !== 'string' || reference === referenceOf(about)) &&
    (typeof currency !== 'string' || currency === about.currency)
  )
}

const misheard = alarm('another payment')

/** A 400 of this bank means that it did nothing, so the payment was never begun. */
export function hearStart(reply: Reply, about: Payment): Verdict {
  const words =
    reply.kind === 'answer' && reply.status === 400 ? objectIn(jsonIn(reply.body)) : undefined
  if (words?.['error'] !== 'bad_input') return hear(reply, about)
  const problems = Array.isArray(words['problems']) ? words['problems'].join('; ') : ''
  const said = { code: 'bad_input', ...(problems !== '' && { message: problems }) }
  return { kind: 'failed', said, by: 'gateway', code: 'TXN_FAILURE' }
}

function verdictOn(words: Words): Verdict {
  const said = saidIn(words)
  switch (words['state']) {
    case 'otp_sent':
      return { kind: 'challenge', said, ...pageIn(words), ...limitsIn(words) }
    case 'otp_wrong':
      return { kind: 'wrong_otp', said, code: 'INCORRECT_OTP', ...limitsIn(words) }
    case 'otp_expired':
      return { kind: 'wrong_otp', said, code: 'OTP_EXPIRED', ...limitsIn(words) }
    case 'redirect':
      return { kind: 'redirect', said, ...pageIn(words) }
    case 'not_eligible':
      return { kind: 'not_eligible', said }
    case 'pending':
      return { kind: 'pending', said }
    case 'charged':
    case 'authorized': {
      const amount = amountIn(words)
      if (amount === undefined) return unknown('no amount')
      return { kind: words['state'], said, amount, ...takenIn(words) }
    }
    case 'voided':
      return { kind: 'voided', said }
    case 'refused':
      return { kind: 'refused', said }
    case 'declined':
      return { kind: 'failed', said, by: by(words), code: codeFor(words) }
    case 'rejected':
      return { kind: 'failed', said, by: 'gateway', code: 'TXN_FAILURE' }
    case 'locked':
      return { kind: 'failed', said, by: 'customer', code: 'OTP_ATTEMPTS_EXCEEDED' }
    case 'expired':
      return { kind: 'failed', said, by: 'customer', code: 'TXN_EXPIRED' }
    case 'resend_limit':
      return { kind: 'not_sent', said, why: 'limit' }
    case 'resend_too_soon':
      return { kind: 'not_sent', said, why: 'too_soon' }
    case 'not_found':
      return { kind: 'not_found' }
    case 'closed':
      // Too late for what was asked; how the payment stands is for the next look to find out.
      return unknown('closed')
    default:
      return newWord
  }
}

const newWord = alarm('a state never documented')

function takenIn(words: Words): { captured?: Paise; pending?: 'capture' | 'void' } {
  const { captured, pending } = words
  return {
    ...(isCount(captured) && { captured: paise(captured) }),
    ...((pending === 'capture' || pending === 'void') && { pending }),
  }
}

/** What an answer about a refund means. */
export function hearRefund(reply: Reply, about: Refunding): RefundVerdict {
  const words = heardIn(reply)
  if (words === undefined) return silent(reply)
  const { reference } = words
  if (typeof reference === 'string' && reference !== about.reference) return misheard
  const said = refundSaidIn(words)
  switch (words['state']) {
    case 'refunded': {
      const amount = amountIn(words)
      return amount === undefined ? unknown('no amount') : { kind: 'refunded', said, amount }
    }
    case 'refund_pending':
      return { kind: 'refund_pending', said }
    case 'refund_declined':
      return { kind: 'refund_failed', said }
    case 'not_found':
      return { kind: 'not_found' }
    default:
      return newWord
  }
}

function refundSaidIn(words: Words): RefundSaid {
  const { ref, code, message } = saidIn(words)
  const { arn } = words
  return {
    ...(ref !== undefined && { ref }),
    ...(typeof arn === 'string' && { arn }),
    ...(code !== undefined && { code }),
    ...(message !== undefined && { message }),
  }
}

function by(words: Words): 'bank' | 'customer' {
  return words['code'] === 'CANCELLED' ? 'customer' : 'bank'
}

function codeFor(words: Words): ResponseCode {
  if (words['code'] === 'CANCELLED') return 'USER_DECLINED'
  return words['code'] === 'INSUFFICIENT_FUNDS' ? 'INSUFFICIENT_BALANCE' : 'BANK_DECLINED'
}

function saidIn(words: Words): Said {
  return {
    ...textIn(words, 'id', 'ref'),
    ...textIn(words, 'rrn', 'rrn'),
    ...textIn(words, 'auth_code', 'authCode'),
    ...textIn(words, 'code', 'code'),
    ...textIn(words, 'message', 'message'),
  }
}

function textIn<K extends keyof Said>(words: Words, key: string, as: K): Pick<Said, K> | undefined {
  const text = words[key]
  return typeof text === 'string' && text !== '' ? ({ [as]: text } as Pick<Said, K>) : undefined
}

function pageIn(words: Words): { page: BankPage } | undefined {
  const { redirect_url: url, redirect_html: html } = words
  if (typeof html === 'string') return { page: { html } }
  return typeof url === 'string' ? { page: { url } } : undefined
}

function limitsIn(words: Words): { attemptsLeft?: number; sendsLeft?: number; livesMs?: number } {
  return {
    ...(isCount(words['attempts_left']) && { attemptsLeft: words['attempts_left'] }),
    ...(isCount(words['sends_left']) && { sendsLeft: words['sends_left'] }),
    ...(isCount(words['expires_in_ms']) && { livesMs: words['expires_in_ms'] }),
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function amountIn(words: Words): Paise | undefined {
  return isCount(words['amount']) ? paise(words['amount']) : undefined
}
