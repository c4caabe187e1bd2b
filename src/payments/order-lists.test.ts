import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engines } from '../../test/databases.ts'
import { anOrder, openWorld } from '../../test/world.ts'
import type { MerchantId } from '../ids.ts'
import { countOrders, newestOrders } from './order-lists.ts'

for (const engine of engines) {
  test(`a merchant's orders come newest first, page by page, on ${engine.name}`, async () => {
    const at = await openWorld(engine)
    const { read } = at.world.db
    const { id } = at.merchant
    for (const order of ['one', 'two', 'three']) {
      at.clock.now += 1
      await anOrder(at, order)
    }
    const names = async (count: number, offset: number, merchant: MerchantId = id) =>
      (await newestOrders(read, merchant, { count, offset })).map(({ orderId }) => orderId)
    assert.deepEqual(await names(2, 0), ['three', 'two'])
    assert.deepEqual(await names(2, 2), ['one'])
    assert.deepEqual(await names(2, 3), [])
    assert.deepEqual(await names(2, 0, 'other' as MerchantId), [])
    assert.equal(await countOrders(read, id, 10), 3)
    assert.equal(await countOrders(read, id, 2), 2)
    assert.equal(await countOrders(read, 'other' as MerchantId, 10), 0)
    await at.database.close()
  })
}
