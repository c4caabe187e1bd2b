import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { simulator } from '../src/gateways/simulator.ts'
import { type MerchantId, type OrderId, shardOf } from '../src/ids.ts'
import { defaultSettings } from '../src/merchants/merchant.ts'
import { leaseFor } from '../src/payments/ask.ts'
import { eventsOf } from '../src/payments/events.ts'
import { issueRefund } from '../src/payments/issue-refund.ts'
import { findRefund } from '../src/payments/refunds.ts'
import { ask, bookAt, rightOtp } from './caller.ts'
import { engines, type TestDatabase } from './databases.ts'
import { end } from './program.ts'
import { callerAt, inItsWorld, type Scene, setScene, startServer } from './scene.ts'

const merchant = 'demo' as MerchantId
const leaseMs = leaseFor(simulator.refund, 0)

// So that both refunds fall due in the same pass of the chores, which take the rows of one at once.
const dueInMs = 1_500

const patienceMs = 30_000

/** How long before the leases are over it is seen that nobody has touched anything. */
const earlyMs = 5_000
const pollMs = 20

/** The number of the lock that a test takes to hold up a commit. */
const commitLock = 40_404

const orders = { sent: 'lease-1', unsent: 'lease-2' } as const

test('a stopped lease holder that goes on does nothing twice', async () => {
  const engine = engines.find(({ name }) => name === 'postgres')
  assert(engine)
  const scene = await setScene(engine)
  after(scene.close)
  const { database, bankUrl } = scene
  const holder = await startServer(scene)
  const other = await startServer(scene)
  const caller = callerAt(holder)
  for (const order of Object.values(orders)) {
    await caller.submit(await caller.open(order), rightOtp)
  }

  // The holder alone takes both turns. One refund is sent, and its answer does not come; the other
  // is still to be sent: the holder never learns that its turn is on disk.
  other.child.kill('SIGSTOP')
  const slow = { mood: 'slow', next: 'refund', delay_ms: 60_000 }
  assert.equal((await ask(`${bankUrl}/moods`, { json: slow })).status, 201)
  const letCommit = await holdUpCommits(database, orders.unsent)
  await issueBoth(scene)
  await until(async () => (await bookAt(bankUrl, orders.sent)).refunds.length === 1)
  await until(letCommit.isAwaited)
  holder.child.kill('SIGSTOP')
  const stoppedAt = performance.now()
  await letCommit.now()
  other.child.kill('SIGCONT')
  const ends: number[] = []
  for (const order of Object.values(orders)) {
    const taken = await refundOf(database, order)
    ends.push(taken.leaseUntil)
    assert.deepEqual([taken.status, taken.sent, taken.lease], ['PENDING', true, 1], order)
  }

  // Nobody else touches them before the leases are over; then they are finished without the holder.
  await sleep(Math.max(0, Math.min(...ends) - earlyMs - Date.now()))
  assert.equal((await bookAt(bankUrl)).refunds.length, 1)
  for (const order of Object.values(orders)) {
    await until(async () => (await refundOf(database, order)).status === 'SUCCESS')
  }
  await sleep(2 * leaseMs - (performance.now() - stoppedAt))
  holder.child.kill('SIGCONT')
  // A server ends when its last pass has, so whatever the holder still had to say is said.
  assert.equal(await end(holder), 0)

  const { refunds } = await bookAt(bankUrl)
  assert.deepEqual(refunds.map(({ order }) => order).sort(), Object.values(orders))
  assert(refunds.every(({ state, amount }) => state === 'refunded' && amount === 10_000))
  const kinds = { sent: ['refund_sent'], unsent: ['refund_sent', 'refund_sent'] }
  for (const [name, order] of Object.entries(orders)) {
    const refund = await refundOf(database, order)
    assert.deepEqual([refund.status, refund.leaseUntil], ['SUCCESS', 0])
    const events = (await eventsOf(database.db.read, refund)).map(({ kind }) => kind)
    assert.equal(events.filter((kind) => kind === 'refund_answered').length, 1, order)
    const sends = events.filter((kind) => kind === 'refund_sent')
    assert.deepEqual(sends, kinds[name as keyof typeof kinds], order)
    assert.equal(events.at(-1), 'refund_answered', 'nothing was written after the end')
  }
})

/** Refunds both orders, by the rules of the server, to be sent in a moment. */
function issueBoth(scene: Scene): Promise<void> {
  const due = Date.now() + dueInMs
  return inItsWorld(
    scene,
    () => due,
    async (world) => {
      for (const order of Object.values(orders)) {
        const asked = { requestId: 'back', source: 'API', metadata: {} } as const
        const wish = { ...asked, by: { door: 'api' }, order: keyOf(order) } as const
        await issueRefund(world, { id: merchant, settings: defaultSettings('sandbox') }, wish)
      }
    },
  )
}

function keyOf(order: string) {
  const orderId = order as OrderId
  return { shard: shardOf(merchant, orderId), merchant, orderId }
}

async function refundOf({ db }: TestDatabase, order: string) {
  const refund = await findRefund(db.read, { ...keyOf(order), id: 'back' })
  assert(refund, order)
  return refund
}

/** The commit by which this order's refund is sent waits until it is let go. */
async function holdUpCommits({ databaseUrl }: TestDatabase, order: string) {
  const client = new Client(databaseUrl)
  await client.connect()
  await client.query(`
    create function wait_for_test() returns trigger language plpgsql as
      'begin perform pg_advisory_xact_lock(${commitLock}); return null; end';
    create constraint trigger wait_for_test after update of sent on refunds
      deferrable initially deferred for each row
      when (new.order_id = '${order}' and new.sent = 1 and old.sent = 0)
      execute function wait_for_test();
    select pg_advisory_lock(${commitLock})`)
  return {
    isAwaited: async () => {
      const sql = "select 1 from pg_locks where locktype = 'advisory' and not granted"
      return (await client.query(sql)).rows.length > 0
    },
    now: async () => {
      await client.query(`select pg_advisory_unlock(${commitLock})`)
      await client.query('drop trigger wait_for_test on refunds')
      await client.end()
    },
  }
}

async function until(done: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + patienceMs
  while (!(await done())) {
    assert(performance.now() < deadline, `not in time: ${done}`)
    await sleep(pollMs)
  }
}
