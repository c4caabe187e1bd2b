import type { CardSecrets } from '../cards/card.ts'
import type { TxnId } from '../ids.ts'
import type { SealedFor } from '../seal.ts'
import { Secret } from '../secret.ts'
import { shortlyMs } from '../short-seal.ts'
import { holdsMoney, isFinal, type Txn } from './txn.ts'

/** A card that is to be stored once its payment has succeeded, and for whom. Has no CVV. */
export interface Locker {
  readonly card: CardSecrets
  /** The order's `customer_id`. */
  readonly customer: string
}

/** What the seal binds a txn's locker to. */
export function lockerOf(id: TxnId): SealedFor {
  return { purpose: 'locker', owner: id }
}

/** A locker as the text that is sealed. */
export function lockerText({ card, customer }: Locker): string {
  const { number, cvv: _cvv, ...rest } = card
  return JSON.stringify({ ...rest, number: number.reveal(), customer })
}

/** The locker that {@link lockerText} wrote. */
export function lockerFrom(text: string): Locker {
  const { number, customer, ...rest } = JSON.parse(text)
  return { card: { ...rest, number: new Secret(number) }, customer }
}

/** No short seal opens anything older. */
const lockerLifeMs = 2 * shortlyMs

/** Whether a txn may still come to store its card; what has no use is not kept. */
export function keepsLocker(txn: Txn, now: number): boolean {
  const mayPay = !isFinal(txn.status) || (holdsMoney(txn.status) && !txn.late)
  return mayPay && now < txn.createdAt + lockerLifeMs
}

/**
 * Whether the payment has succeeded and its card is still to be stored. What a gateway was told to
 * do with the money comes first: its answer is waited for.
 */
export function savesCard(txn: Txn): boolean {
  const isQuiet = txn.instruction === undefined
  return txn.locker !== undefined && holdsMoney(txn.status) && isQuiet && !txn.late
}
