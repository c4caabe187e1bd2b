import { checkDigitIsRight, testCards } from './cards.ts'
import type { Call, Mood } from './mood.ts'
import * as rules from './payment.ts'
import {
  type Code,
  isOpen,
  isTaken,
  messages,
  type Payment,
  present,
  type Said,
} from './payment.ts'
import * as payments from './payments.ts'
import { type Answer, notFound, type Reply, sayOf, type World } from './reply.ts'
import { BadInput, type OtpRequest, type StartRequest } from './request.ts'
import { sameOtp } from './seed.ts'
import { openTill, type Till } from './till.ts'

/** The bank as merchants' gateways see it. */
export interface Acquirer extends Till {
  /** Starts a payment; the same reference again tells how the first stands. */
  start(request: StartRequest): Reply
  /** Judges an OTP. @throws BadInput for a payment without one */
  submit(id: string, request: OtpRequest): Reply
  /** Sends another OTP. @throws BadInput for a payment without one */
  resend(id: string): Reply
  /** How the payment stands. */
  find(reference: string): Reply
  /** The right OTP of one send. */
  otpOf(payment: Payment, send: number): string
}

/** Opens the acquirer. */
export function openAcquirer(world: World): Acquirer {
  const { book, seed, now } = world
  const known = new Map(testCards.map((card) => [seed.fingerprint(card.number), card]))
  const say = (payment: Payment, word?: string, code?: Code) => sayOf(world, payment, word, code)
  const otpOf = (payment: Payment, send: number) =>
    known.get(payment.cardFingerprint)?.otp ?? seed.otp(payment.id, send)
  const answer: Answer = (call, act) => {
    const ownMood = known.get(call.caller?.cardFingerprint ?? '')?.mood ?? 'ok'
    const { deed, news, wire } = world.moods.meet({ ...call, ownMood })
    if (wire === undefined) return act(deed, news)
    return wire.acted ? { ...act(deed, news), wire } : { status: 503, body: {}, wire }
  }
  /** Finds the payment as it stands, and lets the deed happen while its OTP is open. */
  const withOtp = (
    id: string,
    question: Call['question'],
    act: (deed: Mood, payment: Payment, time: number) => Reply,
  ): Reply =>
    book.tx(() => {
      const found = payments.paymentById(book, id)
      const time = now()
      if (found && found.auth !== 'OTP') throw new BadInput(['this payment has no OTP'])
      const payment = found && present(found, time)
      const deed = payment !== undefined && isOpen(payment)
      return answer({ question, caller: payment, deed }, (mood) => {
        if (!payment) return notFound
        return deed ? act(mood, payment, time) : say(payment, 'closed')
      })
    })

  return {
    ...openTill(world, answer),
    otpOf,
    start: (request) =>
      book.tx(() => {
        const time = now()
        const known = payments.paymentByReference(book, request.reference)
        const caller = known ?? {
          account: request.account,
          cardFingerprint: seed.fingerprint(request.card.number),
          binFingerprint: seed.fingerprint(request.card.number.slice(0, 6)),
        }
        return answer({ question: 'start', caller, deed: !known }, (mood, news) => {
          if (known) return say(present(known, time))
          if (mood === 'ineligible' && request.auth === 'OTP') return notEligible(request)
          const payment = begin(world, request, { ...caller, mood, time })
          if (news) world.callbacks.watch(payment, { ...request, manner: news })
          return { ...say(payment), lost: mood === 'start_timeout' ? 'timeout' : undefined }
        })
      }),
    submit: (id, request) =>
      withOtp(id, 'otp', (mood, payment, time) => {
        const right = () => sameOtp(request.otp, otpOf(payment, payment.sends))
        const { word, after } = rules.judge(payment, {
          said: saidOf(mood, payment, { right, time }),
          refusal: refusalOf[mood],
          capture: request.capture,
          now: time,
        })
        payments.updateOpenPayment(book, after)
        return { ...say(after, word, codeOf[word]), lost: lossOf(mood, after) }
      }),
    resend: (id) =>
      withOtp(id, 'resend', (mood, payment, time) => {
        if (rules.sendsUsedUp(payment)) return say(payment, 'resend_limit', 'RESEND_LIMIT')
        if (mood === 'resend_too_soon') {
          const reply = say(payment, 'resend_too_soon', 'RESEND_TOO_SOON')
          return { ...reply, body: { ...reply.body, resend_after_ms: rules.tooSoonPauseMs } }
        }
        const again = rules.sent(payment, time)
        payments.updateOpenPayment(book, again)
        announce(world, again, mood)
        return say(again)
      }),
    find: (reference) =>
      book.tx(() => {
        const found = payments.paymentByReference(book, reference)
        return answer({ question: 'sync', caller: found, deed: false }, () =>
          found ? say(present(found, now())) : notFound,
        )
      }),
  }
}

