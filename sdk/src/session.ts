import type { OrderAnswer } from './order.ts'
import type { CreateOrderRequest } from './order-request.ts'

/** An order for a page or an app to have paid: the order's own fields, and the page's. */
export interface SessionRequest extends Omit<CreateOrderRequest, 'options.get_client_auth_token'> {
  action?: 'paymentPage' | 'paymentManagement'
  payment_page_client_id?: string
  first_name?: string
  last_name?: string
}

/** The answer of a session: the order, and what the page is handed. */
export interface SessionAnswer {
  id: string
  order_id: string
  status: OrderAnswer['status']
  payment_links: { web: string; expiry: string }
  sdk_payload: {
    requestId: string
    service: 'in.juspay.hyperpay'
    payload: {
      action: 'paymentPage' | 'paymentManagement'
      clientId: string
      merchantId: string
      environment: 'sandbox' | 'production'
      orderId: string
      amount: string
      currency: string
      customerId: string
      customerEmail: string
      customerPhone: string
      firstName: string
      lastName: string
      description: string
      returnUrl: string
      /** For the order's browser: `directotp` takes it in place of a key. */
      clientAuthToken: string
      clientAuthTokenExpiry: string
    }
    expiry: string
  }
  order_expiry: string
}

/** How the delivery of an order went. */
export interface FulfillmentRequest {
  fulfillment_status: 'SUCCESS' | 'FAILURE' | 'PENDING'
  fulfillment_command: 'NO_ACTION'
  /** ISO 8601. */
  fulfillment_time: string
  fulfillment_id: string
  fulfillment_data?: string
}

/** The answer of a fulfillment: what was kept. */
export interface FulfillmentAnswer {
  status: 'SUCCESS'
  merchant_id: string
  order_id: string
  commands: { status: 'SUCCESS'; metadata: string; date_created: string; command: 'NO_ACTION' }[]
}
