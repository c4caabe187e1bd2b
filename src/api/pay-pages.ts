import type { FastifyInstance, FastifyReply } from 'fastify'
import { isMerchantId, shardIn, type TxnId } from '../ids.ts'
import { type Merchant, mayReturnTo } from '../merchants/merchant.ts'
import { responseKeyOf } from '../merchants/merchant-secrets.ts'
import { findMerchant } from '../merchants/merchants.ts'
import { rupees } from '../money.ts'
import { type Html, html, page } from '../page.ts'
import type { By } from '../payments/events.ts'
import { bankPageOf, openBankPage } from '../payments/open-bank-page.ts'
import type { Order } from '../payments/order.ts'
import { findOrder, findOrderById } from '../payments/orders.ts'
import { syncNow } from '../payments/sync-now.ts'
import { finishUrlOf, hasChallenge, isPartlyCharged, type Txn } from '../payments/txn.ts'
import { decidingTxn, findTxn } from '../payments/txns.ts'
import type { World } from '../payments/world.ts'
import { Refusal } from '../refusal.ts'
import { type OrderStatus, orderStatus } from '../wire/order-view.ts'
import { type Return, returnTo } from '../wire/signing.ts'
import { startUrl } from '../wire/txn-view.ts'

/** What a page's path names. */
interface PayPath {
  readonly merchant: string
  readonly id: string
}

/** A txn that a page is about, with its merchant. */
interface Paying {
  readonly merchant: Merchant
  readonly txn: Txn
}

/** The pages that customers see: on the way to the bank's page, back from it, and of an order. */
export function payPages(app: FastifyInstance, world: World): void {
  app.get<{ Params: PayPath }>('/v2/pay/start/:merchant/:id', hidden, async (request, reply) => {
    const paying = await findPaying(world, request.params)
    if (!paying) return nothingHere(reply)
    const bankPage = bankPageOf(world, paying.txn)
    if (!bankPage) return reply.redirect(finishUrlOf(paying.txn, world.publicUrl), 302)
    return show(reply, 200, wayToBank(paying.txn, new URL(bankPage.url).origin))
  })

  app.post<{ Params: PayPath }>('/v2/pay/start/:merchant/:id', hidden, async (request, reply) => {
    const paying = await findPaying(world, request.params)
    if (!paying) return nothingHere(reply)
    const by: By = { door: 'browser', requestId: request.id }
    try {
      const asked = { key: paying.txn, by }
      const bankPage = await openBankPage(world, paying.merchant, asked)
      return reply.redirect(bankPage?.url ?? finishUrlOf(paying.txn, world.publicUrl), 303)
    } catch (error) {
      if (error instanceof Refusal && error.reason === 'in_process') return show(reply, 409, busy)
      throw error
    }
  })

  app.get<{ Params: PayPath & { order_id: string } }>(
    '/v2/pay/finish/:merchant/:id/:order_id',
    hidden,
    async (request, reply) => {
      const paying = await findPaying(world, request.params)
      if (!paying || paying.txn.orderId !== request.params.order_id) return nothingHere(reply)
      const by: By = { door: 'browser', requestId: request.id }
      try {
        await syncNow(world, paying.merchant, { key: paying.txn, by })
      } catch (error) {
        // Somebody else is asking and will hear; the customer need not wait for it on our page.
        if (!(error instanceof Refusal && error.reason === 'in_process')) throw error
      }
      return sendBack(world, reply, paying)
    },
  )

  app.get<{ Params: PayPath }>('/merchant/pay/:merchant/:id', hidden, async (request, reply) => {
    const { merchant, id } = request.params
    const shard = shardIn(id)
    if (shard === undefined || !isMerchantId(merchant)) return nothingHere(reply)
    const key = { shard, merchant, id }
    const order = await findOrderById(world.db.read, key)
    if (!order) return nothingHere(reply)
    const txn = await decidingTxn(world.db.read, order)
    return show(reply, 200, orderPage(world, order, txn))
  })
}

const hidden = { schema: { hide: true } }

async function findPaying(world: World, { merchant: id, id: txnId }: PayPath) {
  const shard = shardIn(txnId)
  if (shard === undefined || !txnId.startsWith('txn_') || !isMerchantId(id)) return undefined
  const merchant = await findMerchant(world, id)
  if (!merchant) return undefined
  const txn = await findTxn(world.db.read, { shard, merchant: merchant.id, id: txnId as TxnId })
  return txn && { merchant, txn }
}

