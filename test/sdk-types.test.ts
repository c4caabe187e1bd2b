import { test } from 'node:test'
import type { Type } from 'typebox'
import type {
  AddCardRequest,
  AddedCard,
  BrowserDirectOtp,
  CaptureRequest as Capture,
  CardBin,
  CardBinChecks,
  CardFingerprint,
  CardList,
  CardTokenAnswer,
  CreateCustomerRequest,
  CreateOrderRequest,
  Customer,
  DeletedCard,
  FulfillmentRequest as Fulfill,
  FulfillmentAnswer,
  HeldAnswer,
  List,
  ListCardsRequest,
  NamedCard,
  OrderAnswer,
  OrderNotFound,
  OrderStatusWants,
  Page,
  PaymentMethods,
  RefundAnswer,
  RefundOrderRequest,
  RefundTxnRequest,
  SavedMethods,
  SessionAnswer,
  SessionRequest,
  StartAnswer,
  StartPaymentRequest,
  SubmitAnswer,
  SubmitOtpRequest,
  TokenizeCardRequest,
  UpdateCardRequest,
  UpdateCustomerRequest,
  UpdatedCard,
  UpdateOrderRequest,
  WantsClientToken,
} from '../sdk/src/directotp.ts'
import type { OrderWebhook, OutageWebhook } from '../sdk/src/webhook.ts'
import type { OrderOptions } from '../src/api/orders.ts'
import type { BinBody, BinQuery } from '../src/wire/bin-view.ts'
import type {
  AddedCardBody,
  CardsBody,
  DeletedCardBody,
  FingerprintBody,
  TokenBody,
  UpdatedCardBody,
} from '../src/wire/card-list-view.ts'
import type {
  CardsQuery,
  DeleteCardRequest,
  TokenizeRequest,
  AddCardRequest as WireAddCard,
  UpdateCardRequest as WireUpdateCard,
} from '../src/wire/card-request.ts'
import type { CustomerRequest } from '../src/wire/customer-request.ts'
import type { CustomerBody, CustomerList } from '../src/wire/customer-view.ts'
import type { FulfillmentBody, FulfillmentRequest } from '../src/wire/fulfillment.ts'
import type { OrderList, OrderListQuery } from '../src/wire/order-list-view.ts'
import type { OrderRequest } from '../src/wire/order-request.ts'
import type { NotFoundBody, OrderBody, OrderShown } from '../src/wire/order-view.ts'
import type { MethodsBody, SavedMethodsBody } from '../src/wire/payment-methods-view.ts'
import type { NamedRefundRequest, RefundRequest } from '../src/wire/refund-request.ts'
import type { RefundBody } from '../src/wire/refund-view.ts'
import type { SessionRequest as WireSession } from '../src/wire/session-request.ts'
import type { SessionBody } from '../src/wire/session-view.ts'
import type { CaptureRequest, PayRequest, SubmitRequest } from '../src/wire/txn-request.ts'
import type { ProcessBody, StartShown } from '../src/wire/txn-view.ts'
import type { outageWebhookBody, webhookBody } from '../src/wire/webhook-view.ts'

/** Intersections and interfaces spelt out, so that only the members are compared. */
type Plain<T> = T extends object ? { [K in keyof T]: Plain<T[K]> } : T

/** `true` only for types that are the same to the last `?`. */
type Equal<A, B> =
  (<T>() => T extends Plain<A> ? 1 : 2) extends <T>() => T extends Plain<B> ? 1 : 2 ? true : false

/** What a schema says of an object. */
type Body<T extends Type.TSchema> = Type.Static<T>

/** Does not compile for anything but `true`. */
type Holds<T extends true> = T

/** The names of everything that a request can say. */
type Names<T> = keyof T & string

/** What the client fills in itself. */
type FilledIn = 'merchant_id' | 'payment_method_type' | 'format' | 'client_auth_token'

