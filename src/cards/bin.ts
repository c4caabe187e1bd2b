/** The networks, by the names they have on the wire. */
export const brands = [
  'VISA',
  'MASTERCARD',
  'MAESTRO',
  'AMEX',
  'RUPAY',
  'DINERS',
  'DISCOVER',
  'JCB',
] as const

/** A card network. */
export type Brand = (typeof brands)[number]

/** What the first digits of a card number tell of its issuer. */
export interface Issuer {
  readonly bank: string
  readonly bankCode: string
  readonly type: string
  readonly subType: string
  readonly country: string
}

/** A row of the BIN table: a beginning of card numbers, 6 to 9 digits, and whose they are. */
export interface BinRow extends Issuer {
  readonly bin: string
  readonly brand: Brand
}

type Range = readonly [first: number, last: number, brand: Brand]

// Six-digit ranges of the networks, narrow ones before the wide ones they lie in.
const ranges: readonly Range[] = [
  [508500, 508999, 'RUPAY'],
  [606985, 607984, 'RUPAY'],
  [608001, 608500, 'RUPAY'],
  [652150, 653149, 'RUPAY'],
  [817200, 820199, 'RUPAY'],
  [353000, 353999, 'RUPAY'],
  [356000, 356999, 'RUPAY'],
  [340000, 349999, 'AMEX'],
  [370000, 379999, 'AMEX'],
  [300000, 305999, 'DINERS'],
  [360000, 369999, 'DINERS'],
  [380000, 399999, 'DINERS'],
  [352800, 358999, 'JCB'],
  [601100, 601199, 'DISCOVER'],
  [644000, 659999, 'DISCOVER'],
  [222100, 272099, 'MASTERCARD'],
  [510000, 559999, 'MASTERCARD'],
  [400000, 499999, 'VISA'],
  [500000, 509999, 'MAESTRO'],
  [560000, 589999, 'MAESTRO'],
  [600000, 699999, 'MAESTRO'],
]

/** The network of a card number, or `undefined` when its first digits belong to none. */
export function brandOf(number: string): Brand | undefined {
  const bin = Number(number.slice(0, 6))
  return ranges.find(([first, last]) => bin >= first && bin <= last)?.[2]
}

/** The longest BIN there is, in digits: what banks tell cards apart by. */
const longestBin = 9

/** Whether a text is a beginning of card numbers that there is a name for: 6 to 9 digits. */
export function isBin(text: string): boolean {
  return /^[0-9]{6,9}$/.test(text)
}

/** The first digits of a card number, by which banks decide what they do for it. */
export function binOf(number: string): string {
  return number.slice(0, longestBin)
}

const exampleBank: Issuer = {
  bank: 'EXAMPLE BANK',
  bankCode: 'JP_EXAMPLE',
  type: 'CREDIT',
  subType: 'CLASSIC',
  country: 'INDIA',
}

/** The simulated bank's own cards (docs/testing.md): a sandbox's BIN table begins with them. */
export const testBins: readonly BinRow[] = [
  { ...exampleBank, bin: '424242', brand: 'VISA', bank: 'AXIS BANK LTD', bankCode: 'JP_AXIS' },
  { ...exampleBank, bin: '401200', brand: 'VISA' },
  { ...exampleBank, bin: '411111', brand: 'VISA' },
  { ...exampleBank, bin: '400000', brand: 'VISA' },
  { ...exampleBank, bin: '520473', brand: 'MASTERCARD', type: 'DEBIT' },
  { ...exampleBank, bin: '529992', brand: 'MASTERCARD' },
  { ...exampleBank, bin: '555555', brand: 'MASTERCARD' },
  { ...exampleBank, bin: '508500', brand: 'RUPAY', type: 'DEBIT' },
  { ...exampleBank, bin: '607482', brand: 'RUPAY', type: 'DEBIT' },
  { ...exampleBank, bin: '652166', brand: 'RUPAY' },
  { ...exampleBank, bin: '378282', brand: 'AMEX' },
  { ...exampleBank, bin: '675964', brand: 'MAESTRO', type: 'DEBIT' },
]

/** Whether a card number is one of the simulated bank's test cards. */
export function isTestCard(number: string): boolean {
  return testBins.some(({ bin }) => number.startsWith(bin))
}
