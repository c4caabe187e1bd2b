import assert from 'node:assert/strict'
import type { Db, Row } from '../../src/db/db.ts'
import { findOrder, type OrderKey } from '../../src/payments/orders.ts'
import { holdsMoney, type Txn } from '../../src/payments/txn.ts'
import type { Fake } from './fake.ts'
import { cvv, price, type Shop } from './matrix-shop.ts'

/** What of an order a story did behind the server's back, in paise. */
export interface Outside {
  /** Given back at the gateway itself. */
  readonly refunded?: number
}

/**
 * How every story ends: what the gateway's book has of the order is what our rows have, it was paid
 * once at most, the gateway's document held, and no secret was written down.
 */
export async function endWell(shop: Shop, order: OrderKey, outside: Outside = {}): Promise<void> {
  const txns = await shop.txns(order)
  for (const txn of txns) await agree(shop, txn, outside)
  await paidOnce(shop, order, txns)
  assert.deepEqual(shop.fake.problems(), [], 'the gateway and its document agree')
  await seeNoSecret(shop, order)
}

async function agree(shop: Shop, txn: Txn, outside: Outside): Promise<void> {
  const booked = await shop.booked(txn)
  const sum = (of: (one: (typeof booked)[number]) => number) =>
    booked.reduce((total, one) => total + of(one), 0)
  const refunds = (await shop.refunds(txn)).filter((one) => one.txn === txn.id)
  const back = refunds.filter(({ status }) => status === 'SUCCESS')
  const refunded = back.reduce((total, { amount }) => total + amount, 0)
  assert.deepEqual(
    {
      captured: sum(({ captured }) => captured),
      refunded: sum((one) => one.refunded),
      amounts: booked.map(({ amount }) => amount),
      held: booked.some(({ authorized, voided }) => authorized > 0 && !voided),
    },
    {
      captured: txn.captured,
      refunded: refunded + (outside.refunded ?? 0),
      amounts: booked.map(() => txn.amount),
      held: holdsMoney(txn.status) || txn.status === 'AUTO_REFUNDED',
    },
    `${txn.id} is ${txn.status}`,
  )
  assert(sum(({ guesses }) => guesses) <= txn.otp.attempts, 'no OTP was put twice')
}

async function paidOnce(shop: Shop, order: OrderKey, txns: readonly Txn[]): Promise<void> {
  const kept = await findOrder(shop.world.db.read, order)
  const good = txns.filter(({ late, status }) => !late && holdsMoney(status))
  assert(good.length <= 1, 'an order is paid by one txn')
  assert.equal(kept?.captured, good[0]?.captured ?? 0)
  assert((kept?.captured ?? 0) <= price)
}

/** What the database keeps of one order. */
const rowsOfOrder = ['orders', 'txns', 'refunds', 'events'].map(
  (table) => `select * from ${table} where order_id = $1`,
)

async function seeNoSecret(shop: Shop, { orderId }: OrderKey): Promise<void> {
  const { db } = shop.world
  const rows = await Promise.all(rowsOfOrder.map((sql) => db.read(sql, [orderId])))
  assertNoSecret(rows.flat(), [shop.fake])
}

const tablesSql = {
  sqlite: "select name from sqlite_master where type = 'table'",
  postgres:
    'select cast(table_name as text) as name from information_schema.tables ' +
    "where table_schema = 'public'",
}

/** No card number, CVV or OTP that these fakes know is in any table. */
export async function searchAll(db: Db, known: readonly Known[]): Promise<void> {
  const names = await db.read(tablesSql[db.engine], [])
  assert(names.length > 10)
  for (const { name } of names) assertNoSecret(await db.read(`select * from ${name}`, []), known)
}

/** What customers of a fake know. */
export type Known = Pick<Fake, 'cards' | 'otp'>

function assertNoSecret(rows: readonly Row[], known: readonly Known[]): void {
  const numbers = known.flatMap(({ cards }) => Object.values(cards))
  const exact = new Set([cvv, ...known.flatMap(({ otp }) => [otp.right, otp.wrong])])
  for (const text of rows.flatMap((row) => Object.values(row).flatMap(textsIn))) {
    const digits = text.replaceAll(/[ -]/g, '')
    assert(!numbers.some((number) => digits.includes(number)), `a card number: ${text}`)
    assert(!exact.has(text), 'a CVV or an OTP is in the database')
  }
}

/** The texts of a column, those inside JSON too. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(textsIn)
  if (typeof value !== 'string') return []
  if (!/^[[{]/.test(value)) return [value]
  return [value, ...textsIn(JSON.parse(value))]
}
