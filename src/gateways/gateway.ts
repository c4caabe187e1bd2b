import type { Brand } from '../cards/bin.ts'
import type { CardSecrets } from '../cards/card.ts'
import type { RefundRef, TxnId } from '../ids.ts'
import type { Mode } from '../merchants/merchant.ts'
import type { Paise } from '../money.ts'
import type { Secret } from '../secret.ts'
import type { Callback, News } from './news.ts'

/** The unified response codes we give, one vocabulary over all gateways (`resp_code`). */
export type ResponseCode =
  | 'TXN_SUCCESS'
  | 'TXN_EXPIRED'
  | 'TXN_NOT_FOUND'
  | 'TXN_FAILURE'
  | 'INCORRECT_OTP'
  | 'OTP_EXPIRED'
  | 'OTP_ATTEMPTS_EXCEEDED'
  | 'USER_DECLINED'
  | 'AUTHENTICATION_FAILED'
  | 'BANK_DECLINED'
  | 'INSUFFICIENT_BALANCE'
  | 'ISSUER_DOWN'
  | 'RISK_DECLINED'
  | 'GATEWAY_ERROR'
  | 'GATEWAY_UNREACHABLE'
  | 'PENDING_AT_BANK'
  | 'LATE_CHARGE'
  | 'CAPTURE_FAILED'
  | 'VOID_FAILED'
  | 'TXN_VOIDED'
  | 'AUTO_REFUNDED'

/** What a gateway said of a payment in its own words, kept for `payment_gateway_response`. */
export interface Said {
  /** The gateway's id of the payment, which later questions name. */
  readonly ref?: string
  /** A second id that a gateway's later questions need: of its order, or of the challenge. */
  readonly handle?: string
  readonly rrn?: string
  readonly authCode?: string
  readonly code?: string
  readonly message?: string
}

/** What a gateway gave us for the bank's own page of this payment: where it is, or all of it. */
export type BankPage = { readonly url: string } | { readonly html: string }

/**
 * What a gateway's answer means. `unknown` is everything that is not positively one of the others:
 * silence, a 5xx, an unreadable body, a word never seen before.
 */
export type Verdict =
  /** An OTP challenge is open, no OTP is under way. Limits are the gateway's own, if it has any. */
  | {
      readonly kind: 'challenge'
      readonly said: Said
      readonly page?: BankPage
      readonly attemptsLeft?: number
      readonly sendsLeft?: number
      /** How much longer the gateway lets it live, in milliseconds; its clock is not ours. */
      readonly livesMs?: number
    }
  /** The OTP was not right, or too old, and the challenge is still open. */
  | {
      readonly kind: 'wrong_otp'
      readonly said: Said
      readonly code: 'INCORRECT_OTP' | 'OTP_EXPIRED'
      readonly attemptsLeft?: number
    }
  /** No OTP for this card: nothing was created, ask again for the bank's page. */
  | { readonly kind: 'not_eligible'; readonly said: Said }
  /** The customer has to go to, or still is at, the bank's page. */
  | { readonly kind: 'redirect'; readonly said: Said; readonly page?: BankPage }
  /** The bank has it and has not decided. */
  | { readonly kind: 'pending'; readonly said: Said }
  /** The gateway holds the money, or has taken it. */
  | {
      readonly kind: 'authorized' | 'charged'
      readonly said: Said
      readonly amount: Paise
      /** How much is taken so far; absent: all when charged, nothing when authorized. */
      readonly captured?: Paise
      /** What it has been told to do with held money and has not done yet. */
      readonly pending?: 'capture' | 'void'
    }
  /** Money that was held is released; nothing of it was taken. */
  | { readonly kind: 'voided'; readonly said: Said }
  /** It will not capture or void as it was told; the payment stands as it did. */
  | { readonly kind: 'refused'; readonly said: Said }
  /** A definite no, and whose it was. */
  | {
      readonly kind: 'failed'
      readonly said: Said
      readonly by: 'bank' | 'customer' | 'gateway'
      readonly code: ResponseCode
      /** A start came to nothing that could ever be charged: whose trouble it is. */
      readonly elsewhere?: 'gateway' | 'account'
    }
  /** No further OTP is sent: the limit is reached, or it is too early. The challenge stays open. */
  | { readonly kind: 'not_sent'; readonly said: Said; readonly why: 'limit' | 'too_soon' }
  /** The gateway knows no payment of ours by this name. */
  | { readonly kind: 'not_found' }
  | Unknown

