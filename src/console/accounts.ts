import type { FastifyInstance, FastifyRequest } from 'fastify'
import { fieldsOf } from '../api/auth.ts'
import { type AccountKey, accountsOf, findAccount } from '../gateways/accounts.ts'
import { checkReachable } from '../gateways/check-account.ts'
import {
  addAccount,
  changeAccount,
  disableAccount,
  enableAccount,
} from '../gateways/keep-accounts.ts'
import type { World } from '../payments/world.ts'
import { badField, Refusal } from '../refusal.ts'
import { refusedAnswers } from '../wire/refusal-view.ts'
import { bodyTypes, truth } from '../wire/request.ts'
import {
  AccountBody,
  AccountChange,
  AccountPath,
  AccountRequest,
  AccountsBody,
  AdmittedBody,
  accountBody,
  admittedBody,
  CheckBody,
  checkBody,
} from './account-bodies.ts'

type WithAccount = FastifyRequest<{ Params: { id: string } }>

/** `/console/accounts…`: a merchant's accounts at gateways. */
export function accountRoutes(scope: FastifyInstance, world: World): void {
  scope.get(
    '/console/accounts',
    { schema: { summary: 'Gateway accounts', response: { 200: AccountsBody, ...refusedAnswers } } },
    async ({ merchant }) => {
      const all = await accountsOf(world.db.read, world.seal, merchant.id)
      return { accounts: all.map((one) => accountBody(world, merchant.id, one)) }
    },
  )

  scope.post(
    '/console/accounts',
    {
      schema: {
        summary: 'Add a gateway account',
        consumes: bodyTypes,
        body: AccountRequest,
        response: { 200: AdmittedBody, ...refusedAnswers },
      },
    },
    async (request) => {
      const { id } = request.merchant
      return admittedBody(world, id, await addAccount(world, id, orderIn(request, world)))
    },
  )

  scope.post<{ Params: { id: string } }>(
    '/console/accounts/:id',
    {
      schema: {
        summary: 'Change a gateway account',
        consumes: bodyTypes,
        params: AccountPath,
        body: AccountChange,
        response: { 200: AdmittedBody, ...refusedAnswers },
      },
    },
    async (request) => {
      const admitted = await changeAccount(world, keyOf(request), orderIn(request, world))
      return admittedBody(world, request.merchant.id, admitted)
    },
  )

  scope.post<{ Params: { id: string } }>(
    '/console/accounts/:id/check',
    {
      schema: {
        summary: 'Ask a gateway whether it lets an account in',
        params: AccountPath,
        response: { 200: CheckBody, ...refusedAnswers },
      },
    },
    async (request) => {
      const { merchant, id } = keyOf(request)
      const found = await findAccount(world, merchant, id)
      if (!found) throw new Refusal('unknown_account')
      return checkBody(id, await checkReachable(world, found))
    },
  )
  switchRoutes(scope, world)
}

function switchRoutes(scope: FastifyInstance, world: World): void {
  const deeds = [
    ['disable', 'Start no payment at an account any more', disableAccount],
    ['enable', 'Start payments at an account again', enableAccount],
  ] as const
  for (const [word, summary, deed] of deeds) {
    scope.post<{ Params: { id: string } }>(
      `/console/accounts/:id/${word}`,
      {
        schema: {
          summary,
          params: AccountPath,
          response: { 200: AccountBody, ...refusedAnswers },
        },
      },
      async (request) => {
        const change = { now: world.now(), actor: request.actor }
        const kept = await deed(world, keyOf(request), change)
        if (!kept) throw new Refusal('unknown_account')
        return accountBody(world, request.merchant.id, kept)
      },
    )
  }
}

function keyOf({ merchant, params }: WithAccount): AccountKey {
  return { merchant: merchant.id, id: params.id }
}

function orderIn(request: FastifyRequest, world: World) {
  const fields = fieldsOf(request.body)
  const { check: asked = '', ...text } = fields
  const check = asked === '' ? true : truth(asked)
  if (check === undefined) throw badField('check', 'invalid')
  return { text, check, anyHost: false, now: world.now(), actor: request.actor }
}
