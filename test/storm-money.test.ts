import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type BankBook, bookAt, type Caller, type Challenge, rightOtp } from './caller.ts'
import { atOnce, count, crowd, onlyThese, type Servers, sceneries, startServers } from './crowd.ts'
import type { Engine } from './support.ts'

// The chores look four times a second.
const patienceMs = 60_000

for (const [engine, servers] of sceneries) {
  describe(`a storm after the OTP on ${engine.name}, ${servers} at the door`, () => {
    storm(engine, servers)
  })
}

function storm(engine: Engine, count_: number): void {
  let it: Servers
  let orders = 0
  const newOrder = () => `money-${++orders}`
  const first = () => it.callers[0] as Caller

  before(async () => {
    it = await startServers(engine, count_)
  })
  after(() => it.close())

  async function paid(order: string, autoCapture = true): Promise<Challenge> {
    const challenge = await first().open(order)
    const more = { auto_capture: String(autoCapture) }
    const { body } = await first().submit(challenge, rightOtp, more)
    assert.equal(body.status, autoCapture ? 'CHARGED' : 'AUTHORIZED')
    return challenge
  }

  test('refunds by one request id give money back once', async () => {
    const order = newOrder()
    await paid(order)
    const answers = await atOnce(it, crowd, (one) => one.refund(order, 'same', { amount: '10' }))
    onlyThese(answers, 'CHARGED 00', 'refund_duplicate')
    assert.equal(count(answers, 'CHARGED 00'), 1)
    const { refunds, payments } = await sentAll(order)
    assert.deepEqual([refunds.length, payments[0]?.refunded], [1, 1_000])
  })

  test('refunds of parts give back what was captured, and no more', async () => {
    const order = newOrder()
    await paid(order)
    const answers = await atOnce(it, crowd, (one, i) =>
      one.refund(order, `part-${i}`, { amount: '7' }),
    )
    onlyThese(answers, 'CHARGED 00', 'refund_exceeds')
    assert.equal(count(answers, 'CHARGED 00'), 14)
    const { refunds, payments } = await sentAll(order)
    assert(refunds.every(({ state }) => state === 'refunded'))
    assert.deepEqual([refunds.length, payments[0]?.refunded], [14, 9_800])
    const rest = await first().refund(order, 'rest')
    assert.equal(rest.body['amount_refunded'], 100, rest.text)
    onlyThese([await first().refund(order, 'more', { amount: '0.01' })], 'refund_exceeds')
    assert.equal((await sentAll(order)).payments[0]?.refunded, 10_000)
  })

  test('captures of one payment take its money once', async () => {
    const order = newOrder()
    const txn = await paid(order, false)
    const answers = await atOnce(it, crowd, (one) => one.capture(txn))
    onlyThese(answers, 'CHARGED 00', 'cannot_capture', 'in_process')
    assert.equal(count(answers, 'CHARGED 00'), 1)
    const { payments, charges } = await bookAt(it.bankUrl, order)
    assert.deepEqual([payments[0]?.captured, charges.length], [10_000, 1])
    assert.deepEqual(await askedFor(order), ['capture_asked'])
  })

  test('captures of parts take each part once, and no more than is held', async () => {
    const order = newOrder()
    const txn = await paid(order, false)
    const answers = await atOnce(it, crowd, (one, i) =>
      one.capture(txn, { amount: '30', idempotence_key: `part-${i % 4}` }),
    )
    onlyThese(answers, 'PARTIAL_CHARGED 00', 'capture_exceeds', 'in_process')
    assert(count(answers, 'PARTIAL_CHARGED 00') >= 3)
    const { payments } = await bookAt(it.bankUrl, order)
    assert.equal(payments[0]?.captured, 9_000)
    assert.equal((await askedFor(order)).length, 3)
  })

  test('a capture and a void exclude each other', async () => {
    for (let round = 0; round < 6; round++) {
      const order = newOrder()
      const txn = await paid(order, false)
      const answers = await atOnce(it, 8, (one, i) =>
        (i + round) % 2 === 0 ? one.capture(txn) : one.void(txn),
      )
      onlyThese(
        answers,
        'CHARGED 00',
        'VOIDED TXN_VOIDED',
        'cannot_capture',
        'cannot_void',
        'in_process',
      )
      const [charged, voided] = [count(answers, 'CHARGED 00'), count(answers, 'VOIDED TXN_VOIDED')]
      assert.equal(charged + voided, 1)
      const [payment] = (await bookAt(it.bankUrl, order)).payments
      const [state, taken] = charged === 1 ? ['charged', 10_000] : ['voided', 0]
      assert.deepEqual([payment?.state, payment?.captured], [state, taken])
      assert.equal((await askedFor(order)).length, 1)
    }
  })

  test('the books agree: what the bank gave back is what the server says it did', async () => {
    const { refunds } = await bookAt(it.bankUrl)
    const rows = await it.database.db.read("select ref from refunds where status = 'SUCCESS'", [])
    assert.deepEqual(rows.map(({ ref }) => ref).sort(), refunds.map((one) => one.reference).sort())
    const late = await it.database.db.read('select id from txns where late = 1', [])
    assert.deepEqual(late, [])
  })

  /** What the bank has, once the chores have sent all refunds of the order. */
  async function sentAll(order: string): Promise<BankBook> {
    const sql = "select id from refunds where order_id = $1 and status = 'PENDING'"
    const deadline = performance.now() + patienceMs
    while ((await it.database.db.read(sql, [order])).length > 0) {
      assert(performance.now() < deadline, 'a refund is still pending')
      await sleep(20)
    }
    return bookAt(it.bankUrl, order)
  }

  async function askedFor(order: string): Promise<string[]> {
    const rows = await it.database.db.read(
      `select kind from events where order_id = $1 and kind in ('capture_asked', 'void_asked')`,
      [order],
    )
    return rows.map(({ kind }) => String(kind))
  }
}
