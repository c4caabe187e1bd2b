import type { Access, Call, NewPayment, Next, Reply, Said, Verdict } from './gateway.ts'
import { get, next, post, referenceOf } from './razorpay-calls.ts'
import { isWorthAnother, refusalFor, refusalLike } from './razorpay-reasons.ts'
import {
  alarm,
  type Complaint,
  idIn,
  lockOutIn,
  paymentVerdict,
  read,
  type Steps,
  stepsIn,
  unknown,
} from './razorpay-words.ts'

/** Razorpay asks a silent bank for five days: money that comes within four is still taken. */
const automaticMinutes = 4 * 24 * 60

/** The longest it lets money be held. */
const holdMinutes = 5 * 24 * 60

/** A start is an order, then its payment with the card, then the OTP: each a call of its own. */
export function askOrder(about: NewPayment, access: Access): Call {
  const { autoCapture, amount, currency, orderId } = about
  return post(
    '/v1/orders',
    {
      amount,
      currency,
      receipt: referenceOf(about),
      notes: { merchant_order: orderId },
      partial_payment: false,
      payment: {
        capture: autoCapture ? 'automatic' : 'manual',
        capture_options: {
          ...(autoCapture && { automatic_expiry_period: automaticMinutes }),
          manual_expiry_period: holdMinutes,
          refund_speed: 'normal',
        },
      },
    },
    access,
  )
}

/** An order holds no card: whatever becomes of it, nothing that can be charged has left. */
export function hearOrder(reply: Reply, about: NewPayment, access: Access) {
  const refused = lockedOut(reply)
  if (refused) return refused
  const heard = read(reply)
  if (heard.kind !== 'words') {
    const verdict = heard.kind === 'error' ? startRefused(heard, false) : heard
    return verdict.kind === 'unknown' ? { ...verdict, sent: false } : verdict
  }
  const { words } = heard
  const handle = idIn(words, 'id', 'order')
  if (handle === undefined) return { ...unknown('no order'), sent: false }
  const isOurs =
    words['receipt'] === referenceOf(about) &&
    words['amount'] === about.amount &&
    words['currency'] === about.currency
  if (!isOurs) return { ...alarm('another order'), sent: false }
  return next(post('/v1/payments/create/json', createBody(about, handle), access), (answer) =>
    hearCreate(answer, { about, access, handle }),
  )
}

/** What a server can tell of a browser that it does not see; banks' pages size themselves by it. */
const browser = {
  java_enabled: false,
  javascript_enabled: true,
  timezone_offset: -330,
  color_depth: 24,
  screen_width: 390,
  screen_height: 844,
}

function createBody(about: NewPayment, handle: string): object {
  const { card, customer, finishUrl } = about
  return {
    amount: about.amount,
    currency: about.currency,
    order_id: handle,
    method: 'card',
    contact: customer.phone,
    email: customer.email,
    callback_url: finishUrl,
    notes: { reference: referenceOf(about), auth: about.auth },
    card: {
      number: card.number.reveal(),
      name: card.name,
      expiry_month: card.expiryMonth,
      expiry_year: card.expiryYear.slice(-2),
      cvv: card.cvv?.reveal(),
    },
    ...(about.auth === 'OTP' && { auth_type: 'otp' }),
    authentication: { authentication_channel: 'browser' },
    browser,
    ip: customer.ip,
    referer: new URL(finishUrl).origin,
    user_agent: customer.userAgent,
  }
}

interface Starting {
  readonly about: NewPayment
  readonly access: Access
  readonly handle: string
}

interface Ids {
  readonly ref: string
  readonly handle: string
}

