import { alarm, jsonIn, undecidedAt, unknown, type Words, withoutGaps } from './answer.ts'
import type { Payment, Refunding, RefundVerdict, Reply, Said, Unknown, Verdict } from './gateway.ts'
import { refusalLike } from './razorpay-reasons.ts'

/** What an answer is, before anything is made of it. */
export type Read =
  | { readonly kind: 'words'; readonly words: Words }
  | ({ readonly kind: 'error' } & Complaint)
  | Unknown

/** Razorpay's error envelope; `next` stands beside it while a challenge goes on. */
export interface Complaint {
  readonly said: Said
  readonly reason: string | undefined
  readonly step: string | undefined
  readonly next: Steps | undefined
}

/** What may be done next, and where, if Razorpay gave an address for it. */
export type Steps = ReadonlyMap<string, string | undefined>

/**
 * Reads an answer. Razorpay answers 200, and 400 with an error envelope; the envelope decides, not
 * the status. Whatever else comes (a 5xx, a 429, HTML) tells nothing. The ids known before stay
 * known, and an envelope that names another payment than theirs is an alarm.
 */
export function read(reply: Reply, known: Said = {}): Read {
  const kept = Object.keys(known).length > 0 ? known : undefined
  if (reply.kind === 'silence') return { ...unknown(reply.because, kept), sent: reply.sent }
  const { status, body } = reply
  if (status !== 200 && status !== 400) return unknown(`http ${status}`, kept)
  const words = wordsIn(body)
  if (words === undefined) return unknown('unreadable', kept)
  if (!isWords(words['error'])) {
    return status === 200 ? { kind: 'words', words } : unknown('http 400', kept)
  }
  const complaint = complaintOf(words['error'])
  if (known.ref !== undefined && known.ref !== (complaint.said.ref ?? known.ref)) {
    return alarm('another payment', kept)
  }
  const said = { ...complaint.said, ...known }
  return { kind: 'error', ...complaint, said, next: stepsIn(words) ?? stepsIn(words['error']) }
}

/** As `read`, where an error says no more than that there is no answer. */
export function readRecord(reply: Reply): Exclude<Read, { readonly kind: 'error' }> {
  const heard = read(reply)
  return heard.kind === 'error' ? unknown('an error') : heard
}

/** What Razorpay says when it does not take an account's keys. */
export function lockOutIn(reply: Reply): string | undefined {
  if (reply.kind === 'silence' || reply.status !== 401) return undefined
  const error = wordsAt(wordsIn(reply.body) ?? {}, 'error')
  return textIn(error, 'code') && textIn(error, 'description')
}

function complaintOf(error: Words): Omit<Complaint, 'next'> {
  const metadata = wordsAt(error, 'metadata')
  const reason = textIn(error, 'reason')
  const said = withoutGaps({
    ref: idIn(metadata, 'payment_id', 'pay'),
    handle: idIn(metadata, 'order_id', 'order'),
    code: reason ?? textIn(error, 'code'),
    message: textIn(error, 'description'),
  })
  return { said, reason, step: textIn(error, 'step') }
}

/** `next`, whose entries are words in some answers and objects with an address in others. */
export function stepsIn(words: Words): Steps | undefined {
  const next = words['next']
  if (!Array.isArray(next)) return undefined
  const steps = new Map<string, string | undefined>()
  for (const one of next) {
    if (typeof one === 'string') steps.set(one, undefined)
    else if (isWords(one)) steps.set(String(one['action']), textIn(one, 'url'))
  }
  return steps
}

/**
 * What a payment's own record says of it. Another id, order, amount or currency than ours, and a
 * status never documented, is `unknown` with an alarm. Razorpay takes the money of an order that
 * is to be captured automatically by itself, so until then it is `pending`.
 */
