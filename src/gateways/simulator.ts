import { brands } from '../cards/bin.ts'
import { jsonIn, objectIn } from './answer.ts'
import type { Access, Gateway, NewPayment } from './gateway.ts'
import { hearSimulator } from './simulator-callbacks.ts'
import { hear, hearRefund, hearStart, referenceOf, silent } from './simulator-words.ts'

/** The simulated bank's own HTTP API, spoken like any other gateway's. DUMMY, 100 on the wire. */
export const simulator = {
  wireName: 'DUMMY',
  wireId: 100,
  // The simulated bank is where the environment says.
  hosts: { sandbox: [], live: [] },
  credentials: ['account', 'callback_secret?'],
  otpBrands: brands,
  holds: 'always',
  captures: 'parts',
  // The bank works through a call within its 2 s of deliberate slowness, or never.
  settlesWithinMs: 3_000,
  transcribed: new Set([
    ...['id', 'amount', 'auth', 'capture', 'state', 'pending', 'code', 'message', 'rrn', 'arn'],
    ...['error', 'problems', 'attempts_left', 'sends_left'],
  ]),
  check: {
    patienceMs: 5_000,
    ask: () => ({ method: 'GET', path: '/payments/by-reference/check' }),
    hear: (reply) => {
      const words = reply.kind === 'answer' ? objectIn(jsonIn(reply.body)) : undefined
      return words?.['state'] === 'not_found' ? { kind: 'works' } : silent(reply)
    },
  },
  start: {
    patienceMs: 10_000,
    ask: (payment, access) => post('/payments', opening(payment, access)),
    hear: hearStart,
  },
  submitOtp: {
    // A bank's authorization sits behind the OTP.
    patienceMs: 30_000,
    ask: (payment) =>
      post(`/payments/${payment.ref}/otp`, {
        otp: payment.otp.reveal(),
        capture: payment.autoCapture,
      }),
    hear,
  },
  resendOtp: {
    patienceMs: 10_000,
    ask: (payment) => post(`/payments/${payment.ref}/resend`, {}),
    hear,
  },
  sync: {
    patienceMs: 5_000,
    ask: (payment) => ({
      method: 'GET',
      path: `/payments/by-reference/${referenceOf(payment)}`,
    }),
    hear,
  },
  capture: {
    patienceMs: 10_000,
    ask: ({ ref, reference, take }) =>
      post(`/payments/${ref}/capture`, { reference, amount: take }),
    hear,
  },
  void: {
    patienceMs: 10_000,
    ask: ({ ref, reference }) => post(`/payments/${ref}/void`, { reference }),
    hear,
  },
  refund: {
    patienceMs: 10_000,
    ask: ({ ref, reference, back }) =>
      post(`/payments/${ref}/refunds`, { reference, amount: back }),
    hear: hearRefund,
  },
  syncRefund: {
    patienceMs: 5_000,
    ask: ({ reference }) => ({ method: 'GET', path: `/refunds/by-reference/${reference}` }),
    hear: hearRefund,
  },
  hearCallback: hearSimulator,
} satisfies Gateway

function post(path: string, body: object) {
  const headers = { 'content-type': 'application/json' }
  return { method: 'POST', path, headers, body: JSON.stringify(body) } as const
}

function opening(payment: NewPayment, { credentials, callbackUrl }: Access) {
  return {
    account: credentials['account'],
    callback_url: callbackUrl,
    callback_secret: credentials['callback_secret'],
    reference: referenceOf(payment),
    order: payment.orderId,
    merchant: payment.merchant,
    amount: payment.amount,
    currency: payment.currency,
    auth: payment.auth,
    capture: payment.autoCapture,
    return_url: payment.finishUrl,
    card: {
      number: payment.card.number.reveal(),
      type: payment.cardType,
      exp_month: payment.card.expiryMonth,
      exp_year: payment.card.expiryYear,
      cvv: payment.card.cvv?.reveal(),
      name: payment.card.name,
    },
    customer: {
      customer_id: payment.customer.id,
      ip: payment.customer.ip,
      user_agent: payment.customer.userAgent,
      phone: payment.customer.phone,
      email: payment.customer.email,
    },
  }
}
