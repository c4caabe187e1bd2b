import type { Merchant } from '../merchants/merchant.ts'
import { Refusal } from '../refusal.ts'
import type { CardRoom } from './card-room.ts'
import { referenceOf } from './create-customer.ts'
import { knowCard } from './know-card.ts'
import { storeCard } from './store-card.ts'
import type { StoredCard } from './stored-card.ts'
import { type PayingCard, spendCardToken, takeSealed } from './take-card.ts'

/** A card that a merchant stores for a customer, without a payment. */
export interface CardToAdd {
  /** The customer by our id or the merchant's own. */
  readonly customer: string
  /** The card as it was typed in, or a temporary token of it. */
  readonly card: PayingCard
  readonly nickname: string
  /** Who asks, for the audit log. */
  readonly actor: string
}

/**
 * Stores a card for a customer. Refuses when the merchant stores none, an id of ours that is no
 * customer's, and a token by which there is no card; the token is spent.
 */
export async function addCard(
  room: CardRoom,
  merchant: Merchant,
  { customer: named, card: given, nickname, actor }: CardToAdd,
): Promise<StoredCard> {
  if (merchant.settings.card_storage === 'none') throw new Refusal('locker_off')
  const customer = await referenceOf(room, merchant, named)
  if (customer === undefined) throw new Refusal('customer_unknown')
  const taken = given.kind === 'token' ? takeSealed(room, merchant, given.token) : given
  const facts = await knowCard(room, merchant, taken)
  await spendCardToken(room, merchant, taken)
  return storeCard(room, { merchant, customer, card: taken.card, facts, nickname, actor })
}
