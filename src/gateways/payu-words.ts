import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { type Paise, paiseFromRupees } from '../money.ts'
import { isSame, objectIn, unknown, type Words, withoutGaps } from './answer.ts'
import type { Access, Next, Payment, Reply, Said, Unknown, Verdict } from './gateway.ts'

/** A verdict, or the call that leads to one. */
export type Heard = Verdict | Next<Verdict>

/** Makes something of what an answer says, if it says anything to build on. */
export function hearWords<V>(reply: Reply, hear: (words: Words) => V): V | Unknown {
  if (reply.kind === 'silence') return { ...reply, kind: 'unknown' }
  if (reply.status !== 200) return unknown(`http ${reply.status}`)
  const words = wordsIn(reply.body)
  return words ? hear(words) : unknown('no JSON object')
}

function wordsIn(body: string): Words | undefined {
  try {
    return objectIn(JSON.parse(body, asPrinted))
  } catch {
    return undefined
  }
}

/** PayU prints ids of 18 digits as numbers too, and a number has room for 15. */
function asPrinted(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' ? context?.source : value
}

/** A value as text, as it was printed; nothing is written as `''` or `null`. */
export function textIn(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Those of the values that are texts. */
export function textsIn<K extends string>(values: Record<K, unknown>) {
  const texts = Object.entries(values).map(([name, value]) => [name, textIn(value)] as const)
  return withoutGaps(Object.fromEntries(texts) as Record<K, string | undefined>)
}

/** PayU's id of a payment: digits. As `4.04e17` it would name another one. */
export function idIn(value: unknown): string | undefined {
  const text = textIn(value)
  return text !== undefined && /^\d+$/.test(text) ? text : undefined
}

/** How many of something are left, where that was said. */
export function countIn(value: unknown): number | undefined {
  const text = textIn(value)
  return text !== undefined && /^\d{1,3}$/.test(text) ? Number(text) : undefined
}

/** Decimal rupees as PayU prints them, in paise. */
export function amountIn(value: unknown): Paise | undefined {
  return paiseFromRupees(textIn(value) ?? '')
}

/** Paise as PayU takes them: rupees with two decimals. The hash is over this very text. */
export function rupeesText(amount: Paise): string {
  return `${Math.trunc(amount / 100)}.${String(amount % 100).padStart(2, '0')}`
}

/** Whether an answer names another thing than the one that was asked about. */
export function isForeign(value: unknown, ours: string | undefined): boolean {
  const text = textIn(value)
  return text !== undefined && ours !== undefined && text !== ours
}

/**
 * Our name of one start at PayU, which allows 25 characters: 24 hex digits of the txn's id (96
 * bits of it) and the try as one base-36 digit.
 */
export function txnidOf({ id, tries }: Pick<Payment, 'id' | 'tries'>): string {
  assert(tries >= 1 && tries <= 35, 'a try is one digit')
  return id.slice('txn_'.length, 'txn_'.length + 24) + tries.toString(36)
}

/** Whether a text is a name that {@link txnidOf} makes. */
export function isTxnid(text: string): boolean {
  return /^[0-9a-f]{24}[1-9a-z]$/.test(text)
}

/** PayU's tokens of refunds and captures have at most 23 characters, and must not meet. */
export function tokenOf(reference: string): string {
  return hash('sha256', reference, 'hex').slice(0, 23)
}

/** The value of a field by its name, `''` where there is none. */
export type Field = (name: string) => string

type Keys = Pick<Access, 'credentials'>

/** The fields that both directions are signed over, in the order of a request. */
const signed = [
  ...['txnid', 'amount', 'productinfo', 'firstname', 'email'],
  ...['udf1', 'udf2', 'udf3', 'udf4', 'udf5'],
]
/** PayU keeps room for five more. */
const unused = ['', '', '', '', '']

/** Signs a payment: sha512 over `key|txnid|amount|…|udf5||||||salt` (docs.payu.in). */
export function requestHash(field: Field, { credentials }: Keys): string {
  const { key = '', salt = '' } = credentials
  return sha512([key, ...signed.map(field), ...unused, salt])
}

/** How PayU signs a result: the request's fields backwards behind salt and status. */
export function reverseHash(field: Field, { credentials }: Keys): string {
  const { key = '', salt = '' } = credentials
  const charges = ['additionalCharges'].map(field).filter((text) => text !== '')
  const values = signed.toReversed().map(field)
  return sha512([...charges, salt, field('status'), ...unused, ...values, key])
}

/** Signs a command: sha512 over `key|command|var1|salt`. */
export function commandHash(command: string, var1: string, { credentials }: Keys): string {
  const { key = '', salt = '' } = credentials
  return sha512([key, command, var1, salt])
}

function sha512(parts: readonly string[]): string {
  return hash('sha512', parts.join('|'), 'hex')
}

/** Whether a result bears PayU's signature, compared in constant time. */
export function isSigned(field: Field, access: Keys): boolean {
  const theirs = Buffer.from(field('hash'))
  const ours = Buffer.from(reverseHash(field, access))
  return isSame(theirs, ours)
}

type Failed = Extract<Verdict, { readonly kind: 'failed' }>

/** What an error code means where a payment has failed: whose it was, and what more it tells. */
export interface Meaning extends Pick<Failed, 'by' | 'code'> {
  readonly note?: 'undecided' | 'timed_out' | 'without_otp' | 'set_up' | 'unsigned' | 'no_sends'
}

/** PayU's list has over 600 codes; these are of cards and OTPs (payment-error-codes.json). */
const families: readonly (readonly [meaning: Meaning, codes: string])[] = [
  [{ by: 'customer', code: 'OTP_ATTEMPTS_EXCEEDED' }, 'E340 E2404 E4386 E4390'],
  [{ by: 'customer', code: 'OTP_ATTEMPTS_EXCEEDED' }, 'E1601 E2406 E4388 E1500'],
  [{ by: 'customer', code: 'TXN_EXPIRED' }, 'E1602 E4387 E2503'],
  [{ by: 'customer', code: 'TXN_EXPIRED', note: 'timed_out' }, 'E408 E507 E1610 E1636 E231'],
  [
    { by: 'customer', code: 'AUTHENTICATION_FAILED' },
    'E300 E303 E306 E317 E326 E335 E500 E501 E600 E917 E1000 E1633 E1645 E1666 E1910 E202 E213 ' +
      'E232 E316',
  ],
  [{ by: 'customer', code: 'AUTHENTICATION_FAILED', note: 'no_sends' }, 'E1604'],
  [{ by: 'customer', code: 'USER_DECLINED' }, 'E1605 E1606 E1607 E1611 E1613 E502 E905 E1206'],
  [{ by: 'bank', code: 'INSUFFICIENT_BALANCE' }, 'E706 E329'],
  [{ by: 'bank', code: 'BANK_DECLINED' }, 'E312 E307 E909 E1628 E1625 E313 E311 E325 E324 E1626'],
  [{ by: 'gateway', code: 'RISK_DECLINED' }, 'E223 E338'],
  [{ by: 'gateway', code: 'TXN_FAILURE' }, 'E1603 E339 E1609 E1644'],
  // E504 is a txnid used before: a call of ours that we believed lost has arrived.
  [{ by: 'gateway', code: 'TXN_FAILURE', note: 'undecided' }, 'E227 E225 E504'],
  [
    { by: 'bank', code: 'ISSUER_DOWN' },
    'E334 E1001 E1002 E802 E803 E804 E1639 E1653 E205 E206 E208 E209 E210 E211 E214 E345 E1629 ' +
      'E199 E1663',
  ],
  [{ by: 'gateway', code: 'GATEWAY_ERROR' }, 'E341 E346 E800'],
  [{ by: 'gateway', code: 'GATEWAY_ERROR', note: 'unsigned' }, 'E700'],
  [
    { by: 'gateway', code: 'GATEWAY_ERROR', note: 'set_up' },
    'E1615 E1616 E1617 E1618 E1619 E1621 E2502',
  ],
  [{ by: 'gateway', code: 'GATEWAY_ERROR', note: 'without_otp' }, 'E1622 E1908'],
]

const meanings: ReadonlyMap<string, Meaning> = new Map(
  families.flatMap(([meaning, codes]) => codes.split(' ').map((code) => [code, meaning])),
)

/** What an error code means. A code of no family is a failure like any other. */
export function meaningOf({ code = '' }: Said): Meaning {
  return meanings.get(code) ?? { by: 'bank', code: 'TXN_FAILURE' }
}

/** Whether the bank may have done something after all: the payment's own state has to tell. */
export function isDoubtful(said: Said): boolean {
  const { code, note } = meaningOf(said)
  const isTrouble = code === 'ISSUER_DOWN' || code === 'GATEWAY_ERROR'
  return isTrouble || note === 'undecided' || note === 'timed_out'
}

/** The verdict on a payment that PayU calls failed, at its start or ever after. */
export function failure(said: Said, at: 'start' | 'later'): Verdict {
  const { by, code, note } = meaningOf(said)
  const isStart = at === 'start'
  if (note === 'undecided' || (isStart && note === 'timed_out')) {
    return { ...unknown(`failed with ${said.code}`), said }
  }
  if (isStart && note === 'without_otp') return { kind: 'not_eligible', said }
  const better = isStart && (code === 'ISSUER_DOWN' || code === 'GATEWAY_ERROR')
  const elsewhere = note === 'unsigned' || note === 'set_up' ? 'account' : 'gateway'
  return { kind: 'failed', said, by, code, ...(better && { elsewhere }) }
}
