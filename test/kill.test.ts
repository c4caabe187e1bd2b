import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { after, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isFinal, type TxnStatus } from '../src/payments/txn.ts'
import {
  ask,
  bookAt,
  type Caller,
  type Challenge,
  challengeIn,
  rightOtp,
  wrongOtp,
} from './caller.ts'
import { engines, type TestDatabase } from './databases.ts'
import { callerAt, inItsWorld, type Scene, setScene, startServer } from './scene.ts'
import type { Engine } from './support.ts'
import { workOnce } from './world.ts'

const shoppers = 8
// Most of a payment's time is then between the bank's deed and our writing it down.
const bankDelayMs = 40
const shortestLifeMs = 5
const longestLifeMs = 500

// A question's lease is 35 s at most, and the simulator has settled 3 s after it was asked: by then
// whatever a dead server left under way is anybody's, and a challenge (5 min) is still alive.
const leaseIsOverMs = 40_000

// A refund that never arrived is asked about, sent and done in three passes.
const mostPasses = 5

// The server's own chores start at once; what they find too early they look at 3 s later.
const ownChoresMs = 60_000

/** What a server has told a shopper of an order; the last word of it. */
interface Told {
  readonly order: string
  status: TxnStatus | 'NEW'
  challenge?: Challenge
  /** Whether a refund of it was acknowledged. */
  refunded?: boolean
}

/** Where shoppers note what they are told, and tell that the first challenge is open. */
interface Noted {
  readonly told: Told[]
  readonly begun: () => void
}

const rounds: Record<Engine['name'], number> = { sqlite: 10, postgres: 3 }

for (const engine of engines) {
  describe(`a server killed at random on ${engine.name}`, () => {
    test('keeps its word, charges nobody twice, and finds out what it missed', async (t) => {
      const scene = await setSlowScene(engine)
      after(() => scene.close())
      const told: Told[] = []
      let inDoubt = 0
      let unsaid = 0
      for (let round = 0; round < rounds[engine.name]; round++) {
        const server = await startServer(scene)
        const caller = callerAt(server)
        await checkWord(caller, told)
        const begun = Promise.withResolvers<void>()
        const shopping = Array.from({ length: shoppers }, (_, i) =>
          shop(caller, `k${round}-${i}`, { told, begun: begun.resolve }),
        )
        // A server that has just started is slow: its life counts from the first open challenge.
        await begun.promise
        await sleep(shortestLifeMs + chance(round) * (longestLifeMs - shortestLifeMs))
        server.child.kill('SIGKILL')
        await server.ended
        await Promise.all(shopping)
        inDoubt += (await unfinished(scene.database)).filter(isInDoubt).length
        unsaid += await countPending(scene.database)
        const isLast = round === rounds[engine.name] - 1
        if (isLast && engine.name === 'sqlite') await letItFindOutItself(scene)
        else await passOfSync(scene)
        await checkBooks(scene, told)
      }
      const server = await startServer(scene)
      const caller = callerAt(server)
      await checkWord(caller, told)
      await payTheRest(caller, told)
      server.child.kill('SIGTERM')
      assert.equal(await server.ended, 0)
      await checkBooks(scene, told)
      const paid = told.filter(({ status }) => status === 'CHARGED').length
      const back = told.filter(({ refunded }) => refunded).length
      assert(paid > 0 && inDoubt > 0, 'no kill came at a bad moment')
      t.diagnostic(
        `${told.length} orders acknowledged, ${paid} paid, ${rounds[engine.name]} kills, ` +
          `${back} refunds acknowledged; in doubt at a kill: ${inDoubt} payments, ` +
          `${unsaid} refunds; none twice, none lost`,
      )
    })
  })
}

async function setSlowScene(engine: Engine): Promise<Scene> {
  const scene = await setScene(engine)
  for (const on of ['otp', 'capture', 'refund']) {
    const slow = { mood: 'slow', account: 'demo-simulator', on, delay_ms: bankDelayMs }
    assert.equal((await ask(`${scene.bankUrl}/moods`, { json: slow })).status, 201)
  }
  return scene
}

/** A number in [0, 1) for each round, the same in every run. */
function chance(round: number): number {
  return createHash('sha256').update(`kill ${round}`).digest().readUInt32BE(0) / 2 ** 32
}

