import { newCardReference, newCardToken, shardOf } from '../ids.ts'
import { doAudited } from '../merchants/do-audited.ts'
import type { Merchant } from '../merchants/merchant.ts'
import { type CardFacts, type CardSecrets, cardMemoryMs } from './card.ts'
import type { CardRoom } from './card-room.ts'
import { findSameCard, insertCard } from './cards.ts'
import type { StoredCard } from './stored-card.ts'
import { sealCard } from './vault.ts'

/** A card to be stored, and for whom. */
export interface CardToStore {
  readonly merchant: Merchant
  /** The customer, as the merchant names them. */
  readonly customer: string
  readonly card: CardSecrets
  readonly facts: CardFacts
  readonly nickname?: string
  /** Who asked, for the audit log. */
  readonly actor: string
}

// Losing to the same card, then to a rotation of the keys, is bad luck; more of it is a bug.
const mostTries = 5

/**
 * Puts a card into the vault, in place of the same card of the same customer: that keeps its token,
 * and its name where this one has none. Whether the merchant stores cards at all is for the caller
 * to ask.
 */
export async function storeCard(room: CardRoom, given: CardToStore): Promise<StoredCard> {
  const { keyring } = room
  const merchant = given.merchant.id
  for (let tries = 0; tries < mostTries; tries++) {
    const card = await sealed(room, given)
    const what = { deed: 'card_stored', subject: card.reference } as const
    const done = { ...what, merchant, at: room.now(), actor: given.actor }
    const stored = await doAudited(room, done, (t) => insertCard(t, card))
    if (stored) return stored
    await keyring.renew(merchant, 'cards')
  }
  throw new Error('a card could not be stored: its keys or the card itself kept changing')
}

async function sealed(room: CardRoom, given: CardToStore): Promise<StoredCard> {
  const { customer, card, facts, nickname = '' } = given
  const { id: merchant, settings } = given.merchant
  const now = room.now()
  const of = { shard: shardOf(merchant, customer), merchant, customer }
  const key = await room.keyring.current(merchant, 'cards')
  const there = await findSameCard(room.db.read, of, facts.fingerprint)
  const token = there?.token ?? newCardToken(of.shard)
  const name = facts.name || there?.facts.name || ''
  return {
    ...of,
    token,
    reference: there?.reference ?? newCardReference(),
    facts: { ...facts, name },
    nickname,
    sealed: sealCard(key, { ...card, ...(name && { name }) }, { merchant, customer, token }),
    generation: key.generation,
    ...(settings.card_retention === 'rbi' && { purgeAt: now + cardMemoryMs }),
    createdAt: now,
  }
}
