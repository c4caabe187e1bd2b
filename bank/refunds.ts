import type { Book } from './book.ts'
import type { Code, Payment } from './payment.ts'
import type { Refund } from './refund.ts'

type Row = Record<string, unknown>

const refundOf = (row: Row): Refund => ({
  seq: row['seq'] as number,
  id: row['id'] as string,
  reference: row['reference'] as string,
  payment: row['payment'] as number,
  amount: row['amount'] as number,
  refusal: (row['refusal'] as Code | null) ?? undefined,
  startedAt: row['started_at'] as number,
  settlesAt: row['settles_at'] as number,
})

/** The refund with this reference of its caller. */
export function refundByReference(book: Book, reference: string): Refund | undefined {
  const row = book.prepare('select * from refunds where reference = ?').get(reference)
  return row && refundOf(row)
}

/** Every refund, in order of creation. */
export function allRefunds(book: Book): Refund[] {
  return book.prepare('select * from refunds order by seq').all().map(refundOf)
}

/** The refunds of one payment, in order of creation. */
export function refundsOfPayment(book: Book, payment: Payment): Refund[] {
  return book
    .prepare('select * from refunds where payment = ? order by seq')
    .all(payment.seq)
    .map(refundOf)
}

/** What of a payment was given back by now, in paise. */
export function refundedOf(book: Book, payment: Payment, now: number): number {
  const row = book
    .prepare(`select coalesce(sum(amount), 0) as refunded from refunds
      where payment = ? and refusal is null and settles_at <= ?`)
    .get(payment.seq, now)
  return row?.['refunded'] as number
}

/** The number the next refund gets; call it in the transaction that adds the refund. */
export function nextSeq(book: Book): number {
  const row = book.prepare('select coalesce(max(seq), 0) + 1 as next from refunds').get()
  return row?.['next'] as number
}

/** Adds a refund. @throws Error when there is one with its reference */
export function addRefund(book: Book, refund: Refund): void {
  book
    .prepare(`insert into refunds
      (seq, id, reference, payment, amount, refusal, started_at, settles_at)
      values (?, ?, ?, ?, ?, ?, ?, ?)`)
    .run(
      refund.seq,
      refund.id,
      refund.reference,
      refund.payment,
      refund.amount,
      refund.refusal ?? null,
      refund.startedAt,
      refund.settlesAt,
    )
}
