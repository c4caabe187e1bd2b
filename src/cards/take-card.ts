import type { Merchant, Mode } from '../merchants/merchant.ts'
import { spendOnce } from '../merchants/spent-tokens.ts'
import { Refusal } from '../refusal.ts'
import type { Secret } from '../secret.ts'
import type { Brand } from './bin.ts'
import { type CardSecrets, readCard } from './card.ts'
import type { CardRoom } from './card-room.ts'
import { cardTokenPrefix, type OpenedToken, openCardToken } from './card-token.ts'
import { findNamed } from './change-card.ts'
import { referenceOf } from './create-customer.ts'
import { openCard } from './open-card.ts'

/** What a caller pays with: a card as it was typed in, or a token of one. */
export type PayingCard =
  | { readonly kind: 'entered'; readonly card: CardSecrets; readonly brand: Brand }
  | { readonly kind: 'token'; readonly token: Secret; readonly cvv: string | undefined }

/** A card that is about to be paid with. */
export interface TakenCard {
  readonly card: CardSecrets
  readonly brand: Brand
  /** The stable name of the stored card, where it is one. */
  readonly reference?: string
  /** The temporary token it came out of, where it did: to be spent before the card is used. */
  readonly once?: Pick<OpenedToken, 'hash' | 'expiresAt'>
}

/** Who pays, and whose request it is. */
export interface Payer {
  readonly merchant: Merchant
  /** The order's `customer_id`; absent for a guest. */
  readonly customer: string | undefined
  /** Who asked, for the audit log. */
  readonly actor: string
  readonly mode: Mode
}

/**
 * The card that a caller pays with. Refuses a token by which no card of theirs can be found, and a
 * stored card as it would be refused if it were typed in; its CVV may be left out.
 */
export async function takeCard(
  room: CardRoom,
  paying: PayingCard,
  payer: Payer,
): Promise<TakenCard> {
  switch (paying.kind) {
    case 'entered':
      return { card: paying.card, brand: paying.brand }
    case 'token':
      return paying.token.reveal().startsWith(cardTokenPrefix)
        ? takeSealed(room, payer.merchant, paying.token)
        : takeStored(room, paying, payer)
    default:
      return paying satisfies never
  }
}

/** The card in a temporary token, which is good for one time. Refuses as {@link takeCard} does. */
export function takeSealed(room: CardRoom, { id: merchant }: Merchant, token: Secret): TakenCard {
  const opened = openCardToken(room.shortSeal, { merchant, token, now: room.now() })
  if (!opened) throw new Refusal('card_token_unknown')
  const { card, brand, hash, expiresAt } = opened
  return { card, brand, once: { hash, expiresAt } }
}

/** Spends the temporary token that a card came out of, for good. Refuses one that was spent. */
export async function spendCardToken(
  { db }: Pick<CardRoom, 'db'>,
  { id: merchant }: Merchant,
  { once }: TakenCard,
): Promise<void> {
  if (!once) return
  const isFirst = await db.tx((t) => spendOnce(t, { merchant, ...once }))
  if (!isFirst) throw new Refusal('card_token_unknown')
}

async function takeStored(
  room: CardRoom,
  { token, cvv }: PayingCard & { kind: 'token' },
  { merchant, customer, actor, mode }: Payer,
): Promise<TakenCard> {
  const reference = customer && (await referenceOf(room, merchant, customer))
  const stored = await findNamed(room, merchant, token.reveal())
  if (!stored || !reference || stored.customer !== reference) {
    throw new Refusal('card_token_unknown')
  }
  const { number, ...opened } = await openCard(room, stored, actor)
  const { card_checks: checks } = merchant.settings
  const given = { name: undefined, ...opened, number: number.reveal(), cvv }
  const read = readCard(given, { mode, checks, now: room.now(), cvv: 'optional' })
  return { ...read, reference: stored.reference }
}
