import { rupees } from '../money.ts'
import { alarm, next, objectIn, type Words } from './answer.ts'
import { getPayments, post, postOpenly, thenLook } from './cashfree-calls.ts'
import {
  amountIn,
  type CashfreeError,
  errorIn,
  idIn,
  isTurnedAway,
  listIn,
  referenceOf,
  unclear,
  verdictAmong,
  wordsIn,
} from './cashfree-words.ts'
import type {
  Access,
  BankPage,
  Call,
  NewPayment,
  Next,
  Question,
  Reply,
  Said,
  Verdict,
} from './gateway.ts'

/** An order, and then its payment: the card goes to the session that the order opens. */
export const start: Question<NewPayment> = {
  // An order is made in a moment, and for the card Cashfree advises 10 s.
  patienceMs: 15_000,
  ask: askOrder,
  hear: hearOrder,
}

/** The order that has to stand before its payment; it moves nothing and sends nobody anything. */
function askOrder(payment: NewPayment, access: Access): Call {
  const reference = referenceOf(payment)
  const urls = { return_url: payment.finishUrl, notify_url: access.callbackUrl }
  // Only such ones are documented: another could cost the order, and a payment works without.
  const taken = Object.entries(urls).filter(([, url]) => url.startsWith('https://'))
  const order = {
    order_id: reference,
    order_amount: rupees(payment.amount),
    order_currency: payment.currency,
    customer_details: customerOf(payment),
    ...(taken.length > 0 && { order_meta: Object.fromEntries(taken) }),
    ...(!payment.autoCapture && { order_note: holdNote }),
  }
  return post(access, '/orders', order, reference)
}

/**
 * How the sandbox is told to hold money (Cashfree's "preauth journey"). In live mode an account
 * holds Visa and Mastercard money always or never, and this is a note like any other.
 */
const holdNote = 'preauth_transaction'

/** The API demands a number; its documentation lets who has none send a dummy, and shows this. */
const noPhone = '9999999999'

function customerOf({ customer, ...payment }: NewPayment) {
  const phone = customer.phone?.replace(/[\s-]/g, '') ?? ''
  const isId = /^[A-Za-z0-9_-]{3,50}$/.test(customer.id ?? '')
  const isEmail = /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(customer.email ?? '')
  return {
    customer_id: isId ? customer.id : referenceOf(payment),
    customer_phone: /^\+?\d{10,15}$/.test(phone) ? phone : noPhone,
    ...(isEmail && { customer_email: customer.email }),
  }
}

/** The card, for the session that its order opened. This sends the OTP. */
function askSession({ card, auth }: NewPayment, session: string): Call {
  return postOpenly('/orders/sessions', {
    payment_session_id: session,
    payment_method: {
      card: {
        channel: auth === 'OTP' ? 'post' : 'link',
        card_number: card.number.reveal(),
        ...(card.name !== undefined && { card_holder_name: card.name }),
        card_expiry_mm: card.expiryMonth,
        card_expiry_yy: card.expiryYear.slice(-2),
        ...(card.cvv && { card_cvv: card.cvv.reveal() }),
      },
    },
  })
}

/** Until the session has the card, nothing can be charged. */
function hearOrder(reply: Reply, about: NewPayment, access: Access): Verdict | Next<Verdict> {
  const error = errorIn(reply)
  // The order of this very start is there already, so an earlier call may have sent the card.
  if (error?.status === 409 || error?.status === 422) return unclear(reply)
  if (error && error.status < 500) return notBegun(error)
  const order = wordsIn(reply)
  if (!order) return unclear(reply, false)
  const isOurs =
    order['order_id'] === referenceOf(about) &&
    amountIn(order['order_amount']) === about.amount &&
    order['order_currency'] === about.currency
  const session = order['payment_session_id']
  if (!isOurs || typeof session !== 'string') return { ...alarm('another order'), sent: false }
  return next(askSession(about, session), (answer) => hearSession(answer, about, access))
}

