import { type Html, html } from '../src/page.ts'
import { amountText, pageAnswer } from './page.ts'
import { isOpen, isTaken, type Payment } from './payment.ts'

/** The page on which the customer approves a payment without an OTP. */
export function acsPage(payment: Payment): Response {
  const body = html`<main class="narrow"><h1>Simulated bank</h1>
<p class="amount">${amountText(payment.amount, payment.currency)}</p>
<p>to ${payment.merchant}</p>
<p class="quiet">from your card ending ${payment.lastFour}</p>
${isOpen(payment) ? choice : closed(payment)}</main>`
  return pageAnswer({ title: 'Approve this payment', body })
}

const choice = html`<form method="post">
<button class="main" name="decision" value="approve">Approve</button>
<button name="decision" value="cancel">Cancel</button></form>`

function closed(payment: Payment): Html {
  const word = isTaken(payment) ? 'approved' : payment.state
  return html`<p>This payment is ${word}.</p>
<p><a href="${payment.returnUrl}">Back to the merchant</a></p>`
}

/** What some gateways hand over in place of a link: a page that sends its form to the ACS. */
export function acsForm(acs: string): Html {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>To your bank</title></head>
<body onload="document.forms[0].submit()">
<form method="post" action="${acs}"><input type="hidden" name="creq" value="1">
<noscript><button>Continue</button></noscript></form></body></html>
`
}

/** The page for a link that leads nowhere. */
export function noSuchPaymentPage(): Response {
  const body = html`<main class="narrow"><h1>Simulated bank</h1><p>No such payment.</p></main>`
  return pageAnswer({ title: 'No such payment', body, status: 404 })
}
