import { type Html, html, type PageParts } from '../page.ts'
import type { Order } from '../payments/order.ts'
import { resendAllowed, type Txn } from '../payments/txn.ts'
import { orderStatus } from '../wire/order-view.ts'
import {
  amountText,
  type CardField,
  type Fault,
  moneyLines,
  otpFaultFor,
  reasonFor,
  wordsFor,
} from './pay-words.ts'

/** What every page of a payment shows, and where it may lead. */
export interface Facts {
  readonly order: Order
  /** Whether no real money moves. */
  readonly isTest: boolean
  /** The order's own page, with the card form. */
  readonly page: string
}

/** What of a card may be shown again. */
export interface Kept {
  readonly expiry: string
  readonly name: string
}

/** The form that a card is typed into. */
export function cardPage(
  facts: Facts,
  form: { notice?: Html; fault?: Fault; kept?: Kept; shop?: string | undefined },
): PageParts {
  const { order, page } = facts
  const { notice = '', fault, kept, shop } = form
  const about = (field: CardField) => ({ fault, field })
  return {
    title: `Pay ${amountText(order.amount)}`,
    formsLeadTo: "'self'",
    body: html`<main class="narrow">${heading(facts)}${notice}${faultLine(fault?.words)}
<form class="fields" method="post" action="${page}">
<input type="hidden" name="seen" value="${String(order.txnCount)}">
<div><label for="card_number">Card number</label>
<input id="card_number" name="card_number" autocomplete="cc-number" inputmode="numeric"
maxlength="32" required ${state(about('card_number'))}></div>
<div class="pair"><div><label for="card_exp">Expiry (MM/YY)</label>
<input id="card_exp" name="card_exp" autocomplete="cc-exp" inputmode="numeric" maxlength="9"
value="${kept?.expiry ?? ''}" required ${state(about('card_exp'))}></div>
<div><label for="card_security_code">CVV</label>
<input id="card_security_code" name="card_security_code" autocomplete="cc-csc" inputmode="numeric"
maxlength="4" ${state(about('card_security_code'))}></div></div>
<div><label for="name_on_card">Name on card</label>
<input id="name_on_card" name="name_on_card" autocomplete="cc-name" maxlength="64"
value="${kept?.name ?? ''}" ${state(about('name_on_card'))}></div>
<button class="main">Pay ${amountText(order.amount)}</button></form>${shopButton(shop)}</main>`,
  }
}

/** The form that an OTP is typed into. */
export function otpPage(
  facts: Facts,
  form: { txn: Txn; at: string; now: number; bankUrl?: string; inbox?: string; fault?: string },
): PageParts {
  const { txn, at, fault } = form
  const { attempts, attemptsMax, sends, sendsMax } = txn.otp
  const said = fault ?? otpFaultFor[txn.code]
  const wrong = said === undefined ? '' : html`aria-invalid="true" aria-describedby="fault"`
  const sent = sends > 1 ? `A new OTP was sent (${sends} of ${sendsMax})` : 'An OTP was sent'
  const inbox = form.inbox
    ? html`<p class="quiet">Test mode: it is in the
<a href="${form.inbox}" target="_blank" rel="noopener">bank's inbox</a>.</p>`
    : ''
  const again = resendAllowed(txn, form.now)
    ? html`<form method="post" action="${at}/resend">
<input type="hidden" name="seen" value="${String(sends)}"><button>Send again</button></form>`
    : ''
  const bank = form.bankUrl
    ? html`<a class="button" href="${form.bankUrl}">Confirm at my bank instead</a>`
    : ''
  return {
    title: 'Enter your OTP',
    formsLeadTo: "'self'",
    body: html`<main class="narrow">${heading(facts)}
<p class="alert" role="status">${sent} to your phone by the bank of your card ending in
${txn.card.lastFour}.</p>${inbox}${faultLine(said)}
<form class="fields" method="post" action="${at}">
<input type="hidden" name="seen" value="${String(attempts)}">
<div><label for="otp">OTP</label>
<input id="otp" class="otp" name="otp" autocomplete="one-time-code" inputmode="numeric"
maxlength="12" required autofocus ${wrong}>
<p class="quiet">${count(attemptsMax - attempts)} left</p></div>
<button class="main">Pay ${amountText(txn.amount)}</button></form>
<div class="ways">${again}${bank}
<a class="button" href="${facts.page}">Use another card</a></div></main>`,
  }
}

