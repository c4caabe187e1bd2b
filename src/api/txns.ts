import assert from 'node:assert/strict'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { authenticate } from '../payments/authenticate.ts'
import { capture } from '../payments/capture.ts'
import { findOrder } from '../payments/orders.ts'
import { pay } from '../payments/pay.ts'
import { type Refund, refundsOfTxn } from '../payments/refund.ts'
import { refundsOf } from '../payments/refunds.ts'
import { resendOtp } from '../payments/resend-otp.ts'
import type { Txn } from '../payments/txn.ts'
import { voidPayment } from '../payments/void-payment.ts'
import type { World } from '../payments/world.ts'
import { OrderBody, orderBody } from '../wire/order-view.ts'
import { refusedAnswers } from '../wire/refusal-view.ts'
import { bodyTypes } from '../wire/request.ts'
import {
  CaptureRequest,
  readCapture,
  readStart,
  readSubmission,
  StartRequest,
  SubmitRequest,
  wantsJson,
} from '../wire/txn-request.ts'
import { ProcessBody, processBody, StartBody, startBody, startUrl } from '../wire/txn-view.ts'
import { byCaller, fieldsOf } from './auth.ts'
import { orderViewOf } from './orders.ts'

const TxnPath = Type.Object({ id: Type.String() })
const ChallengePath = Type.Object({ id: Type.String(), challenge_id: Type.String() })
const HeldBody = Type.Object({ ...ProcessBody.properties, ...OrderBody.properties })
const ToPage = Type.Null({ description: 'Without format=json: to the page of this payment' })

/** `/txns` and `/v2/txns/…`: start a payment, submit its OTP, have it sent again. */
export function txnRoutes(scope: FastifyInstance, world: World): void {
  scope.post(
    '/txns',
    {
      schema: {
        summary: 'Start authentication',
        consumes: bodyTypes,
        body: StartRequest,
        response: { 200: StartBody, 302: ToPage, ...refusedAnswers },
      },
    },
    async (request, reply) => {
      const fields = fieldsOf(request.body)
      const at = { mode: world.mode, now: world.now(), by: byCaller(request) }
      const txn = await pay(world, request.merchant, readStart(fields, request.merchant, at))
      if (!wantsJson(fields)) return reply.redirect(startUrl(txn, world.publicUrl), 302)
      return startBody(txn, viewing(world, request))
    },
  )

  scope.post<{ Params: Type.Static<typeof TxnPath> }>(
    '/v2/txns/:id/authenticate',
    {
      schema: {
        summary: 'Process OTP',
        consumes: bodyTypes,
        params: TxnPath,
        body: SubmitRequest,
        response: { 200: ProcessBody, ...refusedAnswers },
      },
    },
    async (request) => {
      const { id } = request.params
      const submission = readSubmission(fieldsOf(request.body))
      const asked = { ...submission, id, by: byCaller(request) }
      const txn = await authenticate(world, request.merchant, asked)
      return processBody(txn, { ...viewing(world, request), refunds: await backOf(world, txn) })
    },
  )

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

  scope.post<{ Params: Type.Static<typeof ChallengePath> }>(
    '/v2/txns/:id/authenticate/:challenge_id/resend',
    {
      schema: {
        summary: 'Resend OTP',
        params: ChallengePath,
        response: { 200: StartBody, ...refusedAnswers },
      },
    },
    async (request) => {
      const { id, challenge_id: challengeId } = request.params
      const asked = { id, challengeId, by: byCaller(request) }
      const txn = await resendOtp(world, request.merchant, asked)
      return startBody(txn, viewing(world, request))
    },
  )
}

/** The answer of capture and void: the order as this payment shows it, with Process OTP's keys. */
async function heldBody(world: World, request: FastifyRequest, txn: Txn) {
  const order = await findOrder(world.db.read, txn)
  assert(order, 'a txn has an order')
  const refunds = await backOf(world, txn)
  return {
    ...processBody(txn, { ...viewing(world, request), refunds }),
    ...orderBody({ order, txn, refunds }, orderViewOf(world, request)),
  }
}

/** The refunds of a payment, which only taken money can have. */
async function backOf(world: World, txn: Txn): Promise<readonly Refund[]> {
  if (txn.captured === 0) return []
  return refundsOfTxn(await refundsOf(world.db.read, txn), txn.id)
}

function viewing(world: World, { merchant }: FastifyRequest) {
  return { publicUrl: world.publicUrl, settings: merchant.settings, now: world.now() }
}
