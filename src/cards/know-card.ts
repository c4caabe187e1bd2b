import { fingerprintOf } from '../merchants/data-key.ts'
import type { Merchant } from '../merchants/merchant.ts'
import { binOf } from './bin.ts'
import { findBin } from './bins.ts'
import { type CardFacts, factsOf } from './card.ts'
import type { CardRoom } from './card-room.ts'
import type { TakenCard } from './take-card.ts'

/** What is kept of a card that was paid with or is stored. */
export async function knowCard(
  { db, keyring }: CardRoom,
  { id }: Merchant,
  { card, brand, reference }: TakenCard,
): Promise<CardFacts> {
  const key = await keyring.current(id, 'fingerprint')
  const issuer = await findBin(db.read, binOf(card.number.reveal()))
  const facts = factsOf(card, brand, { fingerprint: fingerprintOf(key, card.number), issuer })
  return reference === undefined ? facts : { ...facts, reference, fromLocker: true }
}
