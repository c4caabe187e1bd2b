import type { Paise } from '../money.ts'
import type {
  Access,
  Call,
  Capturing,
  Instructed,
  Next,
  Payment,
  Refunding,
  RefundVerdict,
  Reply,
  Said,
  Verdict,
} from './gateway.ts'
import {
  type Action,
  command,
  hearActions,
  hearVerified,
  listActions,
  verify,
} from './payu-commands.ts'
import { alarm, isForeign, readAnswer, rupeesText, textIn, tokenOf, unknown } from './payu-words.ts'

/** How a payment stands, and what is under way with money that is held. */
export function hearStanding(
  reply: Reply,
  about: Payment,
  access: Access,
): Verdict | Next<Verdict> {
  const verdict = hearVerified(reply, about)
  if (verdict.kind !== 'authorized') return verdict
  const ref = verdict.said.ref
  if (ref === undefined) return unknown('no mihpayid')
  const hear = (actions: Reply) => withActions(verdict, hearActions(actions, ref))
  return { kind: 'next', call: listActions(ref, access), hear }
}

type Held = Extract<Verdict, { readonly amount: Paise }>

function withActions(held: Held, listed: ReturnType<typeof hearActions>): Verdict {
  if ('kind' in listed) return listed
  const captures = listed.actions.filter(({ kind }) => kind === 'capture')
  const cancels = listed.actions.filter(({ kind }) => kind === 'cancel')
  const { said, amount } = held
  const is = (state: Action['state']) => (action: Action) => action.state === state
  if ([...captures, ...cancels].some(is(undefined))) return alarm('an action in an unknown state')
  if (cancels.some(is('done'))) return { kind: 'voided', said }
  const taken = captures.find(is('done'))?.amount
  if (taken !== undefined) return { kind: 'charged', said, amount, captured: taken }
  if (captures.some(is('queued'))) return { ...held, pending: 'capture' }
  if (cancels.some(is('queued'))) return { ...held, pending: 'void' }
  return held
}

/** Tells PayU to take the money it holds, all of it. */
export function capture({ reference, take }: Capturing, ref: string, access: Access): Call {
  const variables = { var1: ref, var2: tokenOf(reference), var3: rupeesText(take) }
  return command(access, 'capture_transaction', variables)
}

/** Tells PayU to release the money it holds. */
export function cancel({ reference, amount }: Instructed, ref: string, access: Access): Call {
  return giveBack({ reference, back: amount }, ref, access)
}

function giveBack(
  { reference, back }: { reference: string; back: Paise },
  ref: string,
  access: Access,
): Call {
  const var5 = access.callbackUrl
  const variables = { var1: ref, var2: tokenOf(reference), var3: rupeesText(back), var5 }
  return command(access, 'cancel_refund_transaction', variables)
}

/** An instruction about held money: which one it is, and the call that gives it. */
export interface Instruction<P> {
  readonly kind: 'capture' | 'void'
  readonly give: (about: P, ref: string, access: Access) => Call
}

/**
 * Hears how a payment stands before an instruction is given. PayU has one command for releasing
 * and for refunding, so a void that came too late would give back money that was taken.
 */
export function hearBefore<P extends Payment>({ kind, give }: Instruction<P>) {
  return (reply: Reply, about: P, access: Access): Verdict | Next<Verdict> => {
    const before = hearVerified(reply, about)
    if (before.kind === 'unknown') return { ...before, sent: false }
    if (before.kind !== 'authorized') return before
    const ref = before.said.ref
    if (ref === undefined) return { ...unknown('no mihpayid'), sent: false }
    const hear = (answer: Reply) => hearInstructed(answer, { kind, held: before, about, access })
    return { kind: 'next', call: give(about, ref, access), hear }
  }
}

interface Instructing {
  readonly kind: 'capture' | 'void'
  readonly held: Held
  readonly about: Payment
  readonly access: Access
}

function hearInstructed(reply: Reply, told: Instructing): Verdict | Next<Verdict> {
  const { kind, held, about, access } = told
  const read = readAnswer(reply)
  if ('kind' in read) return read
  const { status, msg } = read.words
  const [message, code] = [textIn(msg), textIn(read.words['error_code'])]
  if (isForeign(read.words['mihpayid'], held.said.ref)) return alarm('another payment')
  switch (textIn(status)) {
    case '1':
      if (kind === 'void' && !message?.startsWith('Cancel')) return alarm('no cancellation')
      return { ...held, pending: kind }
    case '0': {
      const said = { ...(code && { code }), ...(message && { message }) }
      // The same token was refused because it is at work, or the money went another way meanwhile.
      const hear = (now: Reply) => unlessHeld(hearStanding(now, about, access), said)
      return { kind: 'next', call: verify(about, access), hear }
    }
    default:
      return alarm('a status never documented')
  }
}

