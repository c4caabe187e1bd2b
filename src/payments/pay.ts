import type { CardFacts } from '../cards/card.ts'
import { knowCard } from '../cards/know-card.ts'
import { type PayingCard, spendCardToken, type TakenCard, takeCard } from '../cards/take-card.ts'
import { gatewayNamed } from '../gateways/catalog.ts'
import type { Plan, Way, Wish } from '../gateways/routing.ts'
import { newChallengeId, newTxnId, type OrderId, shardOf, type TxnId } from '../ids.ts'
import type { Merchant } from '../merchants/merchant.ts'
import { paise } from '../money.ts'
import { Refusal } from '../refusal.ts'
import { leaseFor } from './ask.ts'
import { chosen } from './chosen.ts'
import { appendEvent, type By } from './events.ts'
import { lockerOf, lockerText } from './locker.ts'
import { openPayment, sendsMaxAt } from './open-payment.ts'
import { mostTxns, type Order } from './order.ts'
import { findOrder, type OrderKey, touchToStart } from './orders.ts'
import { autoCaptureOf, planPayment } from './plan-payment.ts'
import { settle } from './settle.ts'
import { spendBudget } from './spend-budget.ts'
import { syncClaimant } from './sync-claimant.ts'
import type { AuthType, Txn } from './txn.ts'
import { insertTxn } from './txns.ts'
import type { World } from './world.ts'

/** What a caller asks when a payment is to be started. */
export interface Start {
  readonly orderId: OrderId
  readonly card: PayingCard
  /** Whether the card is to be stored once the payment has succeeded. */
  readonly save: boolean
  readonly auth: AuthType
  readonly wish: Wish
  /** How many txns the payer has seen the order have: with another number none is begun. */
  readonly seen?: number
  readonly by: By
  /** Who asks, for the audit log. */
  readonly actor: string
}

/**
 * Starts a payment: writes the txn, asks the gateway to open an OTP challenge or to give its page,
 * writes the answer. Refuses an unknown or paid order, a 26th txn, a busy order or one with more
 * txns than the payer has seen, no gateway, a card token that is not the payer's.
 */
export async function pay(world: World, merchant: Merchant, start: Start): Promise<Txn> {
  const key = {
    shard: shardOf(merchant.id, start.orderId),
    merchant: merchant.id,
    orderId: start.orderId,
  }
  const taken = await take(world, merchant, { start, key })
  const [order, card] = await Promise.all([
    findOrder(world.db.read, key),
    knowCard(world, merchant, taken),
  ])
  if (!order) throw new Refusal('order_not_found', { subject: start.orderId })
  const plan = await planPayment(world, merchant, { start, order, card, taken })
  const [way] = plan.ways
  if (way.auth === 'OTP') {
    const { fingerprint } = card
    await spendBudget(world, merchant, { deed: 'send', fingerprint, order: key })
  }
  await spendCardToken(world, merchant, taken)
  const begun = await begin(world, { merchant, start, taken, plan, way, card, key })
  const opened = await openPayment(world, { ...begun, merchant, taken, plan, by: start.by })
  const { settings } = merchant
  return settle(world, { ...opened, asked: 'start', lapsed: false, settings, by: start.by })
}

/** The card itself. A token is its customer's alone, so the order is looked at first. */
async function take(
  world: World,
  merchant: Merchant,
  { start, key }: { start: Start; key: OrderKey },
): Promise<TakenCard> {
  const { card, actor } = start
  const order = card.kind === 'token' ? await findOrder(world.db.read, key) : undefined
  if (card.kind === 'token') {
    if (!order) throw new Refusal('order_not_found', { subject: key.orderId })
    // A token is good once, and should not be used up for a payment that can't begin.
    if (order.paidBy || order.txnCount >= mostTxns) throw whyNot(order)
  }
  const customer = order?.fields['customer_id'] || undefined
  return takeCard(world, card, { merchant, customer, actor, mode: world.mode })
}

interface Beginning {
  readonly merchant: Merchant
  readonly start: Start
  readonly taken: TakenCard
  readonly plan: Plan
  readonly way: Way
  readonly card: CardFacts
  readonly key: OrderKey
}

interface Begun {
  readonly txn: Txn
  readonly order: Order
}

/** The first beat: the txn is on disk before anything leaves. */
async function begin(world: World, beginning: Beginning): Promise<Begun> {
  const { merchant, key } = beginning
  const first = await write(world, beginning)
  if (first) return first
  const freed = await syncClaimant(world, merchant, { key, by: beginning.start.by })
  const second = freed ? await write(world, beginning) : undefined
  if (second) return second
  const order = await findOrder(world.db.read, key)
  throw order ? whyNot(order) : new Refusal('order_not_found', { subject: key.orderId })
}

async function write(world: World, beginning: Beginning): Promise<Begun | undefined> {
  const { key, start } = beginning
  const id = newTxnId(key.shard)
  return world.db.tx(async (t) => {
    const order = await touchToStart(t, key, id, start.seen)
    if (!order) return undefined
    const txn = freshTxn(world, id, { ...beginning, order })
    insertTxn(t, txn)
    const { auth, by } = start
    const way = beginning.way.auth
    const body = { n: txn.n, auth, way, account: txn.account, last_four: txn.card.lastFour }
    const { seq } = order
    appendEvent(t, order, { seq, kind: 'txn_started', txn: id, at: txn.createdAt, by, body })
    return { txn, order }
  })
}

function whyNot(order: Order): Refusal {
  if (order.paidBy) return new Refusal('order_paid', { subject: order.orderId })
  if (order.txnCount >= mostTxns) return new Refusal('too_many_txns')
  return new Refusal('in_process')
}

function freshTxn(
  world: World,
  id: TxnId,
  { merchant, start, taken, plan, way, card, order }: Beginning & { order: Order },
): Txn {
  const now = world.now()
  const { account } = way
  const gateway = gatewayNamed(account.gateway)
  const leaseUntil = leaseFor(gateway.start, now)
  const { settings } = merchant
  return {
    shard: order.shard,
    merchant: merchant.id,
    id,
    orderId: order.orderId,
    n: order.txnCount,
    status: 'STARTED',
    amount: order.amount,
    currency: order.currency,
    authType: start.auth,
    autoCapture: autoCaptureOf(order),
    account: account.id,
    gateway: account.gateway,
    choice: chosen(plan, way),
    tries: 1,
    card,
    challengeId: newChallengeId(order.shard),
    otp: {
      attempts: 0,
      answered: 0,
      attemptsMax: settings.otp_max_attempts,
      sends: 0,
      sendsMax: sendsMaxAt(gateway, settings),
    },
    said: {},
    code: '',
    late: false,
    captured: paise(0),
    refunded: paise(0),
    captures: [],
    ...(start.save && lockerFor(world, { id, merchant, order, taken })),
    lease: 1,
    leaseUntil,
    askedAt: now,
    looks: 0,
    dueAt: leaseUntil,
    createdAt: now,
    updatedAt: now,
  }
}

/** The card for the time after a success; a guest has no locker, and not every merchant. */
function lockerFor(
  world: World,
  of: { id: TxnId; merchant: Merchant; order: Order; taken: TakenCard },
): { locker: string } | undefined {
  const { card, reference } = of.taken
  const customer = of.order.fields['customer_id']
  if (!customer || reference !== undefined) return undefined
  if (of.merchant.settings.card_storage === 'none') return undefined
  const text = lockerText({ card, customer })
  return { locker: world.shortSeal.close(text, lockerOf(of.id), world.now()) }
}
