import type { GatewayName } from '../../src/gateways/catalog.ts'

/** The questions of the contract that a fault can hit: each fake knows which of its calls it is. */
export type Step =
  | 'eligibility'
  | 'start'
  | 'submit'
  | 'resend'
  | 'sync'
  | 'capture'
  | 'void'
  | 'refund'
  | 'sync_refund'

/** What becomes of a call. `before`: the gateway does nothing; `after`: it acts, then fails. */
export type Fault =
  | 'drop_before'
  | 'drop_after'
  | 'never'
  | 'slow'
  | 'garbage'
  | 'html_502'
  | 'unknown_word'
  | 'oversized'
  | 'endless'
  | 'wrong_amount'
  | 'wrong_id'

/** Card numbers that pass Luhn, by what a gateway does with them. */
export interface FakeCards {
  /** Takes an OTP; the bank authorizes it. */
  readonly good: string
  /** The gateway does no OTP for its BIN, but has the bank's page. */
  readonly noOtp: string
  /** The issuer is down when the payment is started. */
  readonly downAtStart: string
  /** The issuer goes down after the right OTP: nobody knows what it did. */
  readonly downAtSubmit: string
  /** The right OTP, and then the issuer declines. */
  readonly declined: string
  /** The right OTP, silence for a day, then the money is taken. */
  readonly lateSuccess: string
}

/** A payment as the gateway's own book has it. Amounts in paise. */
export interface BookedPayment {
  readonly reference: string
  readonly amount: number
  readonly authorized: number
  readonly captured: number
  readonly refunded: number
  readonly voided: boolean
  /** How often an OTP left, and how many were looked at. */
  readonly sends: number
  readonly guesses: number
}

/** A callback as the gateway would post it. */
export interface SignedCallback {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A stateful stand-in for a gateway, behind its own HTTP port. */
export interface Fake {
  readonly gateway: GatewayName
  /** What an account there needs. */
  readonly baseUrl: string
  readonly credentials: Readonly<Record<string, string>>
  readonly cards: FakeCards
  readonly otp: { readonly right: string; readonly wrong: string }
  /** The gateway's own limits. */
  readonly limits: {
    readonly attempts: number
    /** The first one counted. */
    readonly sends: number
    readonly resendAfterMs: number
  }
  /** Spoils the next `times` calls of a step. */
  readonly spoil: (fault: Fault, on: Step, times?: number) => void
  /** Resolves when from now on an answer is first withheld, by `never` or `endless`. */
  readonly stalled: () => Promise<void>
  readonly book: () => Promise<readonly BookedPayment[]>
  /** News of a payment or its refund, signed; the same event gives the same bytes each time. */
  readonly callbacksOf: (reference: string) => Promise<readonly SignedCallback[]>
  /** What was wrong with requests and answers by the gateway's OpenAPI file. */
  readonly problems: () => readonly string[]
  /** How many TCP connections were opened, for keep-alive. */
  readonly connections: () => number
  readonly close: () => Promise<void>
}

/** What a fake is opened with. */
export interface FakeOptions {
  /** Its clock, epoch milliseconds. */
  readonly now: () => number
}
