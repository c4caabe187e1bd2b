import { type Brand, brands } from '../cards/bin.ts'
import { type Paise, paiseFromRupees } from '../money.ts'

/** What rules look at in a payment. */
export interface RuledPayment {
  readonly amount: Paise
  readonly brand: Brand
  /** The first digits of the card that are known: nine while it is paid with, later fewer. */
  readonly bin: string
  readonly issuer: string
  readonly cardType: string
  readonly tag?: string
}

/** A rule that is ready to be asked. */
export interface Rule {
  readonly name: string
  /** Accounts in their order; those of one group are as good as each other. */
  readonly use: readonly (readonly string[])[]
  /** Who is first, by percent. */
  readonly split?: readonly { readonly account: string; readonly percent: number }[]
  /** Whether no other account may be used. */
  readonly only: boolean
  readonly matches: (payment: Prepared) => Match
}

/** A payment as all rules ask for it: words in capitals, and all beginnings of the card. */
export interface Prepared extends Omit<RuledPayment, 'tag'> {
  readonly tag: string
  /** By their length. */
  readonly heads: readonly string[]
}

/** `unsure`: all that is known fits, and too few digits of the card are known to say. */
export type Match = 'yes' | 'no' | 'unsure'

/** A merchant's rules: the first that matches decides. */
export type Rules = readonly Rule[]

/** The rule that decides a payment; `unsure` where that hangs on forgotten digits. */
export function ruleFor(rules: Rules, payment: RuledPayment): Rule | 'unsure' | undefined {
  if (rules.length === 0) return undefined
  const prepared = prepare(payment)
  for (const rule of rules) {
    const match = rule.matches(prepared)
    if (match === 'yes') return rule
    if (match === 'unsure') return 'unsure'
  }
  return undefined
}

function prepare({ amount, brand, bin, issuer, cardType, tag = '' }: RuledPayment): Prepared {
  return {
    amount,
    brand,
    bin,
    issuer: issuer.toUpperCase(),
    cardType: cardType.toUpperCase(),
    tag: tag.toUpperCase(),
    heads: Array.from({ length: bin.length + 1 }, (_, length) => bin.slice(0, length)),
  }
}

/** The word by which a merchant's rules know a customer, from the fields of the order. */
export function tagOf(fields: Readonly<Record<string, string | undefined>>): string | undefined {
  return fields['metadata.customer_tag'] || undefined
}

/** More than anyone can oversee, and few enough to be asked for every payment. */
export const mostRules = 500
/** Names in one list of a condition or of accounts. */
const mostValues = 1_000
const longestText = 64

/** Rules ready to be asked, or what is wrong with them and where (`[3].when.bin[0]`). */
export type ReadRules = { readonly ok: Rules } | { readonly wrong: string }

/** The first thing that is wrong, by its path; caught in this file alone. */
class Wrong extends Error {}

/** Reads rules strictly: unknown keys, empty lists and doubled names are wrong. */
export function readRules(said: unknown): ReadRules {
  try {
    const list = listIn(said, 'rules', { least: 0, most: mostRules })
    const rules = list.map((one, i) => ruleIn(one, `[${i}]`))
    const names = new Set<string>()
    for (const [i, { name }] of rules.entries()) {
      if (names.has(name)) throw new Wrong(`[${i}].name: another rule has this name`)
      names.add(name)
    }
    return { ok: rules }
  } catch (error) {
    if (error instanceof Wrong) return { wrong: error.message }
    throw error
  }
}

/** 500 rules of some 500 characters each. */
const longestRules = 256 * 1_024

/** Reads rules as {@link readRules} does, from JSON of 256 Ki characters at most. */
export function readRulesText(text: string): ReadRules {
  if (text.length > longestRules) return { wrong: `longer than ${longestRules} characters` }
  let said: unknown
  try {
    said = JSON.parse(text)
  } catch {
    return { wrong: 'no JSON' }
  }
  return readRules(said)
}

/** The accounts that rules name. */
export function accountsIn(rules: Rules): Set<string> {
  return new Set(
    rules.flatMap(({ use, split = [] }) => [...use.flat(), ...split.map(({ account }) => account)]),
  )
}

function ruleIn(said: unknown, at: string): Rule {
  const { name, when, use, split, only } = objectIn(said, at, [
    'name',
    'when',
    'use',
    'split',
    'only',
  ])
  if (use === undefined && split === undefined) throw new Wrong(`${at}: use or split is needed`)
  if (only !== undefined && typeof only !== 'boolean') {
    throw new Wrong(`${at}.only: true or false`)
  }
  return {
    name: textIn(name, `${at}.name`),
    use: use === undefined ? [] : prioritiesIn(use, `${at}.use`),
    ...(split !== undefined && { split: splitIn(split, `${at}.split`) }),
    only: only === true,
    matches: conditionIn(when, `${at}.when`),
  }
}

function prioritiesIn(said: unknown, at: string): string[][] {
  const list = listIn(said, at).map((one, i) =>
    Array.isArray(one)
      ? listIn(one, `${at}[${i}]`).map((id, k) => textIn(id, `${at}[${i}][${k}]`))
      : [textIn(one, `${at}[${i}]`)],
  )
  const all = list.flat()
  const twice = all.find((id, i) => all.indexOf(id) !== i)
  if (twice !== undefined) throw new Wrong(`${at}: ${twice} is there twice`)
  return list
}

