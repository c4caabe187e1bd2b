import type { Fake, FakeOptions, Step } from './fake.ts'
import { type FakeAnswer, type FakeRequest, openFakeServer } from './fake-server.ts'
import { RazorpayBook } from './razorpay-book.ts'
import { answerOf, refusal } from './razorpay-desk.ts'
import { cards, credentials, limits, otp } from './razorpay-terms.ts'

const steps: Readonly<Record<string, Step>> = {
  fetchFlows: 'eligibility',
  createPayment: 'start',
  submitOtp: 'submit',
  resendOtp: 'resend',
  fetchPayment: 'sync',
  listPayments: 'sync',
  capturePayment: 'capture',
  createRefund: 'refund',
  fetchRefund: 'sync_refund',
  listRefunds: 'sync_refund',
}

/** Opens a stand-in for Razorpay: orders, payments with native OTP, refunds, callbacks. */
export async function openRazorpayFake({ now }: FakeOptions): Promise<Fake> {
  const book = new RazorpayBook(credentials.webhook_secret, now)
  const desk = { book, now, url: () => server.url }
  const server = await openFakeServer({
    spec: './razorpay.openapi.json',
    stepOf: ({ operation }) => steps[operation],
    answer: (request) => {
      book.catchUp()
      return isLetIn(request) ? answerOf(request, desk) : refusal('Authentication failed', 401)
    },
    disguise,
  })
  return {
    gateway: 'razorpay',
    baseUrl: server.url,
    credentials,
    cards,
    otp,
    limits,
    spoil: server.spoil,
    stalled: server.stalled,
    book: async () => book.booked(),
    callbacksOf: async (reference) => {
      book.catchUp()
      return book.payments
        .filter(({ order }) => order.receipt === reference)
        .flatMap(({ events }) => events)
    },
    problems: server.problems,
    connections: server.connections,
    close: server.close,
  }
}

/** OTPs are sent for whoever holds the address; everything else wants the keys. */
function isLetIn({ operation, query, headers }: FakeRequest): boolean {
  if (operation === 'generateOtp') {
    return query.get('key_id') === credentials.key_id && headers.authorization === undefined
  }
  const pair = `${credentials.key_id}:${credentials.key_secret}`
  return headers.authorization === `Basic ${Buffer.from(pair).toString('base64')}`
}

type Disguise = 'unknown_word' | 'wrong_amount' | 'wrong_id'

/** What stands for a status, an amount and an id, wherever they stand in an answer. */
const disguises: Readonly<Record<Disguise, Readonly<Record<string, (value: unknown) => unknown>>>> =
  {
    unknown_word: {
      status: () => 'teleported',
      action: () => 'teleport',
      reason: () => 'teleported',
      step: () => 'teleportation',
      otp: () => 'perhaps',
    },
    wrong_amount: { amount: (value) => Number(value) - 1 },
    wrong_id: {
      id: (value) => `${value}x`,
      payment_id: (value) => `${value}x`,
      razorpay_payment_id: (value) => `${value}x`,
    },
  }

function disguise(answer: FakeAnswer, as: Disguise): FakeAnswer {
  const text = JSON.stringify(answer.body)
  const changes = disguises[as]
  return {
    ...answer,
    body: JSON.parse(text, (key, value) => (changes[key] ? changes[key](value) : value)),
  }
}
