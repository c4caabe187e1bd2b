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
  const sign = (signal: Signal, good: boolean, ms?: number): Sign => ({
    gateway: txn.gateway,
    account: `${txn.merchant}/${txn.account}`,
    network: txn.card.brand,
    issuer: txn.card.bank,
    signal,
    good,
    ...(ms !== undefined && { tookMs: ms }),
  })
  switch (asked) {
    case 'start': {
      const good = startedWell(verdict)
      return good === undefined ? [] : [sign('start', good, tookMs)]
    }
    case 'submit': {
      const first = txn.otp.attempts === 1 && txn.otp.sends === 1
      const match = matched(verdict)
      const authorized = authorizedWell(verdict)
      const authorization = (good: boolean) => sign('authorization', good, tookMs)
      const technical = isTechnical(verdict) ? { technical: true as const } : {}
      return [
        ...(first ? [sign('delivery', true)] : []),
        ...(match === undefined ? [] : [sign('match', match)]),
        ...(authorized === undefined ? [] : [{ ...authorization(authorized), ...technical }]),
      ]
    }
    case 'resend':
      // Whoever asks again has not got the first one; a third is no news.
      return txn.otp.sends === 2 && txn.otp.attempts === 0 ? [sign('delivery', false)] : []
    case 'sync':
      return [
        ...(gotNoOtp(txn, to) ? [sign('delivery', false)] : []),
        ...(turnedOut(txn, to) ? [sign('authorization', holdsMoney(to.status))] : []),
      ]
    case 'capture':
    case 'void':
      return []
    default:
      return asked satisfies never
  }
}

/** Whether a start came to a challenge or a page; a card's or a caller's fault says nothing. */
function startedWell(verdict: Verdict): boolean | undefined {
  switch (verdict.kind) {
    case 'challenge':
    case 'redirect':
    case 'authorized':
    case 'charged':
    case 'pending':
      return true
    case 'unknown':
      return false
    case 'failed':
      return verdict.elsewhere || isDown(verdict) ? false : undefined
    case 'wrong_otp':
    case 'not_eligible':
    case 'voided':
    case 'refused':
    case 'not_sent':
    case 'not_found':
      return undefined
    default:
      return verdict satisfies never
  }
}

/** Whether the bank took the OTP for the right one, as far as the answer tells. */
function matched(verdict: Verdict): boolean | undefined {
  switch (verdict.kind) {
    case 'wrong_otp':
      return false
    case 'authorized':
    case 'charged':
      return true
    case 'failed':
      if (verdict.code === 'OTP_ATTEMPTS_EXCEEDED') return false
      return verdict.by === 'bank' ? true : undefined
    case 'pending':
    case 'unknown':
    case 'challenge':
    case 'redirect':
    case 'not_eligible':
    case 'voided':
    case 'refused':
    case 'not_sent':
    case 'not_found':
      return undefined
    default:
      return verdict satisfies never
  }
}

/** Whether the bank authorized; a customer without money says nothing of anybody's health. */
function authorizedWell(verdict: Verdict): boolean | undefined {
  switch (verdict.kind) {
    case 'authorized':
    case 'charged':
      return true
    case 'unknown':
    case 'pending':
      return false
    case 'failed':
      if (verdict.by === 'customer' || verdict.code === 'INSUFFICIENT_BALANCE') return undefined
      return false
    case 'challenge':
    case 'redirect':
    case 'wrong_otp':
    case 'not_eligible':
    case 'voided':
    case 'refused':
    case 'not_sent':
    case 'not_found':
      return undefined
    default:
      return verdict satisfies never
  }
}

function isDown({ code }: { readonly code: string }): boolean {
  return code === 'ISSUER_DOWN' || code === 'GATEWAY_ERROR' || code === 'GATEWAY_UNREACHABLE'
}

/** Whether nobody said no, and yet nothing came of it. */
function isTechnical(verdict: Verdict): boolean {
  return verdict.kind === 'unknown' || (verdict.kind === 'failed' && isDown(verdict))
}

/** Whether a challenge ran out of time without a single OTP. */
function gotNoOtp(from: Txn, to: Txn): boolean {
  const ended = !isFailed(from.status) && to.code === 'TXN_EXPIRED'
  return ended && hasChallenge(to) && to.otp.attempts === 0 && from.closedBy === undefined
}

/** Whether a payment whose end nobody knew, after its OTP, has one now. */
function turnedOut(from: Txn, to: Txn): boolean {
  if (from.status !== 'AUTHORIZING' || to.status === 'AUTHORIZING') return false
  return to.otp.attempts > 0 && holdsMoney(to.status)
}
