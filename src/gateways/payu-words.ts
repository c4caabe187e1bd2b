import { hash, timingSafeEqual } from 'node:crypto'
import { type Paise, paiseFromRupees } from '../money.ts'
import type { Access, Payment, Reply, ResponseCode, Said, Unknown, Verdict } from './gateway.ts'

/** A JSON object of PayU's, of which nothing is certain yet. */
export interface Words {
  readonly [key: string]: unknown
}

/** What an answer says, or why there is nothing to build on. */
export function readAnswer(reply: Reply): { readonly words: Words } | Unknown {
  if (reply.kind === 'silence') return { ...reply, kind: 'unknown' }
  if (reply.status !== 200) return unknown(`http ${reply.status}`)
  try {
    const words = objectIn(JSON.parse(reply.body))
    return words ? { words } : unknown('not an object')
  } catch {
    return unknown('not JSON')
  }
}

/** No answer to build on, to a call that left. */
export function unknown(because: string): Unknown {
  return { kind: 'unknown', because, sent: true }
}

/** An answer that somebody has to see to: about another payment, or in a word nobody knows. */
export function alarm(because: string): Unknown {
  return { ...unknown(because), alarm: true }
}

/** A value that is an object, and no list. */
export function objectIn(value: unknown): Words | undefined {
  const is = typeof value === 'object' && value !== null && !Array.isArray(value)
  return is ? (value as Words) : undefined
}

