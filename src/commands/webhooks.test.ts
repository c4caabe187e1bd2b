import assert from 'node:assert/strict'
import { test } from 'node:test'
import { command, newFolder, refusalOf } from '../../test/program.ts'
import { testVariables } from '../../test/support.ts'

test('endpoints are added, listed, rotated, enabled and removed beside the server', async () => {
  const variables = testVariables({ dataDir: await newFolder() })
  const says = async (...words: string[]) => {
    const { code, output } = await command(words, variables)
    assert.equal(code, 0, output)
    return output
  }
  await says('merchants', 'add', 'shop')
  assert.match(await says('webhooks', 'list', 'shop'), /has no webhook endpoints/)
  const url = 'http://hook.example/?a=b'
  const more = ['user=us', 'password=p=w', 'events=TXN_FAILED', 'header=X-Shop: blue']
  const added = await says('webhooks', 'add', 'shop', url, ...more)
  const id = /wep_[0-9a-f]{24}/.exec(added)?.[0] ?? ''
  const secret = /whsec_\S+/.exec(added)?.[0] ?? ''
  const listed = await says('webhooks', 'list', 'shop')
  assert(listed.includes(`${id}  active, 0 failures, 0 waiting  ${url}`))
  assert(!/whsec|p=w|blue/.test(listed))
  const rotated = await says('webhooks', 'rotate', 'shop', id)
  assert.match(rotated, /whsec_\S+/)
  assert(!rotated.includes(secret))
  assert.match(await says('webhooks', 'enable', 'shop', id), /enabled/)
  const span = ['from=2026-01-01T00:00:00Z', 'to=2026-01-02T00:00:00Z']
  assert.match(await says('webhooks', 'redeliver', 'shop', ...span), /^0 deliveries/)
  assert.match(await says('webhooks', 'remove', 'shop', id), /removed/)
  const gone = await refusalOf(['webhooks', 'remove', 'shop', id], variables)
  assert.match(gone, /has no webhook endpoint/)
  assert.match(await refusalOf(['webhooks', 'list', 'nobody'], variables), /no merchant nobody/)
})

test('wrong words get the usage, and no word of theirs is told', async () => {
  const variables = testVariables({ dataDir: await newFolder() })
  await command(['merchants', 'add', 'shop'], variables)
  for (const words of [
    ['webhooks'],
    ['webhooks', 'list'],
    ['webhooks', 'redeliver', 'shop', 'id=a', 'order=b'],
    ['webhooks', 'add', 'shop', 'http://hook.example/', 'user=hush'],
  ]) {
    const { code, output } = await command(words, variables)
    assert.equal(code, 2, output)
    assert(!output.includes('hush'))
  }
})
