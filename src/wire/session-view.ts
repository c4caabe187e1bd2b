import { Type } from 'typebox'
import { isoSeconds } from '../clock.ts'
import type { IssuedToken } from '../merchants/client-token.ts'
import type { Mode } from '../merchants/merchant.ts'
import { rupees } from '../money.ts'
import type { WholeOrder } from '../payments/read-order.ts'
import { linksOf, OrderBody, type OrderShowing, orderStatus } from './order-view.ts'
import type { Session } from './session-request.ts'

const { id, order_id, status } = OrderBody.properties

/** The answer of `/session`. All of its ends are that of its client token. */
export const SessionBody = Type.Object({
  id,
  order_id,
  status,
  payment_links: Type.Object({ web: Type.String(), expiry: Type.String() }),
  sdk_payload: Type.Object({
    requestId: Type.String(),
    service: Type.Literal('in.juspay.hyperpay'),
    payload: Type.Object({
      action: Type.Union([Type.Literal('paymentPage'), Type.Literal('paymentManagement')]),
      clientId: Type.String(),
      merchantId: Type.String(),
      environment: Type.Union([Type.Literal('sandbox'), Type.Literal('production')]),
      orderId: Type.String(),
      amount: Type.String(),
      currency: Type.String(),
      customerId: Type.String(),
      customerEmail: Type.String(),
      customerPhone: Type.String(),
      firstName: Type.String(),
      lastName: Type.String(),
      description: Type.String(),
      returnUrl: Type.String(),
      clientAuthToken: Type.String(),
      clientAuthTokenExpiry: Type.String(),
    }),
    expiry: Type.String(),
  }),
  order_expiry: Type.String(),
})

/** What a session's answer needs to know beyond its order. */
export interface SessionShowing extends OrderShowing {
  readonly token: IssuedToken
  readonly mode: Mode
  readonly requestId: string
}

/** A session as it is answered. */
export function sessionBody(
  whole: WholeOrder,
  session: Session,
  shown: SessionShowing,
): Type.Static<typeof SessionBody> {
  const { order } = whole
  const { fields } = order
  const { token, publicUrl } = shown
  const expiry = isoSeconds(token.expiresAt)
  return {
    id: order.id,
    order_id: order.orderId,
    status: orderStatus(whole, shown).status,
    payment_links: { web: linksOf(order, publicUrl).web, expiry },
    sdk_payload: {
      requestId: shown.requestId,
      service: 'in.juspay.hyperpay',
      payload: {
        action: session.action,
        clientId: session.clientId,
        merchantId: order.merchant,
        environment: shown.mode === 'live' ? 'production' : 'sandbox',
        orderId: order.orderId,
        amount: rupees(order.amount).toFixed(2),
        currency: order.currency,
        customerId: fields['customer_id'] ?? '',
        customerEmail: fields['customer_email'] ?? '',
        customerPhone: fields['customer_phone'] ?? '',
        firstName: session.firstName,
        lastName: session.lastName,
        description: fields['description'] ?? '',
        returnUrl: fields['return_url'] ?? '',
        clientAuthToken: token.token,
        clientAuthTokenExpiry: expiry,
      },
      expiry,
    },
    order_expiry: expiry,
  }
}
