import assert from 'node:assert/strict'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { issueClientToken } from '../merchants/issue-client-token.ts'
import { authenticate } from '../payments/authenticate.ts'
import { capture } from '../payments/capture.ts'
import { createOrder } from '../payments/create-order.ts'
import { findOrder } from '../payments/orders.ts'
import { pay } from '../payments/pay.ts'
import { type Refund, refundsOfTxn } from '../payments/refund.ts'
import { refundsOf } from '../payments/refunds.ts'
import { resendOtp } from '../payments/resend-otp.ts'
import type { Txn } from '../payments/txn.ts'
import { findTxnOnWire } from '../payments/txns.ts'
import { voidPayment } from '../payments/void-payment.ts'
import type { World } from '../payments/world.ts'
import { Refusal } from '../refusal.ts'
import { asksForToken, TokenField } from '../wire/client-token-request.ts'
import { juspayBody } from '../wire/client-token-view.ts'
import { OrderShown, orderShown } from '../wire/order-view.ts'
import { refusedAnswers } from '../wire/refusal-view.ts'
import { bodyTypes } from '../wire/request.ts'
import {
  CaptureRequest,
  orderOfStart,
  PayRequest,
  readCapture,
  readOrderOfStart,
  readStart,
  readSubmission,
  SubmitRequest,
  wantsJson,
} from '../wire/txn-request.ts'
import {
  ProcessShown,
  processShown,
  StartBody,
  StartShown,
  startBody,
  startUrl,
} from '../wire/txn-view.ts'
import { byCaller, fieldsOf, ofOwnOrder } from './auth.ts'
import { orderViewOf } from './orders.ts'

const TxnPath = Type.Object({ id: Type.String() })
const ChallengePath = Type.Object({ id: Type.String(), challenge_id: Type.String() })
const SubmitWish = Type.Object({ ...SubmitRequest.properties, ...TokenField })
const ResendWish = Type.Object({ ...TokenField })
const HeldBody = Type.Object({ ...ProcessShown.properties, ...OrderShown.properties })
const ofClients = { client: 'order' } as const
const ToPage = Type.Null({ description: 'Without format=json: to the page of this payment' })

/** `/txns` and `/v2/txns/…`: payments, their OTPs, and the money that they hold. */
export function txnRoutes(scope: FastifyInstance, world: World): void {
  otpRoutes(scope, world)
  moneyRoutes(scope, world)
}

/** Start a payment, submit its OTP, have it sent again: what a page may do with a client token. */
function otpRoutes(scope: FastifyInstance, world: World): void {
  scope.post(
    '/txns',
    {
      config: ofClients,
      schema: {
        summary: 'Start authentication',
        consumes: bodyTypes,
        body: PayRequest,
        response: { 200: StartShown, 302: ToPage, ...refusedAnswers },
      },
    },
    (request, reply) => startPayment(world, request, reply),
  )

  scope.post<{ Params: Type.Static<typeof TxnPath> }>(
    '/v2/txns/:id/authenticate',
    {
      config: ofClients,
      schema: {
        summary: 'Process OTP',
        consumes: bodyTypes,
        params: TxnPath,
        body: SubmitWish,
        response: { 200: ProcessShown, ...refusedAnswers },
      },
    },
    async (request) => {
      const { id } = request.params
      const fields = fieldsOf(request.body)
      await ofOwnTxn(world, request, id)
      // When money is taken is between the merchant and us.
      if (request.client && fields['auto_capture']) throw new Refusal('access_denied')
      const asked = { ...readSubmission(fields), id, by: byCaller(request) }
      const txn = await authenticate(world, request.merchant, asked)
      return processShown(txn, { ...viewing(world, request), refunds: await backOf(world, txn) })
    },
  )

  scope.post<{ Params: Type.Static<typeof ChallengePath> }>(
    '/v2/txns/:id/authenticate/:challenge_id/resend',
    {
      config: ofClients,
      schema: {
        summary: 'Resend OTP',
        consumes: bodyTypes,
        params: ChallengePath,
        body: ResendWish,
        response: { 200: StartBody, ...refusedAnswers },
      },
    },
    async (request) => {
      const { id, challenge_id: challengeId } = request.params
      await ofOwnTxn(world, request, id)
      const asked = { id, challengeId, by: byCaller(request) }
      const txn = await resendOtp(world, request.merchant, asked)
      return startBody(txn, viewing(world, request))
    },
  )
}

