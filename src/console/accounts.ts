import type { FastifyInstance, FastifyRequest } from 'fastify'
import { fieldsOf } from '../api/auth.ts'
import { type AccountKey, accountsOf } from '../gateways/accounts.ts'
import {
  addAccount,
  askAccount,
  changeAccount,
  disableAccount,
  enableAccount,
} from '../gateways/keep-accounts.ts'
import type { World } from '../payments/world.ts'
import { badField, Refusal } from '../refusal.ts'
import { refusedAnswers } from '../wire/refusal-view.ts'
import { bodyTypes, listsIn, truth } from '../wire/request.ts'
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

  scope.get<{ Params: { id: string } }>(
    '/console/accounts/:id',
    {
      schema: {
        summary: 'A gateway account',
        params: AccountPath,
        response: { 200: AccountBody, ...refusedAnswers },
      },
    },
    async (request) => {
      const { merchant, id } = keyOf(request)
      const all = await accountsOf(world.db.read, world.seal, merchant)
      const kept = all.find(({ account }) => account.id === id)
      if (!kept) throw new Refusal('unknown_account')
      return accountBody(world, merchant, kept)
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
      const admission = await askAccount(world, keyOf(request), world.now())
      if (!admission) throw new Refusal('unknown_account')
      return checkBody(request.params.id, admission)
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
  // Every call may name its merchant so.
  const { check: asked = '', merchant_id: _id, merchantId: _alias, ...rest } = fields
  const check = asked === '' ? true : truth(asked)
  if (check === undefined) throw badField('check', 'invalid')
  const text = { ...rest, ...textsOf(listsIn(fields)) }
  return { text, check, anyHost: false, now: world.now(), actor: request.actor }
}

/** Lists as forms have them; where no list belongs, the field is known as unknown by its name. */
function textsOf(lists: ReturnType<typeof listsIn>): Record<string, string> {
  const texts = [...lists].map(([name, list]) => {
    const none = name === 'networks' ? 'none' : invalid
    return [name, list.length === 0 ? none : list.map(wordOf).join()]
  })
  return Object.fromEntries(texts)
}

/** What is neither a network nor the beginning of a card number. */
const invalid = '?'

function wordOf(value: unknown): string {
  return typeof value === 'string' && /^(?!none$)\w+$/i.test(value) ? value : invalid
}
