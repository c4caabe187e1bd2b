import { createHmac } from 'node:crypto'
import type { Book } from './book.ts'
import type { Clock } from './clock.ts'
import type { NewsMood } from './mood.ts'
import { type Payment, present } from './payment.ts'
import { paymentById, paymentBySeq } from './payments.ts'
import { type Refund, stateOf } from './refund.ts'
import { refundsOfPayment } from './refunds.ts'
import type { Seed } from './seed.ts'

/** Where and in what manner somebody wants to be told of a payment. */
export interface Watcher {
  manner: NewsMood
  callback_url?: string
  /** What signs; an account that has named none signs by its own name. */
  callback_secret?: string
}

/** The bank's messenger: it tells by itself what became of payments, where a mood lets it. */
export interface Callbacks {
  /** Tells of this payment from now on, if there is a place to call. */
  watch(payment: Payment, watcher: Watcher): void
  /** Tells what has changed: of the payment by this id, and of those that time has changed. */
  tell(id: string): void
  /** Gives up what is still on its way. */
  close(): void
}

/** What the messenger stands on. */
export interface CallbackWorld {
  book: Book
  seed: Seed
  now: () => number
  clock: () => Clock
}

/** A server that takes longer is not waiting for its answer to anything either. */
const patienceMs = 10_000

/** Timers take no longer delay. */
const longestDelayMs = 2 ** 31 - 1

/** Opens the messenger of a book. */
export function openCallbacks(world: CallbackWorld): Callbacks {
  const { book, now } = world
  const closing = new AbortController()
  let timer: NodeJS.Timeout | undefined
  // Most books have no watchers, and then every call is spared the look for them.
  let watched = book.prepare('select 1 from callbacks limit 1').get() !== undefined

  function tellOf(payment: Payment | undefined): void {
    const letters = payment ? book.tx(() => lettersOf(world, payment)) : []
    if (letters.length > 0) void deliver(letters, closing.signal)
  }

  function tellDue(): void {
    const due = book.prepare('select payment from callbacks where next_at <= ?').all(now())
    for (const row of due) tellOf(paymentBySeq(book, row['payment'] as number))
    clearTimeout(timer)
    const next = book.prepare('select min(next_at) as at from callbacks').get()?.['at']
    if (typeof next !== 'number' || world.clock().frozenAt !== undefined) return
    const delay = Math.min(Math.max(next - now(), 0), longestDelayMs)
    timer = setTimeout(tellDue, delay).unref()
  }

  return {
    watch: (payment, { manner, callback_url: url, callback_secret: secret }) => {
      if (!url) return
      watched = true
      const { told, nextAt } = standingOf(world, payment)
      book
        .prepare('insert into callbacks values (?, ?, ?, ?, ?, 0, ?)')
        .run(payment.seq, manner, url, secret || payment.account, told, nextAt ?? null)
    },
    tell: (id) => {
      if (!watched || closing.signal.aborted) return
      tellOf(paymentById(book, id))
      tellDue()
    },
    close: () => {
      closing.abort()
      clearTimeout(timer)
    },
  }
}

/** One message, signed. */
interface Letter {
  url: string
  headers: Record<string, string>
  body: string
}

/** How a payment stands, as it is told, and when time alone will change it. */
function standingOf({ book, now }: CallbackWorld, written: Payment) {
  const time = now()
  const payment = present(written, time)
  const refunds = refundsOfPayment(book, payment)
  const told = JSON.stringify({
    payment: payment.id,
    reference: payment.reference,
    amount: payment.amount,
    currency: payment.currency,
    state: payment.state,
    captured: payment.captured,
    refunds: refunds.map((refund) => ({
      reference: refund.reference,
      amount: refund.amount,
      state: stateOf(refund, time),
    })),
  })
  return { told, nextAt: nextChangeOf(payment, refunds, time) }
}

function nextChangeOf(payment: Payment, refunds: readonly Refund[], now: number) {
  const { state, endedAt, lateAt, pending } = payment
  const times = [
    state === 'pending' ? endedAt : undefined,
    state === 'declined' ? lateAt : undefined,
    pending?.at,
    ...refunds.map(({ settlesAt }) => settlesAt),
  ].filter((at) => at !== undefined && at > now)
  return times.length === 0 ? undefined : Math.min(...times.map(Number))
}

/** What is to be told of a payment now, in this order; call it in a transaction. */
function lettersOf(world: CallbackWorld, payment: Payment): Letter[] {
  const { book, seed, now } = world
  const row = book.prepare('select * from callbacks where payment = ?').get(payment.seq)
  if (row === undefined) return []
  const { told, nextAt } = standingOf(world, payment)
  const isNews = told !== row['told']
  const number = (row['number'] as number) + (isNews ? 1 : 0)
  book
    .prepare('update callbacks set told = ?, number = ?, next_at = ? where payment = ?')
    .run(told, number, nextAt ?? null, payment.seq)
  if (!isNews) return []
  const [url, secret] = [String(row['url']), String(row['secret'])]
  const letter = (body: string, nth: number, key = secret): Letter => {
    const id = seed.eventId(payment.id, nth)
    const at = String(now())
    const signature = createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('hex')
    return {
      url,
      body,
      headers: {
        'content-type': 'application/json',
        'x-bank-event-id': id,
        'x-bank-timestamp': at,
        'x-bank-signature': signature,
      },
    }
  }
  const news = letter(told, 2 * number)
  const manner = row['manner'] as NewsMood
  switch (manner) {
    case 'callbacks':
      return [news]
    case 'callbacks_twice':
      return [news, news]
    case 'callbacks_reordered':
      return [
        news,
        letter(JSON.stringify({ ...JSON.parse(told), state: 'pending' }), 2 * number - 1),
      ]
    case 'callbacks_forged':
      return [letter(told, 2 * number, `not ${secret}`)]
    default:
      return manner satisfies never
  }
}

/** Sends messages one after another; nobody hears whether they arrived. */
async function deliver(letters: readonly Letter[], closing: AbortSignal): Promise<void> {
  for (const { url, headers, body } of letters) {
    const signal = AbortSignal.any([closing, AbortSignal.timeout(patienceMs)])
    const init = { method: 'POST', redirect: 'manual', headers, body, signal } as const
    await fetch(url, init)
      .then((answer) => answer.body?.cancel())
      .catch(() => {})
  }
}
