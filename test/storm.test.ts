import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Answer, ask, bookAt, type Caller, challengeIn, rightOtp, wrongOtp } from './caller.ts'
import { atOnce, count, crowd, onlyThese, type Servers, sceneries, startServers } from './crowd.ts'
import type { Engine } from './support.ts'

const ownAddress = /127\.0\.0\.1:\d+/g
const attemptsMax = 3
const sendsMax = 3

for (const [engine, servers] of sceneries) {
  describe(`a storm on ${engine.name}, ${servers} at the door`, () => storm(engine, servers))
}

function storm(engine: Engine, count_: number): void {
  let it: Servers
  let orders = 0
  const newOrder = () => `storm-${++orders}`
  const first = () => it.callers[0] as Caller

  before(async () => {
    it = await startServers(engine, count_)
  })
  after(() => it.close())

  test('wrong guesses spend the limit exactly', async () => {
    const order = newOrder()
    const challenge = await first().open(order)
    const answers = await atOnce(it, crowd, (one) => one.submit(challenge, wrongOtp))
    const over = 'AUTHENTICATION_FAILED OTP_ATTEMPTS_EXCEEDED'
    onlyThese(answers, 'PENDING_VBV INCORRECT_OTP', over, 'in_process')
    assert.equal(count(answers, 'PENDING_VBV INCORRECT_OTP'), attemptsMax - 1)
    assert(count(answers, over) > 0)
    const { payments, charges } = await bookAt(it.bankUrl, order)
    assert.deepEqual([payments[0]?.guesses, charges.length], [attemptsMax, 0])
    assert.deepEqual(await countersOf(order), [{ n: 1, attempts: attemptsMax, sends: 1 }])
  })

  test('right guesses charge once', async () => {
    const order = newOrder()
    const challenge = await first().open(order)
    const answers = await atOnce(it, crowd, (one) => one.submit(challenge, rightOtp))
    onlyThese(answers, 'CHARGED 00', 'in_process')
    const charged = answers.filter(({ status }) => status === 200)
    assert(charged.length > 0)
    // Each server names itself in its links; one PUBLIC_URL would make them alike.
    assert.equal(new Set(charged.map(({ text }) => text.replaceAll(ownAddress, ''))).size, 1)
    const { payments, charges } = await bookAt(it.bankUrl, order)
    assert.deepEqual([payments[0]?.guesses, charges.length], [1, 1])
  })

  test('wrong and right guesses mixed end as the bank ended', async () => {
    for (let round = 0; round < 3; round++) {
      const order = newOrder()
      const challenge = await first().open(order)
      const otp = (i: number) => (i % 5 === 4 - round ? rightOtp : wrongOtp)
      const answers = await atOnce(it, crowd, (one, i) => one.submit(challenge, otp(i)))
      const over = 'AUTHENTICATION_FAILED OTP_ATTEMPTS_EXCEEDED'
      onlyThese(answers, 'PENDING_VBV INCORRECT_OTP', 'CHARGED 00', over, 'in_process')
      const { payments, charges } = await bookAt(it.bankUrl, order)
      assert((payments[0]?.guesses ?? 0) <= attemptsMax)
      const ended = charges.length === 1 ? 'CHARGED' : 'AUTHENTICATION_FAILED'
      assert.equal((await first().status(order)).body.status, ended)
      const other = charges.length === 1 ? over : 'CHARGED 00'
      assert.equal(count(answers, other), 0)
    }
  })

  test('starts make twenty-five txns and no more', async () => {
    const order = newOrder()
    await first().create(order)
    const answers = await atOnce(it, crowd, (one) => one.start(order))
    onlyThese(answers, 'PENDING_VBV', 'too_many_txns')
    assert.equal(count(answers, 'PENDING_VBV'), 25)
    const numbers = (await countersOf(order)).map(({ n }) => n)
    assert.deepEqual(
      numbers,
      Array.from({ length: 25 }, (_, i) => i + 1),
    )
    assert.equal((await bookAt(it.bankUrl, order)).payments.length, 25)
  })

  test('creates make one order', async () => {
    const same = newOrder()
    const alike = await atOnce(it, crowd, (one) => one.create(same))
    onlyThese(alike, 'NEW')
    assert.equal(new Set(alike.map(({ body }) => body.id)).size, 1)
    const different = newOrder()
    const amounts = await atOnce(it, crowd, (one, i) =>
      one.create(different, { amount: String(i + 1) }),
    )
    onlyThese(amounts, 'NEW', 'order_already_created')
    assert.equal(count(amounts, 'NEW'), 1)
  })

  test('resends spend sends only, and no more than the limit', async () => {
    const order = newOrder()
    const challenge = await first().open(order)
    const answers = await atOnce(it, 50, (one) => one.resend(challenge))
    onlyThese(answers, 'PENDING_VBV', 'send_limit', 'in_process')
    assert.equal(count(answers, 'PENDING_VBV'), sendsMax - 1)
    const [payment] = (await bookAt(it.bankUrl, order)).payments
    assert.deepEqual([payment?.sends, payment?.guesses], [sendsMax, 0])
    assert.deepEqual(await countersOf(order), [{ n: 1, attempts: 0, sends: sendsMax }])
    onlyThese([await first().resend(challenge)], 'send_limit')
  })

  test('resends and guesses keep to their own counters', async () => {
    const order = newOrder()
    const challenge = await first().open(order)
    const answers = await atOnce(it, crowd, (one, i) =>
      i % 2 === 0 ? one.resend(challenge) : one.submit(challenge, wrongOtp),
    )
    const over = 'AUTHENTICATION_FAILED OTP_ATTEMPTS_EXCEEDED'
    const refused = ['send_limit', 'in_process', 'cannot_accept']
    onlyThese(answers, 'PENDING_VBV', 'PENDING_VBV INCORRECT_OTP', over, ...refused)
    const [txn] = await countersOf(order)
    const [payment] = (await bookAt(it.bankUrl, order)).payments
    assert.deepEqual([payment?.guesses, payment?.sends], [txn?.attempts, txn?.sends])
    assert.equal(txn?.attempts, attemptsMax)
    assert(txn.sends <= sendsMax)
  })

  test('an OTP and the way to the bank page exclude each other', async () => {
    for (let round = 0; round < 8; round++) {
      const order = newOrder()
      const challenge = await first().open(order)
      const [submitted, opened] = await race(round, {
        one: () => first().submit(challenge, rightOtp),
        other: () => ask(challenge.fallback_url.split('?')[0] ?? '', { form: {} }),
      })
      const page = opened.headers.get('location') ?? ''
      const { charges } = await bookAt(it.bankUrl, order)
      if (page.includes('/acs/')) {
        onlyThese([submitted], 'cannot_accept')
        assert.equal(charges.length, 0)
        const approved = await ask(page, { form: { decision: 'approve' } })
        await ask(approved.headers.get('location') ?? '')
      } else {
        onlyThese([submitted], 'CHARGED 00')
        assert(page.includes('/v2/pay/finish/') || opened.status === 409, opened.text)
      }
      assert.equal((await bookAt(it.bankUrl, order)).charges.length, 1)
      assert.equal((await first().status(order)).body.status, 'CHARGED')
    }
  })

  test('two txns of one order are not both paid', async () => {
    for (let round = 0; round < 8; round++) {
      const order = newOrder()
      const one = await first().open(order)
      const other = challengeIn(await first().start(order))
      const answers = await atOnce(it, crowd / 8, (caller, i) =>
        caller.submit((i + round) % 2 === 0 ? one : other, rightOtp),
      )
      onlyThese(answers, 'CHARGED 00', 'in_process', 'order_paid')
      assert(count(answers, 'CHARGED 00') > 0)
      assert.equal((await bookAt(it.bankUrl, order)).charges.length, 1)
    }
  })

  test('the events of every order are numbered without a gap, up to its own number', async () => {
    const events = await it.database.db.read(
      'select order_id, seq from events order by order_id, seq',
      [],
    )
    const found = Object.groupBy(events, ({ order_id }) => String(order_id))
    const rows = await it.database.db.read('select order_id, seq from orders', [])
    assert.equal(rows.length, orders)
    for (const { order_id, seq } of rows) {
      const numbers = found[String(order_id)]?.map((event) => Number(event['seq']))
      assert.deepEqual(
        numbers,
        Array.from({ length: Number(seq) }, (_, i) => i + 1),
      )
    }
  })

  async function countersOf(order: string) {
    const rows = await it.database.db.read(
      `select n, otp_attempts as attempts, otp_sends as sends from txns
       where order_id = $1 order by n`,
      [order],
    )
    return rows.map(({ n, attempts, sends }) => ({
      n: Number(n),
      attempts: Number(attempts),
      sends: Number(sends),
    }))
  }
}

/** Both at once, taking turns in who is off first. */
async function race(
  round: number,
  { one, other }: { one: () => Promise<Answer>; other: () => Promise<Answer> },
): Promise<[Answer, Answer]> {
  if (round % 2 === 0) return Promise.all([one(), other()])
  const late = other()
  return Promise.all([one(), late])
}
