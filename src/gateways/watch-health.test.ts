import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { engines, type TestDatabase } from '../../test/databases.ts'
import type { MerchantId } from '../ids.ts'
import type { Sign } from './health.ts'
import { countsSince } from './health-counts.ts'
import { endOutagesOf, openOutages, outagesOf } from './outages.ts'
import { quietWatch } from './watch-health.fixture.ts'
import { type HealthWatch, openWatch } from './watch-health.ts'

const merchant = 'demo' as MerchantId
const minute = 60_000
const card = { network: 'VISA', issuer: 'HDFC' } as const
const seen: Sign = {
  gateway: 'razorpay',
  account: 'demo/a',
  ...card,
  signal: 'start',
  good: true,
  tookMs: 100,
}

function note(watch: HealthWatch, times: number, more: Partial<Sign> = {}): void {
  for (let i = 0; i < times; i++) watch.note({ ...seen, ...more })
}

function standing(watch: HealthWatch, of = merchant) {
  return watch.view(of).of(card)({ id: 'a', gateway: 'razorpay' })
}

test('a quiet watch sees at once what is noted, and has nothing to write', async () => {
  const watch = quietWatch(() => 0)
  const fresh = standing(watch).score
  note(watch, 50, { signal: 'match', good: false })
  assert(standing(watch).score < fresh / 2)
  note(watch, 6, { good: false })
  assert.equal(standing(watch).probeShare, 0.03)
  assert.equal(await watch.once(), 0)
})

test('what is down is judged by its probes alone, and comes back as it was', () => {
  const watch = quietWatch(() => 0)
  note(watch, 6, { good: false })
  const { score } = standing(watch)
  note(watch, 50, { good: false })
  note(watch, 4)
  assert.deepEqual([standing(watch).score, standing(watch).probeShare], [score, undefined])
})

test("what is an account's own fault lowers nobody's score, and only that account is down", () => {
  const watch = quietWatch(() => 0)
  const fresh = standing(watch)
  note(watch, 6, { good: false, own: true })
  const { probeShare, ...rest } = standing(watch)
  assert.deepEqual([rest, probeShare], [fresh, 0.03])
  const others = watch.view('other' as MerchantId).of(card)({ id: 'a', gateway: 'razorpay' })
  assert.deepEqual(others, fresh)
})

