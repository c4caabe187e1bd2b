import { Type } from 'typebox'
import { isoSeconds } from '../clock.ts'
import { gatewayNamed } from '../gateways/catalog.ts'
import type { Said } from '../gateways/gateway.ts'
import type { Settings } from '../merchants/merchant.ts'
import type { Refund } from '../payments/refund.ts'
import {
  hasChallenge,
  resendAllowed,
  submitAllowed,
  type Txn,
  txnIdOnWire,
} from '../payments/txn.ts'
import { CardBody, cardBody } from './card-view.ts'
import { JuspayBody } from './client-token-view.ts'
import {
  FreeForm,
  RefundEntry,
  RefundShown,
  refundEntry,
  refundsAsOf,
  TextOrNull,
} from './refund-view.ts'
import { responseOf, shownStatus, TxnStatusText } from './status.ts'

const ChallengeParams = Type.Object({
  id: Type.String(),
  challenge_id: Type.String(),
  auth_type: Type.Literal('OTP'),
  auth_method: Type.Literal('OTP'),
  card_isin: Type.String(),
  card_issuer_bank_name: Type.String(),
  submit_otp_allowed: Type.Boolean(),
  resend_otp_allowed: Type.Boolean(),
  fallback_url: Type.String(),
  times_otp_sent: Type.Integer(),
  max_otp_send_limit: Type.Integer(),
  current_attempt: Type.Integer(),
  max_attempts: Type.Integer(),
})

const PaymentBody = Type.Object({
  authentication: Type.Object({
    method: Type.Union([Type.Literal('POST'), Type.Literal('GET')]),
    url: Type.String(),
    params: Type.Optional(ChallengeParams),
  }),
})

/** The answer of `/txns` and of resend: where the payment stands and how to go on. */
export const StartBody = Type.Object({
  order_id: Type.String(),
  txn_id: Type.String(),
  txn_uuid: Type.String(),
  status: TxnStatusText,
  status_id: Type.Integer(),
  resp_code: TextOrNull,
  resp_message: TextOrNull,
  payment: Type.Optional(PaymentBody),
  offer_details: Type.Object({ offers: Type.Array(FreeForm) }),
})

/** What the gateway said, in its own words. */
export const GatewayBody = Type.Object({
  created: Type.String(),
  txn_id: Type.String(),
  rrn: Type.String(),
  epg_txn_id: Type.String(),
  auth_id_code: Type.String(),
  resp_code: Type.String(),
  resp_message: Type.String(),
  gateway_response_map: FreeForm,
  gateway_response: Type.Optional(FreeForm),
})

/** The answer of Process OTP. */
export const ProcessBody = Type.Object({
  id: Type.String(),
  order_id: Type.String(),
  txn_id: Type.String(),
  txn_uuid: Type.String(),
  status: TxnStatusText,
  status_id: Type.Integer(),
  gateway: Type.String(),
  created: Type.String(),
  resp_code: TextOrNull,
  resp_message: TextOrNull,
  refunded: Type.Boolean(),
  payment_info: Type.Object({
    payment_method_type: Type.Literal('CARD'),
    payment_method: Type.String(),
    card: CardBody,
  }),
  payment: Type.Optional(PaymentBody),
  payment_gateway_response: GatewayBody,
  refunds: Type.Array(RefundEntry),
})

/** The answer of `/txns`: with a client token, where the order in it asked for one. */
export const StartShown = Type.Object({
  ...StartBody.properties,
  juspay: Type.Optional(JuspayBody),
})

/** The answer of Process OTP as a caller of any version may read it. */
export const ProcessShown = Type.Object({
  ...ProcessBody.properties,
  refunds: Type.Array(RefundShown),
})

/** What a view needs to know beyond the txn. */
export interface Viewing {
  readonly publicUrl: string
  readonly settings: Settings
  readonly now: number
  /** The version that the caller speaks, as `readVersion` gives it. */
  readonly version?: string | undefined
}

