import { type Paise, paiseFromRupees } from '../money.ts'
import { alarm, jsonIn, objectIn, undecidedAt, unknown, type Words, withoutGaps } from './answer.ts'
import type { Payment, Reply, Said, Unknown, Verdict } from './gateway.ts'

/** What every refused call says. */
export interface CashfreeError {
  readonly status: number
  readonly type: string
  readonly code: string
  readonly message: string
}

/** The order at Cashfree of one start: 39 characters and the try; an order_id may have 45. */
export function referenceOf({ id, tries }: Pick<Payment, 'id' | 'tries'>): string {
  return tries === 1 ? id : `${id}-${tries}`
}

/** The JSON object of a 200, or `undefined`. */
export function wordsIn(reply: Reply): Words | undefined {
  return objectIn(goodContentOf(reply))
}

/** The JSON objects that a 200 lists, or `undefined`. */
export function listIn(reply: Reply): readonly Words[] | undefined {
  const content = goodContentOf(reply)
  const isList = Array.isArray(content) && content.every((one) => objectIn(one) !== undefined)
  return isList ? content : undefined
}

function goodContentOf(reply: Reply): unknown {
  const isGood = reply.kind === 'answer' && reply.status === 200
  return isGood ? jsonIn(reply.body) : undefined
}

/**
 * An id, which version 2022-09-01 wrote as a number; it becomes part of paths. A number too large
 * to be read exactly would be another payment's id, so it is none.
 */
export function idIn(value: unknown): string | undefined {
  const text = Number.isSafeInteger(value) ? String(value) : value
  return typeof text === 'string' && /^[\w-]{1,40}$/.test(text) ? text : undefined
}

/** Decimal rupees. The shortest decimals of a JSON number are the ones that it was written with. */
export function amountIn(value: unknown): Paise | undefined {
  return typeof value === 'number' ? paiseFromRupees(String(value)) : undefined
}

/** The error envelope of an answer in the 400s or 500s, or `undefined`. */
export function errorIn(reply: Reply): CashfreeError | undefined {
  if (reply.kind === 'silence' || reply.status < 400) return undefined
  const { code, type, message } = objectIn(jsonIn(reply.body)) ?? {}
  if (typeof code !== 'string' || typeof type !== 'string') return undefined
  return { status: reply.status, type, code, message: typeof message === 'string' ? message : '' }
}

/** A thing that Cashfree does not know; a wrong base URL is a 404 too, with another code. */
export function isMissing(error: CashfreeError | undefined): boolean {
  return error?.status === 404 && error.code.endsWith('_not_found')
}

/** The keys are not taken. */
export function isShut({ status }: CashfreeError): boolean {
  return status === 401 || status === 403
}

/** Such a call did nothing. */
export function isTurnedAway(error: CashfreeError): boolean {
  return isShut(error) || error.status === 429
}

/** An answer to build nothing on; `sent` says better than the call itself what may have left. */
export function unclear(reply: Reply, sent?: boolean): Unknown {
  const isSilence = reply.kind === 'silence'
  const because = isSilence ? reply.because : `http ${reply.status}`
  return { ...unknown(because), sent: sent ?? (isSilence ? reply.sent : true) }
}

/**
 * What the payments of an order mean to us; `undefined` when there are none. The order is ours
 * alone, so the one that paid it is the truth: begun anew on Cashfree's page it has another id.
 */
export function verdictAmong(payments: readonly Words[], about: Payment): Verdict | undefined {
  const [paid, another] = payments.filter((one) => one['payment_status'] === 'SUCCESS')
  if (another) return alarm('an order paid twice')
  const { ref, ...anew } = about
  if (paid) return verdictOn(paid, anew)
  const payment = payments.find((one) => idIn(one['cf_payment_id']) === ref) ?? payments[0]
  return payment && verdictOn(payment, about)
}

