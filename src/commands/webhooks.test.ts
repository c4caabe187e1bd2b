import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
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
  const how = 'events=TXN_FAILED  user=us'
  assert(listed.includes(`${id}  active, 0 failures, 0 waiting  ${url}  ${how}`))
  assert(!/whsec|p=w|blue/.test(listed))
  const rotated = await says('webhooks', 'rotate', 'shop', id)
  assert.match(rotated, /whsec_\S+/)
  assert(!rotated.includes(secret))
  assert.match(await says('webhooks', 'enable', 'shop', id), /is due now/)
  const span = ['from=2026-01-01T00:00:00Z', 'to=2026-01-02T00:00:00Z']
  assert.match(await says('webhooks', 'redeliver', 'shop', ...span), /^0 deliveries/)
  for (const none of [['order=none'], ['id=evt_V2_0'], [...span, 'endpoint=wep_0']]) {
    const unknown = await refusalOf(['webhooks', 'redeliver', 'shop', ...none], variables)
    assert.match(unknown, /no such webhook or endpoint/)
  }
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

test('a password comes from stdin, where no list of processes shows it', async () => {
  const variables = testVariables({ dataDir: await newFolder() })
  await command(['merchants', 'add', 'shop'], variables)
  const program = fileURLToPath(new URL('../main.ts', import.meta.url))
  const words = ['webhooks', 'add', 'shop', 'http://hook.example/', 'user=us', 'password=-']
  const add = async (typed: string) => {
    const env = { PATH: process.env['PATH'], ...variables }
    const child = spawn(process.execPath, [program, ...words], {
      env,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    child.stdin.end(typed)
    const [code] = await once(child, 'close')
    return code
  }
  assert.equal(await add('hush\n'), 0)
  // What is read is the password: an empty one is none.
  assert.equal(await add('\n'), 2)
})
