import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type GatewayName, gateways } from '../src/gateways/catalog.ts'
import { makeSeal } from '../src/seal.ts'
import { type Answer, type Caller, type Challenge, challengeIn, type Form } from './caller.ts'
import { atOnce, count, crowd, onlyThese, type Servers, startServers } from './crowd.ts'
import { engines } from './databases.ts'
import type { BookedPayment, Fake } from './gateways/fake.ts'
import { addAccount } from './gateways/fake-account.ts'
import { fakes } from './gateways/fakes.ts'
import { price } from './gateways/matrix-shop.ts'
import { type Engine, testVariables } from './support.ts'

const names = (Object.keys(gateways) as GatewayName[]).filter((name) => name !== 'simulator')

// The chores look four times a second.
const patienceMs = 60_000

describe('a storm over three gateways at once', { concurrency: true }, () => {
  for (const engine of engines) {
    describe(`on ${engine.name}`, { concurrency: 1 }, () => storm(engine))
  }
})

/** An order at one of the gateways, with its challenge. */
interface Open {
  readonly order: string
  readonly fake: Fake
  readonly challenge: Challenge
}

function storm(engine: Engine): void {
  let it: Servers
  let open: readonly Fake[]
  let orders = 0
  /** Some gateways do tomorrow what they are told today: how much later it is with them, in ms. */
  let later = 0
  /** What must have become of the money of orders in the end, in paise. */
  const due: { readonly one: Open; readonly captured: number; readonly refunded: number }[] = []
  const first = () => it.callers[0] as Caller

  before(async () => {
    it = await startServers(engine, 1)
    open = await Promise.all(names.map((name) => fakes[name]({ now: () => Date.now() + later })))
    assert(open.length >= 3)
    const { MASTER_KEY = '' } = testVariables(it.database)
    const seal = makeSeal(Buffer.from(MASTER_KEY, 'hex'))
    const { merchant } = first()
    await it.database.db.tx(async (t) => {
      for (const fake of open) {
        const account = fake.gateway
        addAccount(t, seal, { merchant, account, fake, at: Date.now(), holds: true })
      }
    })
  })
  after(async () => {
    await it.close()
    for (const fake of open) await fake.close()
  })

  /** One order at each of the gateways, its OTP sent. */
  async function openAll(more: Form = {}): Promise<Open[]> {
    return Promise.all(
      open.map(async (fake) => {
        const order = `${fake.gateway}-${++orders}`
        const label = { 'metadata.JUSPAY:gateway_reference_id': fake.gateway }
        const created = await first().create(order, { ...customer, ...label, ...more })
        assert.equal(created.status, 200, created.text)
        const card = { card_number: fake.cards.good, card_exp_year: '35' }
        const challenge = challengeIn(await first().start(order, card))
        return { order, fake, challenge }
      }),
    )
  }

  /** The crowd's calls, spread over the orders; gives the answers of each. */
  async function overAll(
    all: readonly Open[],
    call: (caller: Caller, at: Open, i: number) => Promise<Answer>,
  ): Promise<[Open, Answer[]][]> {
    const of = (i: number) => all[i % all.length] as Open
    const answers = await atOnce(it, crowd, (caller, i) => call(caller, of(i), i))
    return all.map((one) => [one, answers.filter((_, i) => of(i) === one)])
  }

  async function bookedOf({ fake, challenge }: Open): Promise<BookedPayment> {
    const ours = challenge.id.slice('txn_'.length, 'txn_'.length + 24)
    const found = (await fake.book()).filter(({ reference }) => reference.includes(ours))
    const [booked, ...more] = found
    assert(booked && more.length === 0, 'one payment at the gateway')
    return booked
  }

  test('right guesses charge each order once', async () => {
    const all = await openAll()
    const found = await overAll(all, (caller, { challenge, fake }) =>
      caller.submit(challenge, fake.otp.right),
    )
    for (const [one, answers] of found) {
      onlyThese(answers, 'CHARGED 00', 'in_process')
      assert(count(answers, 'CHARGED 00') > 0)
      const { captured, guesses } = await bookedOf(one)
      assert.deepEqual([captured, guesses], [price, 1])
    }
  })

  test('wrong and right guesses mixed end as the bank ended', async () => {
    const all = await openAll()
    const found = await overAll(all, (caller, { challenge, fake }, i) =>
      caller.submit(challenge, i % 5 === 4 ? fake.otp.right : fake.otp.wrong),
    )
    const over = 'AUTHENTICATION_FAILED OTP_ATTEMPTS_EXCEEDED'
    for (const [one, answers] of found) {
      onlyThese(answers, 'PENDING_VBV INCORRECT_OTP', 'CHARGED 00', over, 'in_process')
      const { captured, guesses } = await bookedOf(one)
      assert(guesses <= one.challenge.max_attempts)
      const { body } = await first().status(one.order)
      assert.equal(body.status, captured === price ? 'CHARGED' : 'AUTHENTICATION_FAILED')
    }
  })

  test('refunds by one request id give money back once', async () => {
    const all = await openAll()
    for (const { challenge, fake } of all) await first().submit(challenge, fake.otp.right)
    const found = await overAll(all, (caller, { order }) =>
      caller.refund(order, 'same', { amount: '10' }),
    )
    for (const [one, answers] of found) {
      onlyThese(answers, 'CHARGED 00', 'refund_duplicate')
      assert.equal(count(answers, 'CHARGED 00'), 1)
      due.push({ one, captured: price, refunded: 1_000 })
    }
  })

  test('captures of one payment take its money once', async () => {
    const all = await openAll({ 'metadata.txns.auto_capture': 'false' })
    for (const { challenge, fake } of all) {
      const held = await first().submit(challenge, fake.otp.right)
      assert.equal(held.body.status, 'AUTHORIZED', held.text)
    }
    const found = await overAll(all, (caller, { challenge }) => caller.capture(challenge))
    for (const [one, answers] of found) {
      const pending = 'CAPTURE_INITIATED PENDING_AT_BANK'
      onlyThese(answers, 'CHARGED 00', pending, 'cannot_capture', 'in_process')
      due.push({ one, captured: price, refunded: 0 })
      const sql = "select kind from events where order_id = $1 and kind = 'capture_asked'"
      assert.equal((await it.database.db.read(sql, [one.order])).length, 1)
    }
  })

  test('the books agree: what each gateway took and gave back the server says too', async () => {
    const waiting = `select id from txns where status in ('AUTHORIZING', 'CAPTURE_INITIATED')
      or instruction is not null union all select ref from refunds where status = 'PENDING'`
    later = 2 * 86_400_000
    const isOver = async () => {
      // The clock's next look at what is not decided would be five seconds away, or fifteen.
      await it.database.db.tx(async (t) => {
        t.put('update txns set due_at = 1 where due_at > 1 and lease_until = 0', [])
        t.put("update refunds set due_at = 1 where status = 'PENDING' and lease_until = 0", [])
      })
      return (await it.database.db.read(waiting, [])).length === 0
    }
    await until(isOver, 'every end is known')
    for (const { one, captured, refunded } of due) {
      const booked = await bookedOf(one)
      assert.deepEqual([booked.captured, booked.refunded], [captured, refunded], one.order)
    }
    const rows = await it.database.db.read(
      `select t.account, t.captured, t.id,
         (select coalesce(sum(r.amount), 0) from refunds r
          where r.txn = t.id and r.status = 'SUCCESS') as refunded
       from txns t order by t.id`,
      [],
    )
    assert.equal(rows.length, orders)
    const books = await Promise.all(open.map(async (fake) => [fake.gateway, await fake.book()]))
    const booked: Readonly<Record<string, readonly BookedPayment[]>> = Object.fromEntries(books)
    for (const { account, captured, refunded, id } of rows) {
      const ours = String(id).slice('txn_'.length, 'txn_'.length + 24)
      const [one] = booked[String(account)]?.filter((it) => it.reference.includes(ours)) ?? []
      assert.deepEqual([one?.captured, one?.refunded], [Number(captured), Number(refunded)])
    }
    for (const fake of open) assert.deepEqual(fake.problems(), [])
  })
}

const customer: Form = {
  customer_id: 'c-1',
  customer_email: 'asha@shop.example',
  customer_phone: '9999999999',
}

async function until(isSo: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + patienceMs
  while (!(await isSo())) {
    assert(performance.now() < deadline, `not yet: ${what}`)
    await sleep(20)
  }
}
