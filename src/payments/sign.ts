import type { Verdict } from '../gateways/gateway.ts'
import type { Sign, Signal } from '../gateways/health.ts'
import type { Asked } from './outcome.ts'
import { hasChallenge, holdsMoney, isFailed, type Txn } from './txn.ts'

/** An answer that was written, and what it made of its txn. */
export interface Written {
  readonly txn: Txn
  readonly to: Txn
  readonly asked: Asked
  readonly verdict: Verdict
  readonly tookMs: number
}

/** What an answer shows of its gateway's health. */
export function signsOf({ txn, to, asked, verdict, tookMs }: Written): readonly Sign[] {
  const { start, match, authorization, technical, own } = toldBy(verdict)
  const sign = (signal: Signal, good: boolean | undefined, more: Partial<Sign> = {}): Sign[] => {
    if (good === undefined) return []
    const { brand: network, bank: issuer } = txn.card
    const account = `${txn.merchant}/${txn.account}`
    return [{ gateway: txn.gateway, account, network, issuer, signal, good, ...more }]
  }
  switch (asked) {
    case 'start':
      return sign('start', start, { tookMs, ...(own && { own }) })
    case 'submit': {
      const isFirst = txn.otp.attempts === 1 && txn.otp.sends === 1
      return [
        ...sign('delivery', isFirst || undefined),
        ...sign('match', match),
        ...sign('authorization', authorization, { tookMs, ...(technical && { technical }) }),
      ]
    }
    case 'resend': {
      // Whoever asks again has not got the first one; a third is no news.
      const isFirst = txn.otp.sends === 2 && txn.otp.attempts === 0
      return sign('delivery', isFirst ? false : undefined)
    }
    case 'sync':
      return [
        ...sign('delivery', gotNoOtp(txn, to) ? false : undefined),
        ...sign('authorization', turnedOut(txn, to, authorization)),
      ]
    case 'capture':
    case 'void':
      return []
    default:
      return asked satisfies never
  }
}

/** What a verdict tells of a start, of an OTP and of the bank; absent: nothing. */
interface Told {
  readonly start?: boolean
  readonly match?: boolean
  readonly authorization?: boolean
  /** Nobody said no, and yet nothing came of it. */
  readonly technical?: true
  /** It is the account's own trouble, and tells nothing of its gateway. */
  readonly own?: true
}

function toldBy(verdict: Verdict): Told {
  switch (verdict.kind) {
    case 'authorized':
    case 'charged':
      return { start: true, match: true, authorization: true }
    case 'challenge':
    case 'redirect':
    case 'pending':
      // The bank has not decided; what it decides is told by a later look.
      return { start: true }
    case 'wrong_otp':
      return { match: false }
    case 'unknown':
      return { start: false, authorization: false, technical: true }
    case 'failed':
      return toldByNo(verdict)
    case 'not_eligible':
    case 'voided':
    case 'refused':
    case 'not_sent':
    case 'not_found':
      return {}
    default:
      return verdict satisfies never
  }
}

/** A customer without money, or who gives up, says nothing of anybody's health. */
function toldByNo({ by, code, elsewhere }: Extract<Verdict, { kind: 'failed' }>): Told {
  const isDown = code === 'ISSUER_DOWN' || code === 'GATEWAY_ERROR'
  const isBank = by === 'bank'
  const isPoor = code === 'INSUFFICIENT_BALANCE'
  return {
    ...((elsewhere || isDown) && { start: false }),
    ...(code === 'OTP_ATTEMPTS_EXCEEDED' && { match: false }),
    ...(isBank && { match: true }),
    ...(by !== 'customer' && !isPoor && { authorization: false }),
    ...(isDown && { technical: true }),
    ...(elsewhere === 'account' && { own: true }),
  }
}

/** Whether a challenge ran out of time without a single OTP. */
function gotNoOtp(from: Txn, to: Txn): boolean {
  const ended = !isFailed(from.status) && to.code === 'TXN_EXPIRED'
  return ended && hasChallenge(to) && to.otp.attempts === 0 && from.closedBy === undefined
}

/** How a payment ended, after its OTP, whose end nobody knew. */
function turnedOut(from: Txn, to: Txn, told: boolean | undefined): boolean | undefined {
  const wasOpen = from.status === 'AUTHORIZING' && from.otp.attempts > 0
  if (!wasOpen || to.status === 'AUTHORIZING') return undefined
  return holdsMoney(to.status) ? true : told
}