/** What the state of a payment means to us. */
export function verdictOn(payment: Words, about: Payment): Verdict {
  const said = saidIn(payment)
  if (payment['order_id'] !== referenceOf(about)) return alarm('another order')
  if (said.ref === undefined) return alarm('a payment without id')
  if (about.ref !== undefined && said.ref !== about.ref) return alarm('another payment')
  switch (payment['payment_status']) {
    case 'SUCCESS':
      return moneyIn(payment, about, said)
    case 'PENDING':
    case 'NOT_ATTEMPTED':
      return undecided(payment, about, said)
    case 'FAILED':
      return { kind: 'failed', said, ...failureIn(payment) }
    case 'USER_DROPPED':
      return { kind: 'failed', said, by: 'customer', code: 'TXN_EXPIRED' }
    case 'CANCELLED':
      return { kind: 'failed', said, by: 'customer', code: 'USER_DECLINED' }
    case 'VOID':
      return { kind: 'voided', said }
    default:
      return alarm('a payment_status never documented', said)
  }
}

/** A surcharge would be in payment_amount and not in order_amount, so the former is compared. */
function moneyIn(payment: Words, about: Payment, said: Said): Verdict {
  const amount = amountIn(payment['payment_amount'])
  if (amount !== about.amount || payment['payment_currency'] !== about.currency) {
    return alarm('another amount', said)
  }
  const { action, status, captured_amount: taken } = objectIn(payment['authorization']) ?? {}
  switch (`${action ?? 'NOTHING'} ${status ?? 'TOLD'}`) {
    case 'NOTHING TOLD':
    // What failed leaves the money as it was.
    case 'CAPTURE FAILED':
    case 'VOID FAILED':
      if (typeof payment['is_captured'] !== 'boolean') return alarm('no word of capture', said)
      return { kind: payment['is_captured'] ? 'charged' : 'authorized', said, amount }
    case 'CAPTURE PENDING':
      return { kind: 'authorized', said, amount, pending: 'capture' }
    case 'VOID PENDING':
      return { kind: 'authorized', said, amount, pending: 'void' }
    case 'VOID SUCCESS':
      return { kind: 'voided', said }
    case 'CAPTURE SUCCESS': {
      const captured = amountIn(taken)
      if (captured === undefined || captured > amount) return alarm('another amount', said)
      return { kind: 'charged', said, amount, captured }
    }
    default:
      return alarm('an authorization never documented', said)
  }
}

function undecided(payment: Words, { stage }: Payment, said: Said): Verdict {
  if (stage !== 'started') return undecidedAt(stage, said)
  const { channel } = objectIn(objectIn(payment['payment_method'])?.['card']) ?? {}
  if (channel === 'post') return { kind: 'challenge', said }
  return { kind: channel === 'link' ? 'redirect' : 'pending', said }
}

type Failure = Pick<Extract<Verdict, { kind: 'failed' }>, 'by' | 'code'>

const bank: Failure = { by: 'bank', code: 'BANK_DECLINED' }
const customer: Failure = { by: 'customer', code: 'AUTHENTICATION_FAILED' }
const gateway: Failure = { by: 'gateway', code: 'GATEWAY_ERROR' }

/** By error_reason, else by error_code, else by error_source. */
const failures: ReadonlyMap<unknown, Failure> = new Map([
  ['insufficient_funds', { by: 'bank', code: 'INSUFFICIENT_BALANCE' }],
  ['bank_declined', bank],
  ['bank_rejected', bank],
  ['invalid_card', bank],
  ['auth_declined', customer],
  ['auth_failed', customer],
  ['transaction_timeout', { by: 'customer', code: 'TXN_EXPIRED' }],
  ['issuer_declined', bank],
  ['TRANSACTION_DECLINED', bank],
  ['bank', bank],
  ['user', customer],
  ['customer', customer],
  ['cashfree', gateway],
  ['gateway', gateway],
])

function failureIn(payment: Words): Failure {
  const details = objectIn(payment['error_details']) ?? {}
  const source = details['error_source']
  const [reason, code] = [details['error_reason'], details['error_code']]
  const declined = code === 'TRANSACTION_DECLINED' ? failures.get(source) : undefined
  const found = failures.get(reason) ?? declined ?? failures.get(code) ?? failures.get(source)
  return found ?? { by: 'bank', code: 'TXN_FAILURE' }
}

function saidIn(payment: Words): Said {
  const details = objectIn(payment['error_details']) ?? {}
  return withoutGaps({
    ref: idIn(payment['cf_payment_id']),
    rrn: textIn(payment['bank_reference']),
    authCode: textIn(payment['auth_id']),
    code: textIn(details['error_reason'] ?? details['error_code']),
    message: textIn(payment['payment_message'] ?? details['error_description']),
  })
}

/** A text that is not empty. */
export function textIn(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