/** No answer to build on. `sent: false` only when nothing that could be charged can have left. */
export interface Unknown {
  readonly kind: 'unknown'
  readonly because: string
  readonly sent: boolean
  /** The gateway speaks of another payment or amount, or in words nobody knows: see to it. */
  readonly alarm?: true
  /** What it told before it fell silent. */
  readonly said?: Said
}

/** How far a payment has come, as we know it: a gateway's "pending" does not tell. */
export type Stage = 'started' | 'challenged' | 'at_page' | 'submitted'

/** The payment as gateways know it. */
export interface Payment {
  /** Our txn id: with `tries` the gateway's reference, and its guard against doing things twice. */
  readonly id: TxnId
  /** Which start of the txn this is about, counted from 1: each has a reference of its own. */
  readonly tries: number
  readonly stage: Stage
  readonly merchant: string
  readonly orderId: string
  readonly amount: Paise
  readonly currency: string
  /** Whether the money is to be taken with the authorization. */
  readonly autoCapture: boolean
  /** The gateway's id of the payment, once it has told one. */
  readonly ref?: string
  /** `Said.handle`, once it has told one. */
  readonly handle?: string
}

/** A capture or void of held money; the reference makes a repeated call the same call. */
export interface Instructed extends Payment {
  readonly reference: string
}

/** A capture, of all or a part. */
export interface Capturing extends Instructed {
  readonly take: Paise
}

/** What a gateway said of a refund in its own words. */
export interface RefundSaid {
  /** The gateway's id of the refund. */
  readonly ref?: string
  /** The acquirer reference number, by which a cardholder's bank finds the refund. */
  readonly arn?: string
  readonly code?: string
  readonly message?: string
}

/** What a gateway's answer about a refund means; `unknown` as in `Verdict`. */
export type RefundVerdict =
  | { readonly kind: 'refunded'; readonly said: RefundSaid; readonly amount: Paise }
  | { readonly kind: 'refund_pending'; readonly said: RefundSaid }
  /** It will not go on with it before the merchant has seen to it. */
  | { readonly kind: 'refund_on_hold'; readonly said: RefundSaid }
  | { readonly kind: 'refund_failed'; readonly said: RefundSaid }
  /** The gateway knows no refund of ours by this name. */
  | { readonly kind: 'not_found' }
  | Unknown

/** A refund of a payment's money; the reference makes a repeated call the same call. */
export interface Refunding extends Payment {
  readonly reference: RefundRef
  readonly back: Paise
  /** The gateway's id of the refund, once it has told one. */
  readonly refundRef?: string
}

/** A payment to be started, with what only the first question carries. */
export interface NewPayment extends Payment {
  readonly auth: 'OTP' | 'REDIRECT'
  readonly card: CardSecrets
  /** What the card is, as its BIN tells: `CREDIT`, `DEBIT`, `` when nobody knows. */
  readonly cardType: string
  /** Where the bank's page sends the browser back to. */
  readonly finishUrl: string
  readonly customer: {
    readonly id: string | undefined
    readonly email: string | undefined
    readonly phone: string | undefined
    readonly ip: string | undefined
    readonly userAgent: string | undefined
  }
}

