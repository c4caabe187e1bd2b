import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'

/** Everything the bank makes up, derived from one seed: the same calls make the same book. */
export interface Seed {
  /** The id of the n-th payment of the book. */
  paymentId(n: number): string
  /** The six digits of one SMS; `send` counts from 1. Derived when needed, so never stored. */
  otp(paymentId: string, send: number): string
  /** A keyed hash that recognises a card number or a BIN again without keeping it. */
  fingerprint(digits: string): string
  /** What a taken payment is known by among banks: 12 digits, and 6 letters and digits. */
  receipt(paymentId: string): { rrn: string; authCode: string }
  /** The id of the n-th refund of the book. */
  refundId(n: number): string
  /** The id of the n-th thing that is told of a payment. */
  eventId(paymentId: string, n: number): string
  /** The 23 digits by which banks trace a refund: its acquirer reference number. */
  arn(refundId: string): string
}

const otpCount = 1_000_000
// The part of the 32-bit numbers that divides evenly into OTPs; the rest would make some likelier.
const fairLimit = 2 ** 32 - (2 ** 32 % otpCount)

/** Builds the derivations of a seed. */
export function seedFrom(seed: string): Seed {
  const key = createSecretKey(seed, 'utf8')
  const hmac = (purpose: string, text: string) =>
    createHmac('sha256', key).update(`${purpose}\0${text}`).digest()
  return {
    paymentId: (n) => `pay_${hmac('payment', String(n)).toString('hex', 0, 12)}`,
    otp: (paymentId, send) => sixDigits(hmac('otp', `${paymentId}\0${send}`)),
    fingerprint: (digits) => hmac('fingerprint', digits).toString('base64url'),
    receipt: (paymentId) => {
      const digest = hmac('receipt', paymentId)
      const rrn = String(digest.readUIntBE(0, 6) % 1e12).padStart(12, '0')
      const authCode = (digest.readUInt32BE(6) % 36 ** 6).toString(36).padStart(6, '0')
      return { rrn, authCode: authCode.toUpperCase() }
    },
    refundId: (n) => `rfd_${hmac('refund', String(n)).toString('hex', 0, 12)}`,
    eventId: (paymentId, n) => `evt_${hmac('event', `${paymentId}\0${n}`).toString('hex', 0, 12)}`,
    arn: (refundId) => String(hmac('arn', refundId).readBigUInt64BE()).padStart(23, '0'),
  }
}

function sixDigits(digest: Buffer): string {
  let word = 0
  // Eight words: all of them unfair once in about 10^29 OTPs, when the last is taken as it is.
  for (let at = 0; at < digest.length; at += 4) {
    word = digest.readUInt32BE(at)
    if (word < fairLimit) break
  }
  return String(word % otpCount).padStart(6, '0')
}

/** Compares a guess with the right OTP in a time that tells nothing about either. */
export function sameOtp(guess: string, right: string): boolean {
  const length = Math.max(guess.length, right.length)
  return timingSafeEqual(Buffer.from(guess.padEnd(length)), Buffer.from(right.padEnd(length)))
}
