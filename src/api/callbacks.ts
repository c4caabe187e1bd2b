import { hash } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { dayMs } from '../clock.ts'
import { verifiesCallbacks } from '../gateways/account-warning.ts'
import { findAccount, type Reachable } from '../gateways/accounts.ts'
import { gatewayNamed, isGatewayName } from '../gateways/catalog.ts'
import type { News } from '../gateways/news.ts'
import { isMerchantId, type MerchantId } from '../ids.ts'
import { isSpent, type SpentToken, spendOnce } from '../merchants/spent-tokens.ts'
import { openHurry } from '../payments/hurry.ts'
import type { World } from '../payments/world.ts'
import { Refusal } from '../refusal.ts'
import { limitBy } from './limits.ts'
import { hidden } from './pay-pages.ts'

/** What a callback's path names: account ids are unique for their merchant only. */
interface CallbackPath {
  readonly gateway: string
  readonly merchant: string
  readonly account: string
}

/** An account that a path names, and whose it is. */
interface Called extends Reachable {
  readonly merchant: MerchantId
}

/** Signed callbacks an account may send in a minute: a hundred a second, thirty payments' worth. */
const mostSigned = 6_000

/** Anybody can send what is not signed: a flood of it must not shut out what is. */
const mostHints = 600

/** Longer than any gateway repeats a callback (Razorpay, the most patient, goes on for a day). */
const rememberedMs = 3 * dayMs

/** Ids of accounts are chosen by operators; other characters than these the database refuses. */
const accountForm = /^[!-~]+$/

/**
 * Where gateways tell news. A callback carries no authority: nothing of its body is believed. It
 * only makes the clock ask at once how the payment stands that it names.
 */
export async function callbackRoutes(
  scope: FastifyInstance,
  world: World,
  perAccount = mostSigned,
): Promise<void> {
  // Signatures are over the bytes as they were sent, of whatever type they say they are.
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  // Only what is signed counts: a flood of forgeries must not shut the gateway itself out.
  const limit = await limitBy(scope, {
    name: 'account',
    max: perAccount,
    keyOf: ({ params }) => pathOf(params as CallbackPath),
  })
  const limitHints = await limitBy(scope, {
    name: 'hints of account',
    max: mostHints,
    keyOf: ({ params }) => pathOf(params as CallbackPath),
  })
  const hurry = openHurry(world, (error) => scope.log.error({ err: error }, 'callback failed'))
  scope.addHook('onClose', () => hurry.close())

  scope.post<{ Params: CallbackPath }>(
    '/callbacks/:gateway/:merchant/:account',
    hidden,
    async (request, reply) => {
      const called = await findCalled(world, request.params)
      if (!called) throw refused(request, 'unknown account')
      const news = newsIn(called, request, world.now())
      if (typeof news === 'string') throw refused(request, news)
      await (news.kind === 'hint' ? limitHints : limit)(request, reply)
      const told = tokenOf(called, news.id, world.now())
      if (news.kind !== 'other' && !(await isSpent(world.db.read, told))) {
        const { merchant, account } = called
        const { reference, isRefund } = news
        const { gateway, id } = account
        const heard = { merchant, gateway, account: id, reference, isRefund: isRefund === true }
        const isOurs = await hurry.hear({ ...heard, requestId: request.id })
        // Only now: news that could not be written down is heard when the gateway repeats it.
        if (isOurs) await world.db.tx((t) => spendOnce(t, told))
      }
      return reply.send({})
    },
  )
}

function pathOf({ gateway, merchant, account }: CallbackPath): string {
  return `${gateway}/${merchant}/${account}`
}

async function findCalled(world: World, path: CallbackPath): Promise<Called | undefined> {
  const { gateway, merchant, account: id } = path
  if (!isGatewayName(gateway) || !isMerchantId(merchant) || !accountForm.test(id)) return undefined
  const found = await findAccount(world, merchant, id)
  return found?.account.gateway === gateway ? { ...found, merchant } : undefined
}

type Why = 'unknown account' | 'no secret' | 'forged' | 'stale'

/** The refusal of a callback, which tells its sender nothing, and the log whose it was to be. */
function refused(request: FastifyRequest, why: Why): Refusal {
  const { gateway, merchant, account } = request.params as CallbackPath
  const named = { gateway, merchant, account }
  // Anybody can send a path; what could not be one of ours need not fill the log.
  const isLong = Object.values(named).some(({ length }) => length > longestName)
  request.log.warn({ ...(isLong ? {} : named), why }, 'callback refused')
  return new Refusal('access_denied')
}

/** The longest id that an account or a merchant can have. */
const longestName = 64

/** What a callback is worth that may be its gateway's, or why it is refused. */
function newsIn({ account, access }: Called, request: FastifyRequest, now: number) {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, value?.toString()]),
  )
  const news: News = gatewayNamed(account.gateway).hearCallback({ headers, body, now }, access)
  switch (news.kind) {
    case 'forged':
      return verifiesCallbacks(account.gateway, Object.keys(access.credentials))
        ? news.kind
        : 'no secret'
    case 'stale':
      return news.kind
    case 'other':
    case 'news':
    case 'hint':
      return news
    default:
      return news satisfies never
  }
}

/** What an account's news are known by when they come again. */
function tokenOf({ merchant, account }: Called, id: string, now: number): SpentToken {
  const digest = hash('sha256', `callback\0${account.id}\0${id}`, 'hex')
  return { merchant, hash: digest, expiresAt: now + rememberedMs }
}
