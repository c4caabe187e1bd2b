import type { Paise } from '../money.ts'

/** A wish of the merchant, or of the clock, about money that the gateway holds. */
export type Instruction = ({ readonly kind: 'capture' } & Capture) | { readonly kind: 'void' }

/** One taking of held money. */
export interface Capture {
  readonly amount: Paise
  /** The merchant's own name of it (`idempotence_key`). */
  readonly key?: string
}
