import type { DataKey } from '../merchants/data-key.ts'
import { closeWith, openWith, type SealedFor } from '../seal.ts'
import { Secret } from '../secret.ts'
import type { CardSecrets } from './card.ts'
import type { StoredCard } from './stored-card.ts'

/** Whose card it is; a card sealed for one of these can't be opened as another's. */
export type CardOwner = Pick<StoredCard, 'merchant' | 'customer' | 'token'>

/** A card as it is kept: number, expiry and name, never the CVV (PCI DSS 3.3.1). */
export function sealCard(key: DataKey, card: CardSecrets, owner: CardOwner): string {
  const { number, expiryMonth, expiryYear, name } = card
  const kept = { number: number.reveal(), expiryMonth, expiryYear, name }
  return closeWith(key, JSON.stringify(kept), sealedFor(owner))
}

/** The card again. Throws when it was altered, or sealed for another owner or under another key. */
export function openSealed(key: DataKey, sealed: string, owner: CardOwner): CardSecrets {
  const { number, ...more } = JSON.parse(openWith(key, sealed, sealedFor(owner)))
  return { number: new Secret(number), ...more }
}

/** The same card sealed under another key of the merchant. Throws as {@link openSealed} does. */
export function sealAnew(from: DataKey, to: DataKey, sealed: string, owner: CardOwner): string {
  const of = sealedFor(owner)
  return closeWith(to, openWith(from, sealed, of), of)
}

function sealedFor({ merchant, customer, token }: CardOwner): SealedFor {
  return { purpose: 'stored card', owner: JSON.stringify([merchant, customer, token]) }
}
