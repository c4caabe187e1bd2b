import { next, unknown, withoutGaps } from './answer.ts'
import type { Access, Call, Payment, Refunding, RefundVerdict, Reply } from './gateway.ts'
import { get, post, referenceOf } from './razorpay-calls.ts'
import { itemsOf, read, readRecord, refundVerdict } from './razorpay-words.ts'

/** A refund; its reference is Razorpay's guard against doing it twice, and its receipt. */
export function askRefund(about: Refunding, access: Access): Call {
  const { ref, reference, back } = about
  const notes = { reference: referenceOf(about) }
  const body = { amount: back, speed: 'normal', receipt: reference, notes }
  const call = post(`/v1/payments/${ref}/refund`, body, access)
  return { ...call, headers: { ...call.headers, 'x-refund-idempotency': reference } }
}

/** A no can follow an answer that was lost, so the payment's refunds are looked through. */
export function hearRefund(reply: Reply, about: Refunding, access: Access) {
  const heard = read(reply)
  if (heard.kind === 'unknown') return heard
  if (heard.kind === 'words') return refundVerdict(heard.words, about)
  const { code, message } = heard.said
  const said = withoutGaps({ code, message })
  return next<RefundVerdict>(askRefunds(about, access), (answer) => {
    const verdict = hearRefunds(answer, about)
    if (verdict.kind === 'unknown') return { ...verdict, sent: true }
    return verdict.kind === 'not_found' ? { kind: 'refund_failed', said } : verdict
  })
}

/** The most that one list holds: past it, a refund that is not there may yet exist. */
const longestList = 100

function askRefunds({ ref }: Payment, access: Access): Call {
  return get(`/v1/payments/${ref}/refunds?count=${longestList}`, access)
}

/** One refund, or all of a payment's when its id at Razorpay is not known. */
export function askSyncRefund(about: Refunding, access: Access): Call {
  const { refundRef } = about
  return refundRef === undefined
    ? askRefunds(about, access)
    : get(`/v1/refunds/${refundRef}`, access)
}

/** What the refund's own record says, or the one of the list that has its reference. */
export function hearSyncRefund(reply: Reply, about: Refunding): RefundVerdict {
  if (about.refundRef === undefined) return hearRefunds(reply, about)
  const heard = readRecord(reply)
  return heard.kind === 'words' ? refundVerdict(heard.words, about) : heard
}

function hearRefunds(reply: Reply, about: Refunding): RefundVerdict {
  const found = itemsOf(reply)
  if (!Array.isArray(found)) return found
  const ours = found.find(({ receipt }) => receipt === about.reference)
  if (ours) return refundVerdict(ours, about)
  return found.length < longestList ? { kind: 'not_found' } : unknown('a list cut short')
}