/** An HTTP call to a gateway, complete but for the base URL of its account. */
export interface Call {
  readonly method: 'GET' | 'POST'
  /** A path below the account's base URL, or a whole URL, which must be on one of its hosts. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** What came back: an HTTP answer with its whole body, or silence. */
export type Reply =
  | { readonly kind: 'answer'; readonly status: number; readonly body: string }
  | { readonly kind: 'silence'; readonly because: string; readonly sent: boolean }

/** How a gateway account is reached, and whatever its gateway needs to sign calls. */
export interface Access {
  readonly baseUrl: string
  /** The origins that calls may go to: of the base URL, and of the gateway's own hosts. */
  readonly origins: readonly string[]
  readonly credentials: Readonly<Record<string, string>>
  /** Where the gateway is to tell news of this account's payments. */
  readonly callbackUrl: string
  /** `Gateway.transcribed`. */
  readonly transcribed: ReadonlySet<string>
}

/** An answer was not the last word: one more call has to be made before there is a verdict. */
export interface Next<V> {
  readonly kind: 'next'
  readonly call: Call
  readonly hear: (reply: Reply) => V | Next<V>
}

/** One question: build the call, understand the answer. Both are pure. */
export interface Question<P, V = Verdict> {
  readonly ask: (about: P, access: Access) => Call
  readonly hear: (reply: Reply, about: P, access: Access) => V | Next<V>
  /** How long the question may take with all of its calls, in milliseconds. */
  readonly patienceMs: number
}

/** Whether a gateway does OTP for cards of a BIN, by its own word. */
export type Eligibility = { readonly kind: 'eligible' | 'ineligible' } | Unknown

/** Whether a gateway lets an account in. */
export type Admission =
  | { readonly kind: 'works' }
  | { readonly kind: 'locked_out'; readonly message: string }
  | Unknown

/** A gateway: the questions it can be asked. What it can't do is absent. */
export interface Gateway {
  /** Its name and number on the wire (`gateway`, `gateway_id`). */
  readonly wireName: string
  readonly wireId: number
  /** Its own addresses: the first is the base URL of calls. None: an account has to name one. */
  readonly hosts: Readonly<Record<Mode, readonly string[]>>
  /** The credentials that an account there must have; a name with a final `?` may be left out. */
  readonly credentials: readonly string[]
  /** The mode that credentials are of, where they show it. */
  readonly modeOf?: (credentials: Access['credentials']) => Mode | undefined
  /** The networks that it publishes OTP for; it may refuse some of their cards. */
  readonly otpBrands: readonly Brand[]
  /** Whether money can be held there: always, or where the account has that feature. */
  readonly holds: 'always' | 'by_account'
  /** Whether it takes held money as a whole, or in parts too, until nothing is left. */
  readonly captures: 'whole' | 'parts'
  /** Whether a hold has to be asked for at the start; else an OTP's submission says it. */
  readonly fixesCapture?: true
  /** The least time between two sends of an OTP, in milliseconds. */
  readonly resendAfterMs?: number
  /** How long it may still be working through a call we made, in milliseconds. */
  readonly settlesWithinMs: number
  /** The fields of its requests and answers that may be written down; all others never are. */
  readonly transcribed: ReadonlySet<string>
  /** Moves nothing: whether the account's credentials are right. */
  readonly check: Question<object, Admission>
  readonly eligibility?: Question<{ readonly bin: string }, Eligibility>
  readonly start: Question<NewPayment>
  readonly submitOtp?: Question<Payment & { readonly otp: Secret }>
  readonly resendOtp?: Question<Payment>
  readonly sync: Question<Payment>
  /** Takes money that it holds; in parts only where `captures` says so. */
  readonly capture?: Question<Capturing>
  readonly void?: Question<Instructed>
  readonly refund: Question<Refunding, RefundVerdict>
  readonly syncRefund: Question<Refunding, RefundVerdict>
  /** Reads a callback and checks its signature in constant time. */
  readonly hearCallback: (callback: Callback, access: Access) => News
}
