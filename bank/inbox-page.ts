import { html } from '../src/page.ts'
import { amountText, pageAnswer } from './page.ts'
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
    ({ at, to, text, otp, order }) => html`<li><p class="otp">${otp}</p>
<p>${text}</p>
<p class="quiet">to ${to} · order ${order}</p>
<p class="quiet">${new Date(at).toISOString()}</p></li>`,
  )
  const list = items.length > 0 ? html`<ul>${items}</ul>` : html`<p>No messages yet.</p>`
  const body = html`<main><h1>SMS inbox of the simulated bank</h1>${list}</main>`
  return pageAnswer({ title: 'SMS inbox', body, refreshSeconds })
}
