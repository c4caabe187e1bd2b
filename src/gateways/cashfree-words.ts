import { type Paise, paiseFromRupees } from '../money.ts'
import type {
  Payment,
  Refunding,
  RefundSaid,
  RefundVerdict,
  Reply,
  ResponseCode,
  Said,
  Unknown,
  Verdict,
} from './gateway.ts'

/** A JSON object of Cashfree's, not looked at yet. */
export interface Words {
  readonly [key: string]: unknown
}

/** What every refused call says. */
export interface CashfreeError {
  readonly status: number
  readonly code: string
  readonly message: string
}

/** The order at Cashfree of one start: 39 characters and the try; an order_id may have 45. */
export function referenceOf({ id, tries }: Pick<Payment, 'id' | 'tries'>): string {
  return tries === 1 ? id : `${id}-${tries}`
}

/** The JSON of a text, or `undefined`. */
export function contentOf(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

/** The JSON object of a 200, or `undefined`. */
export function wordsIn(reply: Reply): Words | undefined {
  return objectIn(goodContentOf(reply))
}

/** The payments of an order, as a 200 lists them, or `undefined`. */
export function paymentsIn(reply: Reply): readonly Words[] | undefined {
  const content = goodContentOf(reply)
  const isList = Array.isArray(content) && content.every((one) => objectIn(one) !== undefined)
  return isList ? content : undefined
}

function goodContentOf(reply: Reply): unknown {
  const isGood = reply.kind === 'answer' && reply.status === 200
  return isGood ? contentOf(reply.body) : undefined
}

/** A value as an object, or `undefined`. */
export function objectIn(value: unknown): Words | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? (value as Words) : undefined
}

/** An id, which version 2022-09-01 wrote as a number; it becomes part of paths. */
export function idIn(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : value
  return typeof text === 'string' && /^[\w-]{1,40}$/.test(text) ? text : undefined
}

/** Decimal rupees. The shortest decimals of a JSON number are the ones that it was written with. */
export function amountIn(value: unknown): Paise | undefined {
  return typeof value === 'number' ? paiseFromRupees(String(value)) : undefined
}

/** The error envelope of an answer in the 400s or 500s, or `undefined`. */
export function errorIn(reply: Reply): CashfreeError | undefined {
  if (reply.kind === 'silence' || reply.status < 400) return undefined
  const { code, type, message } = objectIn(contentOf(reply.body)) ?? {}
  if (typeof code !== 'string' || typeof type !== 'string') return undefined
  return { status: reply.status, code, message: typeof message === 'string' ? message : '' }
}

/** A thing that Cashfree does not know; a wrong base URL is a 404 too, with another code. */
export function isMissing(error: CashfreeError | undefined): boolean {
  return error?.status === 404 && error.code.endsWith('_not_found')
}

/** An answer to build nothing on; `sent` says better than the call itself what may have left. */
export function unclear(reply: Reply, sent?: boolean): Unknown {
  const isSilence = reply.kind === 'silence'
  const because = isSilence ? reply.because : `http ${reply.status}`
  return { kind: 'unknown', because, sent: sent ?? (isSilence ? reply.sent : true) }
}

/** An answer about something else, or in words nobody knows. */
export function alarm(because: string, said?: Said): Unknown {
  return { kind: 'unknown', because, sent: true, alarm: true, ...(said && { said }) }
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
  if (action === undefined || action === null) {
    if (typeof payment['is_captured'] !== 'boolean') return alarm('no word of capture', said)
    return { kind: payment['is_captured'] ? 'charged' : 'authorized', said, amount }
  }
  switch (`${action} ${status}`) {
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

function undecided(payment: Words, about: Payment, said: Said): Verdict {
  switch (about.stage) {
    case 'challenged':
      return { kind: 'challenge', said }
    case 'at_page':
      return { kind: 'redirect', said }
    case 'submitted':
      return { kind: 'pending', said }
    case 'started': {
      const card = objectIn(objectIn(payment['payment_method'])?.['card'])
      if (card?.['channel'] === 'post') return { kind: 'challenge', said }
      return { kind: card?.['channel'] === 'link' ? 'redirect' : 'pending', said }
    }
    default:
      return about.stage satisfies never
  }
}

interface Failure {
  readonly by: 'bank' | 'customer' | 'gateway'
  readonly code: ResponseCode
}

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
  const ref = idIn(payment['cf_payment_id'])
  return {
    ...(ref !== undefined && { ref }),
    ...textIn(payment['bank_reference'], 'rrn'),
    ...textIn(payment['auth_id'], 'authCode'),
    ...textIn(details['error_reason'] ?? details['error_code'], 'code'),
    ...textIn(payment['payment_message'] ?? details['error_description'], 'message'),
  }
}

function textIn<K extends string>(value: unknown, as: K): { readonly [key in K]?: string } {
  return typeof value === 'string' && value !== '' ? ({ [as]: value } as { [k in K]: string }) : {}
}

/** What the state of a refund means to us. */
export function refundVerdictOn(refund: Words, about: Refunding): RefundVerdict {
  if (refund['refund_id'] !== about.reference) return alarm('another refund')
  if (refund['order_id'] !== referenceOf(about)) return alarm('another order')
  const amount = amountIn(refund['refund_amount'])
  if (amount !== about.back || refund['refund_currency'] !== about.currency) {
    return alarm('another amount')
  }
  const said = refundSaidIn(refund)
  switch (refund['refund_status']) {
    case 'SUCCESS':
      return { kind: 'refunded', said, amount }
    case 'PENDING':
    case 'ONHOLD':
      return { kind: 'refund_pending', said }
    case 'CANCELLED':
    case 'FAILED':
      return { kind: 'refund_failed', said }
    default:
      return alarm('a refund_status never documented')
  }
}

function refundSaidIn(refund: Words): RefundSaid {
  const ref = idIn(refund['cf_refund_id'])
  return {
    ...(ref !== undefined && { ref }),
    ...textIn(refund['refund_arn'], 'arn'),
    ...textIn(refund['refund_status'], 'code'),
    ...textIn(refund['status_description'], 'message'),
  }
}