/** How an order or a payment of it stands, and the ways on from there. */
export function standPage(
  facts: Facts,
  stand: { txn: Txn; words?: string; more?: string; retry?: boolean; shop: string | undefined },
): PageParts {
  const { txn, shop } = stand
  const words = stand.words ?? wordsFor[orderStatus({ txn }).status]
  const more = stand.more ?? reasonFor[txn.code] ?? ''
  const retry = stand.retry ? html`<a class="button main" href="${facts.page}">Try again</a>` : ''
  const main = stand.retry ? 'button' : 'button main'
  const back = shop
    ? html`<a class="${main}" href="${shop}">Back to the shop</a>`
    : html`<p class="quiet">You can go back to the shop now.</p>`
  return {
    title: words,
    formsLeadTo: "'none'",
    body: html`<main class="narrow">${heading(facts)}
<p class="alert" role="status"><strong>${words}.</strong> ${more}</p>
${moneyLines(txn)}<div class="ways">${retry}${back}</div></main>`,
  }
}

// Long enough to be read, and the button is there for whoever does not want to wait.
const thanksSeconds = 3

/** The payment has succeeded; the browser goes back to the shop by itself, where it has one. */
export function paidPage(facts: Facts, stand: { txn: Txn; shop: string | undefined }): PageParts {
  if (stand.shop === undefined) return standPage(facts, stand)
  const shown = standPage(facts, { ...stand, more: 'You are taken back to the shop.' })
  return { ...shown, refreshSeconds: thanksSeconds, refreshTo: stand.shop }
}

// Banks that answer late mostly do so within a minute.
const lookAgainSeconds = 5

/** The end of a payment is not known yet; the page looks again by itself. */
export function checkingPage(
  facts: Facts,
  { at, another, shop }: { at: string; another: boolean; shop: string | undefined },
): PageParts {
  const other = another ? html`<a class="button" href="${facts.page}">Use another card</a>` : ''
  const warning = another ? '' : 'Please do not pay again. '
  return {
    title: wordsFor.AUTHORIZING,
    formsLeadTo: "'none'",
    refreshSeconds: lookAgainSeconds,
    body: html`<main class="narrow">${heading(facts)}
<p class="alert" role="status"><strong>${wordsFor.AUTHORIZING}.</strong>
${warning}This page looks again every ${String(lookAgainSeconds)} seconds.</p>
<div class="ways"><a class="button main" href="${at}">Look now</a>${other}</div>
${shopButton(shop)}</main>`,
  }
}

/** Where a payment that is not done can go on: one of these, or none. */
export interface Ways {
  readonly otp?: string
  readonly bank?: string
  readonly check?: string
}

/** What became of the payment that was begun before, above the card form. */
export function noticeOf(txn: Txn, ways: Ways): Html {
  const card = `card ending in ${txn.card.lastFour}`
  if (ways.otp) {
    return html`<p class="alert" role="status">An OTP was sent for your ${card}.
<a href="${ways.otp}">Enter it</a>, or pay with another card:</p>`
  }
  if (ways.bank) {
    return html`<p class="alert" role="status">A payment with your ${card} waits for you.
<a href="${ways.bank}">Continue at your bank</a>, or pay with another card:</p>`
  }
  if (ways.check) {
    return html`<p class="alert" role="status">A payment with your ${card} is being checked.
<a href="${ways.check}">Look now</a>, or pay with another card:</p>`
  }
  const reason = reasonFor[txn.code] ?? ''
  return html`<p class="alert" role="status">${wordsFor[orderStatus({ txn }).status]}. ${reason}
You can try again:</p>`
}

/** A form that was posted from a page of another site. */
export const foreignForm: PageParts = {
  title: 'Not from here',
  formsLeadTo: "'none'",
  body: html`<main class="narrow"><h1>This form was not sent from our page</h1>
<p>Nothing was paid. Please go back to the shop and try again.</p></main>`,
}

function heading({ order, isTest }: Facts): Html {
  const test = isTest ? html`<p class="test">Test mode: no money moves</p>` : ''
  const what = order.fields['description']
  return html`${test}<h1>${order.merchant}</h1>
<p class="amount">${amountText(order.amount)}</p>
<p class="quiet">Order ${order.orderId}</p>${what ? html`<p class="quiet">${what}</p>` : ''}`
}

function shopButton(shop: string | undefined): Html {
  if (shop === undefined) return html``
  return html`<div class="ways"><a class="button" href="${shop}">Back to the shop</a></div>`
}

function faultLine(words: string | undefined): Html {
  return words ? html`<p class="alert bad" role="alert" id="fault">${words}</p>` : html``
}

/** A field is pointed out where it is at fault; without a fault the first one is begun with. */
function state({ fault, field }: { fault: Fault | undefined; field: CardField }): Html {
  if (fault?.field === field) {
    return html`aria-invalid="true" aria-describedby="fault" autofocus`
  }
  return fault === undefined && field === 'card_number' ? html`autofocus` : html``
}

function count(attempts: number): string {
  return attempts === 1 ? '1 attempt' : `${attempts} attempts`
}
