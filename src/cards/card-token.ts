import { hash } from 'node:crypto'
import type { MerchantId } from '../ids.ts'
import { Secret } from '../secret.ts'
import { type ShortSeal, shortlyMs } from '../short-seal.ts'
import { type Brand, brandOf } from './bin.ts'
import type { CardSecrets } from './card.ts'

/** What temporary tokens begin with. */
export const cardTokenPrefix = 'ctkn_'

/** A temporary token, opened: the card, and what makes the token good for one time only. */
export interface OpenedToken {
  readonly card: CardSecrets
  readonly brand: Brand
  /** Its SHA-256: what is kept of a token that was used. */
  readonly hash: string
  /** When it is too old in any case, epoch milliseconds. */
  readonly expiresAt: number
}

interface Sealed {
  readonly number: string
  readonly cvv?: string
  readonly expiryMonth: string
  readonly expiryYear: string
  readonly name?: string
  readonly issuedAt: number
}

/**
 * A card with its CVV as a token, for one merchant and a quarter of an hour: the token is the card
 * itself, sealed, and nothing of it is kept here.
 */
export function makeCardToken(
  seal: ShortSeal,
  of: { merchant: MerchantId; card: CardSecrets; now: number },
): string {
  const { number, cvv, ...rest } = of.card
  const sealed: Sealed = {
    ...rest,
    number: number.reveal(),
    ...(cvv && { cvv: cvv.reveal() }),
    issuedAt: of.now,
  }
  return cardTokenPrefix + seal.close(JSON.stringify(sealed), tokenOf(of.merchant), of.now)
}

/** The card in a token; `undefined` when it is too old, forged, or another merchant's. */
export function openCardToken(
  seal: ShortSeal,
  of: { merchant: MerchantId; token: Secret; now: number },
): OpenedToken | undefined {
  const text = of.token.reveal()
  if (!text.startsWith(cardTokenPrefix)) return undefined
  const sealed = opened(seal, text.slice(cardTokenPrefix.length), of)
  const brand = sealed && brandOf(sealed.number)
  if (!sealed || !brand) return undefined
  const { number, cvv, issuedAt, ...rest } = sealed
  const expiresAt = issuedAt + shortlyMs
  if (of.now >= expiresAt) return undefined
  const card = { ...rest, number: new Secret(number), ...(cvv && { cvv: new Secret(cvv) }) }
  return { card, brand, hash: hash('sha256', text), expiresAt }
}

function opened(
  seal: ShortSeal,
  sealed: string,
  of: { merchant: MerchantId; now: number },
): Sealed | undefined {
  try {
    return JSON.parse(seal.open(sealed, tokenOf(of.merchant), of.now))
  } catch {
    return undefined
  }
}

function tokenOf(merchant: MerchantId) {
  return { purpose: 'card token', owner: merchant }
}
