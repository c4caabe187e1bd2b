import { Type } from 'typebox'
import type { CardFacts } from '../cards/card.ts'

/** The `card` object of order status and Process OTP. */
export const CardBody = Type.Object({
  last_four_digits: Type.String(),
  card_isin: Type.String(),
  expiry_month: Type.String(),
  expiry_year: Type.String(),
  name_on_card: Type.String(),
  card_type: Type.String(),
  card_issuer: Type.String(),
  card_brand: Type.String(),
  card_sub_type: Type.String(),
  card_issuer_country: Type.String(),
  juspay_bank_code: Type.String(),
  extended_card_type: Type.String(),
  card_reference: Type.String(),
  card_fingerprint: Type.String(),
  using_saved_card: Type.Boolean(),
  saved_to_locker: Type.Boolean(),
  using_token: Type.Boolean(),
})

/** A card as the wire shows it: of its number, never more than the first six and last four. */
export function cardBody(card: CardFacts): Type.Static<typeof CardBody> {
  return {
    last_four_digits: card.lastFour,
    card_isin: card.bin,
    expiry_month: card.expiryMonth,
    expiry_year: card.expiryYear,
    name_on_card: card.name,
    card_type: card.type,
    card_issuer: card.bank,
    card_brand: card.brand,
    card_sub_type: card.subType,
    card_issuer_country: card.country,
    juspay_bank_code: card.bankCode,
    extended_card_type: card.type,
    card_reference: card.reference ?? '',
    card_fingerprint: card.fingerprint,
    using_saved_card: card.fromLocker ?? false,
    saved_to_locker: card.saved ?? false,
    using_token: false,
  }
}
