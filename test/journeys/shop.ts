import assert from 'node:assert/strict'
import { after, before, describe } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type ChallengeParams,
  type CreateOrderRequest,
  type DirectOtp,
  directotp,
  nextStep,
  type OrderAnswer,
  type RefundEntry,
  type RefundStatus,
  RefusedError,
  type StartAnswer,
  type StartPaymentRequest,
} from '../../sdk/src/directotp.ts'
import type { Variables } from '../../src/env.ts'
import type { Settings } from '../../src/merchants/merchant.ts'
import { changeSettings } from '../../src/merchants/merchants.ts'
import { type BookedPayment, bookAt } from '../caller.ts'
import { engines } from '../databases.ts'
import { type Engine, startTestServer, type TestServer } from '../support.ts'

/** Cards of docs/testing.md that stories use. */
export const cards = {
  /** Its OTP is `123456`, always. */
  documented: '4242424242424242',
  /** Its OTP is in the inbox, as are those of the cards below. */
  inbox: '4111111111111111',
  lateSms: '4000000200000000',
  noSms: '4000000300000009',
  otpExpired: '4000000400000008',
  locked: '4000000500000007',
  ineligible: '4000000600000006',
  insufficientFunds: '4000000700000005',
  startDeclined: '4000000800000004',
  startTimeout: '4000001200000008',
} as const

/** What the bank did for an order: its payments, how many were charged, what it gave back. */
export interface Booked {
  readonly payments: readonly BookedPayment[]
  readonly charges: number
  readonly refunds: number[]
}

/** A line of an order's history, as the database has it. */
export interface StoredEvent {
  readonly kind: string
  readonly door: string
  readonly txn: string | null
  readonly request_id: string | null
  readonly routing_id: string | null
}

/** A shop that takes cards: its server, its client, its customers' phones, its customers' bank. */
export interface Shop {
  readonly server: TestServer
  readonly api: DirectOtp
  /** Creates an order of its own, of ₹100 unless said otherwise. */
  newOrder(more?: Partial<CreateOrderRequest>): Promise<OrderAnswer>
  /** Starts a payment by OTP with a card whose OTP is in the inbox, unless said otherwise. */
  start(order: { order_id: string }, more?: Partial<StartPaymentRequest>): Promise<StartAnswer>
  /** An order and its open challenge. */
  challenge(more?: Partial<StartPaymentRequest>): Promise<ChallengeParams & { order_id: string }>
  /** An order whose payment is charged, or only held with `auto_capture: false`. */
  paid(how?: { auto_capture?: boolean }): Promise<ChallengeParams & { order_id: string }>
  /** The order, which must be there. */
  order(of: { order_id: string }): Promise<OrderAnswer>
  /** Asks again and again for the order until it has this status. */
  becomes(of: { order_id: string }, status: OrderAnswer['status']): Promise<OrderAnswer>
  /** Asks again and again for the order until its refund by this request id has this status. */
  refundBecomes(of: { order_id: string }, id: string, status: RefundStatus): Promise<RefundEntry>
  /** The OTPs that the customer has had for a txn, the newest first. */
  inbox(of: { id: string }): Promise<string[]>
  /** The newest of these, and an OTP that is none of them. */
  otp(of: { id: string }): Promise<string>
  wrongOtp(of: { id: string }): Promise<string>
  /** Gives the bank a mood, as `POST /bank/moods` takes it. */
  mood(mood: object): Promise<void>
  /** Moves the bank's clock, and with it the server's. */
  later(ms: number): Promise<void>
  /** Plays a story in which time goes by only by `later`. */
  timeless(story: () => Promise<void>): Promise<void>
  /** What the bank did for an order. */
  book(of: { order_id: string }): Promise<Booked>
  /** The order's events, the oldest first. */
  events(of: { order_id: string }): Promise<StoredEvent[]>
  /** Waits until the order's history has an event of this kind. */
  happens(of: { order_id: string }, kind: string): Promise<void>
  /** Changes the merchant's settings while a story runs, and undoes it afterwards. */
  withSettings(settings: Partial<Settings>, story: () => Promise<void>): Promise<void>
  /** A call without the client, and without following redirects. */
  raw(path: string, init?: RequestInit): Promise<Response>
}

/** A minute and a day of the bank's clock, in milliseconds. */
export const minuteMs = 60_000
export const dayMs = 24 * 60 * minuteMs

/** How long anything that happens by itself may take, in real milliseconds. */
const patienceMs = 40_000
const pollMs = 50

/**
 * Tells these stories on each engine, in a shop on a fresh server; `variables` are laid over the
 * server's environment. A story finds its shop by calling `shop`.
 */
export function onBothEngines(tell: (shop: () => Shop) => void, variables: Variables = {}): void {
  for (const engine of engines) {
    describe(`on ${engine.name}`, () => {
      let shop: Shop | undefined
      before(async () => {
        shop = await openShop(engine, variables)
      })
      after(() => shop?.server.close())
      tell(() => {
        assert(shop, 'the shop is open')
        return shop
      })
    })
  }
}

/** The refusal of a call that must be refused. */
export async function refusal(call: Promise<unknown>): Promise<RefusedError> {
  const error = await call.then(
    (answer) => assert.fail(`it was answered: ${JSON.stringify(answer)}`),
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof RefusedError)) throw error
  return error
}

/** The challenge of an answer that must have an open one. */
export function challengeIn(answer: Pick<StartAnswer, 'status' | 'payment'>): ChallengeParams {
  const next = nextStep(answer)
  assert(next.kind === 'otp', `a challenge, not ${JSON.stringify(answer)}`)
  return next.params
}

