import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { gatewayNamed } from '../gateways/catalog.ts'
import type { BankPage } from '../gateways/gateway.ts'
import { isMerchantId, shardIn, type TxnId } from '../ids.ts'
import { type Merchant, mayReturnTo } from '../merchants/merchant.ts'
import { responseKeyOf } from '../merchants/merchant-secrets.ts'
import { findMerchant } from '../merchants/merchants.ts'
import { html, type PageParts, page } from '../page.ts'
import type { By } from '../payments/events.ts'
import { bankPageOf, openBankPage } from '../payments/open-bank-page.ts'
import type { Order } from '../payments/order.ts'
import { findOrder } from '../payments/orders.ts'
import { syncNow } from '../payments/sync-now.ts'
import { finishUrlOf, hasChallenge, type Txn } from '../payments/txn.ts'
import { decidingTxn, findTxn } from '../payments/txns.ts'
import type { World } from '../payments/world.ts'
import { Refusal } from '../refusal.ts'
import { orderStatus } from '../wire/order-view.ts'
import { type Return, returnTo } from '../wire/signing.ts'
import { startUrl } from '../wire/txn-view.ts'
import { amountText, moneyLines, wordsFor } from './pay-words.ts'

/** What a page's path names. */
export interface PayPath {
  readonly merchant: string
  readonly id: string
}

/** A txn that a page is about, with its merchant. */
interface Paying {
  readonly merchant: Merchant
  readonly txn: Txn
}

/** The pages that customers see on the way to the bank's page, and back from it. */
export function payPages(app: FastifyInstance, world: World): void {
  app.get<{ Params: PayPath }>('/v2/pay/start/:merchant/:id', hidden, async (request, reply) => {
    const paying = await findPaying(world, request.params)
    if (!paying) return nothingHere(reply)
    const bankPage = bankPageOf(world, paying.txn)
    if (!bankPage) return reply.redirect(finishUrlOf(paying.txn, world.publicUrl), 302)
    return show(reply, 200, wayToBank(paying.txn, bankPage))
  })

  app.post<{ Params: PayPath }>('/v2/pay/start/:merchant/:id', hidden, async (request, reply) => {
    const paying = await findPaying(world, request.params)
    if (!paying) return nothingHere(reply)
    const by: By = { door: 'browser', requestId: request.id }
    try {
      const asked = { key: paying.txn, by }
      const bankPage = await openBankPage(world, paying.merchant, asked)
      if (bankPage && 'html' in bankPage) return handOver(reply, bankPage.html)
      return reply.redirect(bankPage?.url ?? finishUrlOf(paying.txn, world.publicUrl), 303)
    } catch (error) {
      if (error instanceof Refusal && error.reason === 'in_process') return show(reply, 409, busy)
      throw error
    }
  })

  app.register(async (scope) => finishPages(scope, world))
}

type OfOrder = { Params: PayPath & { order_id: string } }

/** Where the bank's page leads back to: a link, or a form with whatever the gateway put into it. */
function finishPages(scope: FastifyInstance, world: World): void {
  // Nothing of the form is believed, so nothing of it is read.
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => done(null, {}))

  scope.get<OfOrder>('/v2/pay/finish/:merchant/:id/:order_id', hidden, (request, reply) =>
    finish(world, request, reply),
  )
  scope.post<OfOrder>('/v2/pay/finish/:merchant/:id/:order_id', hidden, (request, reply) =>
    finish(world, request, reply),
  )
}

async function finish(world: World, request: FastifyRequest<OfOrder>, reply: FastifyReply) {
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
}

/** The route options of pages: they are not in the API's document. */
export const hidden = { schema: { hide: true } }

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
  const url = shopUrlOf(world, merchant, order)
  if (url === undefined) return show(reply, 200, orderPage(world, order, deciding))
  const { status, status_id: statusId } = orderStatus({ txn: deciding })
  const told = { order_id: order.orderId, status, status_id: String(statusId) }
  const key = settings.signed_return ? await responseKeyOf(world, merchant.id) : undefined
  const way = returnTo(url, told, key)
  switch (settings.return_method) {
    case 'GET':
      // What came by a form goes on by a link.
      return reply.redirect(way.href, reply.request.method === 'POST' ? 303 : 302)
    case 'POST':
      return show(reply, 200, wayToShop(way))
    default:
      return settings.return_method satisfies never
  }
}

