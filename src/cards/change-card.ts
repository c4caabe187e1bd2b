import { type CardToken, shardIn } from '../ids.ts'
import { doAudited } from '../merchants/do-audited.ts'
import type { Merchant } from '../merchants/merchant.ts'
import { Refusal } from '../refusal.ts'
import type { CardRoom } from './card-room.ts'
import { deleteCard, findCard, renameCard } from './cards.ts'
import { referenceOf } from './create-customer.ts'
import type { StoredCard } from './stored-card.ts'

/** A stored card as a caller names it. */
export interface NamedCard {
  readonly token: string
  /** Whose card it must be, by our id or the merchant's own; absent: any customer's. */
  readonly customer?: string
}

/** A merchant's stored card by its token, or `undefined`. */
export async function findNamed(
  { db }: Pick<CardRoom, 'db'>,
  { id: merchant }: Merchant,
  token: string,
): Promise<StoredCard | undefined> {
  const shard = token.startsWith('ctk_') ? shardIn(token) : undefined
  if (shard === undefined) return undefined
  return findCard(db.read, { shard, merchant, token: token as CardToken })
}

async function knownCard(
  room: Pick<CardRoom, 'db'>,
  merchant: Merchant,
  { token, customer }: NamedCard,
): Promise<StoredCard> {
  const card = await findNamed(room, merchant, token)
  const owner = customer === undefined ? undefined : await referenceOf(room, merchant, customer)
  const isTheirs = card && (customer === undefined || card.customer === owner)
  if (!isTheirs) throw new Refusal('card_unknown')
  return card
}

/**
 * Gives a stored card another nickname, none for an empty one, and leaves it where none is given.
 * Refuses a card that is not there or not that customer's.
 */
export async function renameStored(
  room: Pick<CardRoom, 'db'>,
  merchant: Merchant,
  { nickname, ...named }: NamedCard & { nickname?: string },
): Promise<StoredCard> {
  const card = await knownCard(room, merchant, named)
  if (nickname === undefined) return card
  const renamed = await room.db.tx((t) => renameCard(t, card, nickname))
  if (!renamed) throw new Refusal('card_unknown')
  return renamed
}

/** Removes a stored card with all that was kept of it. Refuses as {@link renameStored} does. */
export async function deleteStored(
  room: CardRoom,
  merchant: Merchant,
  { actor, ...named }: NamedCard & { actor: string },
): Promise<StoredCard> {
  const card = await knownCard(room, merchant, named)
  const what = { deed: 'card_deleted', subject: card.reference } as const
  const done = { ...what, merchant: merchant.id, at: room.now(), actor }
  const deleted = await doAudited(room, done, (t) => deleteCard(t, card))
  if (!deleted) throw new Refusal('card_unknown')
  return deleted
}
