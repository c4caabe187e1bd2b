import assert from 'node:assert/strict'
import { eventsOf, type StoredEvent } from '../../src/payments/events.ts'
import { findOrder, type OrderKey } from '../../src/payments/orders.ts'
import { readOrder } from '../../src/payments/read-order.ts'
import type { Refund } from '../../src/payments/refund.ts'
import { refundsOf } from '../../src/payments/refunds.ts'
import {
  holdsMoney,
  isFailed,
  isFinal,
  next,
  type Txn,
  type TxnStatus,
} from '../../src/payments/txn.ts'
import { txnsOf } from '../../src/payments/txns.ts'
import { orderStatus } from '../../src/wire/order-view.ts'
import { type Book, bookOf, type Stage } from './stage.ts'

/** Everything there is to know of a story at one moment. */
interface Facts {
  readonly txns: readonly Txn[]
  readonly refunds: readonly Refund[]
  readonly events: readonly StoredEvent[]
  readonly book: Book
}

async function factsOf(stage: Stage, key: OrderKey): Promise<Facts> {
  const { read } = stage.world.db
  return {
    txns: await txnsOf(read, key),
    refunds: await refundsOf(read, key),
    events: await eventsOf(read, key),
    book: await bookOf(stage),
  }
}

/** What holds at every moment of every story. */
export async function check(stage: Stage, key: OrderKey): Promise<void> {
  const facts = await factsOf(stage, key)
  const order = await findOrder(stage.world.db.read, key)
  assert.deepEqual(
    facts.events.map(({ seq }) => seq),
    Array.from({ length: order?.seq ?? 0 }, (_, i) => i + 1),
  )
  assert.equal(facts.txns.length, order?.txnCount)
  for (const txn of facts.txns) {
    const { otp } = txn
    assert(otp.attempts <= otp.attemptsMax && otp.attemptsMax <= 3, `attempts ${otp.attempts}`)
    assert(otp.sends <= otp.sendsMax && otp.sendsMax <= 3, `sends ${otp.sends}`)
    checkMoves(txn, facts.events)
    checkMoney(txn, facts)
  }
  checkBank(facts.book)
  const payer = facts.txns.find(({ id }) => id === order?.paidBy)
  assert.equal(payer?.id, order?.paidBy)
  if (payer) assert(holdsMoney(payer.status) && !payer.late, `paid by ${payer.status}`)
  const kept = facts.txns.filter((txn) => txn.status === 'CHARGED' && !txn.late)
  assert(kept.length <= 1, 'an order is paid once')
}

/** A txn moves as the table allows, and out of an end only by late news that is on record. */
function checkMoves(txn: Txn, events: readonly StoredEvent[]): void {
  let at: TxnStatus = 'STARTED'
  for (const { kind, body, txn: of } of events) {
    if (of !== txn.id) continue
    const isOfRefund = body['refund'] !== undefined
    const to = (isOfRefund ? (body['txn_status'] ?? at) : (body['to'] ?? at)) as TxnStatus
    if (!isOfRefund && body['from'] !== undefined) assert.equal(body['from'], at)
    assert(to === at || next[at].includes(to), `${at} to ${to}`)
    const revived: boolean = hadEnded(at) && holdsMoney(to)
    assert(!revived || kind === 'late_charge', `${at} to ${to} by ${kind}`)
    at = to
  }
  assert.equal(txn.status, at)
}

/** Whether the merchant was told to expect no money of it. */
function hadEnded(status: TxnStatus): boolean {
  return isFailed(status) || status === 'VOIDED'
}

/** No more goes back than was taken, and nothing is believed taken that the bank has not taken. */
function checkMoney(txn: Txn, { refunds, book }: Facts): void {
  const own = refunds.filter((one) => one.txn === txn.id)
  const aside = own.filter(({ status }) => status !== 'FAILURE')
  assert.equal(txn.refunded, sumOf(aside))
  assert(txn.refunded <= txn.captured)
  const payment = book.payments.find(({ reference }) => reference === txn.id)
  assert(txn.captured <= (payment?.captured ?? 0), 'taken, as the bank does not know')
  for (const { status, ref } of own) {
    const there = book.refunds.find(({ reference }) => reference === ref)
    if (status === 'SUCCESS') assert.equal(there?.state, 'refunded')
    if (status === 'FAILURE') assert.equal(there?.state, 'refund_declined')
  }
}

