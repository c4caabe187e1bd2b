import { test } from 'node:test'
import type { Type } from 'typebox'
import type {
  CaptureRequest as Capture,
  CreateOrderRequest,
  HeldAnswer,
  OrderAnswer,
  OrderNotFound,
  RefundAnswer,
  RefundOrderRequest,
  RefundTxnRequest,
  StartAnswer,
  StartPaymentRequest,
  SubmitAnswer,
  SubmitOtpRequest,
  UpdateOrderRequest,
  Webhook,
} from '../sdk/src/directotp.ts'
import type { OrderRequest } from '../src/wire/order-request.ts'
import type { NotFoundBody, OrderBody } from '../src/wire/order-view.ts'
import type { NamedRefundRequest, RefundRequest } from '../src/wire/refund-request.ts'
import type { RefundBody } from '../src/wire/refund-view.ts'
import type { CaptureRequest, StartRequest, SubmitRequest } from '../src/wire/txn-request.ts'
import type { ProcessBody, StartBody } from '../src/wire/txn-view.ts'
import type { webhookBody } from '../src/wire/webhook-view.ts'

/** Intersections and interfaces spelt out, so that only the members are compared. */
type Plain<T> = T extends object ? { [K in keyof T]: Plain<T[K]> } : T

/** `true` only for types that are the same to the last `?`. */
type Equal<A, B> =
  (<T>() => T extends Plain<A> ? 1 : 2) extends <T>() => T extends Plain<B> ? 1 : 2 ? true : false

/** Does not compile for anything but `true`. */
type Holds<T extends true> = T

/** The names of everything that a request can say. */
type Names<T> = keyof T & string

/** What the client fills in itself. */
type FilledIn = 'merchant_id' | 'payment_method_type' | 'format'

/** What the wire calls otherwise than the client does: in the path, or by a dotted name. */
type WireSubmit = Omit<SubmitOtpRequest, 'id' | 'otp'> & { 'answer.otp': SubmitOtpRequest['otp'] }

/** Every value travels as text, or as the text of a number or a flag. */
type Sendable<T> = Exclude<T[keyof T], string | number | boolean | undefined>

/** The answer of capture and void: both objects in one, the order's keys first. */
type HeldBody = Omit<Type.Static<typeof ProcessBody>, keyof Type.Static<typeof OrderBody>> &
  Type.Static<typeof OrderBody>

type Sent = ReturnType<typeof webhookBody>

export type AnswersAreTheServers = [
  Holds<Equal<OrderAnswer, Type.Static<typeof OrderBody>>>,
  Holds<Equal<OrderNotFound, Type.Static<typeof NotFoundBody>>>,
  Holds<Equal<StartAnswer, Type.Static<typeof StartBody>>>,
  Holds<Equal<SubmitAnswer, Type.Static<typeof ProcessBody>>>,
  Holds<Equal<HeldAnswer, HeldBody>>,
  Holds<Equal<RefundAnswer, Type.Static<typeof RefundBody>>>,
  // Here an id is a text like any other.
  Holds<Equal<Omit<Webhook, 'content' | 'id'>, Omit<Sent, 'content' | 'id'>>>,
  Holds<Equal<Webhook['content']['order'], Sent['content']['order']>>,
  Holds<Equal<Names<Webhook['content']>, Names<Sent['content']>>>,
]

// `metadata` stands for the wire's `metadata.*`; the merchant id travels in a header.
type WireOrder = Omit<Type.Static<typeof OrderRequest>, 'merchant_id' | `metadata.${string}`>

type WireRefund = Omit<Type.Static<typeof RefundRequest>, 'merchant_id'>
type WireNamedRefund = Omit<Type.Static<typeof NamedRefundRequest>, 'merchant_id'>

export type RequestsAreTheServers = [
  Holds<Equal<Exclude<Names<CreateOrderRequest>, 'metadata'>, Names<WireOrder>>>,
  Holds<Equal<Exclude<Names<UpdateOrderRequest>, 'metadata'> | 'order_id', Names<WireOrder>>>,
  Holds<Equal<Names<StartPaymentRequest> | FilledIn, Names<Type.Static<typeof StartRequest>>>>,
  Holds<Equal<Names<WireSubmit>, Names<Type.Static<typeof SubmitRequest>>>>,
  Holds<Equal<Names<Omit<Capture, 'id'>>, Names<Type.Static<typeof CaptureRequest>>>>,
  Holds<Equal<Exclude<Names<RefundOrderRequest>, 'metadata'>, Names<WireRefund>>>,
  Holds<Equal<Exclude<Names<RefundTxnRequest>, 'metadata'>, Names<WireNamedRefund>>>,
  Holds<Equal<Sendable<Capture>, never>>,
  Holds<Equal<Sendable<Omit<RefundTxnRequest, 'metadata'>>, never>>,
  Holds<Equal<Sendable<Omit<CreateOrderRequest, 'metadata'>>, never>>,
  Holds<Equal<Sendable<Omit<UpdateOrderRequest, 'metadata'>>, never>>,
  Holds<Equal<Sendable<StartPaymentRequest>, never>>,
  Holds<Equal<Sendable<WireSubmit>, never>>,
]

test("the client's types are the server's: the compiler has looked", () => {})
