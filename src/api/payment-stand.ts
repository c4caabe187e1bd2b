import type { TxnId } from '../ids.ts'
import { bankPageOf } from '../payments/open-bank-page.ts'
import { mostTxns, type Order } from '../payments/order.ts'
import { findOrder } from '../payments/orders.ts'
import { isFinal, resendAllowed, submitAllowed, type Txn, toldStatus } from '../payments/txn.ts'
import { decidingTxn, knownTxn } from '../payments/txns.ts'
import { startUrl } from '../wire/txn-view.ts'
import { show } from './pay-pages.ts'
import {
  cardPage,
  checkingPage,
  noticeOf,
  otpPage,
  paidPage,
  standPage,
  type Ways,
} from './payment-forms.ts'
import {
  factsOf,
  isUndecided,
  lookAt,
  shopWay,
  type TxnVisit,
  txnPage,
  type Visit,
} from './payment-visit.ts'

/** Whether a card may be asked for now; an order whose payment the merchant cancelled stays so. */
function isPayable(order: Order, txn: Txn): boolean {
  const isFree = !order.paidBy && !order.claimedBy
  return isFree && order.txnCount < mostTxns && txn.status !== 'VOIDED'
}

/** Answers with the order's page: its card form, or why there is none. */
export async function showOrder(visit: Visit) {
  const { world, reply, order } = visit
  const last = await decidingTxn(world.db.read, order)
  if (!last) return show(reply, 200, cardPage(factsOf(visit), {}))
  if (order.paidBy) return showStand({ ...visit, txn: last })
  if (order.claimedBy) return reply.redirect(txnPage(visit, order.claimedBy), 302)
  if (!isUndecided(visit, last)) return showStand({ ...visit, txn: last })
  const { now, isBusy } = await refreshed({ ...visit, txn: last })
  const { paidBy, claimedBy } = now.order
  // The payment's own page says what has become of it.
  if (isBusy || paidBy || claimedBy) {
    return reply.redirect(txnPage(visit, claimedBy ?? last.id), 302)
  }
  return showStand(now)
}

/** The visit after the payment was looked at, and whether somebody goes on asking about it. */
async function refreshed(visit: TxnVisit): Promise<{ now: TxnVisit; isBusy: boolean }> {
  const txn = await lookAt(visit)
  const order = (await findOrder(visit.world.db.read, visit.order)) ?? visit.order
  return { now: { ...visit, order, txn: txn ?? visit.txn }, isBusy: txn === undefined }
}

function showStand(visit: TxnVisit) {
  const { reply, order, txn } = visit
  const facts = factsOf(visit)
  const shop = shopWay(visit, txn)
  if (isPayable(order, txn)) {
    const notice = noticeOf(txn, waysOf(visit))
    return show(reply, 200, cardPage(facts, { notice, shop }))
  }
  const isDone = order.paidBy !== undefined || txn.status === 'VOIDED'
  const words = isDone ? {} : { words: 'This order cannot be paid any more' }
  return show(reply, 200, standPage(facts, { txn, shop, ...words }))
}

/** How a payment that is not done can go on. */
function waysOf(visit: TxnVisit): Ways {
  const { world, txn } = visit
  const now = world.now()
  if (submitAllowed(txn, now) || resendAllowed(txn, now)) return { otp: txnPage(visit, txn.id) }
  if (txn.closedBy === 'amount') return {}
  if (bankPageOf(world, txn)) return { bank: startUrl(txn, world.publicUrl) }
  return isFinal(toldStatus(txn)) ? {} : { check: txnPage(visit, txn.id) }
}

/** Answers with the page of one payment: its OTP form, or where it stands. */
export async function showTxn(visit: TxnVisit, fault?: string) {
  if (visit.order.paidBy) return showPaid(visit, visit.order.paidBy)
  const { now, isBusy } = await refreshed(visit)
  const { reply, order, txn } = now
  if (order.paidBy) return showPaid(now, order.paidBy)
  const facts = factsOf(now)
  const shop = shopWay(now, txn)
  const ways: Ways = isBusy ? { check: txnPage(now, txn.id) } : waysOf(now)
  if (ways.otp) return showOtp(now, fault)
  if (ways.bank) return reply.redirect(ways.bank, 302)
  if (ways.check) {
    const another = order.claimedBy === undefined
    return show(reply, 200, checkingPage(facts, { at: ways.check, shop, another }))
  }
  const words = isFinal(txn.status) ? {} : { words: 'The amount has changed' }
  const retry = isPayable(order, txn)
  return show(reply, 200, standPage(facts, { txn, retry, shop, ...words }))
}

async function showPaid(visit: TxnVisit, paidBy: TxnId) {
  const txn = await knownTxn(visit.world.db.read, { ...visit.order, id: paidBy })
  return show(visit.reply, 200, paidPage(factsOf(visit), { txn, shop: shopWay(visit, txn) }))
}

function showOtp(visit: TxnVisit, fault: string | undefined) {
  const { world, reply, txn } = visit
  const form = {
    txn,
    at: txnPage(visit, txn.id),
    now: world.now(),
    ...(bankPageOf(world, txn) && { bankUrl: startUrl(txn, world.publicUrl) }),
    ...(world.mode === 'sandbox' && { inbox: `${world.bankUrl}/inbox` }),
    ...(fault !== undefined && { fault }),
  }
  return show(reply, fault === undefined ? 200 : 400, otpPage(factsOf(visit), form))
}
