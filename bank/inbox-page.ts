import { amountText, escaped, page } from './page.ts'
import type { Send } from './payments.ts'

/** One SMS as the customer reads it. */
export interface Message {
  /** Epoch milliseconds of the bank's clock. */
  at: number
  /** The phone number; without one, which card it is about. */
  to: string
  reference: string
  order: string
  last_four: string
  text: string
  otp: string
}

/** The SMS of one send. */
export function messageOf({ payment, appearsAt }: Send, otp: string): Message {
  const amount = amountText(payment.amount, payment.currency)
  const { merchant, lastFour } = payment
  return {
    at: appearsAt,
    to: payment.phone ?? `card ending ${lastFour}`,
    reference: payment.reference,
    order: payment.order,
    last_four: lastFour,
    text: `${otp} is the OTP for ${amount} at ${merchant}, card ${lastFour}. Never share it.`,
    otp,
  }
}

// Quick enough for somebody waiting for an SMS.
const refreshSeconds = 3

/** The inbox for people, newest first. */
export function inboxPage(messages: readonly Message[]): Response {
  const items = messages.map(
    ({ at, to, text, otp, order }) => `<li><p class="otp">${escaped(otp)}</p>
<p>${escaped(text)}</p>
<p class="quiet">to ${escaped(to)} · order ${escaped(order)}</p>
<p class="quiet">${new Date(at).toISOString()}</p></li>`,
  )
  const list = items.length > 0 ? `<ul>${items.join('')}</ul>` : '<p>No messages yet.</p>'
  const body = `<main><h1>SMS inbox of the simulated bank</h1>${list}</main>`
  return page({ title: 'SMS inbox', body, refreshSeconds })
}
