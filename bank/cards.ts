import type { Mood } from './mood.ts'

/** A card this bank issued. */
export interface TestCard {
  number: string
  network: 'VISA' | 'MASTERCARD' | 'RUPAY' | 'AMEX' | 'MAESTRO'
  mood: Mood
  /** The OTP of every send; undefined: a fresh one each time, in the inbox. */
  otp?: string
}

/**
 * The bank's test cards. Any other number with a right check digit works like `ok`.
 * The first six are documented for Juspay's and HDFC SmartGateway's sandboxes. Numbers with a mood
 * follow one scheme: 4000 00NN 0000 000c, NN counting the moods, c the check digit.
 */
export const testCards: readonly TestCard[] = [
  { number: '4242424242424242', network: 'VISA', mood: 'ok', otp: '123456' },
  { number: '4012000000001097', network: 'VISA', mood: 'ok', otp: '000000' },
  { number: '5204730541000464', network: 'MASTERCARD', mood: 'ok', otp: '000000' },
  { number: '4111111111111111', network: 'VISA', mood: 'ok' },
  { number: '5299920210000277', network: 'MASTERCARD', mood: 'ok' },
  { number: '5299920000000149', network: 'MASTERCARD', mood: 'ok' },
  { number: '5555555555554444', network: 'MASTERCARD', mood: 'ok' },
  { number: '6074820000000009', network: 'RUPAY', mood: 'ok' },
  { number: '378282246310005', network: 'AMEX', mood: 'ok' },
  { number: '6759649826438453', network: 'MAESTRO', mood: 'ok' },
  { number: '4000000100000001', network: 'VISA', mood: 'otp_wrong' },
  { number: '4000000200000000', network: 'VISA', mood: 'late_sms' },
  { number: '4000000300000009', network: 'VISA', mood: 'no_sms' },
  { number: '4000000400000008', network: 'VISA', mood: 'otp_expired' },
  { number: '4000000500000007', network: 'VISA', mood: 'locked' },
  { number: '4000000600000006', network: 'VISA', mood: 'ineligible' },
  { number: '4000000700000005', network: 'VISA', mood: 'insufficient_funds' },
  { number: '4000000800000004', network: 'VISA', mood: 'start_declined' },
  { number: '4000000900000003', network: 'VISA', mood: 'resend_too_soon' },
  { number: '4000001000000000', network: 'VISA', mood: 'charged_then_timeout' },
  { number: '4000001100000009', network: 'VISA', mood: 'charged_then_reset' },
  { number: '4000001200000008', network: 'VISA', mood: 'start_timeout' },
  { number: '4000001300000007', network: 'VISA', mood: 'timeout_before' },
  { number: '4000001400000006', network: 'VISA', mood: 'reset_before' },
  { number: '4000001500000005', network: 'VISA', mood: 'slow' },
  { number: '4000001600000004', network: 'VISA', mood: 'http_500' },
  { number: '4000001700000003', network: 'VISA', mood: 'garbage' },
  { number: '4000001800000002', network: 'VISA', mood: 'html' },
  { number: '4000001900000001', network: 'VISA', mood: 'unknown_word' },
  { number: '4000002000000008', network: 'VISA', mood: 'rejected' },
  { number: '4000002100000007', network: 'VISA', mood: 'late_success' },
  { number: '4000002200000006', network: 'VISA', mood: 'capture_pending' },
  { number: '4000002300000005', network: 'VISA', mood: 'capture_declined' },
  { number: '4000002400000004', network: 'VISA', mood: 'void_pending' },
  { number: '4000002500000003', network: 'VISA', mood: 'void_declined' },
  { number: '4000002600000002', network: 'VISA', mood: 'refund_pending' },
  { number: '4000002700000001', network: 'VISA', mood: 'refund_stuck' },
  { number: '4000002800000000', network: 'VISA', mood: 'refund_declined' },
  { number: '4000002900000009', network: 'VISA', mood: 'timeout_after' },
  { number: '4000003000000006', network: 'VISA', mood: 'reset_after' },
  { number: '4000003100000005', network: 'VISA', mood: 'page_html' },
  { number: '4000003200000004', network: 'VISA', mood: 'callbacks' },
  { number: '4000003300000003', network: 'VISA', mood: 'callbacks_twice' },
  { number: '4000003400000002', network: 'VISA', mood: 'callbacks_reordered' },
  { number: '4000003500000001', network: 'VISA', mood: 'callbacks_forged' },
]

/** Whether a card number's check digit is right (ISO/IEC 7812, the Luhn formula). */
export function checkDigitIsRight(number: string): boolean {
  let sum = 0
  for (let place = 0; place < number.length; place++) {
    const digit = Number(number[number.length - 1 - place])
    const weighed = place % 2 === 1 ? digit * 2 : digit
    sum += weighed > 9 ? weighed - 9 : weighed
  }
  return sum % 10 === 0
}
