import type { FastifyReply, FastifyRequest } from 'fastify'
import { isMerchantId, shardIn, type TxnId } from '../ids.ts'
import type { Merchant } from '../merchants/merchant.ts'
import { findMerchant } from '../merchants/merchants.ts'
import type { By } from '../payments/events.ts'
import type { Order } from '../payments/order.ts'
import { findOrderById } from '../payments/orders.ts'
import { syncInTurn } from '../payments/sync.ts'
import { takeTurnOf } from '../payments/take-turn.ts'
import { finishUrlOf, isPastLife, type Txn } from '../payments/txn.ts'
import { findTxn, knownTxn } from '../payments/txns.ts'
import type { World } from '../payments/world.ts'
import { Refusal } from '../refusal.ts'
import { linksOf } from '../wire/order-view.ts'
import { type PayPath, shopUrlOf } from './pay-pages.ts'
import type { Facts } from './payment-forms.ts'

/** What a path names below an order's page. */
export interface TxnPath extends PayPath {
  readonly txn: string
}

/** A visitor of an order's page. */
export interface Visit {
  readonly world: World
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly merchant: Merchant
  readonly order: Order
  readonly by: By
}

/** A visitor of the page of one of the order's payments. */
export interface TxnVisit extends Visit {
  readonly txn: Txn
}

type Call = Pick<Visit, 'request' | 'reply'>

/** The visit of an order's page; `undefined` where there is no such order of the merchant. */
export async function findVisit(
  world: World,
  path: PayPath,
  call: Call,
): Promise<Visit | undefined> {
  const shard = shardIn(path.id)
  if (shard === undefined || !isMerchantId(path.merchant)) return undefined
  const merchant = await findMerchant(world, path.merchant)
  if (!merchant) return undefined
  const order = await findOrderById(world.db.read, { shard, merchant: merchant.id, id: path.id })
  const by: By = { door: 'browser', requestId: call.request.id }
  return order && { world, merchant, order, by, ...call }
}

/** The visit of a payment's page; a payment is found below its own order alone. */
export async function findTxnVisit(
  world: World,
  path: TxnPath,
  call: Call,
): Promise<TxnVisit | undefined> {
  const visit = await findVisit(world, path, call)
  if (!visit || !path.txn.startsWith('txn_')) return undefined
  const txn = await findTxn(world.db.read, { ...visit.order, id: path.txn as TxnId })
  return txn && txn.orderId === visit.order.orderId ? { ...visit, txn } : undefined
}

/** Whether a form comes from a page of ours; browsers name the page's origin. */
export function isOurForm({ request, world }: Visit): boolean {
  const { origin } = request.headers
  return origin === undefined || origin === new URL(world.publicUrl).origin
}

/** What every page of the order shows. */
export function factsOf({ world, order }: Visit): Facts {
  return { order, isTest: world.mode === 'sandbox', page: linksOf(order, world.publicUrl).web }
}

/** The page of one of the order's payments. */
export function txnPage({ world, order }: Visit, id: TxnId): string {
  return `${linksOf(order, world.publicUrl).web}/otp/${id}`
}

/** The way back to the shop with the signed status, where there is such a site. */
export function shopWay({ world, merchant, order }: Visit, txn: Txn): string | undefined {
  const url = shopUrlOf(world, merchant, order)
  return url === undefined ? undefined : finishUrlOf(txn, world.publicUrl)
}

/** Whether the bank has to be asked how a payment stands: nobody here knows. */
export function isUndecided({ world }: Visit, txn: Txn): boolean {
  const { status, closedBy } = txn
  if (status === 'STARTED' || status === 'AUTHORIZING') return true
  return isPastLife(txn, world.now()) || (status === 'PENDING_VBV' && closedBy === 'fallback')
}

/**
 * A payment once nobody is asking about it, and by the bank's own word where that is needed;
 * `undefined` where somebody goes on asking.
 */
export async function lookAt(visit: TxnVisit): Promise<Txn | undefined> {
  const { world, merchant, by } = visit
  try {
    return await takeTurnOf(world, merchant, {
      find: () => knownTxn(world.db.read, visit.txn),
      take: async (txn) =>
        isUndecided(visit, txn) ? syncInTurn(world, merchant, { txn, by }) : txn,
      by,
    })
  } catch (error) {
    if (error instanceof Refusal && error.reason === 'in_process') return undefined
    throw error
  }
}
