import { EventEmitter, once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { type Bank, openBank } from '../../bank/bank.ts'
import type { Fake, FakeOptions, SignedCallback, Step } from './fake.ts'
import { type FakeAnswer, type FakeRequest, openFakeServer } from './fake-server.ts'

const steps: Readonly<Record<string, Step>> = {
  start: 'start',
  submitOtp: 'submit',
  resendOtp: 'resend',
  findPayment: 'sync',
  capturePayment: 'capture',
  voidPayment: 'void',
  refundPayment: 'refund',
  findRefund: 'sync_refund',
}

const right = '123456'
const wrong = '654321'
const account = 'demo-simulator'

/** The simulated bank behind a port of its own, its answers held to `simulator.openapi.json`. */
export async function openSimulatorFake({ now }: FakeOptions): Promise<Fake> {
  // Links to the bank's page are looked at by nobody here, so they may name any address.
  const publicUrl = 'http://bank.example/bank'
  const bank = openBank({ book: { kind: 'memory' }, seed: 'fake', publicUrl, now })
  await tell(bank, 'moods', { mood: 'callbacks', account })
  const postbox = await openPostbox()
  const server = await openFakeServer({
    spec: './simulator.openapi.json',
    answer: (request) => answer(bank, request, postbox.url),
    stepOf: ({ operation }) => steps[operation],
    disguise,
  })
  return {
    gateway: 'simulator',
    baseUrl: server.url,
    credentials: { account },
    cards: {
      good: '4242424242424242',
      noOtp: '4000000600000006',
      downAtStart: '4000000800000004',
      downAtSubmit: '4000001600000004',
      declined: '4000000700000005',
      lateSuccess: '4000002100000007',
    },
    otp: { right, wrong },
    limits: { attempts: 5, sends: 5, resendAfterMs: 0 },
    spoil: server.spoil,
    stalled: server.stalled,
    book: async () => {
      const { payments } = await seen<Book>(bank, 'book')
      return payments.map(({ reference, amount, captured, refunded, sends, guesses, state }) => ({
        reference,
        amount,
        authorized: isTaken.has(state) ? amount : 0,
        captured,
        refunded,
        voided: state === 'voided',
        sends,
        guesses,
      }))
    },
    callbacksOf: (reference) => callbacksOf(bank, postbox, reference),
    problems: server.problems,
    connections: server.connections,
    close: async () => {
      await server.close()
      await bank.close()
      await postbox.close()
    },
  }
}

const isTaken: ReadonlySet<string> = new Set(['charged', 'authorized', 'voided'])

/** What of the bank's own book is looked at. */
interface Book {
  readonly payments: readonly Line[]
}

interface Line {
  readonly id: string
  readonly reference: string
  readonly state: string
  readonly amount: number
  readonly captured: number
  readonly refunded: number
  readonly sends: number
  readonly guesses: number
}

async function seen<T>(bank: Bank, page: string): Promise<T> {
  const response = await bank.fetch(new Request(`http://bank.example/${page}`))
  return (await response.json()) as T
}

async function tell(bank: Bank, page: string, words: object): Promise<void> {
  const body = JSON.stringify(words)
  await bank.fetch(new Request(`http://bank.example/${page}`, { method: 'POST', body }))
}

async function answer(bank: Bank, request: FakeRequest, postbox: string): Promise<FakeAnswer> {
  const { method, path } = request
  const body = await meant(bank, request, postbox)
  const asked = new Request(`http://bank.example${path}`, {
    method,
    ...(method === 'POST' && { body: JSON.stringify(body) }),
  })
  const response = await bank.fetch(asked)
  return { status: response.status, body: await response.json() }
}

/**
 * What the bank is to hear: its callbacks come to the postbox, and as it makes up an OTP for each
 * SMS, the one right OTP of tests stands for the latest.
 */
async function meant(bank: Bank, { params, body }: FakeRequest, postbox: string): Promise<object> {
  if (body['callback_url'] !== undefined) return { ...body, callback_url: postbox }
  if (body['otp'] !== right) return body
  const { payments } = await seen<Book>(bank, 'book')
  const reference = payments.find(({ id }) => id === params['id'])?.reference ?? ''
  const inbox = await seen<{ messages: readonly { otp: string }[] }>(
    bank,
    `inbox.json?reference=${encodeURIComponent(reference)}`,
  )
  return { ...body, otp: inbox.messages[0]?.otp ?? right }
}

function disguise(
  { status, body }: FakeAnswer,
  as: 'unknown_word' | 'wrong_amount' | 'wrong_id',
): FakeAnswer {
  const said = body as { readonly amount?: number }
  switch (as) {
    case 'unknown_word':
      return { status, body: { ...said, state: 'under_review' } }
    case 'wrong_amount':
      return { status, body: { ...said, amount: (said.amount ?? 0) + 1 } }
    case 'wrong_id':
      return { status, body: { ...said, id: 'pay_ffffffffffffffffffffffff', reference: 'txn_f' } }
    default:
      return as satisfies never
  }
}

/** Where the bank's callbacks arrive. */
interface Postbox {
  readonly url: string
  readonly letters: readonly SignedCallback[]
  /** Resolves with the next one. */
  readonly next: () => Promise<unknown>
  readonly close: () => Promise<void>
}

async function openPostbox(): Promise<Postbox> {
  const letters: SignedCallback[] = []
  const arrivals = new EventEmitter()
  const server = createServer(async (request, response) => {
    const body = await text(request).catch(() => undefined)
    if (body === undefined) return
    const own = Object.entries(request.headers).filter(([name]) => name.startsWith('x-bank-'))
    letters.push({ headers: Object.fromEntries(own.map(([name, it]) => [name, `${it}`])), body })
    response.end()
    arrivals.emit('letter')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    letters,
    next: () => once(arrivals, 'letter'),
    close: () => closed(server),
  }
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
}

/** The bank tells of a payment that is not open any more; the last letter tells how it stands. */
async function callbacksOf(bank: Bank, postbox: Postbox, reference: string) {
  const { payments } = await seen<Book>(bank, 'book')
  const line = payments.find((one) => one.reference === reference)
  for (;;) {
    const letters = postbox.letters.filter(({ body }) => wordsOf(body).reference === reference)
    const last = letters.at(-1)
    const isLatest = last ? line && tells(wordsOf(last.body), line) : isOpen.has(line?.state ?? '')
    if (isLatest) return letters
    await postbox.next()
  }
}

const isOpen: ReadonlySet<string> = new Set(['otp_sent', 'redirect', ''])

/** What of a callback is looked at. */
interface News {
  readonly reference: string
  readonly state: string
  readonly captured: number
  readonly refunds: readonly { readonly amount: number; readonly state: string }[]
}

function wordsOf(body: string): News {
  return JSON.parse(body)
}

function tells({ state, captured, refunds }: News, line: Line): boolean {
  const done = refunds.filter((refund) => refund.state === 'refunded')
  const refunded = done.reduce((total, { amount }) => total + amount, 0)
  return state === line.state && captured === line.captured && refunded === line.refunded
}
