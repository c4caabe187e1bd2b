import type { Paise } from '../money.ts'
import { alarm, next, unknown, type Words } from './answer.ts'
import type {
  Access,
  Call,
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
  type Heard,
  hearWords,
  isForeign,
  rupeesText,
  textIn,
  textsIn,
  tokenOf,
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

function withActions(held: Held, all: readonly Action[]): Verdict {
  const { said, amount } = held
  const find = (kind: 'capture' | 'cancel', state: Action['state']) =>
    all.find((one) => one.kind === kind && one.state === state)
  const odd = find('capture', undefined) ?? find('cancel', undefined)
  if (odd) return alarm('an action in an unknown state')
  if (find('cancel', 'done')) return { kind: 'voided', said }
  const done = find('capture', 'done')
  if (done && done.amount === undefined) return unknown('no amount')
  if (done?.amount !== undefined) return { kind: 'charged', said, amount, captured: done.amount }
  if (find('capture', 'queued')) return { ...held, pending: 'capture' }
  return find('cancel', 'queued') ? { ...held, pending: 'void' } : held
}

const captures = 'capture_transaction'
/** One command for both: it releases all money that is held, and refunds what was taken. */
const givesBack = 'cancel_refund_transaction'

interface Told {
  readonly ref: string
  readonly reference: string
  readonly amount: Paise
}

function tell(access: Access, name: string, { ref, reference, amount }: Told): Call {
  const variables = { var1: ref, var2: tokenOf(reference), var3: rupeesText(amount) }
  const news = name === givesBack && { var5: access.callbackUrl }
  return command(access, name, { ...variables, ...news })
}

/** Makes something of the answer to an instruction, which PayU took or refused. */
function hearTold<V>(
  reply: Reply,
  ref: string,
  hear: (words: Words, isTaken: boolean) => V,
): V | Unknown {
  return hearWords(reply, (words): V | Unknown => {
    const { status, mihpayid } = words
    if (isForeign(mihpayid, ref)) return alarm('another payment')
    const isKnown = status === '1' || status === '0'
    return isKnown ? hear(words, status === '1') : alarm('a status never documented')
  })
}

/**
 * Hears how a payment stands before money that is held is taken or released: a void that came
 * too late would give back money that was taken.
 */
export function hearBefore<P extends Instructed>(
  kind: 'capture' | 'void',
  amountOf: (about: P) => Paise,
) {
  return (reply: Reply, about: P, access: Access): Heard => {
    const before = hearVerified(reply, about)
    if (before.kind === 'unknown') return { ...before, sent: false }
    if (before.kind !== 'authorized') return before
    const { ref } = before.said
    if (ref === undefined) return { ...unknown('no mihpayid'), sent: false }
    const told = { ref, reference: about.reference, amount: amountOf(about) }
    return next(tell(access, kind === 'capture' ? captures : givesBack, told), (answer) =>
      hearTold<Heard>(answer, ref, ({ error_code, msg }, isTaken) => {
        if (isTaken) {
          const isOther = kind === 'void' && !isCancellation(msg)
          return isOther ? alarm('no cancellation') : { ...before, pending: kind }
        }
        const said = textsIn({ code: error_code, message: msg })
        // The same token is refused as it is at work, or the money went another way meanwhile.
        return next(verify(about, access), (now) =>
          unlessHeld(hearStanding(now, about, access), said),
        )
      }),
    )
  }
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
  const told = { ref, reference: about.reference, amount: about.back }
  return next(tell(access, givesBack, told), (answer) =>
    hearTold<HeardRefund>(answer, ref, (words, isTaken) => {
      if (isTaken && isCancellation(words['msg'])) return alarm('a cancellation')
      if (isTaken) return { kind: 'refund_pending', said: refundSaid(words) }
      const hear = (list: Reply) => unlessTaken(hearListed(list, about, ref), words)
      return next(listActions(ref, access), hear)
    }),
  )
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
