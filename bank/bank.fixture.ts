import assert from 'node:assert/strict'
import { type Bank, type BankOptions, openBank } from './bank.ts'
import { testCards } from './cards.ts'
import type { Mood, Question } from './mood.ts'

/** What the bank answers, as far as tests look at it. */
export interface Answer {
  http: number
  id: string
  state: string
  code: string
  attempts_left?: number
  sends?: number
  sends_left?: number
  expires_at?: number
  redirect_url?: string
  present_state?: string
  captured?: number
  refunded?: number
  pending?: 'capture' | 'void'
  arn?: string
  rrn?: string
  auth_code?: string
  problems?: string[]
  [key: string]: unknown
}

/** One SMS as the inbox's API tells it. */
export interface Sms {
  at: number
  to: string
  order: string
  text: string
  otp: string
}

/** The start of all frozen clocks here, epoch milliseconds. */
export const startOfTime = 1_750_000_000_000

/** A bank with its book in memory, a seed, and a clock that stands at `startOfTime`. */
export function newBank(options: Partial<BankOptions> = {}): Bank {
  return openBank({
    book: { kind: 'memory' },
    seed: 'test',
    publicUrl: 'http://shop.test/bank',
    now: () => startOfTime,
    ...options,
  })
}

/** Sends one request to a bank. */
export function send(bank: Bank, call: string, body?: object | string): Promise<Response> {
  const [method = '', path = ''] = call.split(' ')
  const init = {
    method,
    ...(body && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  }
  return bank.fetch(new Request(`http://shop.test/bank${path}`, init))
}

/** Sends one request and understands the JSON answer. */
export async function ask(bank: Bank, call: string, body?: object | string): Promise<Answer> {
  const response = await send(bank, call, body)
  return { ...((await response.json()) as Answer), http: response.status }
}

/** The body that starts a payment of ₹499 with an OTP, with some of it changed. */
export function opening(changes: { [key: string]: unknown; number?: string } = {}) {
  const { number = '4111111111111111', ...rest } = changes
  return {
    account: 'acc',
    reference: 'ref-1',
    order: 'order-1',
    merchant: 'Tea & Co',
    amount: 499_00,
    currency: 'INR',
    auth: 'OTP',
    capture: true,
    card: { number, exp_month: '11', exp_year: '27', cvv: '987', name: 'TEST' },
    return_url: 'http://shop.test/back?x=1',
    ...rest,
  }
}

/** Starts a payment. */
export function start(bank: Bank, changes: Parameters<typeof opening>[0] = {}): Promise<Answer> {
  return ask(bank, 'POST /payments', opening(changes))
}

/** Submits an OTP. */
export function submit(bank: Bank, id: string, otp: string, capture = true): Promise<Answer> {
  return ask(bank, `POST /payments/${id}/otp`, { otp, capture })
}

/** Starts a payment whose money is held (`capture` false) or taken, and tells its id. */
export async function paid(
  bank: Bank,
  changes: Parameters<typeof opening>[0] = {},
): Promise<string> {
  const { capture = false } = changes
  const { id, reference } = await start(bank, changes)
  const [sms] = await inbox(bank, `?reference=${reference}`)
  const answer = await submit(bank, id, sms?.otp ?? '', capture === true)
  assert.equal(answer.state, capture ? 'charged' : 'authorized')
  return id
}

/** Asks for a capture. */
export function capture(
  bank: Bank,
  id: string,
  amount: number,
  reference = 'cap-1',
): Promise<Answer> {
  return ask(bank, `POST /payments/${id}/capture`, { reference, amount })
}

/** Asks for a void. */
export function release(bank: Bank, id: string, reference = 'void-1'): Promise<Answer> {
  return ask(bank, `POST /payments/${id}/void`, { reference })
}

/** Asks for a refund. */
export function refund(
  bank: Bank,
  id: string,
  amount: number,
  reference = 'rfd-1',
): Promise<Answer> {
  return ask(bank, `POST /payments/${id}/refunds`, { reference, amount })
}

/** How a refund stands. */
export function refundNow(bank: Bank, reference = 'rfd-1'): Promise<Answer> {
  return ask(bank, `GET /refunds/by-reference/${reference}`)
}

/** How a payment stands, with everything the bank says of it. */
export function payment(bank: Bank, reference = 'ref-1'): Promise<Answer> {
  return ask(bank, `GET /payments/by-reference/${reference}`)
}

/** Moves the bank's clock on. */
export function wait(bank: Bank, ms: number): Promise<Answer> {
  return ask(bank, 'POST /clock', { advance_ms: ms })
}

/** The messages in the inbox, newest first. */
export async function inbox(bank: Bank, query = ''): Promise<Sms[]> {
  const { messages } = await ask(bank, `GET /inbox.json${query}`)
  return messages as Sms[]
}

/** The newest OTP in the inbox. */
export async function newestOtp(bank: Bank): Promise<string> {
  const [newest] = await inbox(bank)
  assert.ok(newest)
  return newest.otp
}

/** How a payment stands in the book. */
export async function state(bank: Bank, reference = 'ref-1'): Promise<string> {
  return (await payment(bank, reference)).state
}

/** The charges in the book. */
export async function charges(bank: Bank): Promise<unknown[]> {
  return (await ask(bank, 'GET /book'))['charges'] as unknown[]
}

/** The number of the test card with a mood. */
export function cardOf(mood: Mood): string {
  const card = testCards.find((one) => one.mood === mood)
  assert.ok(card)
  return card.number
}

/** A six-digit OTP that is not the given one. */
export function otherThan(otp: string): string {
  return otp === '111111' ? '222222' : '111111'
}

/** The questions of the acquirer API as calls about one payment. */
export function callOf(question: Question, id: string, otp: string): [string, object?] {
  switch (question) {
    case 'start':
      return ['POST /payments', opening()]
    case 'otp':
      return [`POST /payments/${id}/otp`, { otp, capture: true }]
    case 'resend':
      return [`POST /payments/${id}/resend`, {}]
    case 'sync':
      return ['GET /payments/by-reference/ref-1']
    case 'capture':
      return [`POST /payments/${id}/capture`, { reference: 'cap-1', amount: 100_00 }]
    case 'void':
      return [`POST /payments/${id}/void`, { reference: 'void-1' }]
    case 'refund':
      return [`POST /payments/${id}/refunds`, { reference: 'rfd-1', amount: 100_00 }]
    case 'refund_sync':
      return ['GET /refunds/by-reference/rfd-1']
    default:
      return question satisfies never
  }
}
