import type { Mood } from './mood.ts'
import type { Code, Payment } from './payment.ts'

/** Money given back, or asked back; the amount is whole paise, times are epoch milliseconds. */
export interface Refund {
  seq: number
  id: string
  /** The merchant's own name for it, unique in the book. */
  reference: string
  /** The `seq` of its payment. */
  payment: number
  amount: number
  /** Why it is not done; undefined: it is. */
  refusal: Code | undefined
  startedAt: number
  /** When it is done; of a refused one when that was said. */
  settlesAt: number
}

// The mood `refund_pending`: what a gateway needs for a refund that does not settle at once.
const pendingMs = 3_600_000
// The mood `refund_stuck`: longer than the ten days after which a merchant looks for a person.
const stuckMs = 11 * 24 * 3_600_000

/** Why an amount cannot be given back, whatever the bank's mood; undefined: it can. */
export function obstacleTo(amount: number, payment: Payment): Code | undefined {
  if (payment.captured === 0) return 'NOT_CAPTURED'
  return amount > payment.captured - payment.returned ? 'REFUND_EXCEEDED' : undefined
}

/** The bank's decision about a refund: whether, and when it is done. */
export function decide({
  obstacle,
  mood,
  now,
}: {
  obstacle: Code | undefined
  mood: Mood
  now: number
}): Pick<Refund, 'refusal' | 'settlesAt'> {
  const refusal = obstacle ?? (mood === 'refund_declined' ? 'REFUND_DECLINED' : undefined)
  const waitMs = mood === 'refund_pending' ? pendingMs : mood === 'refund_stuck' ? stuckMs : 0
  return { refusal, settlesAt: now + waitMs }
}

/** How a refund stands now. */
export function stateOf({ refusal, settlesAt }: Refund, now: number) {
  if (refusal !== undefined) return 'refund_declined'
  return now < settlesAt ? 'refund_pending' : 'refunded'
}
