import { fingerprintOf } from '../merchants/data-key.ts'
import type { Merchant } from '../merchants/merchant.ts'
import { Refusal } from '../refusal.ts'
import type { Secret } from '../secret.ts'
import type { CardRoom } from './card-room.ts'
import { cardTokenPrefix, openCardToken } from './card-token.ts'
import { findNamed } from './change-card.ts'

/** A card whose fingerprint is wanted: its number, or a token of it. */
export type FingerprintOf =
  | { readonly kind: 'number'; readonly number: Secret }
  | { readonly kind: 'token'; readonly token: Secret }

/**
 * The fingerprint of a card, the same however the card is given. Opens no stored card, and spends
 * no token. Refuses a token by which there is no card.
 */
export async function fingerprintGiven(
  room: CardRoom,
  merchant: Merchant,
  given: FingerprintOf,
): Promise<string> {
  if (given.kind === 'number') return ofNumber(room, merchant, given.number)
  const { token } = given
  if (token.reveal().startsWith(cardTokenPrefix)) {
    const opened = openCardToken(room.shortSeal, { merchant: merchant.id, token, now: room.now() })
    if (!opened) throw new Refusal('fingerprint_unknown')
    return ofNumber(room, merchant, opened.card.number)
  }
  const card = await findNamed(room, merchant, token.reveal())
  if (!card) throw new Refusal('fingerprint_unknown')
  return card.facts.fingerprint
}

async function ofNumber({ keyring }: CardRoom, { id }: Merchant, number: Secret): Promise<string> {
  return fingerprintOf(await keyring.current(id, 'fingerprint'), number)
}
