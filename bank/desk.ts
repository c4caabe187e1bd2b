import { acsPage, noSuchPaymentPage } from './acs-page.ts'
import type { Book } from './book.ts'
import type { Clock, ClockMove } from './clock.ts'
import { inboxPage, messageOf } from './inbox-page.ts'
import type { Rule } from './mood.ts'
import type { Moods } from './moods.ts'
import { approved, declined, isOpen, type Payment, present } from './payment.ts'
import { allPayments, paymentById, updateOpenPayment, visibleSends } from './payments.ts'
import { type Refund, stateOf } from './refund.ts'
import { allRefunds } from './refunds.ts'
import { BadInput, readClock, readMood, textOf } from './request.ts'
import { json } from './wire.ts'

/** What the desk stands on. */
export interface DeskWorld {
  book: Book
  moods: Moods
  now: () => number
  otpOf: (payment: Payment, send: number) => string
  clock: () => Clock
  moveClock: (move: ClockMove) => void
}

/** Answers one request for a page, the inbox, the clock, the moods or the book. */
export type Desk = (request: Request, path: string, query: string) => Promise<Response>

/** Opens the bank's desk: everything of it but the acquirer's calls. */
export function openDesk(world: DeskWorld): Desk {
  const { book, moods, now } = world
  return async (request, path, query) => {
    const { method } = request
    if (path.startsWith('/acs/')) return acs(world, request, path.slice('/acs/'.length))
    switch (`${method} ${path}`) {
      case 'GET /inbox':
        return inboxPage(inbox(world, query))
      case 'GET /inbox.json':
        return json({ messages: inbox(world, query) })
      case 'GET /clock':
        return json(clockView(world))
      case 'POST /clock':
        world.moveClock(readClock(await textOf(request)))
        return json(clockView(world))
      case 'GET /moods':
        return json({ moods: moods.all().map(ruleView) })
      case 'POST /moods':
        return json(ruleView(moods.add(readMood(await textOf(request)))), 201)
      case 'DELETE /moods':
        moods.clear()
        return json({ moods: [] })
      case 'GET /book':
        return json(bookView(allPayments(book), allRefunds(book), now()))
      default:
        return json({ error: 'no_such_call' }, 404)
    }
  }
}

async function acs({ book, now }: DeskWorld, request: Request, id: string): Promise<Response> {
  const { method } = request
  if (method !== 'GET' && method !== 'POST') return json({ error: 'no_such_call' }, 404)
  const decision = method === 'POST' ? decisionOf(await textOf(request)) : undefined
  return book.tx(() => {
    const found = paymentById(book, id)
    if (!found) return noSuchPaymentPage()
    const time = now()
    const payment = present(found, time)
    if (!decision) return acsPage(payment)
    if (isOpen(payment)) {
      const cancelled = () => declined(payment, 'CANCELLED', time)
      updateOpenPayment(book, decision === 'approve' ? approved(payment, time) : cancelled())
    }
    return new Response(null, { status: 303, headers: { location: payment.returnUrl } })
  })
}

/** What the customer decided; `undefined` of the form that only leads to the page. */
function decisionOf(form: string): 'approve' | 'cancel' | undefined {
  const fields = new URLSearchParams(form)
  const decision = fields.get('decision')
  if (decision === 'approve' || decision === 'cancel') return decision
  if (decision === null && fields.has('creq')) return undefined
  throw new BadInput(['decision must be approve or cancel'])
}

function inbox({ book, now, otpOf }: DeskWorld, query: string) {
  const asked = new URLSearchParams(query)
  const filter = {
    reference: asked.get('reference') ?? undefined,
    order: asked.get('order') ?? undefined,
    lastFour: asked.get('last_four') ?? undefined,
  }
  return visibleSends(book, filter, now()).map((send) =>
    messageOf(send, otpOf(send.payment, send.number)),
  )
}

const clockView = ({ now, clock }: DeskWorld) => ({
  now: now(),
  frozen: clock().frozenAt !== undefined,
})

function ruleView(rule: Rule) {
  return {
    id: rule.id,
    mood: rule.mood,
    ...whomOf(rule),
    on: rule.on,
    acted: rule.acted,
    times_left: rule.timesLeft,
    ...(rule.mood === 'slow' && { delay_ms: rule.delayMs }),
  }
}

function whomOf({ target, on }: Rule) {
  switch (target.kind) {
    case 'card':
      return { last_four: target.lastFour }
    case 'bin':
      return { bin: target.bin }
    case 'account':
      return { account: target.account }
    case 'next':
      return { next: on }
    default:
      return target satisfies never
  }
}

/** The whole book, its keys in a fixed order, so that equal books are equal byte for byte. */
function bookView(written: readonly Payment[], refunds: readonly Refund[], now: number) {
  const payments = written.map((payment) => present(payment, now))
  const charges = payments
    .filter(({ captured }) => captured > 0)
    .map(({ seq, order, reference, captured: amount, endedAt: at = 0 }) => ({
      seq,
      order,
      reference,
      amount,
      at,
    }))
    .sort((a, b) => a.at - b.at || a.seq - b.seq)
    .map(({ order, reference, amount, at }) => ({ order, reference, amount, at }))
  const bySeq = new Map(payments.map((payment) => [payment.seq, payment]))
  const refunded = new Map<number, number>()
  for (const refund of refunds) {
    if (stateOf(refund, now) !== 'refunded') continue
    refunded.set(refund.payment, (refunded.get(refund.payment) ?? 0) + refund.amount)
  }
  return {
    payments: payments.map((payment) => ({
      id: payment.id,
      reference: payment.reference,
      order: payment.order,
      account: payment.account,
      merchant: payment.merchant,
      amount: payment.amount,
      currency: payment.currency,
      auth: payment.auth,
      capture: payment.capture,
      last_four: payment.lastFour,
      state: payment.state,
      code: payment.code,
      sends: payment.sends,
      guesses: payment.guesses,
      started_at: payment.startedAt,
      ended_at: payment.endedAt,
      captured: payment.captured,
      refunded: refunded.get(payment.seq) ?? 0,
    })),
    charges,
    refunds: refunds.map((refund) => ({
      reference: refund.reference,
      payment: bySeq.get(refund.payment)?.reference,
      order: bySeq.get(refund.payment)?.order,
      amount: refund.amount,
      state: stateOf(refund, now),
      at: refund.startedAt,
    })),
  }
}
