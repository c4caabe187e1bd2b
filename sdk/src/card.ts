/** A card as it was typed in. */
export interface TypedCard {
  card_number: string
  /** `MM`. */
  card_exp_month: string
  /** `YY` or `YYYY`. */
  card_exp_year: string
  name_on_card?: string
}

/** A card to be turned into a temporary token. */
export interface TokenizeCardRequest extends TypedCard {
  card_security_code?: string
}

/** A temporary token, good for one payment within 15 minutes, the CVV included. */
export interface CardTokenAnswer {
  token: string
}

/** A customer's card to be stored: typed in, or a temporary token of it. */
export interface AddCardRequest extends Partial<TypedCard> {
  customer_id: string
  customer_email?: string
  card_token?: string
  /** The same, by the name that `cards.tokenize` answers it by. */
  token?: string
  nickname?: string
}

/** The answer of a card that was stored. */
export interface AddedCard {
  card_token: string
  card_reference: string
  card_fingerprint: string
}

/** Which flags are wanted beside each card of a list. */
export interface ListCardsRequest {
  customer_id: string
  'options.check_cvv_less_support'?: boolean
  'options.check_mandate_support'?: boolean
}

/** A stored card, as lists show it. */
export interface StoredCard {
  /** What to pay with, and what to rename or delete it by. */
  card_token: string
  card_reference: string
  /** The same for the same card of any customer. */
  card_fingerprint: string
  /** `4111-XXXXXXXX-1111`. */
  card_number: string
  last_four_digits: string
  card_isin: string
  card_exp_year: string
  card_exp_month: string
  card_type: string
  extended_card_type: string
  card_issuer: string
  card_issuer_country: string
  juspay_bank_code: string
  card_brand: string
  card_sub_type: string
  nickname: string
  name_on_card: string
  expired: boolean
  tokenize_support: boolean
  provider_category: 'VAULT'
  provider: 'JUSPAY'
  metadata: Record<string, unknown>
  cvv_less_support?: boolean
  mandate_support?: boolean
}

/** The stored cards of a customer. */
export interface CardList {
  customer_id: string
  merchantId: string
  cards: StoredCard[]
}

/** A stored card, and the customer whose it must be, where one is named. */
export interface NamedCard {
  card_token: string
  customer_id?: string
}

/** A stored card's new nickname: `''` takes it away, none leaves it. */
export interface UpdateCardRequest extends NamedCard {
  nickname?: string
}

/** The answer of a card that was renamed. */
export interface UpdatedCard {
  card_token: string
  user_message: 'Card details updated'
  status: 'SUCCESS'
}

/** The answer of a card that is gone. */
export interface DeletedCard {
  card_token: string
  card_reference: string
  deleted: true
}

/** The card whose fingerprint is wanted: its number, or any token of it. */
export type FingerprintRequest = { card_number: string } | { card_token: string }

/** A fingerprint. */
export interface CardFingerprint {
  card_fingerprint: string
  par: ''
}

/** What is to be checked for a BIN. */
export interface CardBinChecks {
  'options.check_direct_otp_support'?: boolean
  'options.check_mandate_support'?: boolean
  'options.check_atm_pin_auth_support'?: boolean
  'options.check_tokenize_support'?: boolean
  'options.check_cvv_less_support'?: boolean
}

/** What is known of a card by its first digits, and what was asked to be checked. */
export interface CardBin {
  id: string
  object: 'cardbin'
  brand: string
  bank: string
  country: string
  type: string
  extended_card_type: string
  card_sub_type: string
  juspay_bank_code: string
  direct_otp_support?: boolean
  mandate_support?: false
  atm_pin_auth_support?: false
  tokenize_support?: false
  cvv_less_support?: false
}

/** The BINs whose cards can pay by an OTP. */
export interface EligibleBins {
  bins: string[]
}

/** What can be paid with. */
export interface PaymentMethods {
  payment_methods: { payment_method_type: 'CARD'; payment_method: string; description: string }[]
}

/** What a customer has left for later. */
export interface SavedMethods {
  saved_payment_methods: {
    payment_method_details: { CARD: StoredCard[]; UPI_COLLECT: never[] }
  }
}
