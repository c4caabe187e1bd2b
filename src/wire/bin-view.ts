import { Type } from 'typebox'
import type { BinRow, Brand } from '../cards/bin.ts'
import { badField } from '../refusal.ts'
import { type Fields, truth } from './request.ts'

/** What a caller may have checked for a BIN, each by the key that answers it. */
const checks = {
  direct_otp_support: 'options.check_direct_otp_support',
  mandate_support: 'options.check_mandate_support',
  atm_pin_auth_support: 'options.check_atm_pin_auth_support',
  tokenize_support: 'options.check_tokenize_support',
  cvv_less_support: 'options.check_cvv_less_support',
} as const

/** A thing that can be checked for a BIN. */
type Check = keyof typeof checks

const checkNames = Object.keys(checks) as Check[]

/** What is known of a BIN. */
export const BinBody = Type.Object({
  id: Type.String({ description: 'The digits that were asked about' }),
  object: Type.Literal('cardbin'),
  brand: Type.String(),
  bank: Type.String(),
  country: Type.String(),
  type: Type.String(),
  extended_card_type: Type.String(),
  card_sub_type: Type.String(),
  juspay_bank_code: Type.String(),
  direct_otp_support: Type.Optional(Type.Boolean()),
  mandate_support: Type.Optional(Type.Literal(false)),
  atm_pin_auth_support: Type.Optional(Type.Literal(false)),
  tokenize_support: Type.Optional(Type.Literal(false)),
  cvv_less_support: Type.Optional(Type.Literal(false)),
})

/** The query of a question about a BIN. */
export const BinQuery = Type.Object({
  merchant_id: Type.Optional(Type.String()),
  ...(Object.fromEntries(
    Object.values(checks).map((option) => [option, Type.Optional(Type.String())]),
  ) as Record<(typeof checks)[Check], Type.TOptional<Type.TString>>),
})

/** Which checks a query asks for. Throws `invalid_request` for a flag that is none. */
export function readChecks(query: Fields): readonly Check[] {
  return checkNames.filter((name) => {
    const option = checks[name]
    const text = query[option]
    if (text === undefined || text === '') return false
    const asked = truth(text)
    if (asked === undefined) throw badField(option, 'invalid')
    return asked
  })
}

/** A BIN as the wire shows it. Only what was asked is checked; only OTP can be answered `true`. */
export function binBody(
  digits: string,
  { row, brand, otp }: { row: BinRow | undefined; brand: Brand; otp: boolean },
  asked: readonly Check[],
): Type.Static<typeof BinBody> {
  return {
    id: digits,
    object: 'cardbin',
    brand: row?.brand ?? brand,
    bank: row?.bank ?? '',
    country: row?.country ?? '',
    type: row?.type ?? '',
    extended_card_type: row?.type ?? '',
    card_sub_type: row?.subType ?? '',
    juspay_bank_code: row?.bankCode ?? '',
    ...(asked.includes('direct_otp_support') && { direct_otp_support: otp }),
    ...(asked.includes('mandate_support') && { mandate_support: false as const }),
    ...(asked.includes('atm_pin_auth_support') && { atm_pin_auth_support: false as const }),
    ...(asked.includes('tokenize_support') && { tokenize_support: false as const }),
    ...(asked.includes('cvv_less_support') && { cvv_less_support: false as const }),
  }
}
