import type { Book } from './book.ts'
import type { Instruction } from './instruction.ts'
import type { Code, Payment } from './payment.ts'

/** The instruction about a payment with this reference of the merchant's. */
export function instructionOf(
  book: Book,
  payment: Payment,
  reference: string,
): Instruction | undefined {
  const row = book
    .prepare('select * from instructions where payment = ? and reference = ?')
    .get(payment.seq, reference)
  return (
    row && {
      kind: row['kind'] as Instruction['kind'],
      reference,
      amount: row['amount'] as number,
      refusal: (row['refusal'] as Code | null) ?? undefined,
      settlesAt: row['settles_at'] as number,
    }
  )
}

/** Adds an instruction. @throws Error when the payment has one with its reference */
export function addInstruction(book: Book, payment: Payment, instruction: Instruction): void {
  const { reference, kind, amount, refusal, settlesAt } = instruction
  book
    .prepare(`insert into instructions (payment, reference, kind, amount, refusal, settles_at)
      values (?, ?, ?, ?, ?, ?)`)
    .run(payment.seq, reference, kind, amount, refusal ?? null, settlesAt)
}
