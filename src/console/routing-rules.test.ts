import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engines } from '../../test/databases.ts'
import { openWorld } from '../../test/world.ts'
import { headers, openDesk } from './desk.fixture.ts'
import { routingRuleRoutes } from './routing-rules.ts'

for (const engine of engines) {
  test(`/console/routing-rules shows and takes rules, on ${engine.name}`, async (t) => {
    const base = await openDesk(t, await openWorld(engine), routingRuleRoutes)
    const ask = async (body?: object) => {
      const typed = { ...headers, 'content-type': 'application/json' }
      const post = { method: 'POST', body: JSON.stringify(body) }
      const url = `${base}/console/routing-rules`
      const response = await fetch(url, { headers: typed, ...(body && post) })
      return Object(await response.json())
    }
    assert.deepEqual(await ask(), { version: 0, rules: '[]', actor: null, date_created: null })
    const rules = '[{"name":"all","use":["simulator"]}]'
    const kept = await ask({ rules })
    assert.deepEqual([kept.version, kept.rules], [1, rules])
    assert.match(kept.actor, /^key /)
    assert.deepEqual(await ask(), kept)
    const wrong = await ask({ rules: '[{"name":"all"}]' })
    assert.equal(wrong.error_message, 'rules: [0]: use or split is needed.')
    assert.equal((await ask({})).error_message, 'rules is missing.')
    assert.deepEqual(await ask(), kept)
  })
}
