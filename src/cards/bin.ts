/** A card network. */
export type Brand =
  | 'VISA'
  | 'MASTERCARD'
  | 'MAESTRO'
  | 'AMEX'
  | 'RUPAY'
  | 'DINERS'
  | 'DISCOVER'
  | 'JCB'

/** What the first digits of a card number tell of its issuer. */
export interface Issuer {
  readonly bank: string
  readonly bankCode: string
  readonly type: 'CREDIT' | 'DEBIT'
  readonly subType: string
  readonly country: string
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

const exampleBank: Issuer = {
  bank: 'EXAMPLE BANK',
  bankCode: 'JP_EXAMPLE',
  type: 'CREDIT',
  subType: 'CLASSIC',
  country: 'INDIA',
}

// The simulated bank's own test cards: docs/testing.md.
const testIssuers: ReadonlyMap<string, Issuer> = new Map([
  ['424242', { ...exampleBank, bank: 'AXIS BANK LTD', bankCode: 'JP_AXIS' }],
  ['401200', exampleBank],
  ['411111', exampleBank],
  ['400000', exampleBank],
  ['520473', { ...exampleBank, type: 'DEBIT' }],
  ['529992', exampleBank],
])

/** The issuer of one of the simulated bank's test cards, or `undefined` for any other card. */
export function testIssuerOf(number: string): Issuer | undefined {
  return testIssuers.get(number.slice(0, 6))
}
