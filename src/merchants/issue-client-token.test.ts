import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { engines } from '../../test/databases.ts'
import { openWorld, type ScriptedWorld } from '../../test/world.ts'
import type { OrderId } from '../ids.ts'
import { clientTokenMs, clientTokenUses } from './client-token.ts'
import { forgetClientTokens, issueClientToken, useClientToken } from './issue-client-token.ts'

for (const engine of engines) {
  describe(`client tokens on ${engine.name}`, () => {
    let at: ScriptedWorld
    before(async () => {
      at = await openWorld(engine)
    })
    after(() => at.database.close())

    const issue = (of: { order?: OrderId; customer?: string }) =>
      issueClientToken(at.world, { merchant: at.merchant.id, ...of })

    test('a token says what it is for, and the database does not know it', async () => {
      const order = { merchant: at.merchant.id, order: 'o-1' as OrderId }
      const { token, expiresAt } = await issue(order)
      assert.equal(expiresAt, at.clock.now + 15 * 60_000)
      assert.deepEqual(await useClientToken(at.world, token), order)
      const customer = { merchant: at.merchant.id, customer: 'asha' }
      assert.deepEqual(await useClientToken(at.world, (await issue(customer)).token), customer)
      const rows = await at.world.db.read('select hash, order_id, customer from client_tokens')
      assert.equal(rows.length, 2)
      assert(!JSON.stringify(rows).includes(token.slice('tkn_'.length)))
    })

    test('40 calls at once have 30 uses between them', async () => {
      const { token } = await issue({ customer: 'asha' })
      const uses = await Promise.all(
        Array.from({ length: 40 }, () => useClientToken(at.world, token)),
      )
      assert.equal(clientTokenUses, 30)
      assert.equal(uses.filter((use) => use !== undefined).length, 30)
      assert.equal(await useClientToken(at.world, token), undefined)
    })

    test('a token ends after a quarter of an hour, and is forgotten', async () => {
      const { token } = await issue({ customer: 'asha' })
      at.clock.now += clientTokenMs - 1
      assert(await useClientToken(at.world, token))
      at.clock.now += 1
      assert.equal(await useClientToken(at.world, token), undefined)
      const { token: newer } = await issue({ customer: 'asha' })
      at.clock.now += 1
      assert.equal(await forgetClientTokens(at.world), 4)
      assert.equal(await forgetClientTokens(at.world), 0)
      assert(await useClientToken(at.world, newer))
    })

    test('what is no token of ours opens nothing', async () => {
      for (const odd of ['', 'tkn_', `tkn_${'0'.repeat(32)}`, `ctk_${'0'.repeat(32)}`]) {
        assert.equal(await useClientToken(at.world, odd), undefined, odd)
      }
    })
  })
}
