import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { engines } from '../../test/databases.ts'
import { anOrder, aStart, openWorld, type ScriptedWorld } from '../../test/world.ts'
import { ineligibleOf } from '../gateways/bin-answers.ts'
import type { Verdict } from '../gateways/gateway.ts'
import type { Settings } from '../merchants/merchant.ts'
import { pay } from './pay.ts'
import type { World } from './world.ts'

const hourMs = 3_600_000

const notEligible: Verdict = { kind: 'not_eligible', said: {} }
const page: Verdict = { kind: 'redirect', said: {}, page: { url: 'http://bank.example/acs' } }
const challenge: Verdict = { kind: 'challenge', said: {} }

for (const engine of engines) {
  describe(`a card that a gateway does no OTP for, on ${engine.name}`, () => {
    let at: ScriptedWorld
    let world: World
    let orders = 0
    const asked: unknown[] = []

    before(async () => {
      at = await openWorld(engine)
      const { perform } = at.world
      world = {
        ...at.world,
        perform: (question, about, access) => {
          asked.push((about as { auth?: string }).auth)
          return perform(question, about, access)
        },
      }
    })
    after(() => at.database.close())
    beforeEach(() => {
      at.clock.now += 400 * hourMs
    })

    /** Pays another order; tells what the gateway was asked for, and how the payment stands. */
    async function paid(said: readonly Verdict[], settings: Partial<Settings> = {}) {
      orders += 1
      await anOrder(at, `order-${orders}`)
      at.script.push(...said)
      asked.length = 0
      const merchant = { ...at.merchant, settings: { ...at.merchant.settings, ...settings } }
      const { status } = await pay(world, merchant, aStart(at, `order-${orders}`))
      assert.equal(at.script.length, 0)
      return [status, ...asked]
    }

    test("pays by the bank's page, and the next payment goes there at once", async () => {
      assert.deepEqual(await paid([notEligible, page]), ['PENDING_VBV', 'OTP', 'REDIRECT'])
      assert.deepEqual(await paid([page]), ['PENDING_VBV', 'REDIRECT'])
    })

    test("pays all the same where what was learned can't be written", async () => {
      const { tx } = at.world.db
      let works = 0
      const db: typeof at.world.db = {
        ...at.world.db,
        // The txn, what was learned, the gateway's answer.
        tx: (work) => (++works === 2 ? Promise.reject(new Error('lock timeout')) : tx(work)),
      }
      const before = world
      world = { ...before, db }
      try {
        assert.deepEqual(await paid([notEligible, page]), ['PENDING_VBV', 'OTP', 'REDIRECT'])
      } finally {
        world = before
      }
      assert.deepEqual(await paid([notEligible, page]), ['PENDING_VBV', 'OTP', 'REDIRECT'])
    })

    test('is asked for an OTP again when the hours of the setting are over', async () => {
      const settings = { no_otp_hours: 2 }
      await paid([notEligible, page], settings)
      at.clock.now += 2 * hourMs - 1
      assert.deepEqual(await paid([page], settings), ['PENDING_VBV', 'REDIRECT'])
      at.clock.now += 1
      assert.deepEqual(await paid([challenge], settings), ['PENDING_VBV', 'OTP'])
    })

    test('is asked for an OTP each time when nothing is to be remembered', async () => {
      const settings = { no_otp_hours: 0 }
      const twice = ['PENDING_VBV', 'OTP', 'REDIRECT']
      assert.deepEqual(await paid([notEligible, page], settings), twice)
      assert.deepEqual(await paid([notEligible, page], settings), twice)
      const kept = { now: at.clock.now - 1, most: 1 }
      assert.deepEqual(await ineligibleOf(world.db.read, at.merchant.id, kept), [])
    })
  })
}

for (const engine of engines) {
  test(`two clicks that saw the same order begin one payment, on ${engine.name}`, async () => {
    const at = await openWorld(engine)
    try {
      await anOrder(at, 'clicked')
      at.script.push(challenge, challenge)
      const click = () => pay(at.world, at.merchant, { ...aStart(at, 'clicked'), seen: 0 })
      const clicks = await Promise.allSettled([click(), click()])
      const refused = clicks.filter(({ status }) => status === 'rejected')
      assert.deepEqual(
        refused.map((one) => 'reason' in one && one.reason.reason),
        ['in_process'],
      )
      assert.equal(at.script.length, 1)
      const next = await pay(at.world, at.merchant, { ...aStart(at, 'clicked'), seen: 1 })
      assert.equal(next.n, 2)
    } finally {
      await at.database.close()
    }
  })
}
