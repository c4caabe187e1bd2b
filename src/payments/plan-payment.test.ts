import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engines } from '../../test/databases.ts'
import { anOrder, aStart, openWorld } from '../../test/world.ts'
import type { Verdict } from '../gateways/gateway.ts'
import { eventsOf } from './events.ts'
import { pay } from './pay.ts'

const challenge: Verdict = { kind: 'challenge', said: { ref: 'pay_1' } }

for (const engine of engines) {
  test(`an account by its label, its number, or none and why, on ${engine.name}`, async () => {
    const at = await openWorld(engine)
    const { db } = at.world
    try {
      await db.tx(async (t) => t.put("update accounts set label = 'south'", []))
      const label = (text: string) => ({ 'metadata.JUSPAY:gateway_reference_id': text })
      const paid = async (id: string, fields: Record<string, string>) => {
        await anOrder(at, id)
        await db.tx(async (t) =>
          t.put('update orders set fields = $2 where order_id = $1', [id, JSON.stringify(fields)]),
        )
        at.script.push(challenge)
        return pay(at.world, at.merchant, aStart(at, id))
      }
      const txn = await paid('south', label('south'))
      assert.deepEqual([txn.account, txn.choice?.why], ['simulator', 'asked_for'])
      assert.equal(txn.choice?.label, 'south')
      await paid('number', { gateway_id: '100' })
      const refused = { reason: 'no_gateway' }
      await assert.rejects(paid('north', label('north')), refused)
      await assert.rejects(paid('other', { gateway_id: '23' }), refused)
      const order = { ...txn, orderId: 'north' as typeof txn.orderId }
      const { shard } =
        (await db.read("select shard from orders where order_id = 'north'", []))[0] ?? {}
      const events = await eventsOf(db.read, { ...order, shard: Number(shard) as typeof txn.shard })
      const last = events.at(-1)
      assert.deepEqual(
        [last?.kind, last?.body],
        ['no_gateway', { reasons: 'simulator: not_asked_for' }],
      )
    } finally {
      await at.database.close()
    }
  })
}
