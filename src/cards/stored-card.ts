import type { CardToken, MerchantId, Shard } from '../ids.ts'
import type { CardFacts } from './card.ts'

/** Names one stored card. */
export interface StoredCardKey {
  readonly shard: Shard
  readonly merchant: MerchantId
  readonly token: CardToken
}

/** A card that a customer of a merchant has left for later. */
export interface StoredCard extends StoredCardKey {
  /** The customer, as the merchant names them. */
  readonly customer: string
  /** The name of the card that stays the same when it is stored again; it opens nothing. */
  readonly reference: string
  /** What may be shown of it. */
  readonly facts: CardFacts
  readonly nickname: string
  /** Number, expiry and name as the vault sealed them; absent when they were purged. */
  readonly sealed?: string
  /** The generation of the merchant's data key that it is sealed under. */
  readonly generation: number
  /** When number, expiry, name and BIN are to go, epoch milliseconds; absent: they stay. */
  readonly purgeAt?: number
  /** Epoch milliseconds. */
  readonly createdAt: number
}

/** Whether a stored card can be paid with at this time. */
export function isPayable(card: StoredCard, now: number): boolean {
  return card.sealed !== undefined && (card.purgeAt === undefined || now < card.purgeAt)
}

/** What a rotation reads of a stored card that was not purged: nothing that may be shown. */
export type SealedCard = StoredCardKey &
  Pick<StoredCard, 'customer' | 'reference' | 'generation'> & { readonly sealed: string }

/** What is read of a card that is to be purged. */
export interface DueCard extends StoredCardKey, Pick<StoredCard, 'reference'> {
  readonly fingerprint: string
  /** As the row has them, which may be damaged. */
  readonly facts: string
  readonly purgeAt: number
}