/** What the wire calls otherwise than the client does: in the path, or by a dotted name. */
type WireSubmit = Omit<SubmitOtpRequest, 'id' | 'otp'> & { 'answer.otp': SubmitOtpRequest['otp'] }

/** Every value travels as text, or as the text of a number or a flag. */
type Sendable<T> = Exclude<T[keyof T], string | number | boolean | undefined>

/** The answer of capture and void: both objects in one, the order's keys first. */
type HeldBody = Omit<Body<typeof ProcessBody>, keyof Body<typeof OrderBody>> &
  Body<typeof OrderBody>

type Sent = ReturnType<typeof webhookBody>
type SentOutage = ReturnType<typeof outageWebhookBody>

/** The client asks for no older version, so nothing is left out of what it is shown. */
type Shown<Whole, WithToken> = Whole & Pick<WithToken, keyof WithToken & 'juspay'>

export type AnswersAreTheServers = [
  Holds<Equal<OrderAnswer, Shown<Body<typeof OrderBody>, Body<typeof OrderShown>>>>,
  Holds<Equal<OrderNotFound, Body<typeof NotFoundBody>>>,
  Holds<Equal<StartAnswer, Body<typeof StartShown>>>,
  Holds<Equal<SubmitAnswer, Body<typeof ProcessBody>>>,
  Holds<Equal<Omit<HeldAnswer, 'juspay'>, HeldBody>>,
  Holds<Equal<RefundAnswer, Body<typeof RefundBody>>>,
  Holds<Equal<SessionAnswer, Body<typeof SessionBody>>>,
  Holds<Equal<FulfillmentAnswer, Body<typeof FulfillmentBody>>>,
  Holds<Equal<Customer, Body<typeof CustomerBody>>>,
  Holds<Equal<List<Customer>, Body<typeof CustomerList>>>,
  Holds<Equal<CardList, Body<typeof CardsBody>>>,
  Holds<Equal<CardTokenAnswer, Body<typeof TokenBody>>>,
  Holds<Equal<AddedCard, Body<typeof AddedCardBody>>>,
  Holds<Equal<UpdatedCard, Body<typeof UpdatedCardBody>>>,
  Holds<Equal<DeletedCard, Body<typeof DeletedCardBody>>>,
  Holds<Equal<CardFingerprint, Body<typeof FingerprintBody>>>,
  Holds<Equal<CardBin, Body<typeof BinBody>>>,
  Holds<Equal<PaymentMethods, Body<typeof MethodsBody>>>,
  Holds<Equal<SavedMethods, Body<typeof SavedMethodsBody>>>,
  Holds<Equal<Names<List<OrderAnswer>>, Names<Body<typeof OrderList>>>>,
  // Here an id is a text like any other.
  Holds<Equal<Omit<OrderWebhook, 'content' | 'id'>, Omit<Sent, 'content' | 'id'>>>,
  Holds<Equal<OrderWebhook['content']['order'], Sent['content']['order']>>,
  Holds<Equal<Names<OrderWebhook['content']>, Names<Sent['content']>>>,
  Holds<Equal<Omit<OutageWebhook, 'id'>, Omit<SentOutage, 'id'>>>,
]

// `metadata` stands for the wire's `metadata.*`; the merchant id travels in a header.
type WireOrder = Omit<Body<typeof OrderRequest>, 'merchant_id' | `metadata.${string}`>

type WireRefund = Omit<Body<typeof RefundRequest>, 'merchant_id'>
type WireNamedRefund = Omit<Body<typeof NamedRefundRequest>, 'merchant_id'>

type WantsToken = keyof WantsClientToken
type OfOrder = `order.${string}`

/** The order inside a payment; its merchant is the payment's. */
type OrderOfPay = Exclude<Extract<Said<typeof PayRequest>, OfOrder>, 'order.merchant_id'>

/** What a request of the server can say that is not filled in by the client. */
type Said<T extends Type.TSchema> = Exclude<Names<Body<T>>, FilledIn>

