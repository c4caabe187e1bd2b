import type { GatewayName } from '../gateways/catalog.ts'
import type { Said, Verdict } from '../gateways/gateway.ts'
import type { Left } from './chosen.ts'
import { firstLateLook } from './duty.ts'
import { nextLook } from './look.ts'
import type { Txn } from './txn.ts'
import type { TxnKey } from './txns.ts'

/**
 * A question about one start of a txn that awaits nothing: one that was left for another account,
 * or one whose money the gateway may have given back by itself. It moves no money and no status;
 * what should not be is an alarm for a person.
 */
export interface Inquiry {
  readonly txn: TxnKey
  /** Which start of the txn. */
  readonly tries: number
  readonly account: string
  readonly gateway: GatewayName
  /** What the gateway called it. */
  readonly said: Pick<Said, 'ref' | 'handle'>
  readonly looks: number
  readonly lease: number
  /** When it is to be asked next, in epoch milliseconds. */
  readonly dueAt: number
}

/** The question about a start that is left now: its gateway has just said that there is nothing. */
export function aboutLeft(txn: Txn, left: Left, at: { now: number; luck: number }): Inquiry {
  const { account, gateway, tries, ...said } = left
  const looks = firstLateLook
  const dueAt = nextLook(looks, at.now, at.luck)
  return { txn, tries, account, gateway, said, looks, lease: 0, dueAt }
}

/** The question about the money that a txn has. */
export function aboutMoney(txn: Txn, now: number): Inquiry {
  const { account, gateway, tries } = txn
  const { ref, handle } = txn.said
  const said = { ...(ref !== undefined && { ref }), ...(handle !== undefined && { handle }) }
  return { txn, tries, account, gateway, said, looks: 0, lease: 0, dueAt: now }
}

/** Whether the start that is asked about was left for another account. */
export function isOfLeft({ tries }: Inquiry, txn: Txn): boolean {
  return tries !== txn.tries
}

/** What an answer means: a person is needed, all is as it should be, or nobody knows yet. */
export type Found = 'alarm' | 'over' | 'open'

/** What an answer to the question means for the txn as it is now. */
export function findingOf(inquiry: Inquiry, txn: Txn, verdict: Verdict): Found {
  const ofLeft = isOfLeft(inquiry, txn)
  switch (verdict.kind) {
    case 'charged':
    case 'authorized':
      return ofLeft ? 'alarm' : 'over'
    case 'voided':
    case 'failed':
      return !ofLeft && txn.refunded < txn.captured ? 'alarm' : 'over'
    case 'not_found':
    case 'not_eligible':
      return ofLeft ? 'over' : 'open'
    case 'unknown':
      return verdict.alarm ? 'alarm' : 'open'
    case 'challenge':
    case 'redirect':
    case 'pending':
    case 'wrong_otp':
    case 'refused':
    case 'not_sent':
      return 'open'
    default:
      return verdict satisfies never
  }
}

/** The last comes after four days and some hours: by then a gateway has its books in order. */
const mostLooks = 13

/** When an open question is asked again; `undefined`: it was asked often enough. */
export function nextInquiryAt(
  { looks }: Inquiry,
  at: { now: number; luck: number },
): number | undefined {
  return looks < mostLooks ? nextLook(looks, at.now, at.luck) : undefined
}