/** An instruction was refused: that stands, if nothing is under way with the money. */
function unlessHeld(heard: Verdict | Next<Verdict>, said: Said): Verdict | Next<Verdict> {
  if (heard.kind === 'next') {
    return { ...heard, hear: (reply) => unlessHeld(heard.hear(reply), said) }
  }
  if (heard.kind === 'unknown') return { ...heard, sent: true }
  return heard.kind === 'authorized' && !heard.pending ? { kind: 'refused', said } : heard
}

/** Tells PayU to give money back, of a payment that has taken it. */
export function hearBeforeRefund(
  reply: Reply,
  about: Refunding,
  access: Access,
): RefundVerdict | Next<RefundVerdict> {
  const before = hearVerified(reply, about)
  if (before.kind === 'unknown') return { ...before, sent: false }
  const ref = before.kind === 'charged' ? before.said.ref : undefined
  // The same command would cancel the whole hold of a payment that is not captured yet.
  if (ref === undefined) return { ...unknown('nothing is captured'), sent: false }
  const hear = (answer: Reply) => hearRefund(answer, { about, ref, access })
  return { kind: 'next', call: giveBack(about, ref, access), hear }
}

interface GivingBack {
  readonly about: Refunding
  readonly ref: string
  readonly access: Access
}

/** Refusals for good: the amount, a chargeback, a card or account without part refunds. */
const neverRefunds = new Set(['105', '110', '113', '117', '128'])

function hearRefund(reply: Reply, told: GivingBack): RefundVerdict | Next<RefundVerdict> {
  const read = readAnswer(reply)
  if ('kind' in read) return read
  const { status, msg, request_id, error_code, mihpayid } = read.words
  const [ref, code, message] = [textIn(request_id), textIn(error_code), textIn(msg)]
  const said = { ...(ref && { ref }), ...(code && { code }), ...(message && { message }) }
  if (isForeign(mihpayid, told.ref)) return alarm('another payment')
  switch (textIn(status)) {
    case '1':
      return message?.startsWith('Cancel')
        ? alarm('a cancellation')
        : { kind: 'refund_pending', said }
    case '0':
      if (code !== undefined && neverRefunds.has(code)) return { kind: 'refund_failed', said }
      return {
        kind: 'next',
        call: listActions(told.ref, told.access),
        hear: (actions) => unlessTaken(hearListed(actions, told.about, told.ref), message),
      }
    default:
      return alarm('a status never documented')
  }
}

/**
 * What a refusal comes to. A token that is refused because it is known is our refund. One that is
 * not known was not taken, for now (two equal amounts within 5 minutes, a lock): it can leave
 * again by the same name.
 */
function unlessTaken(listed: RefundVerdict, refusal: string | undefined): RefundVerdict {
  if (listed.kind === 'unknown') return { ...listed, sent: true }
  if (listed.kind !== 'not_found') return listed
  return { ...unknown(`refused: ${refusal ?? 'no reason'}`), sent: false }
}

function hearListed(reply: Reply, about: Refunding, ref: string): RefundVerdict {
  const listed = hearActions(reply, ref)
  if ('kind' in listed) return listed
  const token = tokenOf(about.reference)
  const action = listed.actions.find((one) => one.kind === 'refund' && one.token === token)
  if (!action) return { kind: 'not_found' }
  const { state, said, amount } = action
  switch (state) {
    case 'queued':
      return { kind: 'refund_pending', said }
    case 'failed':
      return { kind: 'refund_failed', said }
    case 'done':
      return amount === undefined ? unknown('no amount') : { kind: 'refunded', said, amount }
    case undefined:
      return alarm('a state never documented')
    default:
      return state satisfies never
  }
}

/** Asks for a payment's actions, or for its id first, by which PayU lists them. */
export function askRefund(about: Refunding, access: Access): Call {
  return about.ref === undefined ? verify(about, access) : listActions(about.ref, access)
}

/** How a refund stands. */
export function hearRefundStanding(
  reply: Reply,
  about: Refunding,
  access: Access,
): RefundVerdict | Next<RefundVerdict> {
  if (about.ref !== undefined) return hearListed(reply, about, about.ref)
  const payment = hearVerified(reply, about)
  if (payment.kind === 'unknown') return payment
  const ref = 'said' in payment ? payment.said?.ref : undefined
  if (ref === undefined) return unknown('no mihpayid')
  const hear = (actions: Reply) => hearListed(actions, about, ref)
  return { kind: 'next', call: listActions(ref, access), hear }
}
