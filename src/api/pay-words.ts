import type { ResponseCode } from '../gateways/gateway.ts'
import { type Paise, rupees } from '../money.ts'
import { type Html, html } from '../page.ts'
import { isPartlyCharged, type Txn } from '../payments/txn.ts'
import type { Refusal, RefusalName } from '../refusal.ts'
import type { OrderStatus } from '../wire/order-view.ts'

/** What a status says to a customer. */
export const wordsFor: Readonly<Record<OrderStatus, string>> = {
  NEW: 'Not paid yet',
  CREATED: 'Not paid yet',
  STARTED: 'The payment has begun',
  PENDING_VBV: 'Waiting for your confirmation',
  AUTHORIZING: 'The payment is being checked',
  AUTHORIZED: 'The payment is approved',
  CAPTURE_INITIATED: 'The payment is approved',
  CAPTURE_FAILED: 'The payment is approved',
  VOID_INITIATED: 'The payment is being cancelled',
  VOID_FAILED: 'The payment is approved',
  VOIDED: 'The payment was cancelled; nothing is taken',
  CHARGED: 'Paid',
  PARTIAL_CHARGED: 'Paid in part',
  AUTO_REFUNDED: 'The payment came too late and was refunded',
  AUTHENTICATION_FAILED: 'The payment was not confirmed',
  AUTHORIZATION_FAILED: 'Your bank declined the payment',
  JUSPAY_DECLINED: 'The payment could not be made',
}

/** Why a payment failed, where a customer can do something about it. */
export const reasonFor: Readonly<Partial<Record<ResponseCode | '', string>>> = {
  TXN_EXPIRED: 'The time to confirm it was over.',
  OTP_ATTEMPTS_EXCEEDED: 'The OTP was wrong too many times.',
  INSUFFICIENT_BALANCE: 'There is not enough money in the account.',
  GATEWAY_UNREACHABLE: 'The bank could not be reached.',
}

/** What is wrong with a challenge that goes on. */
export const otpFaultFor: Readonly<Partial<Record<ResponseCode | '', string>>> = {
  INCORRECT_OTP: 'That OTP is not right. Please try again.',
  OTP_EXPIRED: 'That OTP is too old. Please ask for a new one.',
}

/** A field of the card form, by its name. */
export type CardField = 'card_number' | 'card_exp' | 'card_security_code' | 'name_on_card'

/** What is wrong with a form, and with which of its fields. */
export interface Fault {
  readonly words: string
  readonly field?: CardField
}

const expiryWords = 'Please enter the expiry of your card as MM/YY.'

const cardFaults: Readonly<Partial<Record<RefusalName, Fault>>> = {
  card_number_missing: { field: 'card_number', words: 'Please enter your card number.' },
  card_number_invalid: {
    field: 'card_number',
    words: 'This is not a card number. Please check every digit.',
  },
  card_expiry_month_missing: { field: 'card_exp', words: expiryWords },
  card_expiry_month_invalid: { field: 'card_exp', words: expiryWords },
  card_expiry_year_missing: { field: 'card_exp', words: expiryWords },
  card_expiry_year_invalid: { field: 'card_exp', words: 'This card has expired.' },
  card_cvv_invalid: {
    field: 'card_security_code',
    words: 'The CVV has 3 digits, on American Express 4. It is printed on the card.',
  },
  // Reading a card says so where its CVV is missing.
  no_gateway: { field: 'card_security_code', words: 'Please enter the CVV of your card.' },
  card_name_invalid: {
    field: 'name_on_card',
    words: 'Please enter the name as it is printed on your card.',
  },
}

const payFaults: Readonly<Partial<Record<RefusalName, Fault>>> = {
  no_gateway: { words: 'This card cannot be used here. Please use another one.' },
  daily_limit: { words: 'Too many OTPs were asked for today. Please try again tomorrow.' },
}

const otpFaults: Readonly<Partial<Record<RefusalName, string>>> = {
  otp_missing: 'Please enter the OTP.',
  otp_malformed: 'An OTP has 4 to 10 digits.',
  daily_limit: 'Too many OTPs were tried or asked for today. Please try again tomorrow.',
  send_limit: 'No more OTPs can be sent for this payment.',
  resend_failed: 'The OTP could not be sent. Please try again.',
}

/** What is wrong with a card that was refused as it was read. */
export function cardFault({ reason }: Refusal): Fault {
  return cardFaults[reason] ?? { words: 'Please check your card.' }
}

/** Why a payment was not begun. */
export function payFault({ reason }: Refusal): Fault {
  return payFaults[reason] ?? { words: 'The payment could not be started. Please try again.' }
}

/** Why an OTP was not taken or sent; `undefined` where the challenge itself has changed. */
export function otpFault({ reason, detail }: Refusal): string | undefined {
  if (reason !== 'resend_too_soon') return otpFaults[reason]
  const seconds = detail.retryAfterSeconds
  const wait = seconds === undefined ? 'a moment' : `${seconds} second${seconds === 1 ? '' : 's'}`
  return `An OTP was sent a moment ago. Please wait ${wait} before you ask again.`
}

/** An amount for people. */
export function amountText(amount: Paise): string {
  return `₹${rupees(amount).toFixed(2)}`
}

/** What was taken of the amount, and what has gone or goes back. */
export function moneyLines(txn: Txn): Html {
  const taken = isPartlyCharged(txn)
    ? html`<p class="quiet">${amountText(txn.captured)} taken so far</p>`
    : ''
  const back =
    txn.refunded > 0
      ? html`<p class="quiet">${amountText(txn.refunded)} given back or on its way</p>`
      : ''
  return html`${taken}${back}`
}
