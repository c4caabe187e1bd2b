import { rupees } from '../money.ts'
import { alarm, type Words, withoutGaps } from './answer.ts'
import { get, orderPath, post, thenLook } from './cashfree-calls.ts'
import {
  amountIn,
  errorIn,
  idIn,
  isMissing,
  isTurnedAway,
  listIn,
  referenceOf,
  textIn,
  unclear,
  wordsIn,
} from './cashfree-words.ts'
import type {
  Access,
  Call,
  Next,
  Payment,
  Refunding,
  RefundSaid,
  RefundVerdict,
  Reply,
  Verdict,
} from './gateway.ts'

/** Its id makes it one refund. A key would replay a 500 for 24 hours, and mend nothing. */
export function askRefund(refund: Refunding, access: Access): Call {
  const body = { refund_id: refund.reference, refund_amount: rupees(refund.back) }
  return post(access, `${orderPath(refund)}/refunds`, body)
}

/** How one refund stands. */
export function askRefundState(refund: Refunding, access: Access): Call {
  return get(access, `${orderPath(refund)}/refunds/${refund.reference}`)
}

/** A no can follow an answer that was lost, so it is looked whether the refund is there. */
export function hearRefund(reply: Reply, about: Refunding, access: Access) {
  const error = errorIn(reply)
  if (error?.status === 400 || error?.status === 409) {
    const { status, code, message } = error
    const refused = { kind: 'refund_failed', said: { code, message } } as const
    return thenLook<RefundVerdict>(askRefundState(about, access), (state) => {
      const verdict = hearRefundState(state, about)
      return verdict.kind === 'not_found' && status === 400 ? refused : verdict
    })
  }
  if (isMissing(error)) return alarm('the order is gone')
  if (error && isTurnedAway(error)) return unclear(reply, false)
  const refund = wordsIn(reply)
  return refund ? refundVerdictOn(refund, about) : unclear(reply)
}

/** What became of a refund. What is gone, or has gone with its order, was another account's. */
export function hearRefundState(reply: Reply, about: Refunding): RefundVerdict {
  const error = errorIn(reply)
  if (isMissing(error)) {
    const isUnknown = error?.code === 'refund_not_found' && about.refundRef === undefined
    return isUnknown ? { kind: 'not_found' } : alarm('the refund is gone')
  }
  const refund = wordsIn(reply)
  return refund ? refundVerdictOn(refund, about) : unclear(reply)
}

type Charged = Extract<Verdict, { readonly kind: 'authorized' | 'charged' }>

/**
 * Money that comes too late Cashfree sends back by itself. The payment stays SUCCESS all the same,
 * and only the refunds of its order tell.
 */
export function unlessGivenBack(charged: Charged, about: Payment, access: Access): Next<Verdict> {
  return thenLook<Verdict>(get(access, `${orderPath(about)}/refunds`), (reply) => {
    const error = errorIn(reply)
    // Refunds may be asked for 30 times a minute: a refusal must not keep money from its order.
    if (error && error.status < 500) return charged
    const { said } = charged
    const refunds = listIn(reply)
    if (!refunds) return { ...unclear(reply), said }
    return refunds.some((one) => isGivenBack(one, charged)) ? { kind: 'voided', said } : charged
  })
}

function isGivenBack(refund: Words, { said, amount }: Charged): boolean {
  const { refund_type: type, refund_status: status, refund_amount: back } = refund
  const isAutomatic = type === 'PAYMENT_AUTO_REFUND' || type === 'UNRECONCILED_AUTO_REFUND'
  const isOurs = idIn(refund['cf_payment_id']) === said.ref && amountIn(back) === amount
  return isAutomatic && isOurs && status !== 'CANCELLED' && status !== 'FAILED'
}

/** What the state of a refund means to us. */
function refundVerdictOn(refund: Words, about: Refunding): RefundVerdict {
  if (refund['refund_id'] !== about.reference) return alarm('another refund')
  if (refund['order_id'] !== referenceOf(about)) return alarm('another order')
  const amount = amountIn(refund['refund_amount'])
  if (amount !== about.back || refund['refund_currency'] !== about.currency) {
    return alarm('another amount')
  }
  const said = refundSaidIn(refund)
  switch (refund['refund_status']) {
    case 'SUCCESS':
      return { kind: 'refunded', said, amount }
    case 'PENDING':
      return { kind: 'refund_pending', said }
    // The account has too little money for it.
    case 'ONHOLD':
      return { kind: 'refund_on_hold', said }
    case 'CANCELLED':
    case 'FAILED':
      return { kind: 'refund_failed', said }
    default:
      return alarm('a refund_status never documented')
  }
}

function refundSaidIn(refund: Words): RefundSaid {
  return withoutGaps({
    ref: idIn(refund['cf_refund_id']),
    arn: textIn(refund['refund_arn']),
    code: textIn(refund['refund_status']),
    message: textIn(refund['status_description']),
  })
}
