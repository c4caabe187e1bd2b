import type { Verdict } from './gateway.ts'

/** Whose no something is, and our word for it. */
export type Refusal = Pick<Extract<Verdict, { kind: 'failed' }>, 'by' | 'code'>

const wrongOtp: Refusal = { by: 'customer', code: 'OTP_ATTEMPTS_EXCEEDED' }
const unproven: Refusal = { by: 'customer', code: 'AUTHENTICATION_FAILED' }
const tooLate: Refusal = { by: 'customer', code: 'TXN_EXPIRED' }
const issuerDown: Refusal = { by: 'bank', code: 'ISSUER_DOWN' }
const gatewayDown: Refusal = { by: 'gateway', code: 'GATEWAY_ERROR' }
const declined: Refusal = { by: 'bank', code: 'BANK_DECLINED' }
const noFunds: Refusal = { by: 'bank', code: 'INSUFFICIENT_BALANCE' }
const ourMistake: Refusal = { by: 'gateway', code: 'TXN_FAILURE' }

/** Razorpay's reasons that end a payment; all others leave it open or are not known. */
const refusals: Readonly<Record<string, Refusal>> = {
  incorrect_otp: wrongOtp,
  invalid_otp: wrongOtp,
  otp_attempts_exceeded: wrongOtp,
  otp_expired: { by: 'customer', code: 'OTP_EXPIRED' },
  authentication_failed: unproven,
  card_not_enrolled: unproven,
  card_disabled_for_online_payments: unproven,
  payment_cancelled: { by: 'customer', code: 'USER_DECLINED' },
  payment_timed_out: tooLate,
  payment_session_expired: tooLate,
  bank_not_available: issuerDown,
  bank_technical_error: issuerDown,
  bank_cutoff_in_progress: issuerDown,
  issuer_technical_error: issuerDown,
  gateway_technical_error: gatewayDown,
  server_error: gatewayDown,
  card_declined: declined,
  payment_failed: declined,
  debit_instrument_blocked: declined,
  debit_instrument_inactive: declined,
  transaction_limit_exceeded: declined,
  transaction_daily_limit_exceeded: declined,
  incorrect_cvv: declined,
  card_expired: declined,
  incorrect_card_details: declined,
  card_number_invalid: declined,
  insufficient_fund: noFunds,
  insufficient_funds: noFunds,
  payment_risk_check_failed: { by: 'gateway', code: 'RISK_DECLINED' },
  invalid_order_id: ourMistake,
  order_amount_mismatch: ourMistake,
  input_validation_failed: ourMistake,
  mobile_number_invalid: ourMistake,
}

/** Reasons that say no and leave it open what became of the payment. */
const undecided = new Set([
  'request_timed_out',
  'payment_pending',
  'order_already_paid',
  'duplicate_request',
])

/** Whose refusal one for a reason never seen before is, by the step in which it came. */
const refusalsByStep: Readonly<Record<string, Refusal>> = {
  payment_initiation: ourMistake,
  card_enrollment_check: ourMistake,
  payment_authentication: unproven,
  payment_authorization: declined,
  payment_capture: declined,
}

/** The refusal that a reason is; `undefined` when it leaves the payment open, or is not known. */
export function refusalFor(reason = '', step = ''): Refusal | undefined {
  const found = Object.hasOwn(refusals, reason) ? refusals[reason] : undefined
  const isAtBank = step === 'payment_authentication' || step === 'payment_authorization'
  return found?.by === 'gateway' && isAtBank ? { ...found, by: 'bank' } : found
}

/** The refusal that a reason is, or is likely to be by its step when it was never seen before. */
export function refusalLike(reason = '', step = ''): Refusal | undefined {
  if (undecided.has(reason)) return undefined
  const byStep = Object.hasOwn(refusalsByStep, step) ? refusalsByStep[step] : undefined
  return refusalFor(reason, step) ?? byStep
}

/**
 * Whether a refusal ends the payment by itself. Trouble of a bank, of Razorpay or of ours does not:
 * the payment's record has to be asked, and another account may do better.
 */
export function isLastWord({ code }: Refusal): boolean {
  return code !== 'ISSUER_DOWN' && code !== 'GATEWAY_ERROR' && code !== 'TXN_FAILURE'
}
