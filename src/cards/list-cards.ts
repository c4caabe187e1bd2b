import { type MerchantId, shardOf } from '../ids.ts'
import type { CardRoom } from './card-room.ts'
import { type CustomerCards, cardsOf } from './cards.ts'
import { isPayable, type StoredCard } from './stored-card.ts'

/** A customer's cards, and whose they are. */
export interface ListedCards {
  readonly of: CustomerCards
  readonly cards: readonly StoredCard[]
}

/** The cards that a customer, as the merchant names them, can pay with now. */
export async function listCards(
  { db, now }: Pick<CardRoom, 'db' | 'now'>,
  merchant: MerchantId,
  customer: string,
): Promise<ListedCards> {
  const of = { shard: shardOf(merchant, customer), merchant, customer }
  const at = now()
  const cards = (await cardsOf(db.read, of)).filter((card) => isPayable(card, at))
  return { of, cards }
}
