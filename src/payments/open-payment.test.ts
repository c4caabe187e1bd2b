import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { engines } from '../../test/databases.ts'
import { anOrder, aStart, openWorld, type ScriptedWorld } from '../../test/world.ts'
import type { Verdict } from '../gateways/gateway.ts'
import type { Sign } from '../gateways/health.ts'
import { inquiriesOf, words } from './held.fixture.ts'
import { pay } from './pay.ts'
import { sync } from './sync.ts'
import { findTxn, findTxnOnWire } from './txns.ts'
import type { World } from './world.ts'

const challenge: Verdict = { kind: 'challenge', said: { ref: 'pay_2' } }
const notReached: Verdict = { kind: 'unknown', because: 'ECONNREFUSED', sent: false }
const silent: Verdict = { kind: 'unknown', because: 'TimeoutError', sent: true }
const notEligible: Verdict = { kind: 'not_eligible', said: {} }
const down: Verdict = {
  kind: 'failed',
  said: { code: 'E802' },
  by: 'bank',
  code: 'ISSUER_DOWN',
  elsewhere: 'gateway',
}
const declined: Verdict = { kind: 'failed', said: {}, by: 'bank', code: 'BANK_DECLINED' }
const page: Verdict = { kind: 'redirect', said: {}, page: { url: 'http://bank.example/acs' } }

for (const engine of engines) {
  describe(`a start that comes to nothing, on ${engine.name}`, () => {
    let at: ScriptedWorld
    let world: World
    const asked: string[] = []
    const noted: Sign[] = []

    before(async () => {
      at = await openWorld(engine)
      const { db, perform } = at.world
      await db.tx(async (t) => {
        for (const [i, id] of ['second', 'third'].entries()) {
          const to = { purpose: 'gateway credentials', owner: `demo/${id}` }
          const credentials = at.world.seal.close(JSON.stringify({ account: id }), to)
          t.put(
            `insert into accounts (merchant, id, gateway, credentials, created_at)
             values ('demo', $1, 'simulator', $2, $3)`,
            [id, credentials, at.clock.now + 1 + i],
          )
        }
      })
      world = {
        ...at.world,
        health: { ...at.world.health, note: (sign) => noted.push(sign) },
        perform: async (question, about, access) => {
          const { auth, tries } = about as { auth?: string; tries: number }
          asked.push(`${access.credentials['account']} ${auth} ${tries}`)
          return perform(question, about, access)
        },
      }
    })
    after(() => at.database.close())

    async function paid(id: string, said: readonly Verdict[]) {
      await anOrder(at, id)
      at.script.push(...said)
      asked.length = 0
      noted.length = 0
      const txn = await pay(world, at.merchant, aStart(at, id))
      assert.equal(at.script.length, 0)
      assert.deepEqual(await findTxn(world.db.read, txn), txn)
      return txn
    }

    async function txnNamed(id: string) {
      const txn = await findTxnOnWire(world.db.read, at.merchant.id, id)
      assert(txn)
      return txn
    }

    const first = 'demo-simulator'

    test('goes on at the next account, with a reference of its own, and says so', async () => {
      const txn = await paid('one', [notReached, down, challenge])
      assert.deepEqual(asked, [`${first} OTP 1`, 'second OTP 2', 'third OTP 3'])
      assert.deepEqual([txn.status, txn.account, txn.tries], ['PENDING_VBV', 'third', 3])
      assert.deepEqual(await at.kinds('one'), [
        ...['order_created', 'txn_started', 'gateway_changed', 'gateway_changed'],
        'status_changed',
      ])
      assert.deepEqual(
        noted.map(({ account, signal, good }) => [account, signal, good]),
        [
          ['demo/simulator', 'start', false],
          ['demo/second', 'start', false],
          ['demo/third', 'start', true],
        ],
      )
    })

    test('what a gateway has heard of and was left is asked about later', async () => {
      const txn = await paid('left', [notReached, down, challenge])
      const waiting = await inquiriesOf(at, txn)
      const dueAt = at.clock.now + 15 * 60_000
      assert.deepEqual(
        waiting.map((one) => [one.account, one.tries, one.dueAt]),
        [['second', 2, dueAt]],
      )
    })

    test('goes nowhere when somebody has asked about it meanwhile', async () => {
      const late = async () => {
        const [row] = await at.world.db.read('select id from txns where order_id = $1', ['late'])
        const key = await txnNamed(String(row?.['id']))
        at.clock.now += 3_600_000
        at.script.unshift(words.declined)
        await sync(at.world, at.merchant, { txn: key, by: { door: 'clock' } })
        return down
      }
      await anOrder(at, 'late')
      at.script.push(late)
      const txn = await pay(world, at.merchant, aStart(at, 'late'))
      assert.deepEqual([txn.status, txn.tries], ['AUTHORIZATION_FAILED', 1])
      assert.equal(at.script.length, 0)
    })

    test('ends where an answer leaves open whether the bank acted, or is a final no', async () => {
      const open = await paid('two', [silent])
      assert.deepEqual([open.status, open.account, open.tries], ['AUTHORIZING', 'simulator', 1])
      const no = await paid('three', [declined])
      assert.deepEqual([no.status, no.tries], ['AUTHORIZATION_FAILED', 1])
      const later = await paid('four', [down, silent])
      assert.deepEqual([later.status, later.account, later.tries], ['AUTHORIZING', 'second', 2])
    })

    test("without an OTP anywhere comes to the bank's page", async () => {
      const txn = await paid('five', [notEligible, notEligible, notEligible, page])
      const ways = [`${first} OTP 1`, 'second OTP 2', 'third OTP 3']
      assert.deepEqual(asked, [...ways, `${first} REDIRECT 4`])
      assert.deepEqual([txn.status, txn.account], ['PENDING_VBV', 'simulator'])
      assert.deepEqual(
        noted.map(({ account, good }) => [account, good]),
        [['demo/simulator', true]],
      )
    })

    test('asks an account no more that is down: it has no page either', async () => {
      at.clock.now += 25 * 3_600_000
      const txn = await paid('nobody', [notReached, notEligible, down, page])
      assert.deepEqual(asked.slice(1), ['second OTP 2', 'third OTP 3', 'second REDIRECT 4'])
      assert.equal(txn.account, 'second')
      at.clock.now += 25 * 3_600_000
      const none = await paid('none', [down, notReached, down])
      assert.deepEqual([none.status, none.code], ['AUTHORIZATION_FAILED', 'ISSUER_DOWN'])
    })

    test('takes no longer than a caller waits', async () => {
      const { elapsed } = world
      let calls = 0
      const before = world
      world = { ...world, elapsed: () => elapsed() + (calls++ > 0 ? 15_000 : 0) }
      try {
        const txn = await paid('six', [notReached])
        assert.deepEqual([txn.status, txn.code], ['JUSPAY_DECLINED', 'GATEWAY_UNREACHABLE'])
      } finally {
        world = before
      }
    })
  })
}
