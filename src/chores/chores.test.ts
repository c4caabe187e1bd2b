import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { engines } from '../../test/databases.ts'
import { anOrder, aStart, deadLine, openWorld, workOnce } from '../../test/world.ts'
import type { Verdict } from '../gateways/gateway.ts'
import { spendOnce } from '../merchants/spent-tokens.ts'
import { paise } from '../money.ts'
import { dueTxns } from '../payments/duties.ts'
import { pay } from '../payments/pay.ts'
import { findTxn } from '../payments/txns.ts'
import { openChores, startChores } from './chores.ts'

const said = { ref: 'pay_1' }
const unknown: Verdict = { kind: 'unknown', because: 'TimeoutError', sent: true }
const charged: Verdict = { kind: 'charged', said, amount: paise(10_000) }

for (const engine of engines) {
  describe(`chores on ${engine.name}`, () => {
    async function lostStarts(ids: readonly string[]) {
      const at = await openWorld(engine)
      const txns = []
      for (const id of ids) {
        await anOrder(at, id)
        at.script.push(unknown)
        txns.push(await pay(at.world, at.merchant, aStart(at, id)))
      }
      return { at, txns }
    }

    test('nothing is looked at before it is due', async () => {
      const { at } = await lostStarts(['early'])
      assert.equal(await workOnce(at.world, assert.ifError), 0)
      at.clock.now += 5_000
      at.script.push(charged)
      assert.equal(await workOnce(at.world, assert.ifError), 1)
      assert.equal(await workOnce(at.world, assert.ifError), 0)
      await at.database.close()
    })

    test('a used token is remembered for as long as a clock behind ours takes it', async () => {
      const at = await openWorld(engine)
      const { db } = at.world
      const token = { merchant: at.merchant.id, hash: 'a'.repeat(64), expiresAt: at.clock.now }
      const spend = () => db.tx((t) => spendOnce(t, token))
      assert.equal(await spend(), true)
      at.clock.now += 60_000
      await workOnce(at.world, assert.ifError)
      assert.equal(await spend(), false)
      at.clock.now += 60_001
      await workOnce(at.world, assert.ifError)
      assert.equal(await spend(), true)
      await at.database.close()
    })

    test('a row whose work fails is told, put off, and keeps nobody from their turn', async () => {
      const { at, txns } = await lostStarts(['broken', 'fine'])
      const [broken, fine] = txns
      assert(broken && fine)
      at.clock.now += 5_000
      await at.world.db.tx(async (t) => {
        t.put("update txns set account = 'gone' where id = $1", [broken.id])
      })
      at.script.push(charged)
      const errors: unknown[] = []
      assert.equal(await workOnce(at.world, (error) => errors.push(error)), 2)
      assert.match(String(errors), /the account gone of a txn exists/)
      assert.equal((await findTxn(at.world.db.read, fine))?.status, 'CHARGED')
      assert.deepEqual(await dueTxns(at.world.db.read, at.clock.now, 10), [])
      assert.equal((await dueTxns(at.world.db.read, at.clock.now + 60_000, 10)).length, 1)
      await at.database.close()
    })

    test('they go on by themselves until they are stopped', async () => {
      const { at, txns } = await lostStarts(['alone'])
      at.clock.now += 5_000
      const asked = Promise.withResolvers<void>()
      at.script.push(async () => {
        asked.resolve()
        return charged
      })
      const chores = startChores(openChores(at.world, deadLine), assert.ifError)
      await asked.promise
      await chores.stop()
      const [txn] = txns
      assert(txn)
      assert.equal((await findTxn(at.world.db.read, txn))?.status, 'CHARGED')
      await at.database.close()
    })
  })
}
