import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { type Bank, openBank } from '../bank/bank.ts'
import { addMerchant } from '../src/add-merchant.ts'
import { workOnce } from '../src/chores/work.ts'
import { makePerform } from '../src/gateways/perform.ts'
import { type MerchantId, type OrderId, shardOf } from '../src/ids.ts'
import type { Merchant } from '../src/merchants/merchant.ts'
import { findMerchant } from '../src/merchants/merchants.ts'
import { paise } from '../src/money.ts'
import { authenticate } from '../src/payments/authenticate.ts'
import { createOrder } from '../src/payments/create-order.ts'
import { openBankPage } from '../src/payments/open-bank-page.ts'
import { pay } from '../src/payments/pay.ts'
import { resendOtp } from '../src/payments/resend-otp.ts'
import { syncNow } from '../src/payments/sync-now.ts'
import { isFinal, next, type Txn, type TxnStatus } from '../src/payments/txn.ts'
import { dueTxns, findTxn } from '../src/payments/txns.ts'
import type { World } from '../src/payments/world.ts'
import { Refusal } from '../src/refusal.ts'
import { makeSeal } from '../src/seal.ts'
import { Secret } from '../src/secret.ts'
import { type BankBook, rightOtp, testCard, wrongOtp } from './caller.ts'
import { engines, type TestDatabase } from './databases.ts'
import { anyStep, create, type Step, start } from './step.ts'

const merchantId = 'model' as MerchantId
const by = { door: 'api' } as const
let database: TestDatabase
let bank: Bank
let world: World
let merchant: Merchant
let orders = 0

before(async () => {
  const sqlite = engines.find(({ name }) => name === 'sqlite')
  assert(sqlite)
  database = await sqlite.open()
  const publicUrl = 'http://model.test'
  const bankUrl = `${publicUrl}/bank`
  let at = 1_750_000_000_000
  bank = openBank({ book: { kind: 'memory' }, seed: 'model', publicUrl: bankUrl, now: () => at })
  const seal = makeSeal(Buffer.alloc(32, 7))
  world = {
    db: database.db,
    seal,
    perform: makePerform((request) => bank.fetch(request)),
    now: () => bank.now(),
    elapsed: () => at,
    luck: () => 0,
    // Nobody waits in a world where one thing happens at a time; whoever would, sees time pass.
    sleep: async (ms) => {
      at += ms
    },
    mode: 'sandbox',
    publicUrl,
    bankUrl,
  }
  await addMerchant(world, { id: merchantId, mode: 'sandbox', at })
  const found = await findMerchant(world, merchantId)
  assert(found)
  merchant = found
})
after(async () => {
  await bank.close()
  await database.close()
})

test('an order is charged once, and the server knows what the bank did', async () => {
  const steps = fc.array(anyStep, { minLength: 3, maxLength: 14 })
  await fc.assert(fc.asyncProperty(steps, live), { numRuns: 120, seed: 20_250_617 })
})

/** Lives through the steps with a new order, and looks after each whether all is as it must be. */
async function live(steps: readonly Step[]): Promise<void> {
  const orderId = `m-${++orders}` as OrderId
  await atBank('DELETE', '/moods')
  await take(orderId, create(100))
  for (const step of [start('OTP'), ...steps]) {
    await take(orderId, step)
    await check(orderId)
  }
  await atBank('DELETE', '/moods')
  await settleDown()
  await check(orderId)
  await checkTheEnd(orderId)
}

async function take(orderId: OrderId, step: Step): Promise<void> {
  try {
    await act(orderId, step)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    assert.notEqual(error.reason, 'internal_error')
  }
}

async function act(orderId: OrderId, step: Step): Promise<unknown> {
  switch (step.do) {
    case 'create': {
      const order = { orderId, amount: paise(step.rupees * 100), currency: 'INR', fields: {} }
      return createOrder(world, merchant, { order, ifDifferent: 'change', by })
    }
    case 'start': {
      const { card_number: number = '', card_security_code: cvv = '' } = testCard
      const secrets = { number: new Secret(number), cvv: new Secret(cvv) }
      const card = { ...secrets, expiryMonth: '11', expiryYear: '2027' }
      return pay(world, merchant, { orderId, card, brand: 'VISA', auth: step.auth, wish: {}, by })
    }
    case 'wait':
      return atBank('POST', '/clock', { advance_ms: step.seconds * 1_000 })
    case 'mood':
      return atBank('POST', '/moods', { mood: step.mood, next: step.next, ...actedOf(step) })
    case 'chores':
      return workOnce(world, fail)
    default: {
      const txns = await txnsOf(orderId)
      const found = txns[step.txn % txns.length]
      return found && actOn(found, step)
    }
  }
}

function actedOf({ acted }: { acted?: boolean }) {
  return acted === undefined ? {} : { acted }
}

function fail(error: unknown): never {
  throw error
}

type TxnStep = Extract<Step, { readonly txn: number }>

