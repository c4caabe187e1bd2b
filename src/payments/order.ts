import type { MerchantId, OrderId, OrderUuid, Shard, TxnId } from '../ids.ts'
import type { Paise } from '../money.ts'

/** An order: what a merchant wants to be paid, and the row that guards how often. */
export interface Order {
  readonly shard: Shard
  readonly merchant: MerchantId
  readonly orderId: OrderId
  readonly id: OrderUuid
  readonly amount: Paise
  readonly currency: string
  /** The number of the order's last event. */
  readonly seq: number
  readonly txnCount: number
  readonly lastTxn?: TxnId
  /** The txn whose OTP is with the bank now, or whose outcome is unknown. */
  readonly claimedBy?: TxnId
  /** The txn that holds the order's money, authorized or charged. */
  readonly paidBy?: TxnId
  readonly captured: Paise
  /** Everything else the merchant said of the order, by its wire name. */
  readonly fields: OrderFields
  readonly createdAt: number
}

/** An order's descriptive fields by wire name, kept as the merchant wrote them. */
export type OrderFields = Readonly<Record<string, string>>

/** Where the merchant wants to hear of this order beside the endpoints they have. */
export function webhookUrlIn(fields: OrderFields): string | undefined {
  return fields['metadata.webhook_url'] || undefined
}

/** How many txns one order may have: a merchant's retry loop must end (Juspay's number). */
export const mostTxns = 25

/**
 * Whether an order id is one: letters, digits, `-`, `_`, `.`, at most `longest` characters. Not `.`
 * and `..`, which no URL can name.
 */
export function isOrderId(text: string, longest: number): text is OrderId {
  return text.length > 0 && text.length <= longest && /^(?!\.{1,2}$)[A-Za-z0-9._-]+$/.test(text)
}

/** Whether a second creation asks for exactly the order that is there. */
export function isSameOrder(
  order: Order,
  asked: { amount: Paise; currency: string; fields: OrderFields },
): boolean {
  const names = Object.keys(asked.fields)
  return (
    order.amount === asked.amount &&
    order.currency === asked.currency &&
    names.length === Object.keys(order.fields).length &&
    names.every((name) => order.fields[name] === asked.fields[name])
  )
}