/** The page of an answer that must send the customer to one. */
export function pageIn(answer: Pick<StartAnswer, 'status' | 'payment'>): string {
  const next = nextStep(answer)
  assert(next.kind === 'redirect', `a page, not ${JSON.stringify(answer)}`)
  return next.url
}

/** Which settings stories change, and what they are without them. */
const ordinary: Partial<Settings> = {
  challenge_method: 'POST',
  fail_on_first_wrong_otp: false,
  otp_failure_status: 'AUTHENTICATION_FAILED',
  resend_cooldown_seconds: 0,
  refund_late_charges: false,
  card_storage: 'vault',
  card_retention: 'keep',
}

async function openShop(engine: Engine, variables: Variables): Promise<Shop> {
  const server = await startTestServer(engine, variables)
  const api = directotp({ baseUrl: server.url, apiKey: server.key, merchantId: server.merchant })
  let orders = 0
  const newOrder: Shop['newOrder'] = (more) =>
    api.createOrder({ order_id: `order-${++orders}`, amount: '100.00', ...more })
  const start: Shop['start'] = ({ order_id }, more) =>
    api.startPayment({
      order_id,
      auth_type: 'OTP',
      card_number: cards.inbox,
      card_exp_month: '12',
      card_exp_year: '40',
      card_security_code: '123',
      ...more,
    })
  const order: Shop['order'] = async ({ order_id }) => {
    const answer = await api.orderStatus(order_id)
    assert(answer.status !== 'NOT_FOUND', `the order ${order_id} is there`)
    return answer
  }
  const events: Shop['events'] = async ({ order_id }) => {
    const rows = await server.db.read(
      `select kind, door, txn, request_id, routing_id from events where order_id = $1 order by seq`,
      [order_id],
    )
    return rows as unknown as StoredEvent[]
  }
  const challenge: Shop['challenge'] = async (more) => {
    const { order_id } = await newOrder()
    return { ...challengeIn(await start({ order_id }, more)), order_id }
  }
  const bank = bankOf(server)
  return {
    server,
    api,
    newOrder,
    start,
    order,
    ...bank,
    challenge,
    paid: async (how) => {
      const params = await challenge()
      const answer = await api.submitOtp({ ...params, otp: await bank.otp(params), ...how })
      assert.equal(answer.status, how?.auto_capture === false ? 'AUTHORIZED' : 'CHARGED')
      return params
    },
    refundBecomes: (of, id, status) =>
      until(async () => {
        const { refunds } = await order(of)
        const refund = refunds.find((one) => one.unique_request_id === id)
        return refund?.status === status ? { ok: refund } : { still: `${refund?.status}` }
      }),
    becomes: (of, status) =>
      until(async () => {
        const answer = await order(of)
        return answer.status === status ? { ok: answer } : { still: answer.status }
      }),
    events,
    happens: (of, kind) =>
      until(async () => {
        const kinds = (await events(of)).map((event) => event.kind)
        return kinds.includes(kind) ? { ok: undefined } : { still: kinds.join(' ') }
      }),
    withSettings: async (settings, story) => {
      await set(server, settings)
      try {
        await story()
      } finally {
        await set(server, ordinary)
      }
    },
    raw: (path, init) => fetch(new URL(path, server.url), { redirect: 'manual', ...init }),
  }
}

/** Looks again and again, until there is what is waited for. */
async function until<T>(look: () => Promise<{ ok: T } | { still: string }>): Promise<T> {
  const deadline = performance.now() + patienceMs
  for (;;) {
    const seen = await look()
    if ('ok' in seen) return seen.ok
    assert(performance.now() < deadline, `still ${seen.still}`)
    await sleep(pollMs)
  }
}

async function set(server: TestServer, settings: Partial<Settings>): Promise<void> {
  assert(await server.db.tx((t) => changeSettings(t, server.merchant, settings)))
}

type BankSide = 'inbox' | 'otp' | 'wrongOtp' | 'mood' | 'later' | 'timeless' | 'book'

function bankOf({ bankUrl }: TestServer): Pick<Shop, BankSide> {
  const call = async <T>(path: string, body?: object): Promise<T> => {
    const posted = body && { method: 'POST', body: JSON.stringify(body) }
    const response = await fetch(bankUrl + path, posted)
    assert(response.ok, `${path}: ${response.status}`)
    return (await response.json()) as T
  }
  const inbox: Shop['inbox'] = async ({ id }) => {
    const { messages } = await call<{ messages: { otp: string }[] }>(`/inbox.json?reference=${id}`)
    return messages.map(({ otp }) => otp)
  }
  return {
    inbox,
    otp: async (of) => {
      const [newest] = await inbox(of)
      assert(newest, 'an SMS has come')
      return newest
    },
    wrongOtp: async (of) => {
      const known = await inbox(of)
      const wrong = ['111111', '222222', '333333', '444444', '555555', '666666']
      return wrong.find((otp) => !known.includes(otp)) ?? assert.fail('so many OTPs')
    },
    mood: async (mood) => {
      await call('/moods', mood)
    },
    later: async (ms) => {
      await call('/clock', { advance_ms: ms })
    },
    timeless: async (story) => {
      await call('/clock', { frozen: true })
      try {
        await story()
      } finally {
        await call('/clock', { frozen: false })
      }
    },
    book: async ({ order_id }) => {
      const { payments, charges, refunds } = await bookAt(bankUrl, order_id)
      return { payments, charges: charges.length, refunds: refunds.map(({ amount }) => amount) }
    },
  }
}
