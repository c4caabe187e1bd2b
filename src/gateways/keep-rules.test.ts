import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { engines } from '../../test/databases.ts'
import { openWorld } from '../../test/world.ts'
import type { MerchantId } from '../ids.ts'
import { auditEntries } from '../merchants/audit-entries.ts'
import { openRules, setRules } from './keep-rules.ts'
import { newestRules } from './routing-rules.ts'

const textOf = (name: string) => JSON.stringify([{ name, use: ['simulator'] }])

for (const engine of engines) {
  describe(`a merchant's rules, on ${engine.name}`, () => {
    test('act at once, whoever sets them, and stay readable', async (t) => {
      const { world, merchant, database, clock } = await openWorld(engine)
      t.after(() => database.close())
      const { id } = merchant
      const by = { actor: 'test', now: clock.now }
      const rulesOf = openRules(world.db)
      const namesNow = async () => (await rulesOf(id))?.map(({ name }) => name)
      assert.equal(await namesNow(), undefined)
      const kept = await setRules(world, id, { ...by, text: textOf('first') })
      assert('ok' in kept)
      assert.deepEqual(
        [kept.ok.version, kept.ok.text, kept.ok.actor, kept.ok.createdAt],
        [1, textOf('first'), 'test', clock.now],
      )
      assert.deepEqual(await namesNow(), ['first'])
      assert.equal(await rulesOf(id), await rulesOf(id), 'compiled once')
      await Promise.all([
        setRules(world, id, { ...by, text: textOf('second') }),
        setRules(world, id, { ...by, text: textOf('third') }),
      ])
      const newest = await newestRules(world.db.read, id)
      assert.equal(newest?.version, 3)
      assert.deepEqual(await namesNow(), [newest?.text.includes('second') ? 'second' : 'third'])
      assert.equal(await rulesOf('other' as MerchantId), undefined)
      const entries = await auditEntries(world.db.read, { merchant: id, after: 0, most: 9 })
      const subjects = entries.filter(({ deed }) => deed === 'routing_rules_set')
      assert.deepEqual(
        subjects.map(({ subject, actor }) => `${subject} ${actor}`),
        ['version 1 test', 'version 2 test', 'version 3 test'],
      )
    })

    test('are not changed by what is wrong', async (t) => {
      const { world, merchant, database, clock } = await openWorld(engine)
      t.after(() => database.close())
      const set = (text: string) =>
        setRules(world, merchant.id, { actor: 'test', now: clock.now, text })
      assert.deepEqual(await set('[{}]'), { wrong: '[0]: use or split is needed' })
      assert.deepEqual(await set('[{"name":"r","use":["razor"]}]'), {
        wrong: 'there is no account razor',
      })
      assert.equal(await newestRules(world.db.read, merchant.id), undefined)
    })
  })
}
