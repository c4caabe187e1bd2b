import { alarm, next, unknown } from './answer.ts'
import type { Access, Call, NewPayment, Next, Payment, Reply, Said, Verdict } from './gateway.ts'
import { post, referenceOf } from './razorpay-calls.ts'
import { isLastWord, refusalFor, refusalLike } from './razorpay-reasons.ts'
import { lookAt } from './razorpay-record.ts'
import { type Complaint, idIn, lockOutIn, read, type Steps, stepsIn } from './razorpay-words.ts'

/** Razorpay asks a silent bank for five days: money that comes within four is still taken. */
const automaticMinutes = 4 * 24 * 60

/** The longest it lets money be held. */
const holdMinutes = 5 * 24 * 60

/** A start is an order, then its payment with the card, then the OTP: each a call of its own. */
export function askOrder(about: NewPayment, access: Access): Call {
  const { autoCapture, amount, currency, merchant, orderId } = about
  return post(
    '/v1/orders',
    {
      amount,
      currency,
      receipt: referenceOf(about),
      notes: { merchant, merchant_order: orderId },
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
    const verdict = heard.kind === 'error' ? startRefused(heard) : heard
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
    ...reachedBy(customer),
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

/**
 * Razorpay demands both, and refuses what can't be a number or an address; an order may lack them.
 * Nobody gets mail at example.com, and the OTP goes to the telephone that the bank knows.
 */
function reachedBy({ email = '', phone = '' }: NewPayment['customer']) {
  const digits = phone.replace(/[\s()-]/g, '')
  return {
    contact: /^\+?\d{8,15}$/.test(digits) ? digits : '9999999999',
    email: /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email) ? email : 'customer@example.com',
  }
}

interface Starting {
  readonly about: NewPayment
  readonly access: Access
  readonly handle: string
}

function hearCreate(reply: Reply, starting: Starting): Verdict | Next<Verdict> {
  const { about, access, handle } = starting
  const refused = lockedOut(reply)
  if (refused) return refused
  const heard = read(reply, { handle })
  if (heard.kind === 'unknown') return heard
  if (heard.kind === 'error') return hearRefused(heard, starting)
  const ref = idIn(heard.words, 'razorpay_payment_id', 'pay')
  if (ref === undefined) return unknown('no payment', { handle })
  const said = { ref, handle }
  const steps = stepsIn(heard.words)
  // Without a next step the bank wanted no proof, and the payment may be authorized already.
  if (steps === undefined) return askRecord(ref, starting)
  const page = pageIn(steps, access)
  const generate = steps.get('otp_generate')
  if (about.auth === 'OTP' && generate !== undefined) {
    // A public call: its address carries what it needs, and the secret stays here.
    return next({ method: 'POST', path: generate }, (answer) =>
      hearGenerate(answer, { ...starting, ref, page }),
    )
  }
  if (page !== undefined && !(about.auth === 'OTP' && steps.has('otp_submit'))) {
    return { kind: 'redirect', said, page }
  }
  return openChallenge(steps, said, page)
}

/** In doubt about the payment's id only the order's is kept: by it the payment is found again. */
function askRecord(ref: string | undefined, { about, access, handle }: Starting): Next<Verdict> {
  const begun: Payment = { ...about, handle, stage: 'submitted', ...(ref !== undefined && { ref }) }
  return lookAt(begun, access, (verdict) => {
    if (verdict.kind === 'not_found') return unknown('no payment yet', { handle })
    return verdict.kind === 'unknown' ? { ...verdict, said: { handle } } : verdict
  })
}

type Generating = Starting & { readonly ref: string; readonly page: Page }

function hearGenerate(reply: Reply, generating: Generating): Verdict | Next<Verdict> {
  const { ref, handle, page } = generating
  const said = { ref, handle }
  const heard = read(reply, said)
  if (heard.kind === 'unknown') return { ...heard, sent: true }
  if (heard.kind === 'error') return hearRefused(heard, generating)
  if (idIn(heard.words, 'razorpay_payment_id', 'pay') !== ref) {
    return alarm('another payment', { handle })
  }
  return openChallenge(stepsIn(heard.words) ?? new Map(), said, page)
}

function openChallenge(steps: Steps, said: Said, page: Page): Verdict {
  if (!steps.has('otp_submit')) return alarm('a next step never documented', said)
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
  const said = { message }
  return { kind: 'failed', said, by: 'gateway', code: 'GATEWAY_ERROR', elsewhere: 'account' }
}

/** The steps before a bank is asked to authorize: what is refused in them has begun nothing. */
const firstSteps = new Set([
  'payment_initiation',
  'card_enrollment_check',
  'payment_authentication',
])

/** A card that was refused. A bank may authorize without an OTP: past the first steps we look. */
function hearRefused(complaint: Complaint, starting: Starting): Verdict | Next<Verdict> {
  const { said, step = '' } = complaint
  const isNotEligible = /otp authentication type is not applicable/i.test(said.message ?? '')
  if (starting.about.auth === 'OTP' && isNotEligible) return { kind: 'not_eligible', said }
  return firstSteps.has(step) ? startRefused(complaint) : askRecord(said.ref, starting)
}

/** A start that was refused before anything had begun. */
function startRefused({ said, reason, step }: Complaint): Verdict {
  const listed = refusalFor(reason, step)
  const refusal = refusalLike(reason, step)
  if (refusal === undefined) return unknown('an error never documented', said)
  const elsewhere = listed && !isLastWord(listed)
  return { kind: 'failed', said, ...refusal, ...(elsewhere && { elsewhere: 'gateway' }) }
}
