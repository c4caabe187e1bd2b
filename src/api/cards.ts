import type { FastifyInstance, FastifyRequest } from 'fastify'
import { addCard } from '../cards/add-card.ts'
import type { CardChecks } from '../cards/card.ts'
import { makeCardToken } from '../cards/card-token.ts'
import { deleteStored, renameStored } from '../cards/change-card.ts'
import { referenceOf } from '../cards/create-customer.ts'
import { fingerprintGiven } from '../cards/fingerprint-card.ts'
import { listCards } from '../cards/list-cards.ts'
import type { Merchant } from '../merchants/merchant.ts'
import type { World } from '../payments/world.ts'
import { Refusal } from '../refusal.ts'
import {
  AddedCardBody,
  CardsBody,
  cardsBody,
  DeletedCardBody,
  FingerprintBody,
  TokenBody,
  UpdatedCardBody,
} from '../wire/card-list-view.ts'
import {
  AddCardRequest,
  CardsQuery,
  DeleteCardRequest,
  FingerprintRequest,
  readAddedCard,
  readCardFlags,
  readFingerprinted,
  readNamedCard,
  readNeeded,
  readNickname,
  readTokenized,
  TokenizeRequest,
  UpdateCardRequest,
} from '../wire/card-request.ts'
import { refusedAnswers } from '../wire/refusal-view.ts'
import { bodyTypes } from '../wire/request.ts'
import { fieldsOf, merchantNamed, ofOwnCustomer } from './auth.ts'

const consumes = bodyTypes

/** `/cards` and `/card/…`: the cards that a merchant's customers have left for later. */
export function cardRoutes(scope: FastifyInstance, world: World): void {
  const adding = {
    summary: "Store a customer's card",
    consumes,
    body: AddCardRequest,
    response: { 200: AddedCardBody, ...refusedAnswers },
  }
  scope.post('/cards', { schema: adding }, (request) => added(world, request))
  scope.post('/card/add', { schema: adding }, (request) => added(world, request))

  const listing = {
    summary: "A customer's stored cards",
    querystring: CardsQuery,
    response: { 200: CardsBody, ...refusedAnswers },
  }
  const config = { client: 'customer' } as const
  scope.get('/cards', { config, schema: listing }, (request) => listed(world, request))
  scope.get('/card/list', { config, schema: listing }, (request) => listed(world, request))

  const changing = {
    summary: 'Rename a stored card',
    consumes,
    body: UpdateCardRequest,
    response: { 200: UpdatedCardBody, ...refusedAnswers },
  }
  scope.post('/card/update', { schema: changing }, async ({ merchant, body }) => {
    const fields = fieldsOf(body)
    const isNamed = fields['nickname'] !== undefined
    const nickname = isNamed ? { nickname: readNickname(fields) } : {}
    const named = { ...readNamedCard(fields), ...nickname }
    const { token } = await renameStored(world, merchant, named)
    return { card_token: token, user_message: 'Card details updated', status: 'SUCCESS' }
  })

  const deleting = {
    summary: 'Remove a stored card',
    consumes,
    body: DeleteCardRequest,
    response: { 200: DeletedCardBody, ...refusedAnswers },
  }
  scope.post('/card/delete', { schema: deleting }, async ({ merchant, body, actor }) => {
    const named = readNamedCard(fieldsOf(body))
    const { token, reference } = await deleteStored(world, merchant, { ...named, actor })
    return { card_token: token, card_reference: reference, deleted: true }
  })

  fingerprintRoute(scope, world)
}

/** `/v2/card/fingerprint`: the same for the same card, whoever pays with it. */
function fingerprintRoute(scope: FastifyInstance, world: World): void {
  const schema = {
    summary: 'The fingerprint of a card',
    consumes,
    body: FingerprintRequest,
    response: { 200: FingerprintBody, ...refusedAnswers },
  }
  scope.post('/v2/card/fingerprint', { schema }, async ({ merchant, body }) => {
    const given = readFingerprinted(fieldsOf(body), checksOf(world, merchant))
    return { card_fingerprint: await fingerprintGiven(world, merchant, given), par: '' }
  })
}

/** `/card/tokenize`: any page may turn a card into a token that only the merchant can use. */
export function tokenizeRoute(app: FastifyInstance, world: World): void {
  const schema = {
    summary: 'Turn a card into a temporary token',
    security: [{ key: [] }, {}],
    consumes,
    body: TokenizeRequest,
    response: { 200: TokenBody, ...refusedAnswers },
  }
  app.post('/card/tokenize', { config: { anyPage: true }, schema }, async (request) => {
    const merchant = await merchantNamed(request, world)
    const card = readTokenized(fieldsOf(request.body), checksOf(world, merchant))
    const of = { merchant: merchant.id, card, now: world.now() }
    return { token: makeCardToken(world.shortSeal, of) }
  })
}

async function added(world: World, { merchant, body, actor }: FastifyRequest) {
  const card = readAddedCard(fieldsOf(body), checksOf(world, merchant))
  const { token, reference, facts } = await addCard(world, merchant, { ...card, actor })
  return { card_token: token, card_reference: reference, card_fingerprint: facts.fingerprint }
}

async function listed(world: World, request: FastifyRequest) {
  const { merchant, client } = request
  const fields = fieldsOf(request.query)
  const named = client?.customer ?? readNeeded(fields, 'customer_id')
  const customer = await referenceOf(world, merchant, fields['customer_id'] || named)
  if (client) ofOwnCustomer(request, customer)
  if (customer === undefined) throw new Refusal('customer_unknown')
  const { of, cards } = await listCards(world, merchant.id, customer)
  return cardsBody(of, cards, { now: world.now(), ...readCardFlags(fields) })
}

function checksOf({ mode, now }: World, { settings }: Merchant): CardChecks {
  return { mode, checks: settings.card_checks, now: now() }
}