/** Pays one order after another until nobody answers any more, and notes each answer. */
async function shop(caller: Caller, name: string, noted: Noted): Promise<void> {
  try {
    for (let n = 0; ; n++) {
      const order = `${name}-${n}`
      const note = await buy(caller, { order, wrongFirst: n % 3 === 1, held: n % 2 === 1 }, noted)
      const answer = await caller.refund(order, 'back', { amount: '25.00' })
      assert.equal(answer.status, 200, answer.text)
      note.refunded = true
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
  }
}

async function buy(
  caller: Caller,
  { order, wrongFirst, held }: { order: string; wrongFirst: boolean; held: boolean },
  { told, begun }: Noted,
): Promise<Told> {
  const created = await caller.create(order)
  assert.equal(created.status, 200, created.text)
  const note: Told = { order, status: 'NEW' }
  told.push(note)
  const started = await caller.start(order)
  note.challenge = challengeIn(started)
  note.status = started.body.status as TxnStatus
  begun()
  for (const otp of wrongFirst ? [wrongOtp, rightOtp] : [rightOtp]) {
    const answer = await caller.submit(note.challenge, otp, { auto_capture: String(!held) })
    assert.equal(answer.status, 200, answer.text)
    note.status = answer.body.status as TxnStatus
  }
  if (held) {
    // Whatever the server said before, it may have captured when it is killed.
    note.status = 'CAPTURE_INITIATED'
    note.status = (await caller.capture(note.challenge)).body.status as TxnStatus
  }
  return note
}

/** Every order a server spoke of is there, and what it called final still is so. */
async function checkWord(caller: Caller, told: readonly Told[]): Promise<void> {
  await Promise.all(
    told.map(async ({ order, status, challenge, refunded }) => {
      const { body } = await caller.status(order)
      assert.equal(body['order_id'], order)
      assert.notEqual(body.status, 'NOT_FOUND')
      if (status !== 'NEW' && isFinal(status)) assert.equal(body.status, status)
      if (challenge) assert.equal(body.txn_uuid, challenge.id)
      if (refunded) assert.equal((body['refunds'] as object[]).length, 1)
    }),
  )
}

/**
 * The clock's door, in this process on the dead server's database, until it has nothing to do. Its
 * clock is set forward to when the dead server's leases are over, instead of waiting for it.
 */
function passOfSync(scene: Scene): Promise<void> {
  const failed = (error: unknown) => {
    throw error
  }
  return inItsWorld(
    scene,
    () => Date.now() + leaseIsOverMs,
    async (world) => {
      for (let passes = 0; (await workOnce(world, failed)) > 0; passes++) {
        assert(passes < mostPasses, 'the clock finds no end')
      }
    },
  )
}

/** The real thing: a new server alone finds out, by its own clock. */
async function letItFindOutItself(scene: Scene): Promise<void> {
  const server = await startServer(scene)
  const deadline = AbortSignal.timeout(ownChoresMs)
  const { database } = scene
  while ((await unfinished(database)).some(isInDoubt) || (await countPending(database)) > 0) {
    deadline.throwIfAborted()
    await sleep(50)
  }
  server.child.kill('SIGKILL')
  await once(server.child, 'exit')
}

interface Unfinished {
  readonly status: string
  readonly lease: number
  readonly until: number
}

async function unfinished({ db }: TestDatabase): Promise<Unfinished[]> {
  const rows = await db.read(
    `select status, lease_until, challenge_until from txns
     where status in ('STARTED', 'PENDING_VBV', 'AUTHORIZING') or instruction is not null`,
    [],
  )
  return rows.map((row) => ({
    status: String(row['status']),
    lease: Number(row['lease_until']),
    until: Number(row['challenge_until']),
  }))
}

async function countPending({ db }: TestDatabase): Promise<number> {
  return (await db.read("select id from refunds where status = 'PENDING'", [])).length
}

/** Whether the customer can't go on and the outcome is not known. */
function isInDoubt({ status, lease }: Unfinished): boolean {
  return status !== 'PENDING_VBV' || lease !== 0
}

async function checkBooks({ database, bankUrl }: Scene, told: readonly Told[]): Promise<void> {
  for (const txn of await unfinished(database)) {
    assert(!isInDoubt(txn), `stuck: ${JSON.stringify(txn)}`)
    assert(txn.until > Date.now())
  }
  const { charges, refunds } = await bookAt(bankUrl)
  const orders = charges.map(({ order }) => order)
  assert.equal(new Set(orders).size, orders.length, 'an order was charged twice')
  const rows = await database.db.read("select order_id, id from txns where status = 'CHARGED'", [])
  assert.deepEqual(
    new Set(rows.map(({ id }) => id)),
    new Set(charges.map(({ reference }) => reference)),
  )
  const done = await database.db.read("select ref from refunds where status = 'SUCCESS'", [])
  assert.deepEqual(done.map(({ ref }) => ref).sort(), refunds.map((one) => one.reference).sort())
  assert.equal(new Set(refunds.map(({ order }) => order)).size, refunds.length)
  assert.equal(await countPending(database), 0)
  const claims = await database.db.read(
    'select order_id from orders where claimed_by is not null',
    [],
  )
  assert.deepEqual(claims, [])
  const charged = new Set(orders)
  for (const { order, status } of told) if (status === 'CHARGED') assert(charged.has(order))
}

/** Whatever is left unpaid can still be paid: by its open challenge, or a new one. */
async function payTheRest(caller: Caller, told: readonly Told[]): Promise<void> {
  await Promise.all(
    told.map(async (note) => {
      const { status } = (await caller.status(note.order)).body
      const open = status === 'PENDING_VBV' ? note.challenge : undefined
      if (status === 'CHARGED') note.status = status
      if (status === 'AUTHORIZED' || status === 'CAPTURE_FAILED') {
        const txn = note.challenge ?? assert.fail('what is held had a challenge')
        note.status = (await caller.capture(txn)).body.status as TxnStatus
        assert.equal(note.status, 'CHARGED')
      }
      if (status !== 'PENDING_VBV' && status !== 'NEW') return
      const challenge = open ?? challengeIn(await caller.start(note.order))
      const answer = await caller.submit(challenge, rightOtp, { auto_capture: 'true' })
      assert.equal(answer.body.status, 'CHARGED', answer.text)
      note.status = 'CHARGED'
    }),
  )
}
