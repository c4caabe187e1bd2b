import { Type } from 'typebox'
import { type Paise, paiseFromRupees } from '../money.ts'
import { isRequestId } from '../payments/refund.ts'
import { badField, Refusal } from '../refusal.ts'
import type { Fields } from './request.ts'

const text = Type.Optional(Type.String({ maxLength: 256 }))

/** What a refund takes. Any `metadata.*` is kept. */
export const RefundRequest = Type.Object(
  {
    unique_request_id: text,
    amount: Type.Optional(
      Type.String({ maxLength: 256, description: 'Rupees; absent: all that is left' }),
    ),
    refund_type: text,
    merchant_id: text,
  },
  { description: 'Any `metadata.*` is kept too' },
)

/** The same where the order, or the payment, is named in the body. */
export const NamedRefundRequest = Type.Object(
  { ...RefundRequest.properties, order_id: text, txn_id: text, order_type: text },
  { description: 'Any `metadata.*` is kept too' },
)

/** A refund that a caller wants: its request id, amount and metadata. */
export interface AskedRefund {
  readonly requestId: string
  readonly amount?: Paise
  readonly metadata: Readonly<Record<string, string>>
}

/** Reads a refund. Refuses a missing or bad request id, a bad amount, an instant refund. */
export function readRefund(fields: Fields): AskedRefund {
  const { unique_request_id: requestId, refund_type: kind } = fields
  if (!requestId) throw new Refusal('refund_fields_missing')
  if (!isRequestId(requestId)) throw badField('unique_request_id', 'invalid')
  if (kind && kind !== 'STANDARD') throw new Refusal('refund_type_unsupported')
  const metadata: Record<string, string> = {}
  for (const [name, value] of Object.entries(fields)) {
    if (name.startsWith('metadata.')) metadata[name.slice('metadata.'.length)] = value
  }
  return { requestId, ...readRefundAmount(fields['amount']), metadata }
}

function readRefundAmount(text: string | undefined): { amount?: Paise } {
  if (text === undefined) return {}
  const amount = paiseFromRupees(text)
  if (amount === undefined) throw new Refusal('refund_amount_invalid')
  return { amount }
}