function splitIn(said: unknown, at: string): { account: string; percent: number }[] {
  const shares = Object.entries(objectIn(said, at)).map(([account, percent]) => {
    const where = `${at}.${account}`
    if (!Number.isInteger(percent) || Number(percent) < 1 || Number(percent) > 100) {
      throw new Wrong(`${where}: a whole number of percent, 1 to 100`)
    }
    return { account: textIn(account, where), percent: Number(percent) }
  })
  const sum = shares.reduce((all, { percent }) => all + percent, 0)
  if (sum !== 100) throw new Wrong(`${at}: the shares make ${sum} percent, not 100`)
  return shares
}

type Test = (payment: Prepared) => Match

function conditionIn(said: unknown, at: string): Test {
  const keys = ['amount', 'network', 'bin', 'issuer', 'card_type', 'customer_tag']
  const { amount, network, bin, issuer, card_type, customer_tag } =
    said === undefined ? {} : objectIn(said, at, keys)
  const oneOf = (value: unknown, key: string, read: (payment: Prepared) => string): Test[] => {
    if (value === undefined) return []
    const words = new Set(wordsIn(value, `${at}.${key}`))
    return [(payment) => (words.has(read(payment)) ? 'yes' : 'no')]
  }
  if (network !== undefined) {
    const unknown = wordsIn(network, `${at}.network`).find((one) => !brands.some((b) => b === one))
    if (unknown !== undefined) throw new Wrong(`${at}.network: ${unknown} is none of ${brands}`)
  }
  // What the card's digits decide comes last: it alone can be unsure.
  const tests = [
    ...(amount === undefined ? [] : [amountTest(amount, `${at}.amount`)]),
    ...oneOf(network, 'network', ({ brand }) => brand),
    ...oneOf(card_type, 'card_type', ({ cardType }) => cardType),
    ...oneOf(issuer, 'issuer', (payment) => payment.issuer),
    ...oneOf(customer_tag, 'customer_tag', ({ tag }) => tag),
    ...(bin === undefined ? [] : [binTest(bin, `${at}.bin`)]),
  ]
  return (payment) => {
    for (const test of tests) {
      const match = test(payment)
      if (match !== 'yes') return match
    }
    return 'yes'
  }
}

function amountTest(said: unknown, at: string): Test {
  const bounds = objectIn(said, at, ['gte', 'lte', 'gt', 'lt'])
  if (Object.keys(bounds).length === 0) throw new Wrong(`${at}: gte, lte, gt or lt is needed`)
  const bound = (key: string, step: number) => {
    const value = bounds[key]
    if (value === undefined) return undefined
    const isWritten = typeof value === 'string' || typeof value === 'number'
    const amount = isWritten ? paiseFromRupees(String(value)) : undefined
    if (amount === undefined) throw new Wrong(`${at}.${key}: rupees, as in "2500.00"`)
    return amount + step
  }
  const least = Math.max(bound('gte', 0) ?? 0, bound('gt', 1) ?? 0)
  const most = Math.min(bound('lte', 0) ?? Infinity, bound('lt', -1) ?? Infinity)
  if (least > most) throw new Wrong(`${at}: no amount is between these`)
  return ({ amount }) => (amount >= least && amount <= most ? 'yes' : 'no')
}

function binTest(said: unknown, at: string): Test {
  const list = Array.isArray(said) ? listIn(said, at) : [said]
  const prefixes = list.map((one, i) => {
    if (typeof one === 'string' && /^[0-9]{1,9}$/.test(one)) return one
    throw new Wrong(`${at}${Array.isArray(said) ? `[${i}]` : ''}: 1 to 9 digits, as a text`)
  })
  const known = new Set(prefixes)
  const lengths = [...new Set(prefixes.map(({ length }) => length))].sort((a, b) => a - b)
  const longest = lengths.at(-1) ?? 0
  return ({ bin, heads }) => {
    for (const length of lengths) {
      const head = heads[length]
      if (head !== undefined && known.has(head)) return 'yes'
    }
    if (bin.length >= longest) return 'no'
    return prefixes.some((one) => one.length > bin.length && one.startsWith(bin)) ? 'unsure' : 'no'
  }
}

/** One word or several, in capitals: nobody should have to know how a bank's name is spelt. */
function wordsIn(said: unknown, at: string): string[] {
  if (!Array.isArray(said)) return [textIn(said, at).toUpperCase()]
  return listIn(said, at).map((one, i) => textIn(one, `${at}[${i}]`).toUpperCase())
}

function textIn(said: unknown, at: string): string {
  if (typeof said === 'string' && said !== '' && said.length <= longestText) return said
  throw new Wrong(`${at}: a text of 1 to ${longestText} characters`)
}

function listIn(said: unknown, at: string, { least = 1, most = mostValues } = {}): unknown[] {
  if (Array.isArray(said) && said.length >= least && said.length <= most) return said
  throw new Wrong(`${at}: a list of ${least} to ${most}`)
}

function objectIn(said: unknown, at: string, keys?: readonly string[]): Record<string, unknown> {
  if (typeof said !== 'object' || said === null || Array.isArray(said)) {
    throw new Wrong(`${at}: an object`)
  }
  const unknown = Object.keys(said).find((key) => keys && !keys.includes(key))
  if (unknown !== undefined) throw new Wrong(`${at}.${unknown}: none of ${keys?.join(', ')}`)
  return said as Record<string, unknown>
}
