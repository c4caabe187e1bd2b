import { dayMs } from '../clock.ts'
import type { Mode } from '../merchants/merchant.ts'
import { Refusal } from '../refusal.ts'
import { Secret } from '../secret.ts'
import { type Brand, brandOf, type Issuer, isTestCard } from './bin.ts'

/** A card on its way to a gateway; never stored, never printed. */
export interface CardSecrets {
  readonly number: Secret
  readonly cvv?: Secret
  /** Two digits. */
  readonly expiryMonth: string
  /** Four digits. */
  readonly expiryYear: string
  readonly name?: string
}

/** What is kept of a card. `bin`, `expiryMonth`, `expiryYear` and `name` may be purged to ''. */
export interface CardFacts {
  readonly lastFour: string
  readonly fingerprint: string
  readonly brand: Brand
  readonly bin: string
  readonly expiryMonth: string
  readonly expiryYear: string
  readonly name: string
  readonly bank: string
  readonly bankCode: string
  readonly type: string
  readonly subType: string
  readonly country: string
  /** The stable name of the stored card, where it is one or became one. */
  readonly reference?: string
  /** Whether a stored card was paid with. */
  readonly fromLocker?: boolean
  /** Whether it was stored when the payment had succeeded. */
  readonly saved?: boolean
}

/** A card as a caller gave it: texts, any of them absent. */
export interface GivenCard {
  readonly number: string | undefined
  readonly expiryMonth: string | undefined
  readonly expiryYear: string | undefined
  readonly cvv: string | undefined
  readonly name: string | undefined
}

/** How strictly a card is looked at. */
export interface CardChecks {
  readonly mode: Mode
  /** `lenient` lets expired and non-Luhn numbers through to the gateway. */
  readonly checks: 'strict' | 'lenient'
  readonly now: number
  /** `optional` where a card is stored, or paid with that was: banks take some without one. */
  readonly cvv?: 'optional'
}

/**
 * A card that may go to a gateway. Refuses with the documented 400s: number, month, year, name,
 * CVV; a missing CVV is "no suitable gateway", as the documents print it.
 */
export function readCard(given: GivenCard, how: CardChecks): { card: CardSecrets; brand: Brand } {
  const { number, brand } = readNumber(given.number, how)
  const expiry = readExpiry(given, how, isTestCard(number))
  const cvv = readCvv(given.cvv, brand, how)
  if (given.name !== undefined && !isName(given.name)) throw new Refusal('card_name_invalid')
  return {
    brand,
    card: {
      number: new Secret(number),
      ...expiry,
      ...(cvv !== undefined && { cvv: new Secret(cvv) }),
      ...(given.name !== undefined && given.name !== '' && { name: given.name }),
    },
  }
}

/** A card number alone. Refuses as {@link readCard} does. */
export function readCardNumber(number: string | undefined, how: CardChecks): Secret {
  return new Secret(readNumber(number, how).number)
}

/** What is kept of a card that is going to a gateway, or into the vault. */
export function factsOf(
  card: CardSecrets,
  brand: Brand,
  known: { fingerprint: string; issuer: Issuer | undefined },
): CardFacts {
  const number = card.number.reveal()
  const { issuer } = known
  return {
    lastFour: number.slice(-4),
    fingerprint: known.fingerprint,
    brand,
    bin: number.slice(0, 6),
    expiryMonth: card.expiryMonth,
    expiryYear: card.expiryYear,
    name: card.name ?? '',
    bank: issuer?.bank ?? '',
    bankCode: issuer?.bankCode ?? '',
    type: issuer?.type ?? '',
    subType: issuer?.subType ?? '',
    country: issuer?.country ?? '',
  }
}

/** India lets a merchant's server keep a card's number and expiry four days (RBI, July 2022). */
export const cardMemoryMs = 4 * dayMs

/** The facts that India's card-on-file rule lets a merchant keep (RBI, July 2022). */
export function forgetMost(facts: CardFacts): CardFacts {
  return { ...facts, bin: '', expiryMonth: '', expiryYear: '', name: '' }
}

const upTo19 = [16, 17, 18, 19]

