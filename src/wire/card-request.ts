import { Type } from 'typebox'
import {
  type CardChecks,
  type CardSecrets,
  type GivenCard,
  holdsCardNumber,
  readCard,
  readCardNumber,
} from '../cards/card.ts'
import type { FingerprintOf } from '../cards/fingerprint-card.ts'
import type { PayingCard } from '../cards/take-card.ts'
import { badField, Refusal, type RefusalName, refusals } from '../refusal.ts'
import { Secret } from '../secret.ts'
import { type Fields, truth } from './request.ts'

const text = Type.Optional(Type.String({ maxLength: 256 }))

/** A temporary token is a sealed card: 500 characters with the longest name. */
const longestToken = 2_048

/** A card's token, temporary or of a stored card. */
export const anyToken = Type.Optional(Type.String({ maxLength: longestToken }))

const typed = {
  card_number: text,
  card_exp_month: text,
  card_exp_year: text,
  name_on_card: text,
}

/** A card to be turned into a temporary token. */
export const TokenizeRequest = Type.Object({
  merchant_id: text,
  ...typed,
  card_security_code: text,
})

/** A card to be stored: typed in, or a temporary token of it. */
export const AddCardRequest = Type.Object({
  merchant_id: text,
  customer_id: text,
  customer_email: text,
  ...typed,
  card_token: anyToken,
  token: anyToken,
  nickname: text,
})

/** Whose cards are listed, and which flags are wanted. */
export const CardsQuery = Type.Object({
  customer_id: text,
  merchant_id: text,
  'options.check_cvv_less_support': text,
  'options.check_mandate_support': text,
  client_auth_token: text,
})

/** A stored card's new nickname. */
export const UpdateCardRequest = Type.Object({
  merchant_id: text,
  card_token: anyToken,
  customer_id: text,
  nickname: text,
})

/** A stored card that is to go. */
export const DeleteCardRequest = Type.Object({
  merchant_id: text,
  card_token: anyToken,
  customer_id: text,
})

/** What a fingerprint is wanted of. */
export const FingerprintRequest = Type.Object({
  merchant_id: text,
  card_number: text,
  card_token: anyToken,
  is_token: text,
})

/** The card of a call, as it was typed in. */
export function givenCard(fields: Fields): GivenCard {
  return {
    number: fields['card_number'],
    expiryMonth: fields['card_exp_month'],
    expiryYear: fields['card_exp_year'],
    cvv: fields['card_security_code'],
    name: fields['name_on_card'],
  }
}

/** `12/30`, `12/2030`, `12 30`, `1230`; a number pad may have no slash. */
const expiryAsTyped = /^(\d{1,2})(?:\s*[/.\- ]\s*|(?<=\d\d))(\d{4}|\d{2})$/

/** The card of a page's form, as people type it: spaces in the number, the expiry in one field. */
export function typedCard(fields: Fields): GivenCard {
  const spaces = /[\s-]/g
  const expiry = (fields['card_exp'] ?? '').trim()
  // What is no expiry is left to be refused as a month.
  const [, expiryMonth = expiry, expiryYear] = expiryAsTyped.exec(expiry) ?? []
  return {
    number: fields['card_number']?.replaceAll(spaces, ''),
    expiryMonth,
    expiryYear,
    cvv: fields['card_security_code']?.trim(),
    name: fields['name_on_card']?.trim(),
  }
}

type TokenizeFault = 'tokenize_missing' | 'tokenize_invalid' | 'tokenize_out_of_range'

/** How tokenising says what is wrong with a card, by what paying would say. */
const tokenizeFaults: Partial<Record<RefusalName, readonly [TokenizeFault, string]>> = {
  card_number_missing: ['tokenize_missing', 'card_number'],
  card_number_invalid: ['tokenize_invalid', 'card_number'],
  card_expiry_month_missing: ['tokenize_missing', 'card_exp_month'],
  card_expiry_month_invalid: ['tokenize_out_of_range', 'card_exp_month'],
  card_expiry_year_missing: ['tokenize_missing', 'card_exp_year'],
  card_expiry_year_invalid: ['tokenize_out_of_range', 'card_exp_year'],
  no_gateway: ['tokenize_missing', 'card_security_code'],
  card_cvv_invalid: ['tokenize_invalid', 'card_security_code'],
  card_name_invalid: ['tokenize_invalid', 'name_on_card'],
}

/** A card to be turned into a temporary token. Refuses what paying refuses, in its own words. */
export function readTokenized(fields: Fields, how: CardChecks): CardSecrets {
  try {
    return readCard(givenCard(fields), how).card
  } catch (error) {
    const [fault, field] = (error instanceof Refusal && tokenizeFaults[error.reason]) || []
    if (!fault || !field) throw error
    const about = [{ field_name: field, reason: refusals[fault].code }]
    throw new Refusal(fault, { subject: field, fields: about })
  }
}

/** A card to be stored. Its CVV, where one is sent, goes no further. Refuses as paying does. */
export function readAddedCard(fields: Fields, how: CardChecks) {
  const token = fields['card_token'] || fields['token']
  const card: PayingCard = token
    ? { kind: 'token', token: new Secret(token), cvv: undefined }
    : {
        kind: 'entered',
        ...readCard({ ...givenCard(fields), cvv: undefined }, { ...how, cvv: 'optional' }),
      }
  return { customer: readNeeded(fields, 'customer_id'), card, nickname: readNickname(fields) }
}

/** The token of a stored card, and the customer whose it must be, where one is named. */
export function readNamedCard(fields: Fields): { token: string; customer?: string } {
  const { customer_id: customer } = fields
  return { token: readNeeded(fields, 'card_token'), ...(customer && { customer }) }
}

/** A stored card's nickname; '' when none is sent. Refuses one that would not print. */
export function readNickname(fields: Fields): string {
  const nickname = fields['nickname'] ?? ''
  if (!/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u.test(nickname)) throw badField('nickname', 'invalid')
  // It would be kept in clear.
  if (holdsCardNumber(nickname)) throw badField('nickname', 'invalid')
  return nickname
}

/** A field that a call can't do without. */
export function readNeeded(fields: Fields, name: string): string {
  const value = fields[name]
  if (!value) throw badField(name, 'missing')
  return value
}

/** Which flags a caller wants beside each card. */
export function readCardFlags(fields: Fields): { cvvLess: boolean; mandate: boolean } {
  return {
    cvvLess: truth(fields['options.check_cvv_less_support']) ?? false,
    mandate: truth(fields['options.check_mandate_support']) ?? false,
  }
}

/** A card whose fingerprint is wanted: a token where there is one. Refuses a bad number. */
export function readFingerprinted(fields: Fields, how: CardChecks): FingerprintOf {
  const { card_token: token, card_number: number } = fields
  if (token) return { kind: 'token', token: new Secret(token) }
  if (!number) throw new Refusal('fingerprint_missing', aboutNumber('missing'))
  try {
    return { kind: 'number', number: readCardNumber(number, how) }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw new Refusal('fingerprint_invalid', aboutNumber('invalid'))
  }
}

function aboutNumber(reason: string) {
  return { fields: [{ field_name: 'card_number', reason }] }
}