/** Where an order's customer goes back to, if there is such a site and it may be gone to. */
export function shopUrlOf(world: World, { settings }: Merchant, order: Order): string | undefined {
  const url = order.fields['return_url'] || settings.return_url
  // What was allowed when the order was made may not be any more.
  return mayReturnTo(url, settings, world.mode) ? url : undefined
}

/** Answers with a page. */
export function show(reply: FastifyReply, status: number, shown: PageParts) {
  const { headers, body } = page(shown)
  return reply.code(status).headers(headers).send(body)
}

/** The one answer about whatever is not there, or is not of whom the link names. */
export function nothingHere(reply: FastifyReply) {
  return show(reply, 404, {
    title: 'Not found',
    body: html`<main class="narrow"><h1>There is no payment here</h1>
<p>The link may be incomplete. Please go back to the shop and try again.</p></main>`,
    formsLeadTo: "'none'",
  })
}

/**
 * What a browser may do with a gateway's HTML: run its scripts and send its form to the bank,
 * wherever that is, but as a page of nobody's. It has no origin, so nothing of ours is open to it.
 */
const foreignPage = [
  "default-src https: data: 'unsafe-inline'",
  "object-src 'none'",
  "frame-ancestors 'none'",
  'sandbox allow-forms allow-scripts',
].join('; ')

/** Answers with a gateway's own page, on no authority of ours. */
function handOver(reply: FastifyReply, page: string) {
  return reply
    .headers({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': foreignPage,
      'referrer-policy': 'no-referrer',
    })
    .send(page)
}

const busy: PageParts = {
  title: 'One moment',
  body: html`<main class="narrow"><h1>Your OTP is being checked</h1>
<p>Please wait a moment, then try again.</p>
<form method="post"><button class="main">Try again</button></form></main>`,
  formsLeadTo: "'self'",
}

/** A gateway's HTML is shown here and leads on by itself; else the bank's page is elsewhere. */
function wayToBank(txn: Txn, bankPage: BankPage): PageParts {
  const { wireName } = gatewayNamed(txn.gateway)
  const by = html`<p class="quiet">${wireName} takes you there.</p>`
  const closing = html`<p class="quiet">You will then confirm the payment there. The OTP you may
have received can no longer be used here.</p>`
  return {
    title: `Pay ${amountText(txn.amount)}`,
    body: html`<main class="narrow"><h1>Continue at your bank</h1>
<p class="amount">${amountText(txn.amount)}</p>
<p>${txn.merchant}, order ${txn.orderId}</p>
<p class="quiet">Card ending in ${txn.card.lastFour}</p>
${'html' in bankPage ? by : ''}
${hasChallenge(txn) ? closing : ''}
<form method="post"><button class="main">Go to my bank</button></form></main>`,
    formsLeadTo: 'html' in bankPage ? "'self'" : `'self' ${new URL(bankPage.url).origin}`,
  }
}

/** No word of where its form may lead: the shop redirects to sites that are not known here. */
function wayToShop({ action, params }: Return): PageParts {
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

function orderPage(world: World, order: Order, txn: Txn): PageParts {
  const { status } = orderStatus({ txn })
  const open = bankPageOf(world, txn)
  const link = open
    ? html`<p><a href="${startUrl(txn, world.publicUrl)}">Continue at your bank</a></p>`
    : html`<p class="quiet">You can go back to the shop now.</p>`
  return {
    title: `Order ${order.orderId}`,
    body: html`<main class="narrow"><h1>Order ${order.orderId}</h1>
<p class="amount">${amountText(order.amount)}</p>
<p>${order.merchant}</p>
<p>${wordsFor[status]}</p>
${moneyLines(txn)}
${link}</main>`,
    formsLeadTo: "'none'",
  }
}