for (const engine of engines) {
  describe(`the watch on gateways' health, on ${engine.name}`, () => {
    let database: TestDatabase
    let now = Date.UTC(2026, 10, 22, 10)
    const open = () => openWatch(database.db, () => now)

    before(async () => {
      database = await engine.open()
    })
    after(() => database.close())
    beforeEach(() => {
      // Nothing of the test before is left.
      now += 24 * 60 * minute
    })

    test('tells other processes what it has seen, also those that start later', async () => {
      const [one, other] = [open(), open()]
      await other.once()
      const fresh = standing(other).score
      note(one, 40, { signal: 'delivery', good: false })
      const known = standing(one).score
      assert(known < fresh / 2)
      assert.equal(standing(other).score, fresh)
      await one.once()
      await other.once()
      const late = open()
      await late.once()
      for (const watch of [one, other, late]) {
        assert(Math.abs(standing(watch).score - known) < 1e-9)
      }
    })

    test('counts what both have seen once, however often they look', async () => {
      const [one, other] = [open(), open()]
      note(one, 10)
      note(other, 5, { good: false })
      for (const watch of [one, other, one, other]) await watch.once()
      note(one, 3)
      for (const watch of [one, other, one]) await watch.once()
      const counts = await countsSince(database.db.read, Math.floor(now / minute))
      const ofGateway = counts.filter(({ scope }) => scope === 'razorpay')
      assert.deepEqual(
        ofGateway.map(({ good, bad, tookMs }) => [good, bad, tookMs]),
        [[13, 5, 1_800]],
      )
      assert(Math.abs(standing(one).score - standing(other).score) < 1e-9)
      const alone = quietWatch(() => now)
      note(alone, 13)
      note(alone, 5, { good: false })
      assert(Math.abs(standing(alone).score - standing(one).score) < 1e-9)
    })

    test('keeps each merchant to their own accounts', async () => {
      const watch = open()
      note(watch, 30, { signal: 'match' })
      note(watch, 30, { signal: 'match', account: 'other/a', good: false })
      const theirs = standing(watch, 'other' as MerchantId).score
      assert(theirs < standing(watch).score)
    })

    test('opens and ends outages for all processes', async () => {
      const [one, other] = [open(), open()]
      note(one, 6, { good: false })
      assert.equal(standing(one).probeShare, 0.03, 'at once where it was seen')
      await one.once()
      await other.once()
      assert.equal(standing(other).probeShare, 0.03)
      const [outage] = await openOutages(database.db.read)
      assert.deepEqual(outage, {
        ...outage,
        ...{ scope: 'razorpay', network: '', issuer: '', merchant },
        ...{ signal: 'start', since: now, triedAt: now },
      })
      note(one, 4)
      await one.once()
      await other.once()
      assert.equal(standing(other).probeShare, undefined)
      assert.deepEqual(await openOutages(database.db.read), [])
    })

    test('opens an outage once, however many see it', async () => {
      const both = [open(), open()]
      for (const watch of both) note(watch, 6, { good: false })
      await Promise.all(both.map((watch) => watch.once()))
      assert.equal((await openOutages(database.db.read)).length, 1)
      for (const watch of both) {
        note(watch, 4)
        await watch.once()
      }
      assert.deepEqual(await openOutages(database.db.read), [])
    })

    test('ends an outage after a restart by what had failed, or after an hour', async () => {
      const before = open()
      note(before, 6, { good: false })
      await before.once()
      now += minute
      const [after, late] = [open(), open()]
      await after.once()
      await late.once()
      assert.equal(standing(after).probeShare, 0.06, 'it knows when it was tried')
      note(after, 1, { good: false })
      await after.once()
      await late.once()
      now += 59 * minute
      await late.once()
      assert.equal((await openOutages(database.db.read)).length, 1)
      assert.equal(standing(late).probeShare, 0.25)
      note(late, 4)
      await late.once()
      assert.deepEqual(await openOutages(database.db.read), [])
      note(late, 6, { good: false })
      await late.once()
      now += 60 * minute
      await late.once()
      assert.deepEqual(await openOutages(database.db.read), [])
      const [last] = await outagesOf(database.db.read, merchant, { since: 0, most: 1 })
      assert.equal(last?.ending, 'untried')
    })

    test('lets payments to an account at once that was changed or let in', async () => {
      const watch = open()
      const { db } = database
      note(watch, 6, { good: false })
      note(watch, 6, { good: false, own: true, account: 'demo/second' })
      note(watch, 6, { good: false, account: 'other/a' })
      await watch.once()
      assert.equal((await openOutages(db.read)).length, 3)
      const account = { id: 'a', gateway: 'razorpay' } as const
      await db.tx(async (t) => endOutagesOf(t, merchant, { account, ending: 'untried', now }))
      await watch.once()
      assert.equal(standing(watch).probeShare, undefined)
      assert.equal(standing(watch, 'other' as MerchantId).probeShare, 0.03)
      const second = { ...account, id: 'second' }
      const probeShareOfSecond = () => watch.view(merchant).of(card)(second).probeShare
      assert.equal(probeShareOfSecond(), 0.03)
      const news = { account: second, ending: 'recovered', now } as const
      await db.tx(async (t) => endOutagesOf(t, merchant, news))
      await watch.once()
      assert.equal(probeShareOfSecond(), undefined)
      const recent = { since: now, most: 9 }
      const ended = await outagesOf(db.read, merchant, recent)
      assert.deepEqual(ended.map(({ ending }) => ending).sort(), ['recovered', 'untried'])
      note(watch, 4, { account: 'other/a' })
      await watch.once()
    })

    test('goes on when it could not write, and loses nothing but health', async () => {
      let broken = true
      const { db } = database
      const tx: typeof db.tx = (work) =>
        broken ? Promise.reject(new Error('no disk')) : db.tx(work)
      const watch = openWatch({ ...db, tx }, () => now)
      note(watch, 6, { good: false })
      await assert.rejects(watch.once(), /no disk/)
      assert.equal(standing(watch).probeShare, 0.03)
      broken = false
      await watch.once()
      assert.equal((await openOutages(db.read)).length, 1, 'the outage is written now')
      note(watch, 4)
      await watch.once()
      assert.deepEqual(await openOutages(db.read), [])
    })

    test('removes counts that weigh nothing any more', async () => {
      const watch = open()
      note(watch, 1)
      await watch.once()
      const since = Math.floor(now / minute)
      assert.equal((await countsSince(database.db.read, since)).length, 2)
      now += 61 * minute
      await watch.once()
      assert.deepEqual(await countsSince(database.db.read, since), [])
    })
  })
}