export type RequestsAreTheServers = [
  Holds<Equal<Exclude<Names<CreateOrderRequest>, 'metadata' | WantsToken>, Names<WireOrder>>>,
  Holds<
    Equal<
      Exclude<Names<UpdateOrderRequest>, 'metadata' | WantsToken> | 'order_id',
      Names<WireOrder>
    >
  >,
  Holds<
    Equal<Exclude<Names<StartPaymentRequest>, 'order'>, Exclude<Said<typeof PayRequest>, OfOrder>>
  >,
  Holds<Equal<`order.${Exclude<Names<CreateOrderRequest>, 'metadata'>}`, OrderOfPay>>,
  Holds<Equal<StartPaymentRequest['gateway_id'], CreateOrderRequest['gateway_id']>>,
  Holds<Equal<Names<WireSubmit>, Said<typeof SubmitRequest>>>,
  Holds<Equal<Names<OrderStatusWants>, Names<typeof OrderOptions>>>,
  Holds<Equal<Exclude<Names<SessionRequest>, 'metadata'>, Said<typeof WireSession>>>,
  Holds<Equal<Names<Fulfill>, Said<typeof FulfillmentRequest>>>,
  Holds<Equal<Names<CreateCustomerRequest>, Said<typeof CustomerRequest>>>,
  Holds<Equal<Names<UpdateCustomerRequest> | 'object_reference_id', Said<typeof CustomerRequest>>>,
  Holds<Equal<Names<TokenizeCardRequest>, Said<typeof TokenizeRequest>>>,
  Holds<Equal<Names<AddCardRequest>, Said<typeof WireAddCard>>>,
  Holds<Equal<Names<ListCardsRequest>, Said<typeof CardsQuery>>>,
  Holds<Equal<Names<UpdateCardRequest>, Said<typeof WireUpdateCard>>>,
  Holds<Equal<Names<NamedCard>, Said<typeof DeleteCardRequest>>>,
  Holds<Equal<Names<CardBinChecks>, Said<typeof BinQuery>>>,
  Holds<Equal<Names<Page>, Said<typeof OrderListQuery>>>,
  Holds<Equal<Names<Omit<Capture, 'id'>>, Names<Body<typeof CaptureRequest>>>>,
  Holds<Equal<Exclude<Names<RefundOrderRequest>, 'metadata'>, Names<WireRefund>>>,
  Holds<Equal<Exclude<Names<RefundTxnRequest>, 'metadata'>, Names<WireNamedRefund>>>,
  Holds<Equal<Sendable<Capture>, never>>,
  Holds<Equal<Sendable<Omit<RefundTxnRequest, 'metadata'>>, never>>,
  Holds<Equal<Sendable<Omit<CreateOrderRequest, 'metadata'>>, never>>,
  Holds<Equal<Sendable<Omit<UpdateOrderRequest, 'metadata'>>, never>>,
  Holds<Equal<Sendable<Omit<StartPaymentRequest, 'order'>>, never>>,
  Holds<Equal<Sendable<WireSubmit>, never>>,
]

/** What a browser's client can say in an argument of a call. */
type Browsers<
  Call extends 'startPayment' | 'submitOtp' | 'orderStatus',
  At extends 0 | 1 = 0,
> = Names<NonNullable<Parameters<BrowserDirectOtp[Call]>[At]>>

/** What a client token may not say, a browser's client does not offer. */
export type BrowsersSayLess = [
  Holds<
    Equal<
      Exclude<Said<typeof PayRequest>, Browsers<'startPayment'> | OfOrder>,
      'gateway_id' | 'auth_account_id'
    >
  >,
  Holds<Equal<Exclude<Names<SubmitOtpRequest>, Browsers<'submitOtp'>>, 'auto_capture'>>,
  Holds<Equal<Exclude<Names<OrderStatusWants>, Browsers<'orderStatus', 1>>, WantsToken>>,
]

test("the client's types are the server's: the compiler has looked", () => {})
