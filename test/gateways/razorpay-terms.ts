import type { FakeCards } from './fake.ts'
import type { Trouble } from './razorpay-book.ts'

/** What the fake takes for an account of its own. */
export const credentials = {
  key_id: 'rzp_test_fake',
  key_secret: 'fake_key_secret',
  webhook_secret: 'fake_webhook_secret',
}

/** By what becomes of them; the first two are as Razorpay publishes them. */
export const cards: FakeCards = {
  good: '5267318187975449',
  noOtp: '4386289407660153',
  downAtStart: '5267318100000010',
  downAtSubmit: '5267318200000019',
  declined: '4100280000060003',
  lateSuccess: '5267318300000018',
}

/** The OTP of every challenge, and one that is none. */
export const otp = { right: '482913', wrong: '000001' }

/** What the fake puts up with. */
export const limits = { attempts: 3, sends: 3, resendAfterMs: 30_000 }

/** A wrong OTP. */
export const wrongOtp: Trouble = {
  code: 'BAD_REQUEST_ERROR',
  description: 'Payment processing failed because of incorrect OTP',
  source: 'customer',
  step: 'payment_authentication',
  reason: 'incorrect_otp',
}

/** The last wrong OTP. */
export const tooManyGuesses: Trouble = {
  ...wrongOtp,
  description: 'The OTP was wrong too often',
  reason: 'otp_attempts_exceeded',
}

/** A bank that can't be reached before an OTP is sent. */
export const issuerDown: Trouble = {
  code: 'GATEWAY_ERROR',
  description: 'The bank of the card is not available',
  source: 'issuer_bank',
  step: 'card_enrollment_check',
  reason: 'bank_not_available',
}

/** A bank that fell silent after the right OTP. */
export const issuerFell: Trouble = {
  code: 'GATEWAY_ERROR',
  description: 'The bank of the card gave no sound answer',
  source: 'issuer_bank',
  step: 'payment_authorization',
  reason: 'bank_technical_error',
}

/** A bank that says no after the right OTP. */
export const cardDeclined: Trouble = {
  code: 'BAD_REQUEST_ERROR',
  description: 'The bank declined the card',
  source: 'issuer_bank',
  step: 'payment_authorization',
  reason: 'card_declined',
}

/** A bank that has not decided. */
export const notYetKnown: Trouble = {
  ...issuerFell,
  description: 'The payment is not decided yet',
  reason: 'payment_pending',
}

/** A card without native OTP. */
export const notApplicable: Trouble = {
  code: 'BAD_REQUEST_ERROR',
  description: 'otp authentication type is not applicable on the given card',
  source: 'business',
  step: 'payment_initiation',
  reason: 'input_validation_failed',
}
