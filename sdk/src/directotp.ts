import { type CallOptions, call, type Line } from './call.ts'
import type { CaptureRequest, HeldAnswer, VoidRequest } from './held.ts'
import type { CreateOrderRequest, OrderAnswer, OrderNotFound, UpdateOrderRequest } from './order.ts'
import type {
  ResendOtpRequest,
  StartAnswer,
  StartPaymentRequest,
  SubmitAnswer,
  SubmitOtpRequest,
} from './payment.ts'
import type { RefundAnswer, RefundOrderRequest, RefundTxnRequest } from './refund.ts'

// biome-ignore-start lint/performance/noBarrelFile: the package has one door, and this is it.
export type { CallOptions } from './call.ts'
export {
  ConnectionError,
  DirectOtpError,
  RefusedError,
  type RefusedField,
  ServerError,
  TimeoutError,
} from './error.ts'
export type * from './held.ts'
export type * from './order.ts'
export type * from './payment.ts'
export { nextStep } from './payment.ts'
export type * from './refund.ts'
export { type Returned, verifyReturn } from './return.ts'
export {
  verifyWebhook,
  type Webhook,
  type WebhookHeaders,
  type WebhookName,
  type WebhookTxn,
} from './webhook.ts'
// biome-ignore-end lint/performance/noBarrelFile: see above

/** Where the server is, and who is calling. */
export interface DirectOtpOptions {
  /** The server's address without a path: `https://pay.example.com`. */
  baseUrl: string
  apiKey: string
  merchantId: string
  /** How long to wait for an answer, in milliseconds; 50,000 when absent. */
  timeoutMs?: number
  /** The `x-routing-id` of calls that name none. */
  routingId?: string
  /** Another `fetch`, for proxies and tests. */
  fetch?: typeof fetch
}

/**
 * The calls of a Direct OTP payment and of what comes after it. Each throws a `DirectOtpError` when
 * it brings no answer.
 */
export interface DirectOtp {
  /** Creates an order; the same order once more answers the one that is there. */
  createOrder(order: CreateOrderRequest, options?: CallOptions): Promise<OrderAnswer>
  /** Changes an order that is not paid. */
  updateOrder(
    orderId: string,
    change: UpdateOrderRequest,
    options?: CallOptions,
  ): Promise<OrderAnswer>
  /** How an order stands: the one truth about whether it is paid. */
  orderStatus(orderId: string, options?: CallOptions): Promise<OrderAnswer | OrderNotFound>
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
  /** Gives money of an order back; the answer is the order, with the refund as `PENDING`. */
  refundOrder(
    orderId: string,
    refund: RefundOrderRequest,
    options?: CallOptions,
  ): Promise<OrderAnswer>
  /** The same of one txn, where it is the txn that is known; the answer is the refund. */
  refundTxn(refund: RefundTxnRequest, options?: CallOptions): Promise<RefundAnswer>
}

/**
 * Longer than the server's own longest wait: 5 s for its turn and 30 s for a bank. So a time-out is
 * a broken connection, hardly ever a slow bank.
 */
const defaultTimeoutMs = 50_000

/** The client of one server, for one merchant. For backends: no API key ever goes to a browser. */
export function directotp(options: DirectOtpOptions): DirectOtp {
  const { merchantId } = options
  const line: Line = {
    baseUrl: options.baseUrl.replace(/\/+$/, ''),
    merchantId,
    authorization: `Basic ${Buffer.from(`${options.apiKey}:`).toString('base64')}`,
    timeoutMs: options.timeoutMs ?? defaultTimeoutMs,
    routingId: options.routingId,
    fetch: options.fetch ?? fetch,
  }
  return {
    createOrder: (body, how) => call(line, { method: 'POST', path: '/orders', body }, how),
    updateOrder: (orderId, body, how) =>
      call(line, { method: 'POST', path: `/orders/${encodeURIComponent(orderId)}`, body }, how),
    orderStatus: (orderId, how) =>
      call(line, { method: 'GET', path: `/orders/${encodeURIComponent(orderId)}` }, how),
    startPayment: (payment, how) => {
      const { card_number, card_security_code, card_token } = payment
      const filledIn = { merchant_id: merchantId, payment_method_type: 'CARD', format: 'json' }
      const body = { ...payment, ...filledIn }
      const secrets = [card_number, card_security_code, card_token]
      return call(line, { method: 'POST', path: '/txns', body, secrets }, how)
    },
    submitOtp: ({ id, challenge_id, otp, auto_capture }, how) => {
      const body = { challenge_id, 'answer.otp': otp, auto_capture }
      const path = `/v2/txns/${encodeURIComponent(id)}/authenticate`
      return call(line, { method: 'POST', path, body, secrets: [otp] }, how)
    },
    resendOtp: ({ id, challenge_id }, how) => {
      const txn = `/v2/txns/${encodeURIComponent(id)}`
      const path = `${txn}/authenticate/${encodeURIComponent(challenge_id)}/resend`
      return call(line, { method: 'POST', path }, how)
    },
    captureTxn: ({ id, ...body }, how) => {
      const path = `/v2/txns/${encodeURIComponent(id)}/capture`
      return call(line, { method: 'POST', path, body }, how)
    },
    voidTxn: ({ id }, how) =>
      call(line, { method: 'POST', path: `/v2/txns/${encodeURIComponent(id)}/void` }, how),
    refundOrder: (orderId, body, how) => {
      const path = `/orders/${encodeURIComponent(orderId)}/refunds`
      return call(line, { method: 'POST', path, body }, how)
    },
    refundTxn: (body, how) => call(line, { method: 'POST', path: '/refunds', body }, how),
  }
}
