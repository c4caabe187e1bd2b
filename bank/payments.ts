import type { Book } from './book.ts'
import type { Code, Payment, Pending, State } from './payment.ts'

type Row = Record<string, unknown>

const paymentOf = (row: Row): Payment => ({
  seq: row['seq'] as number,
  id: row['id'] as string,
  reference: row['reference'] as string,
  order: row['merchant_order'] as string,
  account: row['account'] as string,
  merchant: row['merchant'] as string,
  amount: row['amount'] as number,
  currency: row['currency'] as string,
  auth: row['auth'] as Payment['auth'],
  capture: row['capture'] === 1,
  state: row['state'] as State,
  code: row['code'] as Code,
  cardFingerprint: row['card_fingerprint'] as string,
  binFingerprint: row['bin_fingerprint'] as string,
  lastFour: row['last_four'] as string,
  phone: (row['phone'] as string | null) ?? undefined,
  returnUrl: row['return_url'] as string,
  htmlPage: row['html_page'] === 1,
  startedAt: row['started_at'] as number,
  sentAt: row['sent_at'] as number,
  sends: row['sends'] as number,
  guesses: row['guesses'] as number,
  endedAt: (row['ended_at'] as number | null) ?? undefined,
  captured: row['captured'] as number,
  returned: row['returned'] as number,
  pending: pendingOf(row),
  lateAt: (row['late_at'] as number | null) ?? undefined,
})

function pendingOf(row: Row): Pending | undefined {
  const kind = row['pending_kind'] as Pending['kind'] | null
  if (kind === null) return undefined
  return { kind, amount: row['pending_amount'] as number, at: row['pending_at'] as number }
}

/** The payment with this id, as it was last written. */
export function paymentById(book: Book, id: string): Payment | undefined {
  const row = book.prepare('select * from payments where id = ?').get(id)
  return row && paymentOf(row)
}

/** The payment with this number, as it was last written. */
export function paymentBySeq(book: Book, seq: number): Payment | undefined {
  const row = book.prepare('select * from payments where seq = ?').get(seq)
  return row && paymentOf(row)
}

/** The payment with this reference of its caller, as it was last written. */
export function paymentByReference(book: Book, reference: string): Payment | undefined {
  const row = book.prepare('select * from payments where reference = ?').get(reference)
  return row && paymentOf(row)
}

/** Every payment, in order of creation. */
export function allPayments(book: Book): Payment[] {
  return book.prepare('select * from payments order by seq').all().map(paymentOf)
}

/** The number the next payment gets; call it in the transaction that adds the payment. */
export function nextSeq(book: Book): number {
  const row = book.prepare('select coalesce(max(seq), 0) + 1 as next from payments').get()
  return row?.['next'] as number
}

/** Adds a payment. */
export function addPayment(book: Book, payment: Payment): void {
  book
    .prepare(`insert into payments (seq, id, reference, merchant_order, account, merchant, amount,
      currency, auth, capture, state, code, card_fingerprint, bin_fingerprint, last_four, phone,
      return_url, html_page, started_at, sent_at, sends, guesses, ended_at)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
    .run(
      payment.seq,
      payment.id,
      payment.reference,
      payment.order,
      payment.account,
      payment.merchant,
      payment.amount,
      payment.currency,
      payment.auth,
      payment.capture ? 1 : 0,
      payment.state,
      payment.code,
      payment.cardFingerprint,
      payment.binFingerprint,
      payment.lastFour,
      payment.phone ?? null,
      payment.returnUrl,
      payment.htmlPage ? 1 : 0,
      payment.startedAt,
      payment.sentAt,
      payment.sends,
      payment.guesses,
      payment.endedAt ?? null,
    )
}

/**
 * Writes what became of a payment that was still open.
 * @throws Error when it was not: that would be a second outcome.
 */
export function updateOpenPayment(book: Book, payment: Payment): void {
  const { changes } = book
    .prepare(`update payments set state = ?, code = ?, capture = ?, sent_at = ?, sends = ?,
      guesses = ?, ended_at = ?, captured = ?, late_at = ?
      where seq = ? and state in ('otp_sent', 'redirect')`)
    .run(
      payment.state,
      payment.code,
      payment.capture ? 1 : 0,
      payment.sentAt,
      payment.sends,
      payment.guesses,
      payment.endedAt ?? null,
      payment.captured,
      payment.lateAt ?? null,
      payment.seq,
    )
  if (changes !== 1) throw new Error(`payment ${payment.id} had its outcome already`)
}

/**
 * Writes what became of the money of a payment whose customer is done.
 * @throws Error when it is not as it was read (`before`): that money would move twice.
 */
export function updateMoney(book: Book, before: Payment, after: Payment): void {
  const { pending } = after
  const { changes } = book
    .prepare(`update payments set state = ?, code = ?, ended_at = ?, captured = ?, returned = ?,
      pending_kind = ?, pending_amount = ?, pending_at = ?
      where seq = ? and state = ? and captured = ? and returned = ? and pending_at is ?`)
    .run(
      after.state,
      after.code,
      after.endedAt ?? null,
      after.captured,
      after.returned,
      pending?.kind ?? null,
      pending?.amount ?? 0,
      pending?.at ?? null,
      before.seq,
      before.state,
      before.captured,
      before.returned,
      before.pending?.at ?? null,
    )
  if (changes !== 1) throw new Error(`the money of payment ${after.id} had moved already`)
}

/** Notes that the payment's latest OTP was sent, and when the SMS can be read. */
export function addSend(book: Book, payment: Payment, appearsAt: number): void {
  book.prepare('insert into sends values (?, ?, ?)').run(payment.seq, payment.sends, appearsAt)
}

/** One SMS, without its OTP: that is derived by whoever shows it. */
export interface Send {
  payment: Payment
  number: number
  appearsAt: number
}

/** Which SMS are asked for; an absent word asks for all. */
export interface SendFilter {
  reference: string | undefined
  order: string | undefined
  lastFour: string | undefined
}

// One page of a person's attention.
const inboxLimit = 100

const sendsWhere = (condition: string) => `select sends.number, sends.appears_at, payments.*
  from sends join payments on payments.seq = sends.payment
  where sends.appears_at <= ?1 and ${condition}
  order by sends.appears_at desc, sends.payment desc, sends.number desc limit ${inboxLimit}`

// One text a filter, so that each finds its rows by an index.
const sendsByReference = sendsWhere('payments.reference = ?2 and ?3 in (last_four, ?4)')
const sendsByOrder = sendsWhere('payments.merchant_order = ?2 and ?3 in (last_four, ?4)')
const sendsOfAll = sendsWhere("?2 = '' and ?3 in (last_four, ?4)")

/** The SMS that can be read now, newest first. */
export function visibleSends(book: Book, filter: SendFilter, now: number): Send[] {
  const { reference, order, lastFour } = filter
  const sql = reference ? sendsByReference : order ? sendsByOrder : sendsOfAll
  const rows = book.prepare(sql).all(now, reference ?? order ?? '', lastFour ?? '', '')
  const sends = rows.map((row) => ({
    payment: paymentOf(row),
    number: row['number'] as number,
    appearsAt: row['appears_at'] as number,
  }))
  return order ? sends.filter(({ payment }) => payment.order === order) : sends
}
