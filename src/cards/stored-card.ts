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
  readonly updatedAt: number
}

/** Whether a stored card can be paid with at this time. */
export function isPayable(card: StoredCard, now: number): boolean {
  return card.sealed !== undefined && (card.purgeAt === undefined || now < card.purgeAt)
}

/** A stored card that was not purged. */
export type SealedCard = StoredCard & { readonly sealed: string }

/** Whether a stored card was not purged. */
export function isSealed(card: StoredCard): card is SealedCard {
  return card.sealed !== undefined
}
