import { alarm, next } from './answer.ts'
import type { Access, Call, Payment, Reply, Verdict } from './gateway.ts'
import { get, knownOf, referenceOf } from './razorpay-calls.ts'
import { idIn, itemsOf, paymentVerdict, readRecord } from './razorpay-words.ts'

/** The payment's own record, which is the authority; without its id, by its order or receipt. */
export function askSync(about: Payment, access: Access): Call {
  const { ref, handle } = about
  if (ref !== undefined) return get(`/v1/payments/${ref}`, access)
  if (handle !== undefined) return get(`/v1/orders/${handle}/payments`, access)
  return get(`/v1/orders?receipt=${referenceOf(about)}`, access)
}

/** What the record says; where there is only a receipt, what that of its order says. */
export function hearSync(reply: Reply, about: Payment, access: Access) {
  if (about.ref !== undefined || about.handle !== undefined) return hearRecord(reply, about)
  const found = itemsOf(reply)
  if (!Array.isArray(found)) return found
  const ours = found.filter((order) => order['receipt'] === referenceOf(about))
  if (ours.length === 0) return { kind: 'not_found' } as const
  const handle = ours.length === 1 && ours[0] ? idIn(ours[0], 'id', 'order') : undefined
  return handle === undefined ? alarm('not one order') : lookAt({ ...about, handle }, access)
}

/** The record once more, after a call that may have moved something: silence then comes late. */
export function lookAt(
  about: Payment,
  access: Access,
  judge: (verdict: Verdict) => Verdict = (verdict) => verdict,
) {
  return next(askSync(about, access), (reply) => {
    const verdict = hearRecord(reply, about)
    return judge(verdict.kind === 'unknown' ? { ...verdict, sent: true } : verdict)
  })
}

/** The record of a payment whose id is known, or the only one of its order's. */
export function hearRecord(reply: Reply, about: Payment): Verdict {
  const said = knownOf(about)
  const verdict = about.ref === undefined ? hearAttempts(reply, about) : hearPayment(reply, about)
  return verdict.kind === 'unknown' ? { ...verdict, said } : verdict
}

function hearPayment(reply: Reply, about: Payment): Verdict {
  const heard = readRecord(reply)
  return heard.kind === 'words' ? paymentVerdict(heard.words, about) : heard
}

/** One order has one payment: a start never sends a card twice. */
function hearAttempts(reply: Reply, about: Payment): Verdict {
  const found = itemsOf(reply)
  if (!Array.isArray(found)) return found
  const [payment, another] = found
  if (payment === undefined) return { kind: 'not_found' }
  return another === undefined ? paymentVerdict(payment, about) : alarm('more than one payment')
}