function hearCreate(reply: Reply, starting: Starting): Verdict | Next<Verdict> {
  const { about, access, handle } = starting
  const refused = lockedOut(reply)
  if (refused) return refused
  const heard = read(reply, { handle })
  if (heard.kind === 'unknown') return heard
  if (heard.kind === 'error') return startRefused(heard, about.auth === 'OTP')
  const ref = idIn(heard.words, 'razorpay_payment_id', 'pay')
  if (ref === undefined) return { ...unknown('no payment'), said: { handle } }
  const said = { ref, handle }
  const steps = stepsIn(heard.words)
  // Without a next step the bank wanted no proof, and the payment may be authorized already.
  if (steps === undefined) return askPayment(said, starting)
  const page = pageIn(steps, access)
  const generate = steps.get('otp_generate')
  if (about.auth === 'OTP' && generate !== undefined) {
    // A public call: its address carries what it needs, and the secret stays here.
    return next({ method: 'POST', path: generate }, (answer) => hearGenerate(answer, said, page))
  }
  if (page !== undefined && !(about.auth === 'OTP' && steps.has('otp_submit'))) {
    return { kind: 'redirect', said, page }
  }
  return openChallenge(steps, said, page)
}

/** In doubt about the payment's id only the order's is kept: by it the payment is found again. */
function askPayment(said: Ids, { about, access, handle }: Starting): Next<Verdict> {
  return next(get(`/v1/payments/${said.ref}`, access), (reply) => {
    const heard = read(reply, said)
    if (heard.kind === 'unknown') return { ...heard, sent: true }
    if (heard.kind === 'error') return { ...unknown('an error'), said: { handle } }
    const verdict = paymentVerdict(heard.words, { ...about, ...said, stage: 'submitted' })
    return verdict.kind === 'unknown' ? { ...verdict, said: { handle } } : verdict
  })
}

function hearGenerate(reply: Reply, said: Ids, page: Page): Verdict {
  const heard = read(reply, said)
  if (heard.kind === 'unknown') return { ...heard, sent: true }
  if (heard.kind === 'error') return startRefused(heard, false)
  if (idIn(heard.words, 'razorpay_payment_id', 'pay') !== said.ref) {
    return { ...alarm('another payment'), said: { handle: said.handle } }
  }
  return openChallenge(stepsIn(heard.words) ?? new Map(), said, page)
}

function openChallenge(steps: Steps, said: Said, page: Page): Verdict {
  if (!steps.has('otp_submit')) return { ...alarm('a next step never documented'), said }
  return { ...challengeOf(steps, said), ...(page && { page }) }
}

/** An open challenge: no further OTP is sent once Razorpay offers none. */
export function challengeOf(steps: Steps, said: Said): Verdict {
  return { kind: 'challenge', said, ...(!steps.has('otp_resend') && { sendsLeft: 0 }) }
}

type Page = { readonly url: string } | undefined

/** The bank's page, behind an address of Razorpay's own. */
function pageIn(steps: Steps, { origins }: Access): Page {
  const url = steps.get('redirect')
  const isOwn = url !== undefined && URL.canParse(url) && origins.includes(new URL(url).origin)
  return isOwn ? { url } : undefined
}

/** Keys that are refused begin nothing; another account may be let in. */
function lockedOut(reply: Reply): Verdict | undefined {
  const message = lockOutIn(reply)
  if (message === undefined) return undefined
  return {
    kind: 'failed',
    said: { message },
    by: 'gateway',
    code: 'GATEWAY_ERROR',
    elsewhere: true,
  }
}

/**
 * A start that was refused. Without an OTP or a page nothing can be charged, unless the bank had
 * already begun to authorize without either.
 */
function startRefused(complaint: Complaint, asksForOtp: boolean): Verdict {
  const { said, reason, step, description } = complaint
  if (asksForOtp && /otp authentication type is not applicable/i.test(description)) {
    return { kind: 'not_eligible', said }
  }
  const listed = refusalFor(reason, step)
  const refusal = refusalLike(reason, step)
  if (refusal === undefined) return { ...unknown('an error never documented'), said }
  const elsewhere = listed && isWorthAnother(listed) && step !== 'payment_authorization'
  return { kind: 'failed', said, ...refusal, ...(elsewhere && { elsewhere: true }) }
}
