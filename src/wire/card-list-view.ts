import { Type } from 'typebox'
import { isExpired } from '../cards/card.ts'
import type { StoredCard } from '../cards/stored-card.ts'
import type { MerchantId } from '../ids.ts'
import { FreeForm } from './refund-view.ts'

const StoredCardBody = Type.Object({
  card_token: Type.String(),
  card_reference: Type.String(),
  card_fingerprint: Type.String(),
  card_number: Type.String({ description: '4111-XXXXXXXX-1111' }),
  last_four_digits: Type.String(),
  card_isin: Type.String(),
  card_exp_year: Type.String(),
  card_exp_month: Type.String(),
  card_type: Type.String(),
  extended_card_type: Type.String(),
  card_issuer: Type.String(),
  card_issuer_country: Type.String(),
  juspay_bank_code: Type.String(),
  card_brand: Type.String(),
  card_sub_type: Type.String(),
  nickname: Type.String(),
  name_on_card: Type.String(),
  expired: Type.Boolean(),
  tokenize_support: Type.Boolean(),
  provider_category: Type.Literal('VAULT'),
  provider: Type.Literal('JUSPAY'),
  metadata: FreeForm,
  cvv_less_support: Type.Optional(Type.Boolean()),
  mandate_support: Type.Optional(Type.Boolean()),
})

/** The stored cards of a customer. */
export const CardsBody = Type.Object({
  customer_id: Type.String(),
  merchantId: Type.String(),
  cards: Type.Array(StoredCardBody),
})

/** The answer of a temporary token. */
export const TokenBody = Type.Object({ token: Type.String({ description: 'ctkn_…' }) })

/** The answer of a card that was stored. */
export const AddedCardBody = Type.Object({
  card_token: Type.String(),
  card_reference: Type.String(),
  card_fingerprint: Type.String(),
})

/** The answer of a card that was changed. */
export const UpdatedCardBody = Type.Object({
  card_token: Type.String(),
  user_message: Type.Literal('Card details updated'),
  status: Type.Literal('SUCCESS'),
})

/** The answer of a card that is gone. */
export const DeletedCardBody = Type.Object({
  card_token: Type.String(),
  card_reference: Type.String(),
  deleted: Type.Literal(true),
})

/** A fingerprint; `par` is for tokens of the networks, of which none are made here. */
export const FingerprintBody = Type.Object({
  card_fingerprint: Type.String(),
  par: Type.Literal(''),
})

/** How cards are listed: when, and with which flags beside each. */
export interface CardsShown {
  readonly now: number
  readonly cvvLess: boolean
  readonly mandate: boolean
}

/** A customer's stored cards as the wire lists them. */
export function cardsBody(
  of: { merchant: MerchantId; customer: string },
  cards: readonly StoredCard[],
  shown: CardsShown,
): Type.Static<typeof CardsBody> {
  return {
    customer_id: of.customer,
    merchantId: of.merchant,
    cards: cards.map((card) => storedCardBody(card, shown)),
  }
}

/** No gateway here says that it takes a card without a CVV, or keeps mandates. */
function storedCardBody(
  { token, reference, facts, nickname }: StoredCard,
  { now, cvvLess, mandate }: CardsShown,
): Type.Static<typeof StoredCardBody> {
  return {
    card_token: token,
    card_reference: reference,
    card_fingerprint: facts.fingerprint,
    card_number: `${facts.bin.slice(0, 4)}-XXXXXXXX-${facts.lastFour}`,
    last_four_digits: facts.lastFour,
    card_isin: facts.bin,
    card_exp_year: facts.expiryYear,
    card_exp_month: facts.expiryMonth,
    card_type: facts.type,
    extended_card_type: facts.type,
    card_issuer: facts.bank,
    card_issuer_country: facts.country,
    juspay_bank_code: facts.bankCode,
    card_brand: facts.brand,
    card_sub_type: facts.subType,
    nickname,
    name_on_card: facts.name,
    expired: isExpired(facts, now),
    tokenize_support: false,
    provider_category: 'VAULT',
    provider: 'JUSPAY',
    metadata: {},
    ...(cvvLess && { cvv_less_support: false }),
    ...(mandate && { mandate_support: false }),
  }
}
