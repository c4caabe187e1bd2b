import type { CardSecrets } from '../cards/card.ts'
import type { TxnId } from '../ids.ts'
import type { Paise } from '../money.ts'
import type { Secret } from '../secret.ts'

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
  | 'BANK_DECLINED'
  | 'INSUFFICIENT_BALANCE'
  | 'GATEWAY_UNREACHABLE'
  | 'PENDING_AT_BANK'
  | 'LATE_CHARGE'

/** What a gateway said of a payment in its own words, kept for `payment_gateway_response`. */
export interface Said {
  /** The gateway's id of the payment, which later questions name. */
  readonly ref?: string
  readonly rrn?: string
  readonly authCode?: string
  readonly code?: string
  readonly message?: string
}

/** What a gateway gave us for the bank's own page of this payment. */
export interface BankPage {
  readonly url: string
}

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
  | { readonly kind: 'authorized' | 'charged'; readonly said: Said; readonly amount: Paise }
  /** A definite no, and whose it was. */
  | {
      readonly kind: 'failed'
      readonly said: Said
      readonly by: 'bank' | 'customer' | 'gateway'
      readonly code: ResponseCode
    }
  /** No further OTP is sent: the limit is reached, or it is too early. The challenge stays open. */
  | { readonly kind: 'not_sent'; readonly said: Said; readonly why: 'limit' | 'too_soon' }
  /** The gateway knows no payment of ours by this name. */
  | { readonly kind: 'not_found' }
  /** `sent: false` only when the connection was refused, so nothing can have happened. */
  | { readonly kind: 'unknown'; readonly because: string; readonly sent: boolean }

/** The payment as gateways know it. */
export interface Payment {
  /** Our txn id: the gateway's reference and its guard against doing things twice. */
  readonly id: TxnId
  readonly merchant: string
  readonly orderId: string
  readonly amount: Paise
  readonly currency: string
  /** Whether the money is to be taken with the authorization. */
  readonly autoCapture: boolean
  /** The gateway's id of the payment, once it has told one. */
  readonly ref?: string
}

/** A payment to be started, with what only the first question carries. */
export interface NewPayment extends Payment {
  readonly auth: 'OTP' | 'REDIRECT'
  readonly card: CardSecrets
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
  /** The path below the account's base URL. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** What came back: an HTTP answer with its whole body, or silence. */
export type Reply =
  | { readonly kind: 'answer'; readonly status: number; readonly body: string }
  | { readonly kind: 'silence'; readonly because: string; readonly sent: boolean }

/** How a gateway account is reached: its base URL and whatever its gateway needs to sign calls. */
export interface Access {
  readonly baseUrl: string
  readonly credentials: Readonly<Record<string, string>>
}

/** One question: build the call, understand the answer. Both are pure. */
export interface Question<P> {
  readonly ask: (about: P, access: Access) => Call
  readonly hear: (reply: Reply) => Verdict
  /** How long the whole call may take, in milliseconds. */
  readonly patienceMs: number
}

/** A gateway: the questions it can be asked. What it can't do is absent. */
export interface Gateway {
  /** Its name and number on the wire (`gateway`, `gateway_id`). */
  readonly wireName: string
  readonly wireId: number
  /** How long it may still be working through a call we made, in milliseconds. */
  readonly settlesWithinMs: number
  readonly start: Question<NewPayment>
  readonly submitOtp?: Question<Payment & { readonly otp: Secret }>
  readonly resendOtp?: Question<Payment>
  readonly sync: Question<Payment>
}
