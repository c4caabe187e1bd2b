import type { Mood } from './mood.ts'
import {
  type Code,
  isTaken,
  type Payment,
  type Pending,
  present,
  settlesAfterMs,
} from './payment.ts'

/** What a merchant wanted done with the money a payment holds, and the bank's last word on it. */
export interface Instruction {
  kind: Pending['kind']
  /** The merchant's own name for it, unique within the payment. */
  reference: string
  /** What to take, in paise; 0 for a void and for nothing else. */
  amount: number
  /** Why it is not done; undefined: it is. */
  refusal: Code | undefined
  /** When it is done, epoch milliseconds; of a refused one when that was said. */
  settlesAt: number
}

/** An instruction nobody has decided about yet. */
export type Wanted = Pick<Instruction, 'kind' | 'reference' | 'amount'>

/** Why an instruction cannot be followed, whatever the bank's mood; undefined: it can. */
export function obstacleTo({ kind, amount }: Wanted, payment: Payment): Code | undefined {
  if (payment.pending !== undefined) return 'IN_PROGRESS'
  if (!isTaken(payment)) return 'NOT_AUTHORIZED'
  if (kind === 'void') return payment.captured > 0 ? 'ALREADY_CAPTURED' : undefined
  return amount > payment.amount - payment.captured ? 'AMOUNT_EXCEEDED' : undefined
}

/** The bank's decision about an instruction. */
export function decide(
  wanted: Wanted,
  { obstacle, mood, now }: { obstacle: Code | undefined; mood: Mood; now: number },
): Instruction {
  const refusal = obstacle ?? refusals[mood]
  const waits = mood === 'capture_pending' || mood === 'void_pending'
  return { ...wanted, refusal, settlesAt: waits ? now + settlesAfterMs : now }
}

const refusals: Partial<Record<Mood, Code>> = {
  capture_declined: 'CAPTURE_DECLINED',
  void_declined: 'VOID_DECLINED',
}

/** The payment once the bank has decided: its money moves now, later or not at all. */
export function followed(payment: Payment, instruction: Instruction, now: number): Payment {
  const { kind, amount, refusal, settlesAt: at } = instruction
  if (refusal !== undefined) return payment
  return present({ ...payment, pending: { kind, amount, at } }, now)
}

/** The word for how an instruction stands. */
export function wordFor(instruction: Instruction, now: number) {
  if (instruction.refusal !== undefined) return 'refused'
  if (now < instruction.settlesAt) return 'authorized'
  return instruction.kind === 'capture' ? 'charged' : 'voided'
}