/** How many digits the networks' numbers have. */
const lengths: Readonly<Record<Brand, readonly number[]>> = {
  VISA: [13, 16, 19],
  MASTERCARD: [16],
  MAESTRO: [12, 13, 14, 15, ...upTo19],
  AMEX: [15],
  RUPAY: [16],
  DINERS: [14, 15, ...upTo19],
  DISCOVER: upTo19,
  JCB: upTo19,
}

function readNumber(number: string | undefined, how: CardChecks) {
  if (number === undefined || number === '') throw new Refusal('card_number_missing')
  const wellFormed = /^[0-9]{12,19}$/.test(number)
  const brand = wellFormed ? brandOf(number) : undefined
  if (brand === undefined) throw new Refusal('card_number_invalid')
  if (how.checks === 'strict' && !isWhole(number, brand)) throw new Refusal('card_number_invalid')
  return { number, brand }
}

function isWhole(number: string, brand: Brand): boolean {
  return lengths[brand].includes(number.length) && passesLuhn(number)
}

function readExpiry(given: GivenCard, how: CardChecks, isBanksOwn: boolean) {
  const { expiryMonth: month, expiryYear: year } = given
  if (!month) throw new Refusal('card_expiry_month_missing')
  if (!/^(0?[1-9]|1[0-2])$/.test(month)) throw new Refusal('card_expiry_month_invalid')
  if (!year) throw new Refusal('card_expiry_year_missing')
  if (!/^(\d{2}|\d{4})$/.test(year)) throw new Refusal('card_expiry_year_invalid')
  const fullYear = year.length === 2 ? `20${year}` : year
  const unchecked = how.checks === 'lenient' || (isBanksOwn && how.mode === 'sandbox')
  const expiry = { expiryMonth: month.padStart(2, '0'), expiryYear: fullYear }
  if (!unchecked && isExpired(expiry, how.now)) throw new Refusal('card_expiry_year_invalid')
  return expiry
}

/** Whether a card's time is over; it is good to the end of its month everywhere on earth. */
export function isExpired(
  { expiryMonth, expiryYear }: Pick<CardFacts, 'expiryMonth' | 'expiryYear'>,
  now: number,
): boolean {
  // The first of the next month, and a day longer for every time zone.
  return Date.UTC(Number(expiryYear), Number(expiryMonth), 2) <= now
}

function readCvv(cvv: string | undefined, brand: Brand, how: CardChecks): string | undefined {
  if (cvv === undefined || cvv === '') {
    if (brand === 'MAESTRO' || how.cvv === 'optional') return undefined
    throw new Refusal('no_gateway')
  }
  const wellFormed = brand === 'AMEX' ? /^\d{4}$/ : /^\d{3}$/
  if (!wellFormed.test(cvv)) throw new Refusal('card_cvv_invalid')
  return cvv
}

/** Of 12 digits are some of Maestro's numbers only, and telephone numbers with their country. */
const fewestDigits = 13

/** Whether a text that is no card number may hold one, in whatever script and however spaced. */
export function holdsCardNumber(text: string): boolean {
  return (text.match(/\p{Nd}/gu) ?? []).length >= fewestDigits
}

/** A card number as people and programs write it, wherever it stands in a text. */
const written = /\d(?:[ -]?\d){11,18}/g

/**
 * Whether a whole card number stands in a text that may well have as many digits, as an e-mail
 * address made of a UUID or of a time has.
 */
export function quotesCardNumber(text: string): boolean {
  return (text.match(written) ?? []).some((found) => {
    const number = found.replace(/\D/g, '')
    const brand = brandOf(number)
    return number.length >= fewestDigits && brand !== undefined && isWhole(number, brand)
  })
}

/** A gateway's free words, without what they may quote of a card. */
export function withoutCardNumbers(text: string): string {
  return text.replace(written, '…')
}

/** Whether a text may be a name on a card: up to 64 letters and what stands between them. */
export function isName(name: string): boolean {
  return name.length <= 64 && /^[\p{L}\p{M} .'-]*$/u.test(name)
}

/** ISO/IEC 7812's check digit. */
function passesLuhn(number: string): boolean {
  let sum = 0
  for (let place = 0; place < number.length; place++) {
    const digit = Number(number[number.length - 1 - place])
    const doubled = place % 2 === 0 ? digit : digit * 2
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}
