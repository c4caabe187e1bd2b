import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { authenticate } from '../payments/authenticate.ts'
import { pay } from '../payments/pay.ts'
import { resendOtp } from '../payments/resend-otp.ts'
import type { World } from '../payments/world.ts'
import { refusedAnswers } from '../wire/refusal-view.ts'
import { bodyTypes } from '../wire/request.ts'
import {
  readStart,
  readSubmission,
  StartRequest,
  SubmitRequest,
  wantsJson,
} from '../wire/txn-request.ts'
import { ProcessBody, processBody, StartBody, startBody, startUrl } from '../wire/txn-view.ts'
import { byCaller, fieldsOf } from './auth.ts'

const TxnPath = Type.Object({ id: Type.String() })
const ChallengePath = Type.Object({ id: Type.String(), challenge_id: Type.String() })
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
      return processBody(txn, viewing(world, request))
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

function viewing(world: World, { merchant }: FastifyRequest) {
  return { publicUrl: world.publicUrl, settings: merchant.settings, now: world.now() }
}
