import type { OrderAnswer } from './order.ts'
import type { SubmitAnswer } from './payment.ts'

/** Held money to be taken. */
export interface CaptureRequest {
  /** The txn: its `txn_uuid`, or its `txn_id`. */
  id: string
  /** Rupees, up to two decimals; absent: all that is left. */
  amount?: string
  /** Your own name of this capture: by the same one again nothing more is taken. */
  idempotence_key?: string
}

/** Held money to be released. */
export interface VoidRequest {
  /** The txn: its `txn_uuid`, or its `txn_id`. */
  id: string
}

/** The answer of capture and void: the order as the txn shows it, and the keys of Process OTP. */
export interface HeldAnswer extends OrderAnswer, Omit<SubmitAnswer, keyof OrderAnswer> {}
