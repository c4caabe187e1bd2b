import { Type } from 'typebox'
import type { Merchant } from '../merchants/merchant.ts'
import { badField } from '../refusal.ts'
import { OrderRequest } from './order-request.ts'
import type { Fields } from './request.ts'

const text = Type.Optional(Type.String({ maxLength: 256 }))

/** What opens a session: everything of an order, and whom and what its page is for. */
export const SessionRequest = Type.Object({
  ...OrderRequest.properties,
  action: Type.Optional(
    Type.String({ maxLength: 256, description: 'paymentPage (the default) or paymentManagement' }),
  ),
  payment_page_client_id: text,
  first_name: text,
  last_name: text,
})

/** What of a session is not its order's; the app or page is handed it as it came. */
export interface Session {
  readonly action: 'paymentPage' | 'paymentManagement'
  readonly clientId: string
  readonly firstName: string
  readonly lastName: string
}

/** A session to be opened. Refuses an unknown action. */
export function readSession(fields: Fields, merchant: Merchant): Session {
  return {
    action: readAction(fields['action'] || 'paymentPage'),
    clientId: fields['payment_page_client_id'] || merchant.id,
    firstName: fields['first_name'] ?? '',
    lastName: fields['last_name'] ?? '',
  }
}

function readAction(action: string): Session['action'] {
  switch (action) {
    case 'paymentPage':
    case 'paymentManagement':
      return action
    default:
      throw badField('action', 'invalid')
  }
}
