import type { Access, Next, Payment, Reply, Said, Verdict } from './gateway.ts'
import { hearVerified, verify } from './payu-commands.ts'
import {
  alarm,
  amountIn,
  countIn,
  failure,
  isDoubtful,
  isForeign,
  isSigned,
  meaningOf,
  objectIn,
  readAnswer,
  textIn,
  txnidOf,
  unknown,
  type Words,
} from './payu-words.ts'

/** What PayU said of a payment while it is under way. */
export function saidIn(meta: Words, result: Words): Said {
  const ref = textIn(result['mihpayid'])
  const handle = textIn(meta['referenceId'])
  const rrn = textIn(result['bank_ref_num'])
  const code = textIn(result['error']) ?? textIn(meta['statusCode'])
  const message = textIn(result['error_Message']) ?? textIn(meta['message'])
  return {
    ...(ref !== undefined && { ref }),
    ...(handle !== undefined && { handle }),
    ...(rrn !== undefined && { rrn }),
    ...(code !== undefined && { code }),
    ...(message !== undefined && { message }),
  }
}

/** How many OTPs PayU will still look at and send. */
export function leftIn(meta: Words): { attemptsLeft?: number; sendsLeft?: number } {
  const attemptsLeft = countIn(objectIn(meta['submitOtp'])?.['attemptsLeft'])
  const resend = objectIn(meta['resendOtp'])
  const sendsLeft = resend?.['isSupported'] === false ? 0 : countIn(resend?.['attemptsLeft'])
  return {
    ...(attemptsLeft !== undefined && { attemptsLeft }),
    ...(sendsLeft !== undefined && { sendsLeft }),
  }
}

/** An answer about an OTP that concerns our payment. */
interface Heard {
  readonly about: Payment
  readonly access: Access
  readonly said: Said
  readonly meta: Words
}

/** How a payment stands in PayU's books, after a word that is not the last. */
export function theTruth({ about, access, said }: Omit<Heard, 'meta'>): Next<Verdict> {
  const submitted = { ...about, stage: 'submitted' as const }
  return {
    kind: 'next',
    call: verify(submitted, access),
    hear: (reply) => {
      const verdict = hearVerified(reply, submitted)
      if (verdict.kind !== 'unknown') return verdict
      // The card, or an OTP, left with the call before.
      return { ...verdict, sent: true, said: { ...said, ...verdict.said } }
    },
  }
}

/** What an OTP that was sent on came to. */
export function hearSubmitted(reply: Reply, about: Payment, access: Access) {
  return hearOtp({ reply, about, access, open: submitted })
}

/** What the wish for another OTP came to. */
export function hearResent(reply: Reply, about: Payment, access: Access) {
  return hearOtp({ reply, about, access, open: resent })
}

interface Hearing {
  readonly reply: Reply
  readonly about: Payment
  readonly access: Access
  /** What is made of a challenge that is still open. */
  readonly open: (heard: Heard) => Verdict | Next<Verdict>
}

/** Once a payment has ended, both calls are answered with its end, again and again. */
function hearOtp({ reply, about, access, open }: Hearing): Verdict | Next<Verdict> {
  const read = readAnswer(reply)
  if ('kind' in read) return read
  const meta = objectIn(read.words['metaData'])
  if (!meta) return unknown('no metaData')
  const result = objectIn(read.words['result']) ?? {}
  if (isOfAnother(meta, result, about)) return alarm('another payment')
  const said = saidIn(meta, result)
  switch (meta['unmappedStatus']) {
    case 'success': {
      const field = (name: string) => textIn(result[name]) ?? ''
      const isForged = field('hash') !== '' && !isSigned(field, access)
      return isForged ? alarm('a wrong signature') : theTruth({ about, access, said })
    }
    case 'pending':
    case 'in progress':
    case 'initiated':
      return open({ about, access, said, meta })
    case 'failure':
    case 'failed': {
      const doubtful = isDoubtful(meaningOf(said.code))
      return doubtful ? theTruth({ about, access, said }) : failure(said, 'later')
    }
    case 'dropped':
    case 'bounced':
    case 'userCancelled':
      return theTruth({ about, access, said })
    default:
      return alarm('a state never documented')
  }
}

function isOfAnother(meta: Words, result: Words, about: Payment): boolean {
  const txnid = txnidOf(about)
  const amount = textIn(result['amount'])
  return (
    isForeign(meta['txnId'], txnid) ||
    isForeign(meta['referenceId'], about.handle) ||
    isForeign(result['txnid'], txnid) ||
    isForeign(result['mihpayid'], about.ref) ||
    (amount !== undefined && amountIn(amount) !== about.amount)
  )
}

function submitted(heard: Heard): Verdict | Next<Verdict> {
  const { said, meta } = heard
  const submit = objectIn(meta['submitOtp'])
  const meaning = meaningOf(said.code)
  if (!isRefusal(submit, said) || isDoubtful(meaning)) return theTruth(heard)
  const { attemptsLeft } = leftIn(meta)
  if (attemptsLeft === 0) {
    return { kind: 'failed', said, by: 'customer', code: 'OTP_ATTEMPTS_EXCEEDED' }
  }
  const code = meaning === 'otp_expired' ? 'OTP_EXPIRED' : 'INCORRECT_OTP'
  return { kind: 'wrong_otp', said, code, ...(attemptsLeft !== undefined && { attemptsLeft }) }
}

/**
 * Whether an OTP was positively not right. Some banks' challenges say it by a message and count
 * tries, from where nobody says, so that count limits nothing.
 */
function isRefusal(submit: Words | undefined, { message }: Said): boolean {
  if (submit?.['status'] === 'failed') return true
  return message === 'Unauthorized' && countIn(submit?.['retryAttemptCount']) !== undefined
}

function resent({ said, meta }: Heard): Verdict {
  const resend = objectIn(meta['resendOtp'])
  const left = leftIn(meta)
  if (resend?.['status'] === 'success') return { kind: 'challenge', said, ...left }
  const isOver = meaningOf(said.code) === 'no_more_sends' || left.sendsLeft === 0
  return isOver ? { kind: 'not_sent', said, why: 'limit' } : unknown('not known to be sent')
}
