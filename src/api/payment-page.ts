import type { FastifyInstance } from 'fastify'
import { type GivenCard, isName, readCard } from '../cards/card.ts'
import type { PayingCard } from '../cards/take-card.ts'
import { authenticate } from '../payments/authenticate.ts'
import { bankPageOf } from '../payments/open-bank-page.ts'
import { mostTxns } from '../payments/order.ts'
import { findOrder } from '../payments/orders.ts'
import { pay } from '../payments/pay.ts'
import { resendOtp } from '../payments/resend-otp.ts'
import { hasChallenge, txnIdOnWire } from '../payments/txn.ts'
import { findTxnOnWire } from '../payments/txns.ts'
import type { World } from '../payments/world.ts'
import { wholeBetween } from '../reader.ts'
import { Refusal } from '../refusal.ts'
import { typedCard } from '../wire/card-request.ts'
import { linksOf } from '../wire/order-view.ts'
import { readSubmission } from '../wire/txn-request.ts'
import { startUrl } from '../wire/txn-view.ts'
import { fieldsOf } from './auth.ts'
import { hidden, nothingHere, type PayPath, show } from './pay-pages.ts'
import { cardFault, type Fault, otpFault, payFault } from './pay-words.ts'
import { cardPage, foreignForm, type Kept } from './payment-forms.ts'
import { showOrder, showTxn } from './payment-stand.ts'
import {
  factsOf,
  findTxnVisit,
  findVisit,
  isOurForm,
  type TxnPath,
  type TxnVisit,
  txnPage,
  type Visit,
} from './payment-visit.ts'

/**
 * The page of `payment_links`: whoever has the link can pay the order there by card and OTP. It
 * asks for a card, then for the OTP on a page of its own, and leads back to the shop.
 */
export function paymentPage(app: FastifyInstance, world: World): void {
  type OfOrder = { Params: PayPath }
  app.get<OfOrder>('/merchant/pay/:merchant/:id', hidden, async (request, reply) => {
    const visit = await findVisit(world, request.params, { request, reply })
    return visit ? showOrder(visit) : nothingHere(reply)
  })

  app.post<OfOrder>('/merchant/pay/:merchant/:id', hidden, async (request, reply) => {
    const visit = await findVisit(world, request.params, { request, reply })
    if (!visit) return nothingHere(reply)
    return isOurForm(visit) ? payByCard(visit) : show(reply, 403, foreignForm)
  })

  type OfTxn = { Params: TxnPath }
  app.get<OfTxn>('/merchant/pay/:merchant/:id/otp/:txn', hidden, async (request, reply) => {
    const visit = await findTxnVisit(world, request.params, { request, reply })
    return visit ? showTxn(visit) : nothingHere(reply)
  })

  app.post<OfTxn>('/merchant/pay/:merchant/:id/otp/:txn', hidden, async (request, reply) => {
    const visit = await findTxnVisit(world, request.params, { request, reply })
    if (!visit) return nothingHere(reply)
    return isOurForm(visit) ? submit(visit) : show(reply, 403, foreignForm)
  })

  app.post<OfTxn>('/merchant/pay/:merchant/:id/otp/:txn/resend', hidden, async (request, reply) => {
    const visit = await findTxnVisit(world, request.params, { request, reply })
    if (!visit) return nothingHere(reply)
    return isOurForm(visit) ? sendAgain(visit) : show(reply, 403, foreignForm)
  })
}

/** How many payments, attempts or sends a form was shown after; a second click says the same. */
const seenCount = wholeBetween(0, mostTxns)