/** Back to the merchant's site, with the order's status; a page where there is no such site. */
async function sendBack(world: World, reply: FastifyReply, { merchant, txn }: Paying) {
  const order = await findOrder(world.db.read, txn)
  const deciding = order && (await decidingTxn(world.db.read, order))
  if (!order || !deciding) return nothingHere(reply)
  const { settings } = merchant
  const url = order.fields['return_url'] || settings.return_url
  // What was allowed when the order was made may not be any more.
  if (!mayReturnTo(url, settings, world.mode)) {
    return show(reply, 200, orderPage(world, order, deciding))
  }
  const { status, status_id: statusId } = orderStatus({ txn: deciding })
  const told = { order_id: order.orderId, status, status_id: String(statusId) }
  const key = settings.signed_return ? await responseKeyOf(world, merchant.id) : undefined
  const way = returnTo(url, told, key)
  switch (settings.return_method) {
    case 'GET':
      return reply.redirect(way.href, 302)
    case 'POST':
      return show(reply, 200, wayToShop(way))
    default:
      return settings.return_method satisfies never
  }
}

interface Shown {
  readonly title: string
  readonly body: Html
  readonly formsLeadTo?: string
  readonly sendsItself?: boolean
}

function show(reply: FastifyReply, status: number, shown: Shown) {
  const { headers, body } = page(shown)
  return reply.code(status).headers(headers).send(body)
}

function nothingHere(reply: FastifyReply) {
  return show(reply, 404, {
    title: 'Not found',
    body: html`<main class="narrow"><h1>There is no payment here</h1>
<p>The link may be incomplete. Please go back to the shop and try again.</p></main>`,
    formsLeadTo: "'none'",
  })
}

const busy: Shown = {
  title: 'One moment',
  body: html`<main class="narrow"><h1>Your OTP is being checked</h1>
<p>Please wait a moment, then try again.</p>
<form method="post"><button class="main">Try again</button></form></main>`,
  formsLeadTo: "'self'",
}

function wayToBank(txn: Txn, bankOrigin: string): Shown {
  const closing = html`<p class="quiet">You will then confirm the payment there. The OTP you may
have received can no longer be used here.</p>`
  return {
    title: `Pay ${amountText(txn.amount)}`,
    body: html`<main class="narrow"><h1>Continue at your bank</h1>
<p class="amount">${amountText(txn.amount)}</p>
<p>${txn.merchant}, order ${txn.orderId}</p>
<p class="quiet">Card ending in ${txn.card.lastFour}</p>
${hasChallenge(txn) ? closing : ''}
<form method="post"><button class="main">Go to my bank</button></form></main>`,
    formsLeadTo: `'self' ${bankOrigin}`,
  }
}

/** No word of where its form may lead: the shop redirects to sites that are not known here. */
function wayToShop({ action, params }: Return): Shown {
  const fields = params.map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )
  return {
    title: 'Back to the shop',
    body: html`<main class="narrow"><h1>Back to the shop</h1>
<form method="post" action="${action}">${fields}
<button class="main">Continue</button></form></main>`,
    sendsItself: true,
  }
}

function orderPage(world: World, order: Order, txn: Txn | undefined): Shown {
  const { status } = orderStatus(txn ? { txn } : {})
  const open = txn && bankPageOf(world, txn)
  const link = open
    ? html`<p><a href="${startUrl(txn, world.publicUrl)}">Continue at your bank</a></p>`
    : html`<p class="quiet">You can go back to the shop now.</p>`
  return {
    title: `Order ${order.orderId}`,
    body: html`<main class="narrow"><h1>Order ${order.orderId}</h1>
<p class="amount">${amountText(order.amount)}</p>
<p>${order.merchant}</p>
<p>${wordsFor[status]}</p>
${txn ? moneyLines(txn) : ''}
${link}</main>`,
    formsLeadTo: "'none'",
  }
}

/** What was taken of the amount, and what has gone or goes back. */
function moneyLines(txn: Txn): Html {
  const taken = isPartlyCharged(txn)
    ? html`<p class="quiet">${amountText(txn.captured)} taken so far</p>`
    : ''
  const back =
    txn.refunded > 0
      ? html`<p class="quiet">${amountText(txn.refunded)} given back or on its way</p>`
      : ''
  return html`${taken}${back}`
}

/** What a status says to a customer. */
const wordsFor: Readonly<Record<OrderStatus, string>> = {
  NEW: 'Not paid yet',
  CREATED: 'Not paid yet',
  STARTED: 'The payment has begun',
  PENDING_VBV: 'Waiting for your confirmation',
  AUTHORIZING: 'The payment is being checked',
  AUTHORIZED: 'The payment is approved',
  CAPTURE_INITIATED: 'The payment is approved',
  CAPTURE_FAILED: 'The payment is approved',
  VOID_INITIATED: 'The payment is being cancelled',
  VOID_FAILED: 'The payment is approved',
  VOIDED: 'The payment was cancelled; nothing is taken',
  CHARGED: 'Paid',
  PARTIAL_CHARGED: 'Paid in part',
  AUTO_REFUNDED: 'The payment came too late and was refunded',
  AUTHENTICATION_FAILED: 'The payment was not confirmed',
  AUTHORIZATION_FAILED: 'Your bank declined the payment',
  JUSPAY_DECLINED: 'The payment could not be made',
}

function amountText(amount: Txn['amount']): string {
  return `₹${rupees(amount).toFixed(2)}`
}
