import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { readCard } from '../../src/cards/card.ts'
import { findAccount } from '../../src/gateways/accounts.ts'
import { type GatewayName, gatewayNamed } from '../../src/gateways/catalog.ts'
import type { Access, Gateway } from '../../src/gateways/gateway.ts'
import { makePerform, openNetwork } from '../../src/gateways/perform.ts'
import { type MerchantId, type OrderId, shardOf } from '../../src/ids.ts'
import type { Merchant } from '../../src/merchants/merchant.ts'
import { paise } from '../../src/money.ts'
import { authenticate } from '../../src/payments/authenticate.ts'
import { capture } from '../../src/payments/capture.ts'
import { createOrder } from '../../src/payments/create-order.ts'
import { doDuty } from '../../src/payments/do-duty.ts'
import { issueRefund } from '../../src/payments/issue-refund.ts'
import { findOrder, type OrderKey } from '../../src/payments/orders.ts'
import { pay } from '../../src/payments/pay.ts'
import type { Refund } from '../../src/payments/refund.ts'
import { refundsOf } from '../../src/payments/refunds.ts'
import { resendOtp } from '../../src/payments/resend-otp.ts'
import { sendRefund } from '../../src/payments/send-refund.ts'
import { syncNow } from '../../src/payments/sync-now.ts'
import { submitAllowed, type Txn } from '../../src/payments/txn.ts'
import { knownTxn, txnsOf } from '../../src/payments/txns.ts'
import { voidPayment } from '../../src/payments/void-payment.ts'
import type { World } from '../../src/payments/world.ts'
import { Secret } from '../../src/secret.ts'
import type { Engine } from '../support.ts'
import { by, openWorld } from '../world.ts'
import type { BookedPayment, Fake } from './fake.ts'
import { addAccount } from './fake-account.ts'
import { fakes } from './fakes.ts'
import { impatient, type Patience } from './impatient.ts'

/** The price of every order, in paise. */
export const price = 10_000

/** A CVV that is nobody's amount, count or code. */
export const cvv = '739'

/** A day, an hour and a minute of the shop's clock. */
export const day = 86_400_000
export const hour = 3_600_000
export const minute = 60_000

/** A merchant's world in which stories are played, one after another: its clock goes on. */
export interface Street {
  readonly world: World
  readonly merchant: Merchant
  readonly clock: { now: number }
  /** Opens a shop at a fake of its own. */
  readonly open: (gateway: GatewayName, holds?: boolean) => Promise<Shop>
  readonly close: () => Promise<void>
}

/** A merchant with one account at a fake gateway, and one order after another. */
export interface Shop {
  readonly gateway: Gateway
  readonly fake: Fake
  readonly world: World
  readonly merchant: Merchant
  readonly clock: { now: number }
  readonly account: string
  /** Does it with a gateway that is given up soon after it withholds an answer. */
  readonly hurried: <T>(deed: () => Promise<T>) => Promise<T>
  readonly access: () => Promise<Access>
  readonly order: (more?: { readonly autoCapture?: boolean }) => Promise<OrderKey>
  readonly pay: (order: OrderKey, card?: string) => Promise<Txn>
  readonly submit: (txn: Txn, otp?: string, autoCapture?: boolean) => Promise<Txn>
  readonly resend: (txn: Txn) => Promise<Txn>
  readonly capture: (
    txn: Txn,
    part?: { readonly take: number; readonly key: string },
  ) => Promise<Txn>
  readonly void: (txn: Txn) => Promise<Txn>
  /** Issues a refund and sends it. */
  readonly refund: (order: OrderKey, id: string, amount?: number) => Promise<Refund>
  /** Asks the gateway now. */
  readonly sync: (txn: Txn) => Promise<Txn>
  /** The txn as it is kept. */
  readonly kept: (txn: Txn) => Promise<Txn>
  readonly txns: (order: OrderKey) => Promise<Txn[]>
  readonly refunds: (order: OrderKey) => Promise<Refund[]>
  readonly events: (order: OrderKey) => Promise<string[]>
  /** What the gateway's book has of a txn, all of its starts. */
  readonly booked: (txn: Txn) => Promise<BookedPayment[]>
  /** Lets time go by: what falls due of the order is done when it does, as the clock does it. */
  readonly pass: (order: OrderKey, ms: number) => Promise<void>
  /** Goes on as a patient customer does until the order is paid; gives the txn that paid it. */
  readonly finish: (order: OrderKey) => Promise<Txn>
  readonly close: () => Promise<void>
}

