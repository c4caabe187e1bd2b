import { amountText, escaped, page } from './page.ts'
import { isOpen, isTaken, type Payment } from './payment.ts'

/** The page on which the customer approves a payment without an OTP. */
export function acsPage(payment: Payment): Response {
  const body = `<main class="narrow"><h1>Simulated bank</h1>
<p class="amount">${escaped(amountText(payment.amount, payment.currency))}</p>
<p>to ${escaped(payment.merchant)}</p>
<p class="quiet">from your card ending ${escaped(payment.lastFour)}</p>
${isOpen(payment) ? choice : closed(payment)}</main>`
  return page({ title: 'Approve this payment', body })
}

const choice = `<form method="post">
<button class="main" name="decision" value="approve">Approve</button>
<button name="decision" value="cancel">Cancel</button></form>`

function closed(payment: Payment): string {
  const word = isTaken(payment) ? 'approved' : payment.state
  return `<p>This payment is ${escaped(word)}.</p>
<p><a href="${escaped(payment.returnUrl)}">Back to the merchant</a></p>`
}

/** The page for a link that leads nowhere. */
export function noSuchPaymentPage(): Response {
  const body = '<main class="narrow"><h1>Simulated bank</h1><p>No such payment.</p></main>'
  return page({ title: 'No such payment', body, status: 404 })
}