/** A txn as `/txns` and resend answer it. A txn that nobody can go on with has no `payment`. */
export function startBody(txn: Txn, viewing: Viewing): Type.Static<typeof StartBody> {
  return {
    order_id: txn.orderId,
    txn_id: txnIdOnWire(txn),
    txn_uuid: txn.id,
    ...shownStatus(txn),
    ...responseOf(txn.code),
    ...(txn.status === 'PENDING_VBV' && { payment: paymentBody(txn, viewing) }),
    offer_details: { offers: [] },
  }
}

/** A txn as Process OTP answers it. */
function processBody(
  txn: Txn,
  viewing: Viewing & { readonly refunds?: readonly Refund[] },
): Type.Static<typeof ProcessBody> {
  const { refunds = [] } = viewing
  return {
    id: txn.id,
    order_id: txn.orderId,
    txn_id: txnIdOnWire(txn),
    txn_uuid: txn.id,
    ...shownStatus(txn),
    gateway: gatewayNamed(txn.gateway).wireName,
    created: isoSeconds(txn.createdAt),
    ...responseOf(txn.code),
    refunded: refunds.length > 0,
    payment_info: {
      payment_method_type: 'CARD',
      payment_method: txn.card.brand,
      card: cardBody(txn.card),
    },
    ...(hasChallenge(txn) && { payment: paymentBody(txn, viewing) }),
    payment_gateway_response: gatewayBody(txn),
    refunds: refunds.map((refund) => refundEntry(refund, txn)),
  }
}

/** A txn as Process OTP answers it to a caller of some version. */
export function processShown(
  txn: Txn,
  viewing: Viewing & { readonly refunds?: readonly Refund[] },
): Type.Static<typeof ProcessShown> {
  const body = processBody(txn, viewing)
  return { ...body, refunds: refundsAsOf(viewing.version, body.refunds) }
}

/** The gateway's own words about a txn; `full`: all of them once more, together. */
export function gatewayBody(txn: Txn, full = false): Type.Static<typeof GatewayBody> {
  return {
    created: isoSeconds(txn.updatedAt),
    txn_id: txnIdOnWire(txn),
    rrn: txn.said.rrn ?? '',
    epg_txn_id: txn.said.ref ?? '',
    auth_id_code: txn.said.authCode ?? '',
    resp_code: txn.said.code ?? '',
    resp_message: txn.said.message ?? '',
    gateway_response_map: {},
    ...(full && { gateway_response: wholeAnswer(txn.said) }),
  }
}

function wholeAnswer({ authCode, ...said }: Said): Record<string, unknown> {
  return { ...said, ...(authCode !== undefined && { auth_code: authCode }) }
}

/** Our own page that takes the customer to the bank's. */
export function startUrl(txn: Txn, publicUrl: string): string {
  return `${publicUrl}/v2/pay/start/${txn.merchant}/${txn.id}`
}

function paymentBody(txn: Txn, viewing: Viewing): Type.Static<typeof PaymentBody> {
  const page = startUrl(txn, viewing.publicUrl)
  if (!hasChallenge(txn)) return { authentication: { method: 'GET', url: page } }
  const params = challengeParams(txn, viewing)
  const method = viewing.settings.challenge_method
  const url = method === 'GET' ? page : `${viewing.publicUrl}/v2/txns/${txn.id}/authenticate`
  return { authentication: { method, url, params } }
}

function challengeParams(txn: Txn, viewing: Viewing): Type.Static<typeof ChallengeParams> {
  const { otp } = txn
  return {
    id: txn.id,
    challenge_id: txn.challengeId,
    auth_type: 'OTP',
    auth_method: 'OTP',
    card_isin: txn.card.bin,
    card_issuer_bank_name: txn.card.bank,
    submit_otp_allowed: submitAllowed(txn, viewing.now),
    resend_otp_allowed: resendAllowed(txn, viewing.now),
    fallback_url: `${startUrl(txn, viewing.publicUrl)}?fallback=true`,
    times_otp_sent: otp.sends,
    max_otp_send_limit: otp.sendsMax,
    current_attempt: Math.min(otp.attempts + 1, otp.attemptsMax),
    max_attempts: otp.attemptsMax,
  }
}
