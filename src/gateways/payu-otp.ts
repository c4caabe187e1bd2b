import { alarm, next, objectIn, unknown, type Words, withoutGaps } from './answer.ts'
import type { Access, Next, Payment, Reply, Said, Verdict } from './gateway.ts'
import { hearRecord, saidOf, verify } from './payu-commands.ts'
import {
  amountIn,
  countIn,
  failure,
  type Heard,
  hearWords,
  isDoubtful,
  isForeign,
  isSigned,
  meaningOf,
  textIn,
  textsIn,
  txnidOf,
} from './payu-words.ts'

/** An answer about a payment of ours that was begun, or about its OTP. */
export interface UnderWay<P extends Payment = Payment> {
  readonly about: P
  readonly access: Access
  readonly said: Said
  readonly words: Words
  readonly meta: Words
}

/** What is made of a payment that is open, and of one that PayU calls failed. */
interface Ears<P extends Payment> {
  readonly open: (heard: UnderWay<P>) => Heard
  readonly failed: (heard: UnderWay<P>) => Heard
}

/** Hears how a payment goes on. Its end is told again and again, whatever was asked. */
export function hearUnderWay<P extends Payment>({ open, failed }: Ears<P>) {
  return (reply: Reply, about: P, access: Access): Heard =>
    hearWords<Heard>(reply, (words) => {
      const meta = objectIn(words['metaData'])
      if (!meta) return unknown('no metaData')
      const result = objectIn(words['result']) ?? {}
      if (isOfAnother(meta, result, about)) return alarm('another payment')
      const heard = { about, access, said: saidIn(meta, result), words, meta }
      switch (meta['unmappedStatus']) {
        case 'pending':
        case 'in progress':
        case 'initiated':
          return open(heard)
        case 'failure':
        case 'failed':
          return failed(heard)
        case 'success':
          return isForged(result, access) ? alarm('a wrong signature') : theTruth(heard)
        case 'dropped':
        case 'bounced':
        case 'userCancelled':
          return theTruth(heard)
        default:
          return alarm('a state never documented')
      }
    })
}

function saidIn(meta: Words, result: Words): Said {
  const handle = meta['referenceId']
  const code = textIn(result['error']) ?? meta['statusCode']
  const message = textIn(result['error_Message']) ?? meta['message']
  return { ...saidOf(result), ...textsIn({ handle, code, message }) }
}

function isOfAnother(meta: Words, result: Words, about: Payment): boolean {
  const txnids = [meta['txnId'], result['txnid']]
  const amount = textIn(result['amount'])
  return (
    txnids.some((one) => isForeign(one, txnidOf(about))) ||
    isForeign(meta['referenceId'], about.handle) ||
    isForeign(result['mihpayid'], about.ref) ||
    (amount !== undefined && amountIn(amount) !== about.amount)
  )
}

function isForged(result: Words, access: Access): boolean {
  const field = (name: string) => textIn(result[name]) ?? ''
  return field('hash') !== '' && !isSigned(field, access)
}

/**
 * How a payment stands in PayU's books, after a word that is not the last; `weigh` may make
 * another verdict of it. The card, or an OTP, left with the call before: where the books say
 * nothing, nothing is certain.
 */
export function theTruth(
  { about, access, said }: Pick<UnderWay, 'about' | 'access' | 'said'>,
  weigh = (found: Verdict) => found,
): Next<Verdict> {
  const submitted = { ...about, stage: 'submitted' as const }
  return next(verify(submitted, access), (reply) => {
    const found = weigh(hearRecord(reply, submitted))
    if (found.kind === 'not_found') return { ...unknown('not in the books yet'), said }
    return found.kind === 'unknown'
      ? { ...found, sent: true, said: { ...said, ...found.said } }
      : found
  })
}

/** How many OTPs PayU will still look at and send. */
export function leftIn(meta: Words) {
  const attemptsLeft = countIn(objectIn(meta['submitOtp'])?.['attemptsLeft'])
  const resend = objectIn(meta['resendOtp'])
  const sendsLeft = resend?.['isSupported'] === false ? 0 : countIn(resend?.['attemptsLeft'])
  return withoutGaps({ attemptsLeft, sendsLeft })
}

/** What an OTP that was sent on came to. */
export const hearSubmitted = hearUnderWay({ open: submitted, failed })

/** What the wish for another OTP came to. */
export const hearResent = hearUnderWay({ open: resent, failed })

function failed(heard: UnderWay): Heard {
  const { said } = heard
  return isDoubtful(said) ? theTruth(heard) : failure(said, 'later')
}

function submitted(heard: UnderWay): Heard {
  const { said, meta } = heard
  if (!isRefusal(objectIn(meta['submitOtp']), said) || isDoubtful(said)) {
    return theTruth(heard)
  }
  const { attemptsLeft } = leftIn(meta)
  if (attemptsLeft === 0) {
    return { kind: 'failed', said, by: 'customer', code: 'OTP_ATTEMPTS_EXCEEDED' }
  }
  const isExpired = meaningOf(said).code === 'TXN_EXPIRED'
  const code = isExpired ? 'OTP_EXPIRED' : 'INCORRECT_OTP'
  return { kind: 'wrong_otp', said, code, ...withoutGaps({ attemptsLeft }) }
}

/**
 * Whether an OTP was positively not right. Some banks' challenges say it by a message and count
 * tries, from where nobody says, so that count limits nothing.
 */
function isRefusal(submit: Words | undefined, { message }: Said): boolean {
  if (submit?.['status'] === 'failed') return true
  return message === 'Unauthorized' && countIn(submit?.['retryAttemptCount']) !== undefined
}

function resent({ said, meta }: UnderWay): Verdict {
  const left = leftIn(meta)
  const isSent = objectIn(meta['resendOtp'])?.['status'] === 'success'
  if (isSent) return { kind: 'challenge', said, ...left }
  const isOver = meaningOf(said).note === 'no_sends' || left.sendsLeft === 0
  return isOver ? { kind: 'not_sent', said, why: 'limit' } : unknown('not known to be sent')
}
