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
  Unknown,
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
import {
  alarm,
  type Heard,
  hearWords,
  isForeign,
  next,
  rupeesText,
  textIn,
  textsIn,
  tokenOf,
  unknown,
  type Words,
} from './payu-words.ts'

/** How a payment stands, and what is under way with money that is held. */
export function hearStanding(reply: Reply, about: Payment, access: Access): Heard {
  const verdict = hearVerified(reply, about)
  if (verdict.kind !== 'authorized') return verdict
  const { ref } = verdict.said
  if (ref === undefined) return unknown('no mihpayid')
  return next(listActions(ref, access), (list) =>
    hearActions(list, ref, (actions) => withActions(verdict, actions)),
  )
}

type Held = Extract<Verdict, { readonly amount: Paise }>

function withActions(held: Held, actions: readonly Action[]): Verdict {
  const captures = actions.filter(({ kind }) => kind === 'capture')
  const cancels = actions.filter(({ kind }) => kind === 'cancel')
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
  return (reply: Reply, about: P, access: Access): Heard => {
    const before = hearVerified(reply, about)
    if (before.kind === 'unknown') return { ...before, sent: false }
    if (before.kind !== 'authorized') return before
    const { ref } = before.said
    if (ref === undefined) return { ...unknown('no mihpayid'), sent: false }
    const taken = ({ msg }: Words): Heard => {
      const isOther = kind === 'void' && !isCancellation(msg)
      return isOther ? alarm('no cancellation') : { ...before, pending: kind }
    }
    // The same token was refused because it is at work, or the money went another way meanwhile.
    const refused = ({ error_code, msg }: Words): Heard =>
      next(verify(about, access), (now) => {
        const said = textsIn({ code: error_code, message: msg })
        return unlessHeld(hearStanding(now, about, access), said)
      })
    return next(give(about, ref, access), (answer) => hearTold(answer, ref, { taken, refused }))
  }
}

interface ToldEars<V> {
  readonly taken: (words: Words) => V
  readonly refused: (words: Words) => V
}

/** Whether PayU took a command about money. */
function hearTold<V>(reply: Reply, ref: string, { taken, refused }: ToldEars<V>): V | Unknown {
  return hearWords(reply, (words): V | Unknown => {
    if (isForeign(words['mihpayid'], ref)) return alarm('another payment')
    switch (textIn(words['status'])) {
      case '1':
        return taken(words)
      case '0':
        return refused(words)
      default:
        return alarm('a status never documented')
    }
  })
}

/** PayU decides whether its one command released money or gave it back, and says so. */
function isCancellation(message: unknown): boolean {
  return textIn(message)?.startsWith('Cancel') === true
}

/** An instruction was refused: that stands, if nothing is under way with the money. */
function unlessHeld(heard: Heard, said: Said): Heard {
  if (heard.kind === 'next') {
    return { ...heard, hear: (reply) => unlessHeld(heard.hear(reply), said) }
  }
  if (heard.kind === 'unknown') return { ...heard, sent: true }
  return heard.kind === 'authorized' && !heard.pending ? { kind: 'refused', said } : heard
}

type HeardRefund = RefundVerdict | Next<RefundVerdict>

/** Tells PayU to give money back, of a payment that has taken it. */
export function hearBeforeRefund(reply: Reply, about: Refunding, access: Access): HeardRefund {
  const before = hearVerified(reply, about)
  if (before.kind === 'unknown') return { ...before, sent: false }
  const ref = before.kind === 'charged' ? before.said.ref : undefined
  // The same command would cancel the whole hold of a payment that is not captured yet.
  if (ref === undefined) return { ...unknown('nothing is captured'), sent: false }
  const taken = (words: Words): HeardRefund =>
    isCancellation(words['msg'])
      ? alarm('a cancellation')
      : { kind: 'refund_pending', said: refundSaid(words) }
  const refused = (words: Words): HeardRefund =>
    next(listActions(ref, access), (list) => unlessTaken(hearListed(list, about, ref), words))
  return next(giveBack(about, ref, access), (answer) => hearTold(answer, ref, { taken, refused }))
}

function refundSaid({ request_id, error_code, msg }: Words) {
  return textsIn({ ref: request_id, code: error_code, message: msg })
}

/** Refusals for good: the amount, a chargeback, a card or account without part refunds. */
const neverRefunds = new Set(['105', '110', '113', '117', '128'])

/**
 * What a refusal comes to. A refund that is there was refused because it is, whatever reason is
 * given. One that is not there was not taken: for good, or for now (two equal amounts within 5
 * minutes, a lock), and then it can leave again by the same name.
 */
function unlessTaken(listed: RefundVerdict, refusal: Words): RefundVerdict {
  if (listed.kind === 'unknown') return { ...listed, sent: true }
  if (listed.kind !== 'not_found') return listed
  const said = refundSaid(refusal)
  if (neverRefunds.has(said.code ?? '')) return { kind: 'refund_failed', said }
  return { ...unknown(`refused: ${said.message ?? 'no reason'}`), sent: false }
}

function hearListed(reply: Reply, about: Refunding, ref: string): RefundVerdict {
  const token = tokenOf(about.reference)
  return hearActions(reply, ref, (actions): RefundVerdict => {
    const action = actions.find((one) => one.kind === 'refund' && one.token === token)
    if (action) return refundStanding(action)
    return about.refundRef === undefined ? { kind: 'not_found' } : alarm('the refund is gone')
  })
}

function refundStanding({ state, said, amount }: Action): RefundVerdict {
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
export function hearRefundStanding(reply: Reply, about: Refunding, access: Access): HeardRefund {
  if (about.ref !== undefined) return hearListed(reply, about, about.ref)
  const payment = hearVerified(reply, about)
  if (payment.kind === 'unknown') return payment
  const ref = 'said' in payment ? payment.said.ref : undefined
  if (ref === undefined) return unknown('no mihpayid')
  return next(listActions(ref, access), (list) => hearListed(list, about, ref))
}