/** The bank's own book: a txn is charged once, and no more goes back than was taken. */
function checkBank({ payments, charges, refunds }: Book): void {
  for (const { reference, amount, captured, guesses, sends } of payments) {
    assert(guesses <= 3 && sends <= 3)
    assert(captured <= amount)
    assert(charges.filter((charge) => charge.reference === reference).length <= 1)
    const back = refunds.filter(
      (one) => one.payment === reference && one.state !== 'refund_declined',
    )
    assert(sumOf(back) <= captured)
  }
}

/** What holds when nothing is awaited any more: server, bank and receiver agree. */
export async function checkTheEnd(stage: Stage, key: OrderKey): Promise<void> {
  const facts = await factsOf(stage, key)
  const { book, txns, refunds } = facts
  for (const txn of txns) {
    assert(isFinal(txn.status), txn.status)
    assert.equal(txn.instruction, undefined)
    const payment = book.payments.find(({ reference }) => reference === txn.id)
    assert.equal(txn.captured, payment?.captured ?? 0, `${txn.status}: taken`)
    assert.equal(payment?.state === 'charged', txn.captured > 0)
    assert.notEqual(payment?.state, 'authorized', 'money is not held for ever')
    if (stage.world.mode === 'live') assert.equal(txn.card.bin, '', 'a card is forgotten')
    if (txn.late) assert(['AUTO_REFUNDED', 'VOIDED'].includes(txn.status), `late ${txn.status}`)
  }
  const theirs = book.refunds.filter(({ state }) => state === 'refunded')
  const ours = refunds.filter(({ status }) => status === 'SUCCESS')
  assert.deepEqual(
    theirs.map(({ reference }) => reference).sort(),
    ours.map(({ ref }) => ref).sort(),
  )
  assert(refunds.every(({ status }) => status === 'SUCCESS' || status === 'FAILURE'))
  await checkTold(stage, key, facts)
}

/** Every event was told at least once, always by the same id, and the last word is the truth. */
async function checkTold(stage: Stage, key: OrderKey, facts: Facts): Promise<void> {
  const { world } = stage
  const told = stage.told.filter(({ content }) => content.order.order_id === key.orderId)
  const where = 'shard = $1 and merchant = $2 and order_id = $3'
  const rows = await world.db.read(
    `select id, name, seq, delivered_at from deliveries where ${where}`,
    [key.shard, key.merchant, key.orderId],
  )
  const heard = new Map(told.map((one) => [one.id, one.event_name]))
  assert.deepEqual(heard, new Map(rows.map(({ id, name }) => [String(id), String(name)])))
  for (const row of rows) assert(row['delivered_at'] !== null)
  const names = told.map(({ event_name }) => event_name)
  const distinct = [...heard.values()]
  const started = distinct.filter((name) => name === 'TXN_CREATED').length
  assert.equal(started, facts.txns.length, 'each start is told')
  const charged = facts.txns.filter((txn) => txn.captured > 0 && !txn.late).length
  assert(distinct.filter((name) => name === 'TXN_CHARGED').length >= charged, 'each charge is told')
  for (const { status, source } of facts.refunds) {
    const name = { SUCCESS: 'ORDER_REFUNDED', FAILURE: 'ORDER_REFUND_FAILED' }[String(status)]
    if (source === 'API') assert(names.includes(name ?? ''), `${name} is told`)
  }
  const last = told.reduce((a, b) => (b.sequence >= a.sequence ? b : a))
  const whole = await readOrder(world.db.read, key)
  assert(whole)
  const silentSince = facts.events.filter(({ seq }) => seq > last.sequence)
  const moved = silentSince.some(({ kind }) => kind === 'status_changed' || kind === 'late_charge')
  if (!moved) assert.equal(last.content.order.status, orderStatus(whole).status)
}

function sumOf(rows: readonly { readonly amount: number }[]): number {
  return rows.reduce((sum, { amount }) => sum + amount, 0)
}
