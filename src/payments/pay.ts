import type { Brand } from '../cards/bin.ts'
import { type CardSecrets, factsOf } from '../cards/card.ts'
import { accountsOf } from '../gateways/accounts.ts'
import { gatewayNamed } from '../gateways/catalog.ts'
import type { NewPayment, Verdict } from '../gateways/gateway.ts'
import { type Account, chooseAccount, type Wish } from '../gateways/routing.ts'
import { newChallengeId, newTxnId, type OrderId, shardOf, type TxnId } from '../ids.ts'
import type { Merchant } from '../merchants/merchant.ts'
import { paise } from '../money.ts'
import { Refusal } from '../refusal.ts'
import { ask, leaseFor, paymentOf } from './ask.ts'
import { refuseHoldAt } from './capture.ts'
import { appendEvent, type By } from './events.ts'
import { mostTxns, type Order } from './order.ts'
import { findOrder, type OrderKey, touchToStart } from './orders.ts'
import { settle } from './settle.ts'
import { spendBudget } from './spend-budget.ts'
import { syncClaimant } from './sync.ts'
import { type AuthType, finishUrlOf, type Txn } from './txn.ts'
import { insertTxn } from './txns.ts'
import type { World } from './world.ts'

/** What a caller asks when a payment is to be started. */
export interface Start {
  readonly orderId: OrderId
  readonly card: CardSecrets
  readonly brand: Brand
  readonly auth: AuthType
  readonly wish: Wish
  readonly by: By
}

/**
 * Starts a payment: writes the txn, asks the gateway to open an OTP challenge or to give its page,
 * writes the answer. Refuses an unknown or paid order, a 26th txn, a busy order, no gateway.
 */
export async function pay(world: World, merchant: Merchant, start: Start): Promise<Txn> {
  const account = chooseAccount(await accountsOf(world, merchant.id), start.wish)
  if (!account) throw new Refusal(start.wish.accountId === undefined ? 'no_gateway' : 'unknown_txn')
  const key = {
    shard: shardOf(merchant.id, start.orderId),
    merchant: merchant.id,
    orderId: start.orderId,
  }
  const fingerprint = world.seal.fingerprint(start.card.number, {
    purpose: 'card',
    owner: merchant.id,
  })
  if (asksForOtp(start, account)) {
    await spendBudget(world, merchant, { deed: 'send', fingerprint, order: key })
  }
  const begun = await begin(world, { merchant, start, account, key, fingerprint })
  const verdict = await open(world, { ...begun, start, account })
  const { txn } = begun
  const { settings } = merchant
  return settle(world, { txn, asked: 'start', verdict, lapsed: false, settings, by: start.by })
}

interface Beginning {
  readonly merchant: Merchant
  readonly start: Start
  readonly account: Account
  readonly key: OrderKey
  readonly fingerprint: string
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
  throw await whyNot(world, key)
}

async function write(world: World, beginning: Beginning): Promise<Begun | undefined> {
  const { key } = beginning
  const id = newTxnId(key.shard)
  return world.db.tx(async (t) => {
    const order = await touchToStart(t, key, id)
    if (!order) return undefined
    const txn = freshTxn(world, id, { ...beginning, order })
    refuseHoldAt(gatewayNamed(txn.gateway), txn.autoCapture)
    insertTxn(t, txn)
    const { auth, by } = beginning.start
    const body = { n: txn.n, auth, account: txn.account, last_four: txn.card.lastFour }
    const { seq } = order
    appendEvent(t, order, { seq, kind: 'txn_started', txn: id, at: txn.createdAt, by, body })
    return { txn, order }
  })
}

async function whyNot(world: World, key: OrderKey): Promise<Refusal> {
  const order = await findOrder(world.db.read, key)
  if (!order) return new Refusal('order_not_found', { subject: key.orderId })
  if (order.paidBy) return new Refusal('order_paid', { subject: order.orderId })
  if (order.txnCount >= mostTxns) return new Refusal('too_many_txns')
  return new Refusal('in_process')
}

function freshTxn(
  world: World,
  id: TxnId,
  { merchant, start, account, fingerprint, order }: Beginning & { order: Order },
): Txn {
  const now = world.now()
  const gateway = gatewayNamed(account.gateway)
  // A card that can't do OTP is asked about twice, the second time for the bank's page.
  const leaseUntil = leaseFor(gateway.start, now) + gateway.start.patienceMs
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
    card: factsOf(start.card, start.brand, { fingerprint, mode: world.mode }),
    ...(start.by.routingId !== undefined && { routingId: start.by.routingId }),
    challengeId: newChallengeId(order.shard),
    otp: {
      attempts: 0,
      attemptsMax: settings.otp_max_attempts,
      sends: 0,
      sendsMax: gateway.resendOtp ? settings.otp_max_sends : 1,
    },
    said: {},
    code: '',
    late: false,
    captured: paise(0),
    refunded: paise(0),
    captures: [],
    lease: 1,
    leaseUntil,
    askedAt: now,
    looks: 0,
    dueAt: leaseUntil,
    createdAt: now,
    updatedAt: now,
  }
}

/** Capture is the default; `metadata.txns.auto_capture` of the order can put it off. */
function autoCaptureOf(order: Order): boolean {
  return !/^(false|0)$/i.test(order.fields['metadata.txns.auto_capture'] ?? '')
}

/** Whether the gateway is asked to send an OTP at the start. */
function asksForOtp(start: Start, account: Account): boolean {
  return start.auth === 'OTP' && gatewayNamed(account.gateway).submitOtp !== undefined
}

interface Opening extends Begun {
  readonly start: Start
  readonly account: Account
}

/** The second beat. A card or gateway that can't do OTP gets the bank's page instead. */
async function open(world: World, opening: Opening): Promise<Verdict> {
  const { txn, account, start } = opening
  const { start: question } = gatewayNamed(account.gateway)
  const asked = (auth: NewPayment['auth']) =>
    ask(world, txn, {
      question,
      about: newPayment(world, opening, auth),
      access: account.access,
    })
  if (asksForOtp(start, account)) {
    const verdict = await asked('OTP')
    if (verdict.kind !== 'not_eligible') return verdict
  }
  return asked('REDIRECT')
}

function newPayment(world: World, opening: Opening, auth: NewPayment['auth']): NewPayment {
  const { txn, order, start } = opening
  const { fields } = order
  const customer = {
    id: fields['customer_id'],
    email: fields['customer_email'],
    phone: fields['customer_phone'],
    ip: fields['ip_address'],
    userAgent: fields['user_agent'],
  }
  const finishUrl = finishUrlOf(txn, world.publicUrl)
  return { ...paymentOf(txn), auth, card: start.card, finishUrl, customer }
}
