import assert from 'node:assert/strict'
import type { OrderKey } from '../../src/payments/orders.ts'
import { Refusal, type RefusalName } from '../../src/refusal.ts'
import type { Shop } from './matrix-shop.ts'
import type { Outside } from './matrix-truth.ts'

/** How a story ends: the order that it was about. */
export interface Ending {
  readonly order: OrderKey
  readonly outside?: Outside
}

/** Something that can happen to a payment, told for every gateway alike. */
export interface Story {
  readonly name: string
  /** Whether the merchant's account may hold money; where the gateway leaves it to the account. */
  readonly holds?: boolean
  /** What this gateway's contract is without, so that it can't happen there. */
  readonly lacks?: (shop: Shop) => string | undefined
  readonly play: (shop: Shop) => Promise<Ending>
  /** What happens there instead. */
  readonly instead?: (shop: Shop) => Promise<Ending>
}

/** It must be refused, for this reason. */
export async function refused(deed: Promise<unknown>, ...reasons: RefusalName[]): Promise<void> {
  await assert.rejects(
    deed,
    (error) => error instanceof Refusal && reasons.includes(error.reason),
    `refused as ${reasons}`,
  )
}