/** Begins a payment with the card of the form, unless the same click has begun it already. */
async function payByCard(visit: Visit) {
  const { world, request, reply, merchant, order, by } = visit
  const fields = fieldsOf(request.body)
  const given = typedCard(fields)
  const seen = seenCount(fields['seen'] ?? '') ?? -1
  if (order.paidBy || order.claimedBy || order.txnCount >= mostTxns) return toOrder(visit)
  const read = readTyped(visit, given)
  if ('fault' in read) return askAgain(visit, 400, { given, fault: read.fault })
  if (order.txnCount !== seen) return goOn(visit, { given, seen })
  const start = { orderId: order.orderId, save: false, auth: 'OTP', wish: {}, seen } as const
  try {
    const txn = await pay(world, merchant, { ...start, ...read, by, actor: 'payment page' })
    const toBank = !hasChallenge(txn) && bankPageOf(world, txn)
    const way = toBank ? startUrl(txn, world.publicUrl) : txnPage(visit, txn.id)
    return reply.redirect(way, 303)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const now = (await findOrder(world.db.read, order)) ?? order
    if (now.paidBy || now.claimedBy || now.txnCount >= mostTxns) return toOrder(visit)
    if (now.txnCount !== seen) return goOn({ ...visit, order: now }, { given, seen })
    return askAgain(visit, 400, { given, fault: payFault(error) })
  }
}

function readTyped({ world, merchant }: Visit, given: GivenCard) {
  const { card_checks: checks } = merchant.settings
  try {
    const read = readCard(given, { mode: world.mode, checks, now: world.now() })
    return { card: { kind: 'entered', ...read } satisfies PayingCard }
  } catch (error) {
    if (error instanceof Refusal) return { fault: cardFault(error) }
    throw error
  }
}

/** A payment has begun since the form was shown: by the same click, or in another window. */
async function goOn(visit: Visit, { given, seen }: { given: GivenCard; seen: number }) {
  const { world, reply, merchant, order } = visit
  const name = txnIdOnWire({ merchant: merchant.id, orderId: order.orderId, n: seen + 1 })
  const txn = await findTxnOnWire(world.db.read, merchant.id, name)
  if (txn && txn.card.lastFour === given.number?.slice(-4)) {
    return reply.redirect(txnPage(visit, txn.id), 303)
  }
  const words = 'This page was not up to date. Please enter your card again.'
  return askAgain(visit, 409, { given, fault: { words } })
}

function toOrder({ world, reply, order }: Visit) {
  return reply.redirect(linksOf(order, world.publicUrl).web, 303)
}

function askAgain(
  visit: Visit,
  status: number,
  { given, fault }: { given: GivenCard; fault: Fault },
) {
  return show(visit.reply, status, cardPage(factsOf(visit), { fault, kept: keptOf(given) }))
}

/** What comes back in the form. A number that was typed into a wrong field does not. */
function keptOf({ expiryMonth: month, expiryYear: year, name = '' }: GivenCard): Kept {
  return {
    expiry: month && year ? `${month}/${year}` : '',
    name: isName(name) ? name : '',
  }
}

/** Puts the OTP of the form to the bank, unless the same click has done so. */
async function submit(visit: TxnVisit) {
  const { world, request, merchant, txn, by } = visit
  const fields = fieldsOf(request.body)
  const otp = fields['otp']?.replaceAll(/\s/g, '') ?? ''
  const seen = seenCount(fields['seen'] ?? '') ?? -1
  return doneOrSaid(visit, async () => {
    const answer = readSubmission({ challenge_id: txn.challengeId, 'answer.otp': otp })
    await authenticate(world, merchant, { ...answer, id: txn.id, seen, by })
  })
}

/** Has the OTP sent again, unless the same click has done so. */
async function sendAgain(visit: TxnVisit) {
  const { world, request, merchant, txn, by } = visit
  const seen = seenCount(fieldsOf(request.body)['seen'] ?? '')
  return doneOrSaid(visit, async () => {
    if (seen !== txn.otp.sends) return
    await resendOtp(world, merchant, { id: txn.id, challengeId: txn.challengeId, by })
  })
}

/** On to the payment's page, which tells what became of it; a refusal is shown beside its form. */
async function doneOrSaid(visit: TxnVisit, deed: () => Promise<void>) {
  try {
    await deed()
  } catch (error) {
    const words = error instanceof Refusal ? otpFault(error) : undefined
    if (words !== undefined) return showTxn(visit, words)
    if (!(error instanceof Refusal)) throw error
  }
  return visit.reply.redirect(txnPage(visit, visit.txn.id), 303)
}
