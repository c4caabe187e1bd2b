import type { ClientToken } from './client-token.ts'
import type { CreateOrderRequest } from './order-request.ts'
import type { RefundEntry } from './refund.ts'

/** Every status of a txn; only `CHARGED` means paid, and `AUTHORIZED` that the money is held. */
export type TxnStatus =
  | 'STARTED'
  | 'PENDING_VBV'
  | 'AUTHORIZING'
  | 'AUTHORIZED'
  | 'CAPTURE_INITIATED'
  | 'CAPTURE_FAILED'
  | 'VOID_INITIATED'
  | 'VOID_FAILED'
  | 'VOIDED'
  | 'CHARGED'
  | 'AUTO_REFUNDED'
  | 'AUTHENTICATION_FAILED'
  | 'AUTHORIZATION_FAILED'
  | 'JUSPAY_DECLINED'

/** A payment to be started. What the wire wants besides is filled in. */
export interface StartPaymentRequest {
  /** An order that is there. */
  order_id?: string
  /** Or one that is created by this call, where it isn't there. */
  order?: CreateOrderRequest
  /** `OTP` for a challenge; the answer may be the bank's page all the same. */
  auth_type: 'OTP' | 'THREE_DS'
  card_number?: string
  /** `MM`. */
  card_exp_month?: string
  /** `YY` or `YYYY`. */
  card_exp_year?: string
  card_security_code?: string
  name_on_card?: string
  /** The network; the card number decides, whatever is said here. */
  payment_method?: string
  /** A stored card or a temporary token, instead of a card number. */
  card_token?: string
  /** Keeps the card for the order's customer, once it has paid. */
  save_to_locker?: boolean
  /** The number of a gateway, to have it make this payment. */
  gateway_id?: number
  /** The id of one of the merchant's gateway accounts. */
  auth_account_id?: string
  redirect_after_payment?: boolean
}

/** An OTP as the customer typed it. A start answer's `params` have the two ids. */
export interface SubmitOtpRequest {
  /** The txn: `params.id`, which is the `txn_uuid`. */
  id: string
  challenge_id: string
  /** 4 to 10 digits. */
  otp: string
  /** `false` only holds the money, for a later capture; absent: as the order says. */
  auto_capture?: boolean
}

/** The challenge whose OTP is wanted once more. */
export interface ResendOtpRequest {
  /** The txn: `params.id`, which is the `txn_uuid`. */
  id: string
  challenge_id: string
}

/** An OTP challenge, and what may still be done with it. */
export interface ChallengeParams {
  id: string
  challenge_id: string
  auth_type: 'OTP'
  auth_method: 'OTP'
  card_isin: string
  card_issuer_bank_name: string
  submit_otp_allowed: boolean
  resend_otp_allowed: boolean
  /** The page for a customer who gives up on the OTP; opened in their browser. */
  fallback_url: string
  times_otp_sent: number
  max_otp_send_limit: number
  current_attempt: number
  max_attempts: number
}

/** How a payment goes on; without `params` in the customer's browser. */
export interface Payment {
  authentication: {
    method: 'POST' | 'GET'
    url: string
    params?: ChallengeParams
  }
}

/** The answer of starting a payment and of having an OTP sent again. */
export interface StartAnswer {
  order_id: string
  txn_id: string
  txn_uuid: string
  status: TxnStatus
  status_id: number
  /** `00` for success; `null` while nothing is decided. */
  resp_code: string | null
  resp_message: string | null
  payment?: Payment
  offer_details: { offers: Record<string, unknown>[] }
  /** There when the order in the request asked for it. */
  juspay?: ClientToken
}

/** A card as answers show it. */
export interface Card {
  last_four_digits: string
  card_isin: string
  expiry_month: string
  expiry_year: string
  name_on_card: string
  card_type: string
  card_issuer: string
  card_brand: string
  card_sub_type: string
  card_issuer_country: string
  juspay_bank_code: string
  extended_card_type: string
  card_reference: string
  card_fingerprint: string
  using_saved_card: boolean
  saved_to_locker: boolean
  using_token: boolean
}

/** What the gateway said, in its own words. */
export interface GatewayResponse {
  created: string
  txn_id: string
  rrn: string
  epg_txn_id: string
  auth_id_code: string
  resp_code: string
  resp_message: string
  gateway_response_map: Record<string, unknown>
  gateway_response?: Record<string, unknown>
}

/** The answer of submitting an OTP. */
export interface SubmitAnswer {
  id: string
  order_id: string
  txn_id: string
  txn_uuid: string
  status: TxnStatus
  status_id: number
  gateway: string
  created: string
  resp_code: string | null
  resp_message: string | null
  refunded: boolean
  payment_info: { payment_method_type: 'CARD'; payment_method: string; card: Card }
  payment?: Payment
  payment_gateway_response: GatewayResponse
  refunds: RefundEntry[]
}

/** What to do after a start, a submit or a resend. */
export type NextStep =
  /** Ask the customer for the OTP; `params` say what is still allowed. */
  | { kind: 'otp'; params: ChallengeParams }
  /** Send the customer's browser to `url`; they come back to the order's `return_url`. */
  | { kind: 'redirect'; url: string }
  /** The bank has not decided: ask for the order's status until it has. */
  | { kind: 'wait' }
  /** The payment has its end; held money still waits to be captured or voided. */
  | { kind: 'finished'; status: FinalStatus }

/** What a payment can still leave by itself, or by the customer. */
type OpenStatus = 'STARTED' | 'PENDING_VBV' | 'AUTHORIZING' | 'CAPTURE_INITIATED' | 'VOID_INITIATED'

/** The statuses that a payment leaves only when the merchant wants it so, or by late news. */
export type FinalStatus = Exclude<TxnStatus, OpenStatus>

/** What to do next with a payment, read from any answer about it. */
export function nextStep(answer: Pick<StartAnswer, 'status' | 'payment'>): NextStep {
  switch (answer.status) {
    case 'PENDING_VBV':
      return answer.payment ? customersTurn(answer.payment) : { kind: 'wait' }
    case 'STARTED':
    case 'AUTHORIZING':
    case 'CAPTURE_INITIATED':
    case 'VOID_INITIATED':
      return { kind: 'wait' }
    default:
      return { kind: 'finished', status: answer.status }
  }
}

function customersTurn({ authentication: { params, url } }: Payment): NextStep {
  if (!params) return { kind: 'redirect', url }
  const open = params.submit_otp_allowed || params.resend_otp_allowed
  return open ? { kind: 'otp', params } : { kind: 'redirect', url: params.fallback_url }
}
