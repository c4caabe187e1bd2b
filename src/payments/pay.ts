import assert from 'node:assert/strict'
import type { Brand } from '../cards/bin.ts'
import { type CardSecrets, factsOf } from '../cards/card.ts'
import { accountsOf } from '../gateways/accounts.ts'
import { gatewayNamed } from '../gateways/catalog.ts'
import type { Gateway, NewPayment, Verdict } from '../gateways/gateway.ts'
import { type Account, chooseAccount, type Wish } from '../gateways/routing.ts'
import { newChallengeId, newTxnId, type OrderId, shardOf } from '../ids.ts'
import type { Merchant } from '../merchants/merchant.ts'
import { Refusal } from '../refusal.ts'
import { appendEvent, type By } from './events.ts'
import { mostTxns, type Order } from './order.ts'
import { findOrder, type OrderKey, touchToStart } from './orders.ts'
import { settle } from './settle.ts'
import { graceMs, syncClaimant } from './sync.ts'
import type { AuthType, Txn } from './txn.ts'
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
  const key = {
    shard: shardOf(merchant.id, start.orderId),
    merchant: merchant.id,
    orderId: start.orderId,
  }
  const order = await findOrder(world.db.read, key)
  if (!order) throw new Refusal('order_not_found', { subject: start.orderId })
  const account = chooseAccount(await accountsOf(world, merchant.id), start.wish)
  if (!account) throw new Refusal(start.wish.accountId === undefined ? 'no_gateway' : 'unknown_txn')
  const gateway = gatewayNamed(account.gateway)
  const txn = await begin(world, { merchant, start, account, order })
  const verdict = await ask(world, gateway, { ...start, txn, order, account })
  const { settings } = merchant
  return settle(world, { txn, asked: 'start', verdict, lapsed: false, settings, by: start.by })
}

interface Beginning {
  readonly merchant: Merchant
  readonly start: Start
  readonly account: Account
  readonly order: Order
}

/** The first beat: the txn is on disk before anything leaves. */
async function begin(world: World, beginning: Beginning): Promise<Txn> {
  const { merchant, order, start } = beginning
  for (const mayTryAgain of [true, false]) {
    const txn = await world.db.tx(async (t) => {
      const fresh = freshTxn(world, beginning)
      const touched = await touchToStart(t, order, fresh.id)
      if (!touched) return undefined
      const { amount, currency, n } = touched
      const txn = { ...fresh, amount, currency, n }
      insertTxn(t, txn)
      appendEvent(
        t,
        { ...order, seq: touched.seq },
        {
          kind: 'txn_started',
          txn: txn.id,
          at: txn.createdAt,
          by: start.by,
          body: { n, auth: start.auth, account: txn.account, last_four: txn.card.lastFour },
        },
      )
      return txn
    })
    if (txn) return txn
    const freed = await syncClaimant(world, merchant, { key: order, by: start.by })
    if (!freed || !mayTryAgain) break
  }
  throw await whyNot(world, order)
}

async function whyNot(world: World, key: OrderKey): Promise<Refusal> {
  const order = await findOrder(world.db.read, key)
  assert(order, 'an order is never deleted')
  if (order.paidBy) return new Refusal('order_paid', { subject: order.orderId })
  if (order.txnCount >= mostTxns) return new Refusal('too_many_txns')
  return new Refusal('in_process')
}

function freshTxn(world: World, { merchant, start, account, order }: Beginning): Txn {
  const now = world.now()
  const gateway = gatewayNamed(account.gateway)
  // Twice: a card that can't do OTP is asked about again, for the bank's page.
  const leaseUntil = now + 2 * gateway.start.patienceMs + graceMs
  const { settings } = merchant
  return {
    shard: order.shard,
    merchant: merchant.id,
    id: newTxnId(order.shard),
    orderId: order.orderId,
    n: 0,
    status: 'STARTED',
    amount: order.amount,
    currency: order.currency,
    authType: start.auth,
    autoCapture: autoCaptureOf(order),
    account: account.id,
    gateway: account.gateway,
    card: factsOf(start.card, start.brand, {
      fingerprint: world.seal.fingerprint(start.card.number, {
        purpose: 'card',
        owner: merchant.id,
      }),
      mode: world.mode,
    }),
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

type Asking = Start & { readonly txn: Txn; readonly order: Order; readonly account: Account }

/** The second beat. A card or gateway that can't do OTP gets the bank's page instead. */
async function ask(world: World, gateway: Gateway, asking: Asking): Promise<Verdict> {
  const { access } = asking.account
  if (asking.auth === 'OTP' && gateway.submitOtp) {
    const verdict = await world.perform(gateway.start, newPayment(world, asking, 'OTP'), access)
    if (verdict.kind !== 'not_eligible') return verdict
  }
  return world.perform(gateway.start, newPayment(world, asking, 'REDIRECT'), access)
}

function newPayment(world: World, asking: Asking, auth: NewPayment['auth']): NewPayment {
  const { txn, order } = asking
  const { fields } = order
  const customer = {
    id: fields['customer_id'],
    email: fields['customer_email'],
    phone: fields['customer_phone'],
    ip: fields['ip_address'],
    userAgent: fields['user_agent'],
  }
  return {
    id: txn.id,
    merchant: txn.merchant,
    orderId: txn.orderId,
    amount: txn.amount,
    currency: txn.currency,
    autoCapture: txn.autoCapture,
    auth,
    card: asking.card,
    finishUrl: `${world.publicUrl}/v2/pay/finish/${txn.merchant}/${txn.id}/${txn.orderId}`,
    customer,
  }
}
