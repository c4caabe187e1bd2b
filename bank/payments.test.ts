import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import * as t from './bank.fixture.ts'
import { type Book, openBook } from './book.ts'
import type { Payment } from './payment.ts'
import { paymentById, updateMoney, updateOpenPayment } from './payments.ts'

/** The book of a bank with one payment that holds ₹499, and that payment. */
async function held(context: TestContext): Promise<{ book: Book; payment: Payment }> {
  const folder = mkdtempSync(join(tmpdir(), 'bank-'))
  context.after(() => rmSync(folder, { recursive: true }))
  const place = { kind: 'file', path: join(folder, 'bank.db') } as const
  const bank = t.newBank({ book: place })
  const id = await t.paid(bank)
  await bank.close()
  const book = openBook(place)
  context.after(() => book.close())
  const payment = paymentById(book, id)
  assert.ok(payment)
  return { book, payment }
}

test('money moves only from where it was read to be', async (context) => {
  const { book, payment } = await held(context)
  const taken: Payment = { ...payment, state: 'charged', captured: 100_00 }
  updateMoney(book, payment, taken)
  assert.throws(() => updateMoney(book, payment, taken), /moved already/)
  updateMoney(book, taken, { ...taken, returned: 40_00 })
  assert.throws(() => updateMoney(book, taken, { ...taken, returned: 60_00 }), /moved already/)
  const given: Payment = { ...taken, returned: 40_00 }
  const pending = { kind: 'capture', amount: 1, at: 1 } as const
  updateMoney(book, given, { ...given, pending })
  assert.throws(() => updateMoney(book, given, { ...given, captured: 200_00 }), /moved already/)
  assert.throws(() => updateOpenPayment(book, given), /had its outcome already/)
  assert.deepEqual(paymentById(book, payment.id), { ...given, pending })
})

test('no line of the book takes or gives back more than it may', async (context) => {
  const { book, payment } = await held(context)
  for (const money of [
    { captured: 499_01 },
    { captured: -1 },
    { captured: 100_00, returned: 100_01 },
    { captured: 100_00, pending: { kind: 'capture', amount: 399_01, at: 1 } },
  ] as const) {
    assert.throws(() => updateMoney(book, payment, { ...payment, ...money }), /CHECK/)
  }
  assert.deepEqual(paymentById(book, payment.id), payment)
})