/** A value as text: PayU prints numbers now as JSON numbers, now as strings. */
export function textIn(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** How many of something are left, where that was said. */
export function countIn(value: unknown): number | undefined {
  const text = textIn(value)
  return text !== undefined && /^\d{1,3}$/.test(text) ? Number(text) : undefined
}

/** Decimal rupees as PayU prints them, in paise. */
export function amountIn(value: unknown): Paise | undefined {
  const text = textIn(value)
  return text === undefined ? undefined : paiseFromRupees(text)
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
 * bits of it) and the try as one base-36 digit, enough for an order's 25 attempts.
 */
export function txnidOf({ id, tries }: Pick<Payment, 'id' | 'tries'>): string {
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

/** The fields that both directions are signed over, in the order of a request. */
const signed = ['txnid', 'amount', 'productinfo', 'firstname', 'email'] as const
const userDefined = ['udf1', 'udf2', 'udf3', 'udf4', 'udf5'] as const

/** Signs a payment: sha512 over `key|txnid|amount|…|udf5||||||salt` (docs.payu.in). */
export function requestHash(field: Field, { credentials }: Pick<Access, 'credentials'>): string {
  const values = [...signed, ...userDefined].map(field)
  const { key = '', salt = '' } = credentials
  return hash('sha512', [key, ...values, '', '', '', '', '', salt].join('|'), 'hex')
}

/** How PayU signs a result: the request's fields backwards behind salt and status. */
export function reverseHash(field: Field, { credentials }: Pick<Access, 'credentials'>): string {
  const values = [...signed, ...userDefined].reverse().map(field)
  const { key = '', salt = '' } = credentials
  const charges = field('additionalCharges')
  const lead = charges === '' ? [salt] : [charges, salt]
  return hash(
    'sha512',
    [...lead, field('status'), '', '', '', '', '', ...values, key].join('|'),
    'hex',
  )
}

/** Signs a command: sha512 over `key|command|var1|salt`. */
export function commandHash(
  command: string,
  var1: string,
  { credentials }: Pick<Access, 'credentials'>,
): string {
  const { key = '', salt = '' } = credentials
  return hash('sha512', [key, command, var1, salt].join('|'), 'hex')
}

/** Whether a result bears PayU's signature, compared in constant time. */
export function isSigned(field: Field, access: Pick<Access, 'credentials'>): boolean {
  const theirs = Buffer.from(field('hash'))
  const ours = Buffer.from(reverseHash(field, access))
  return theirs.length === ours.length && timingSafeEqual(theirs, ours)
}

type Failed = Extract<Verdict, { readonly kind: 'failed' }>

/** What an error code means: who failed and how, or a word for what depends on the question. */
export type Meaning =
  | Pick<Failed, 'by' | 'code' | 'elsewhere'>
  | 'wrong_otp'
  | 'otp_expired'
  | 'no_more_sends'
  | 'not_eligible'
  | 'timed_out'
  | 'in_doubt'

function failing(by: Failed['by'], code: ResponseCode): Meaning {
  return { by, code }
}

/** Nothing was begun at a bank, and another account could do better. */
function elsewhere(by: Failed['by'], code: ResponseCode): Meaning {
  return { by, code, elsewhere: true }
}

/** PayU's list has over 600 codes; these are of cards and OTPs (payment-error-codes.json). */
const families: readonly (readonly [meaning: Meaning, codes: string])[] = [
  ['wrong_otp', 'E340 E2404 E4386 E4390'],
  ['otp_expired', 'E1602 E4387 E2503'],
  ['no_more_sends', 'E1604'],
  ['not_eligible', 'E1622 E1908'],
  ['timed_out', 'E408 E507 E1610 E1636 E231'],
  // E504 is a txnid used before: a call of ours that we believed lost has arrived.
  ['in_doubt', 'E227 E225 E504'],
  [failing('customer', 'OTP_ATTEMPTS_EXCEEDED'), 'E1601 E2406 E4388 E1500'],
  [
    failing('customer', 'AUTHENTICATION_FAILED'),
    'E300 E303 E306 E317 E326 E335 E500 E501 E600 E917 E1000 E1633 E1645 E1666 E1910 E202 E213 ' +
      'E232 E316',
  ],
  [failing('customer', 'USER_DECLINED'), 'E1605 E1606 E1607 E1611 E1613 E502 E905 E1206'],
  [failing('bank', 'INSUFFICIENT_BALANCE'), 'E706 E329'],
  [failing('bank', 'BANK_DECLINED'), 'E312 E307 E909 E1628 E1625 E313 E311 E325 E324 E1626'],
  [failing('gateway', 'RISK_DECLINED'), 'E223 E338'],
  [failing('gateway', 'TXN_FAILURE'), 'E1603 E339 E1609 E1644'],
  [
    elsewhere('bank', 'ISSUER_DOWN'),
    'E334 E1001 E1002 E802 E1639 E1653 E205 E206 E208 E209 E210 E211 E214 E345 E1629 E199 E1663',
  ],
  [
    elsewhere('gateway', 'GATEWAY_ERROR'),
    'E803 E804 E1615 E1616 E1617 E1618 E1619 E1621 E700 E2502 E341 E346 E800',
  ],
]

const meanings: ReadonlyMap<string, Meaning> = new Map(
  families.flatMap(([meaning, codes]) => codes.split(' ').map((code) => [code, meaning] as const)),
)

/** What an error code means. A code of no family is a failure like any other. */
export function meaningOf(code: string | undefined): Meaning {
  return meanings.get(code ?? '') ?? failing('bank', 'TXN_FAILURE')
}

/** Whether the bank may have done something after all: the payment's own state has to tell. */
export function isDoubtful(meaning: Meaning): boolean {
  if (typeof meaning !== 'string') return meaning.code === 'ISSUER_DOWN'
  return meaning === 'timed_out' || meaning === 'in_doubt'
}

/** The verdict on a payment that PayU calls failed, at its start or ever after. */
export function failure(said: Said, at: 'start' | 'later'): Verdict {
  const meaning = meaningOf(said.code)
  switch (meaning) {
    case 'wrong_otp':
      return { kind: 'failed', said, by: 'customer', code: 'OTP_ATTEMPTS_EXCEEDED' }
    case 'no_more_sends':
      return { kind: 'failed', said, by: 'customer', code: 'AUTHENTICATION_FAILED' }
    case 'otp_expired':
      return { kind: 'failed', said, by: 'customer', code: 'TXN_EXPIRED' }
    case 'timed_out':
      if (at === 'start') return { ...unknown(`failed with ${said.code}`), said }
      return { kind: 'failed', said, by: 'customer', code: 'TXN_EXPIRED' }
    case 'not_eligible':
      if (at === 'start') return { kind: 'not_eligible', said }
      return { kind: 'failed', said, by: 'gateway', code: 'GATEWAY_ERROR' }
    case 'in_doubt':
      return { ...unknown(`failed with ${said.code}`), said }
    default: {
      const { elsewhere, ...failed } = meaning
      const better = elsewhere && at === 'start'
      return { kind: 'failed', said, ...failed, ...(better && { elsewhere }) }
    }
  }
}