/** Such a start came to nothing; but what is wrong with the card is wrong with it everywhere. */
function notBegun({ status, type, code, message }: CashfreeError): Verdict {
  const failed = { kind: 'failed', said: { code, message }, by: 'gateway' } as const
  if (/^card_(?!unsupported)/.test(code)) return { ...failed, code: 'TXN_FAILURE' }
  const isOfAccount = status === 401 || status === 403 || type === 'feature_not_enabled'
  return code === 'bank_processing_failure'
    ? { ...failed, by: 'bank', code: 'ISSUER_DOWN', elsewhere: 'gateway' }
    : { ...failed, code: 'GATEWAY_ERROR', elsewhere: isOfAccount ? 'account' : 'gateway' }
}

function hearSession(reply: Reply, about: NewPayment, access: Access): Verdict | Next<Verdict> {
  const error = errorIn(reply)
  if (error && isHarmless(error)) return notBegun(error)
  if (error) {
    return thenLook(getPayments(about, access), (list) => afterFailedStart(list, about, error))
  }
  const words = wordsIn(reply)
  return words ? opened(words, about) : unclear(reply)
}

/** What is refused for one of these was not begun; any other refusal could be of a later moment. */
function isHarmless(error: CashfreeError): boolean {
  const { status, type, code } = error
  if (isTurnedAway(error) || type === 'feature_not_enabled') return true
  const isFault = /^channel_|^card_unsupported$|_(missing|invalid)$/.test(code)
  return status === 400 && isFault && code !== 'request_invalid'
}

/** Without an OTP or a page nothing is ever charged: what has failed at once may go elsewhere. */
function afterFailedStart(reply: Reply, about: NewPayment, error: CashfreeError): Verdict {
  const payments = listIn(reply)
  if (!payments) return unclear(reply)
  const verdict = verdictAmong(payments, about)
  if (!verdict) {
    // Of an order that is paid, or of a call that may be under way, it is not the whole truth.
    const isDefinite = error.status === 400 && !error.code.startsWith('order_')
    return isDefinite || isBankDown(error) ? notBegun(error) : unclear(reply)
  }
  switch (verdict.kind) {
    case 'failed':
      return verdict.by === 'gateway' ? { ...verdict, elsewhere: 'gateway' } : verdict
    case 'challenge':
    case 'redirect':
    case 'pending':
      return { ...unclear(reply), said: verdict.said }
    default:
      return verdict
  }
}

/** Cashfree's word that nothing came of it; the same code also tells that the bank is silent. */
function isBankDown({ status, code, message }: CashfreeError): boolean {
  const isOver = /failed/i.test(message) && !/pending/i.test(message)
  return status === 502 && code === 'bank_processing_failure' && isOver
}

/** Two resends within 5 minutes of the first OTP, as Cashfree documents. */
const limits = { sendsLeft: 2, livesMs: 300_000 }

function opened(words: Words, { amount, auth }: NewPayment): Verdict {
  const ref = idIn(words['cf_payment_id'])
  if (ref === undefined) return alarm('a payment without id')
  const said = { ref }
  const named = words['payment_amount']
  if (named !== undefined && amountIn(named) !== amount) return alarm('another amount', said)
  const data = objectIn(words['data']) ?? {}
  switch (words['action']) {
    case 'post': {
      const page = pageIn(data['redirect_to_bank'])
      if (auth === 'REDIRECT') return atPage(page, said)
      return { kind: 'challenge', said, ...(page && { page }), ...limits }
    }
    // It does no OTP for some cards; the page belongs to the payment that has begun.
    case 'link':
      return atPage(pageIn(data['url']), said)
    default:
      return alarm('an action never documented', said)
  }
}

function atPage(page: BankPage | undefined, said: Said): Verdict {
  return page ? { kind: 'redirect', said, page } : alarm('a redirect to nowhere', said)
}

function pageIn(url: unknown): BankPage | undefined {
  const isPage = typeof url === 'string' && /^https?:/.test(url) && URL.canParse(url)
  return isPage ? { url } : undefined
}
