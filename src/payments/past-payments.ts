import type { CardFacts } from '../cards/card.ts'
import type { Choice } from '../gateways/routing.ts'
import type { MerchantId, TxnId } from '../ids.ts'
import { type Paise, paise } from '../money.ts'
import type { OrderFields } from './order.ts'
import type { Get } from './orders.ts'
import type { AuthType } from './txn.ts'

/** A payment that was begun once, as routing sees it. */
export interface PastPayment {
  readonly id: TxnId
  readonly amount: Paise
  /** Its `bin` is '' when it is forgotten, and six digits before. */
  readonly card: CardFacts
  readonly account: string
  readonly auth: AuthType
  readonly autoCapture: boolean
  /** How many accounts were asked to start it. */
  readonly tries: number
  /** Where it is known why the account was taken. */
  readonly choice: Choice | undefined
  readonly fields: OrderFields
}

/** A merchant's payments of orders that were created in a time, end excluded; of all shards. */
export async function pastPayments(
  get: Get,
  merchant: MerchantId,
  { from, to }: { from: number; to: number },
): Promise<PastPayment[]> {
  const rows = await get(
    `select t.id, t.amount, t.card, t.account, t.auth_type, t.auto_capture, t.tries,
       t.choice, o.fields
     from orders o
     join txns t on t.shard = o.shard and t.merchant = o.merchant and t.order_id = o.order_id
     where o.merchant = $1 and o.created_at >= $2 and o.created_at < $3`,
    [merchant, from, to],
  )
  return rows.map((row) => ({
    id: row['id'] as TxnId,
    amount: paise(Number(row['amount'])),
    card: JSON.parse(String(row['card'])),
    account: String(row['account']),
    auth: row['auth_type'] as AuthType,
    autoCapture: row['auto_capture'] === 1,
    tries: Number(row['tries']),
    choice: row['choice'] === null ? undefined : JSON.parse(String(row['choice'])),
    fields: JSON.parse(String(row['fields'])),
  }))
}