const refusalOf: Partial<Record<Mood, rules.Refusal>> = {
  insufficient_funds: 'declined',
  late_success: 'declined_at_first',
  rejected: 'rejected',
}

const codeOf: Partial<Record<rules.Judgement['word'], Code>> = {
  otp_wrong: 'OTP_WRONG',
  otp_expired: 'OTP_EXPIRED',
}

function saidOf(
  mood: Mood,
  payment: Payment,
  { right, time }: { right: () => boolean; time: number },
): Said {
  if (mood === 'locked') return 'lock'
  if (mood === 'otp_wrong') return 'wrong'
  if (mood === 'otp_expired' && payment.sends === 1) return 'expired'
  if (rules.otpIsOld(payment, time)) return 'expired'
  return right() ? 'right' : 'wrong'
}

function lossOf(mood: Mood, after: Payment): Reply['lost'] {
  if (!isTaken(after)) return undefined
  if (mood === 'charged_then_timeout') return 'timeout'
  return mood === 'charged_then_reset' ? 'reset' : undefined
}

function notEligible({ reference, amount, currency }: StartRequest): Reply {
  const code: Code = 'NOT_ELIGIBLE'
  const body = { reference, state: 'not_eligible', amount, currency, code, message: messages[code] }
  return { status: 200, body }
}

/** Writes a new payment into the book and, if it has one, sends its first OTP. */
function begin(
  world: World,
  request: StartRequest,
  start: { cardFingerprint: string; binFingerprint: string; mood: Mood; time: number },
): Payment {
  const { book, seed } = world
  const { mood, time } = start
  const seq = payments.nextSeq(book)
  const opened: Payment = {
    seq,
    id: seed.paymentId(seq),
    reference: request.reference,
    order: request.order,
    account: request.account,
    merchant: request.merchant,
    amount: request.amount,
    currency: request.currency,
    auth: request.auth,
    capture: request.capture,
    state: 'redirect',
    code: 'REDIRECT',
    cardFingerprint: start.cardFingerprint,
    binFingerprint: start.binFingerprint,
    lastFour: request.card.number.slice(-4),
    phone: request.customer?.phone,
    returnUrl: request.return_url,
    htmlPage: mood === 'page_html',
    startedAt: time,
    sentAt: 0,
    sends: 0,
    guesses: 0,
    endedAt: undefined,
    captured: 0,
    returned: 0,
    pending: undefined,
    lateAt: undefined,
  }
  const payment = firstStep(opened, checkDigitIsRight(request.card.number), { mood, time })
  payments.addPayment(book, payment)
  if (payment.state === 'otp_sent') announce(world, payment, mood)
  return payment
}

function firstStep(
  payment: Payment,
  numberIsRight: boolean,
  { mood, time }: { mood: Mood; time: number },
): Payment {
  if (!numberIsRight) return rules.declined(payment, 'INVALID_CARD', time)
  if (mood === 'start_declined') return rules.declined(payment, 'DO_NOT_HONOUR', time)
  return payment.auth === 'OTP' ? rules.sent(payment, time) : payment
}

function announce({ book }: World, payment: Payment, mood: Mood): void {
  const appearsAt = rules.smsAppearsAt(mood, payment.sentAt)
  if (appearsAt !== undefined) payments.addSend(book, payment, appearsAt)
}
