import { type CallOptions, call, type Line } from './call.ts'
import type { CaptureRequest, HeldAnswer, VoidRequest } from './held.ts'
import type {
  ResendOtpRequest,
  StartAnswer,
  StartPaymentRequest,
  SubmitAnswer,
  SubmitOtpRequest,
} from './payment.ts'
import type { RefundAnswer, RefundTxnRequest } from './refund.ts'

/** The calls of payments. */
export interface PaymentCalls {
  /** Starts a payment of an order; `nextStep` tells how it goes on. */
  startPayment(payment: StartPaymentRequest, options?: CallOptions): Promise<StartAnswer>
  /** Puts the customer's OTP to the bank. Every call that reaches the server may be an attempt. */
  submitOtp(submission: SubmitOtpRequest, options?: CallOptions): Promise<SubmitAnswer>
  /** Has the OTP sent again; the one before is no longer right. */
  resendOtp(challenge: ResendOtpRequest, options?: CallOptions): Promise<StartAnswer>
  /** Takes held money: all of it, or a part. */
  captureTxn(capture: CaptureRequest, options?: CallOptions): Promise<HeldAnswer>
  /** Releases held money of which nothing is taken. */
  voidTxn(txn: VoidRequest, options?: CallOptions): Promise<HeldAnswer>
  /** The same of one txn, where it is the txn that is known; the answer is the refund. */
  refundTxn(refund: RefundTxnRequest, options?: CallOptions): Promise<RefundAnswer>
}

/** {@link PaymentCalls} by this line. */
export function paymentCalls(line: Line): PaymentCalls {
  const { merchantId } = line
  return {
    startPayment: (payment, how) => {
      const { card_number, card_security_code, card_token } = payment
      const filledIn = { merchant_id: merchantId, payment_method_type: 'CARD', format: 'json' }
      const body = { ...payment, ...filledIn }
      const secrets = [card_number, card_security_code, card_token]
      return call(line, { method: 'POST', path: '/txns', body, secrets }, how)
    },
    submitOtp: ({ id, challenge_id, otp, auto_capture }, how) => {
      const body = { challenge_id, 'answer.otp': otp, auto_capture }
      const path = `${pathOf(id)}/authenticate`
      return call(line, { method: 'POST', path, body, secrets: [otp] }, how)
    },
    resendOtp: ({ id, challenge_id }, how) => {
      const path = `${pathOf(id)}/authenticate/${encodeURIComponent(challenge_id)}/resend`
      return call(line, { method: 'POST', path }, how)
    },
    captureTxn: ({ id, ...body }, how) =>
      call(line, { method: 'POST', path: `${pathOf(id)}/capture`, body }, how),
    voidTxn: ({ id }, how) => call(line, { method: 'POST', path: `${pathOf(id)}/void` }, how),
    refundTxn: (body, how) => call(line, { method: 'POST', path: '/refunds', body }, how),
  }
}

function pathOf(txnId: string): string {
  return `/v2/txns/${encodeURIComponent(txnId)}`
}
