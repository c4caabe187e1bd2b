import type { Caller, CallOptions, Line } from './call.ts'
import type { CardList, ListCardsRequest } from './card.ts'
import { type CardCalls, cardCalls, type MethodCalls, methodCalls } from './card-calls.ts'
import type { WantsClientToken } from './client-token.ts'
import { type CustomerCalls, customerCalls } from './customer-calls.ts'
import type { OrderAnswer, OrderNotFound, OrderStatusWants } from './order.ts'
import { type OrderCalls, orderCalls } from './order-calls.ts'
import type { StartAnswer, StartPaymentRequest, SubmitAnswer, SubmitOtpRequest } from './payment.ts'
import { type PaymentCalls, paymentCalls } from './payment-calls.ts'

// biome-ignore-start lint/performance/noBarrelFile: the package has one door, and this is it.
export type { CallOptions } from './call.ts'
export type * from './card.ts'
export type { CardCalls, MethodCalls } from './card-calls.ts'
export type * from './client-token.ts'
export type * from './customer.ts'
export type { CustomerCalls } from './customer-calls.ts'
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
export type { OrderCalls } from './order-calls.ts'
export type * from './order-request.ts'
export type * from './payment.ts'
export { nextStep } from './payment.ts'
export type { PaymentCalls } from './payment-calls.ts'
export type * from './refund.ts'
export type * from './session.ts'

// biome-ignore-end lint/performance/noBarrelFile: see above

interface AnyOptions {
  /** The server's address without a path: `https://pay.example.com`. */
  baseUrl: string
  merchantId: string
  /** How long to wait for an answer, in milliseconds; 50,000 when absent. */
  timeoutMs?: number
  /** The `x-routing-id` of calls that name none. */
  routingId?: string
  /** Another `fetch`, for proxies and tests. */
  fetch?: typeof fetch
}

/** Where the server is, and who is calling. */
export interface DirectOtpOptions extends AnyOptions {
  apiKey: string
}

/** The same in a customer's browser, which has a client token of their order in place of a key. */
export interface BrowserOptions extends AnyOptions {
  clientAuthToken: string
}

/**
 * The calls of a Direct OTP payment and of what comes before and after it. Each throws a
 * `DirectOtpError` when it brings no answer.
 */
export interface DirectOtp extends OrderCalls, PaymentCalls, MethodCalls {
  readonly customers: CustomerCalls
  readonly cards: CardCalls
}

/** The calls of a customer's browser: of its own order, and of its own customer's cards. */
export interface BrowserDirectOtp {
  orderStatus(
    orderId: string,
    wants?: Omit<OrderStatusWants, keyof WantsClientToken>,
    options?: CallOptions,
  ): Promise<OrderAnswer | OrderNotFound>
  startPayment(
    payment: Omit<StartPaymentRequest, 'order' | 'gateway_id' | 'auth_account_id'>,
    options?: CallOptions,
  ): Promise<StartAnswer>
  submitOtp(
    submission: Omit<SubmitOtpRequest, 'auto_capture'>,
    options?: CallOptions,
  ): Promise<SubmitAnswer>
  resendOtp: PaymentCalls['resendOtp']
  savedMethods: MethodCalls['savedMethods']
  readonly cards: Pick<CardCalls, 'tokenize'> & {
    /** Whose cards they are is told by the token. */
    list(of?: Partial<ListCardsRequest>, options?: CallOptions): Promise<CardList>
  }
}

/**
 * Longer than the server's own longest wait: 10 s until its turn and 30 s for a bank. So a time-out
 * is a broken connection, hardly ever a slow bank.
 */
const defaultTimeoutMs = 50_000

/** The client of one server, for one merchant. For backends: no API key ever goes to a browser. */
export function directotp(options: DirectOtpOptions): DirectOtp
/** The same for a browser, by a client token of one order or one customer. */
export function directotp(options: BrowserOptions): BrowserDirectOtp
/** Who calls is told by the options; the calls are the same. */
export function directotp(options: DirectOtpOptions | BrowserOptions): DirectOtp {
  const line: Line = {
    baseUrl: options.baseUrl.replace(/\/+$/, ''),
    merchantId: options.merchantId,
    caller: callerOf(options),
    timeoutMs: options.timeoutMs ?? defaultTimeoutMs,
    routingId: options.routingId,
    // A browser's own fetch wants to be called as a function of the window.
    fetch: options.fetch ?? ((...asked) => fetch(...asked)),
  }
  return {
    ...orderCalls(line),
    ...paymentCalls(line),
    ...methodCalls(line),
    customers: customerCalls(line),
    cards: cardCalls(line),
  }
}

function callerOf(options: DirectOtpOptions | BrowserOptions): Caller {
  if ('clientAuthToken' in options) return { clientAuthToken: options.clientAuthToken }
  return { authorization: `Basic ${btoa(`${options.apiKey}:`)}` }
}