async function actOn(found: Txn, step: TxnStep): Promise<unknown> {
  const named = { id: found.id, challengeId: found.challengeId, by }
  switch (step.do) {
    case 'submit':
      return authenticate(world, merchant, {
        ...named,
        otp: new Secret(step.right ? rightOtp : wrongOtp),
      })
    case 'resend':
      return resendOtp(world, merchant, named)
    case 'page':
      return openBankPage(world, merchant, { key: found, by })
    case 'approve': {
      // A failed txn is asked about once more, when its customer comes back: that must be answered.
      if (isFinal(found.status)) {
        if (found.amount >= 700_00) return undefined
        await atBank('DELETE', '/moods')
      }
      const payment = (await book()).payments.find(({ reference }) => reference === found.id)
      if (!payment) return undefined
      await atBank('POST', `/acs/${payment.id}`, 'decision=approve')
      return syncNow(world, merchant, { key: found, by })
    }
    case 'finish':
      return syncNow(world, merchant, { key: found, by })
    default:
      return step satisfies never
  }
}

/** Lets time pass and the clock's door work, until nothing of any txn is awaited. */
async function settleDown(): Promise<void> {
  for (let pass = 0; pass < 40; pass++) {
    // First what is in doubt, then the days in which late news is listened for.
    const advance_ms = pass < 10 ? 120_000 : 12 * 3_600_000
    await atBank('POST', '/clock', { advance_ms })
    await workOnce(world, fail)
    if ((await dueTxns(world.db.read, Number.MAX_SAFE_INTEGER, 1)).length === 0) return
  }
  assert.fail('something is awaited for ever')
}

async function check(orderId: OrderId): Promise<void> {
  const key = [shardOf(merchantId, orderId), merchantId, orderId]
  const where = 'where shard = $1 and merchant = $2 and order_id = $3'
  const [order] = await world.db.read(`select seq, txn_count from orders ${where}`, key)
  const events = await world.db.read(
    `select seq, kind, txn, body from events ${where} order by seq`,
    key,
  )
  assert.deepEqual(
    events.map(({ seq }) => Number(seq)),
    Array.from({ length: Number(order?.['seq']) }, (_, i) => i + 1),
  )
  const txns = await txnsOf(orderId)
  assert.equal(txns.length, Number(order?.['txn_count']))
  for (const { id, status, otp } of txns) {
    assert(otp.attempts <= otp.attemptsMax && otp.attemptsMax <= 3, `attempts ${otp.attempts}`)
    assert(otp.sends <= otp.sendsMax && otp.sendsMax <= 3, `sends ${otp.sends}`)
    const moves = events
      .filter((event) => event['txn'] === id)
      .map((event) => JSON.parse(String(event['body'])))
      .filter((body) => body.to !== undefined)
    let at: TxnStatus = 'STARTED'
    for (const { from, to } of moves) {
      assert.equal(from, at)
      assert(to === at || next[at].includes(to), `${at} to ${to}`)
      at = to
    }
    assert.equal(status, at)
  }
  const { payments, charges } = await book(orderId)
  for (const { guesses, sends } of payments) assert(guesses <= 3 && sends <= 3)
  const late = events.filter(({ kind }) => kind === 'late_charge').length
  const known = txns.filter(({ status }) => status === 'CHARGED').length
  assert(known <= 1 + late, `${known} txns charged, ${late} of them late`)
  assert(charges.length >= known, 'a txn is charged that the bank has not charged')
}

async function checkTheEnd(orderId: OrderId): Promise<void> {
  const txns = await txnsOf(orderId)
  const charged = txns.filter(({ status }) => status === 'CHARGED').map(({ id }) => String(id))
  const { charges } = await book(orderId)
  assert.deepEqual(new Set(charged), new Set(charges.map(({ reference }) => reference)))
  for (const { status } of txns) assert(isFinal(status), status)
}

async function txnsOf(orderId: OrderId): Promise<Txn[]> {
  const shard = shardOf(merchantId, orderId)
  const rows = await world.db.read(
    'select id from txns where shard = $1 and merchant = $2 and order_id = $3 order by n',
    [shard, merchantId, orderId],
  )
  const found = rows.map(({ id }) =>
    findTxn(world.db.read, { shard, merchant: merchantId, id: id as Txn['id'] }),
  )
  return (await Promise.all(found)).filter((one) => one !== undefined)
}

async function book(orderId?: OrderId): Promise<BankBook> {
  const { payments, charges } = (await (await atBank('GET', '/book')).json()) as BankBook
  const is = (line: { order: string }) => orderId === undefined || line.order === orderId
  return { payments: payments.filter(is), charges: charges.filter(is) }
}

async function atBank(method: string, path: string, body?: object | string): Promise<Response> {
  const text = typeof body === 'object' ? JSON.stringify(body) : body
  const response = await bank.fetch(
    new Request(`http://model.test${path}`, { method, ...(text !== undefined && { body: text }) }),
  )
  assert(response.status < 400, `${method} ${path}: ${response.status}`)
  return response
}