export function paymentVerdict(words: Words, about: Payment): Verdict {
  if (words['entity'] !== 'payment') return unknown('no payment')
  const strange = strangeIn(words, about)
  if (strange !== undefined) return alarm(strange)
  const said = saidIn(words)
  const { amount } = about
  switch (words['status']) {
    case 'created': {
      if (about.stage !== 'started') return undecidedAt(about.stage, said)
      // The answer that told of the challenge or the page is lost; no OTP can have been tried.
      const isOtp = wordsAt(words, 'notes')['auth'] === 'OTP'
      return { kind: isOtp ? 'challenge' : 'redirect', said }
    }
    case 'authorized':
      return about.autoCapture ? { kind: 'pending', said } : { kind: 'authorized', said, amount }
    case 'captured':
      return { kind: 'charged', said, amount }
    case 'refunded':
      // All of it went back: of a hold by Razorpay itself, of money taken by whoever sent it.
      return typeof words['captured'] === 'boolean'
        ? { kind: 'voided', said }
        : alarm('no captured')
    case 'failed':
      return failedVerdict(words, said)
    default:
      return alarm('a status never documented')
  }
}

function strangeIn(words: Words, about: Payment): string | undefined {
  const ref = idIn(words, 'id', 'pay')
  const handle = idIn(words, 'order_id', 'order')
  if (ref === undefined || ref !== (about.ref ?? ref)) return 'another payment'
  if (handle === undefined || handle !== (about.handle ?? handle)) return 'another order'
  if (words['amount'] !== about.amount) return 'another amount'
  return words['currency'] === about.currency ? undefined : 'another currency'
}

function failedVerdict(words: Words, said: Said): Verdict {
  const reason = textIn(words, 'error_reason')
  const step = textIn(words, 'error_step')
  const refusal = refusalLike(reason, step)
  return { kind: 'failed', said, ...(refusal ?? { by: 'bank', code: 'TXN_FAILURE' }) }
}

function saidIn(words: Words): Said {
  const acquirer = wordsAt(words, 'acquirer_data')
  const told = {
    ref: textIn(words, 'id'),
    handle: textIn(words, 'order_id'),
    rrn: textIn(acquirer, 'rrn'),
    authCode: textIn(acquirer, 'auth_code'),
    code: textIn(words, 'error_reason') ?? textIn(words, 'error_code'),
    message: textIn(words, 'error_description'),
  }
  return withoutGaps(told)
}

/** What a refund's own record says of it; another id or amount than ours is an alarm. */
export function refundVerdict(words: Words, about: Refunding): RefundVerdict {
  if (words['entity'] !== 'refund') return unknown('no refund')
  const ref = idIn(words, 'id', 'rfnd')
  if (ref === undefined || ref !== (about.refundRef ?? ref)) return alarm('another refund')
  if (words['payment_id'] !== about.ref) return alarm('another payment')
  if (words['receipt'] !== about.reference) return alarm('another reference')
  if (words['amount'] !== about.back || words['currency'] !== about.currency) {
    return alarm('another amount')
  }
  const said = withoutGaps({ ref, arn: textIn(wordsAt(words, 'acquirer_data'), 'arn') })
  switch (words['status']) {
    case 'processed':
      return { kind: 'refunded', said, amount: about.back }
    case 'pending':
      return { kind: 'refund_pending', said }
    case 'failed':
      return { kind: 'refund_failed', said }
    default:
      return alarm('a status never documented')
  }
}

/** The entries of a list. */
export function itemsOf(reply: Reply): Words[] | Unknown {
  const heard = readRecord(reply)
  if (heard.kind !== 'words') return heard
  const { items } = heard.words
  return Array.isArray(items) ? items.filter(isWords) : unknown('no list')
}

/** An id of Razorpay's, which may become part of a path: `pay_…`, `order_…`, `rfnd_…`. */
export function idIn(words: Words, key: string, kind: 'pay' | 'order' | 'rfnd') {
  const id = textIn(words, key)
  return id !== undefined && /^[a-z]+_\w{1,40}$/.test(id) && id.startsWith(`${kind}_`)
    ? id
    : undefined
}

/** The object at a key, or an empty one. */
export function wordsAt(words: Words, key: string): Words {
  const inner = words[key]
  return isWords(inner) ? inner : {}
}

/** A text that is not empty. */
export function textIn(words: Words, key: string): string | undefined {
  const text = words[key]
  return typeof text === 'string' && text !== '' ? text : undefined
}

/** The JSON object or list of a body. */
export function wordsIn(body: string): Words | undefined {
  const parsed = jsonIn(body)
  return isWords(parsed) ? parsed : undefined
}

function isWords(value: unknown): value is Words {
  return typeof value === 'object' && value !== null
}