/** Capture and void: a merchant's alone. */
function moneyRoutes(scope: FastifyInstance, world: World): void {
  scope.post<{ Params: Type.Static<typeof TxnPath> }>(
    '/v2/txns/:id/capture',
    {
      schema: {
        summary: 'Capture an authorized payment',
        consumes: bodyTypes,
        params: TxnPath,
        body: CaptureRequest,
        response: { 200: HeldBody, ...refusedAnswers },
      },
    },
    async (request) => {
      const { id } = request.params
      const wish = { ...readCapture(fieldsOf(request.body)), id, by: byCaller(request) }
      return heldBody(world, request, await capture(world, request.merchant, wish))
    },
  )

  scope.post<{ Params: Type.Static<typeof TxnPath> }>(
    '/v2/txns/:id/void',
    {
      schema: {
        summary: 'Void an authorized payment',
        params: TxnPath,
        response: { 200: HeldBody, ...refusedAnswers },
      },
    },
    async (request) => {
      const wish = { id: request.params.id, by: byCaller(request) }
      return heldBody(world, request, await voidPayment(world, request.merchant, wish))
    },
  )
}

/**
 * Starts a payment, and creates its order first where the call has one in it. Answers JSON where
 * the caller wants it, else goes to the payment's page.
 */
export async function startPayment(world: World, request: FastifyRequest, reply: FastifyReply) {
  const { merchant, actor } = request
  const fields = fieldsOf(request.body)
  const ordered = orderOfStart(fields)
  // A client token pays what the merchant has ordered, and orders nothing.
  ofOwnOrder(request, ordered ? undefined : fields['order_id'])
  // Which way the money goes is between the merchant and us.
  const names = ['gateway_id', 'auth_account_id']
  if (request.client && names.some((name) => fields[name])) throw new Refusal('access_denied')
  const by = byCaller(request)
  const start = readStart(fields, merchant, { mode: world.mode, now: world.now(), by, actor })
  if (ordered) {
    const order = readOrderOfStart(fields, ordered, { merchant, mode: world.mode })
    await createOrder(world, merchant, { order, ifDifferent: 'refuse', by })
  }
  const txn = await pay(world, merchant, start)
  if (!wantsJson(fields)) return reply.redirect(startUrl(txn, world.publicUrl), 302)
  const body = startBody(txn, viewing(world, request))
  if (!ordered || !asksForToken(ordered)) return body
  const scope = { merchant: merchant.id, order: txn.orderId }
  return { ...body, juspay: juspayBody(await issueClientToken(world, scope)) }
}

/** Refuses what a client token asks of a payment of another order than its own. */
async function ofOwnTxn(world: World, request: FastifyRequest, id: string): Promise<void> {
  if (!request.client) return
  const txn = await findTxnOnWire(world.db.read, request.merchant.id, id)
  ofOwnOrder(request, txn?.orderId)
}

/** The answer of capture and void: the order as this payment shows it, with Process OTP's keys. */
async function heldBody(world: World, request: FastifyRequest, txn: Txn) {
  const order = await findOrder(world.db.read, txn)
  assert(order, 'a txn has an order')
  const refunds = await backOf(world, txn)
  return {
    ...processShown(txn, { ...viewing(world, request), refunds }),
    ...orderShown({ order, txn, refunds }, orderViewOf(world, request)),
  }
}

/** The refunds of a payment, which only taken money can have. */
async function backOf(world: World, txn: Txn): Promise<readonly Refund[]> {
  if (txn.captured === 0) return []
  return refundsOfTxn(await refundsOf(world.db.read, txn), txn.id)
}

function viewing(world: World, request: FastifyRequest) {
  const { settings } = request.merchant
  return { ...orderViewOf(world, request), settings, now: world.now() }
}