/** Opens a street on a fresh database of this engine. */
export async function openStreet(engine: Engine): Promise<Street> {
  const scripted = await openWorld(engine)
  const network = openNetwork()
  const { merchant, clock } = scripted
  const patience: Patience = { end: undefined }
  const world: World = {
    ...scripted.world,
    perform: makePerform(impatient(network.carry, patience)),
    elapsed: () => performance.now(),
    sleep: (ms) => sleep(ms),
  }
  let shops = 0
  return {
    world,
    merchant,
    clock,
    open: (name, holds = true) => {
      const account = `${name}-${++shops}`
      return openShop({ world, merchant, clock, patience }, { name, account, holds })
    },
    close: async () => {
      await network.close()
      await scripted.database.close()
    },
  }
}

interface Stage {
  readonly world: World
  readonly merchant: Merchant
  readonly clock: { now: number }
  readonly patience: Patience
}

async function openShop(
  { world, merchant, clock, patience }: Stage,
  { name, account, holds }: { name: GatewayName; account: string; holds: boolean },
): Promise<Shop> {
  const fake = await fakes[name]({ now: () => clock.now })
  const { db } = world
  await db.tx(async (t) => {
    addAccount(t, world.seal, { merchant: merchant.id, account, fake, at: clock.now, holds })
  })
  let orders = 0
  const named = (txn: Txn) => ({ id: txn.id, challengeId: txn.challengeId, by })
  const shop: Shop = {
    gateway: gatewayNamed(name),
    fake,
    world,
    merchant,
    clock,
    account,
    hurried: async (deed) => {
      patience.end = fake.stalled().then(async () => {
        await sleep(longEnoughMs)
        patience.end = undefined
      })
      try {
        return await deed()
      } finally {
        patience.end = undefined
      }
    },
    access: async () => {
      const found = await findAccount(world, merchant.id, account)
      assert(found)
      return found.access
    },
    order: async ({ autoCapture = true } = {}) => {
      const orderId = `${account}-${++orders}` as OrderId
      const chosen = { 'metadata.JUSPAY:gateway_reference_id': account }
      const fields = { ...customer, ...chosen, ...(!autoCapture && holding) }
      const order = { orderId, amount: paise(price), currency: 'INR', fields }
      await createOrder(world, merchant, { order, ifDifferent: 'refuse', by })
      return keyOf(merchant.id, orderId)
    },
    pay: async ({ orderId }, number = fake.cards.good) => {
      const given = { number, expiryMonth: '11', expiryYear: '35', cvv, name: 'Asha' }
      const read = readCard(given, { mode: 'sandbox', checks: 'strict', now: world.now() })
      const card = { kind: 'entered', ...read } as const
      const how = { save: false, auth: 'OTP', wish: {}, by, actor: 'test' } as const
      const txn = await pay(world, merchant, { orderId, card, ...how })
      assert.equal(txn.account, account)
      return txn
    },
    submit: (txn, otp = fake.otp.right, autoCapture = undefined) => {
      const more = autoCapture === undefined ? {} : { autoCapture }
      return authenticate(world, merchant, { ...named(txn), otp: new Secret(otp), ...more })
    },
    resend: (txn) => resendOtp(world, merchant, named(txn)),
    capture: (txn, part) => {
      const more = part && { amount: paise(part.take), key: part.key }
      return capture(world, merchant, { id: txn.id, by, ...more })
    },
    void: (txn) => voidPayment(world, merchant, { id: txn.id, by }),
    refund: async (order, requestId, amount) => {
      const more = amount === undefined ? {} : { amount: paise(amount) }
      const wish = { order, requestId, source: 'API', metadata: {}, by, ...more } as const
      const issued = await issueRefund(world, merchant, wish)
      assert(issued)
      await sendRefund(world, merchant, issued.refund)
      const refunds = await refundsOf(db.read, order)
      const refund = refunds.find(({ id }) => id === requestId)
      assert(refund)
      return refund
    },
    sync: (txn) => syncNow(world, merchant, { key: txn, by }),
    kept: (txn) => knownTxn(db.read, txn),
    txns: (order) => txnsOf(db.read, order),
    refunds: (order) => refundsOf(db.read, order),
    events: async ({ orderId }) => {
      const sql = 'select kind from events where order_id = $1 order by seq'
      return (await db.read(sql, [orderId])).map((row) => String(row['kind']))
    },
    booked: async (txn) => {
      const ours = txn.id.slice('txn_'.length, 'txn_'.length + knownDigits)
      const isOurs = ({ reference }: BookedPayment) =>
        reference.replace(/^txn_/, '').startsWith(ours)
      return (await fake.book()).filter(isOurs)
    },
    pass: (order, ms) => pass(shop, order, clock.now + ms),
    finish: (order) => finish(shop, order),
    close: () => fake.close(),
  }
  return shop
}

/** What a gateway says before it falls silent arrives in this time, or it never said it. */
const longEnoughMs = 20

/** So many hex digits of a txn's id are in every reference of a gateway. */
const knownDigits = 24

const customer = {
  customer_id: 'c-1',
  customer_email: 'asha@shop.example',
  customer_phone: '9999999999',
  ip_address: '10.0.0.1',
  user_agent: 'Mozilla/5.0',
}

const holding = { 'metadata.txns.auto_capture': 'false' }

function keyOf(merchant: MerchantId, orderId: OrderId): OrderKey {
  return { shard: shardOf(merchant, orderId), merchant, orderId }
}

// Looks become rarer and rarer, so a story with more of them goes round in a circle.
const mostTurns = 200

async function pass(shop: Shop, order: OrderKey, end: number): Promise<void> {
  const { world, merchant, clock } = shop
  for (let turn = 0; ; turn++) {
    assert(turn < mostTurns, 'the clock is never done with the order')
    const works = [
      ...(await shop.txns(order)).map((txn) => ({
        at: txn.dueAt ?? Infinity,
        work: () => doDuty(world, merchant, txn),
      })),
      ...(await shop.refunds(order)).map((refund) => ({
        at: refund.dueAt ?? Infinity,
        work: () => sendRefund(world, merchant, refund),
      })),
    ]
    const [first] = works.sort((a, b) => a.at - b.at)
    if (!first || first.at > end) break
    clock.now = Math.max(clock.now, first.at)
    await first.work()
  }
  clock.now = end
}

/** A customer who is asked for the OTP again types it, and one who has failed begins anew. */
async function finish(shop: Shop, order: OrderKey): Promise<Txn> {
  for (let turn = 0; turn < 8; turn++) {
    const now = shop.world.now()
    const { paidBy } = (await findOrder(shop.world.db.read, order)) ?? {}
    const txns = await shop.txns(order)
    const paid = txns.find(({ id }) => id === paidBy)
    if (paid) return paid
    const open = txns.find((txn) => submitAllowed(txn, now))
    if (open) await shop.submit(open)
    else if (txns.some(({ status }) => status === 'AUTHORIZING')) await shop.pass(order, hour)
    else await shop.pay(order)
  }
  assert.fail('the order can not be paid')
}
