import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { command, newFolder, refusalOf } from '../../test/program.ts'
import { testVariables } from '../../test/support.ts'
import { openDatabase } from '../db/migrate.ts'

/** A merchant's database, and the commands that work on it. */
async function scene() {
  const dataDir = await newFolder()
  const variables = testVariables({ dataDir })
  const says = async (...words: string[]) => {
    const { code, output } = await command(words, variables)
    assert.equal(code, 0, output)
    return output
  }
  const change = async (sql: string) => {
    const db = await openDatabase({ dataDir })
    await db.tx(async (t) => t.put(sql, []))
    await db.close()
  }
  return { dataDir, variables, says, change }
}

test('every change by command makes one entry, and a refused one makes none', async () => {
  const { variables, says } = await scene()
  const entries: string[] = []
  /** Does it; what is new in the log then. */
  const adds = async (...words: string[]) => {
    const output = await says(...words)
    const lines = (await says('audit', 'list', 'shop')).trim().split('\n')
    const added = lines.slice(entries.length).map((line) => line.split('  '))
    entries.push(...lines.slice(entries.length))
    assert.equal(added.length, 1, words.join(' '))
    const [seq, at = '', deed, subject, by] = added[0] ?? []
    assert.equal(Number(seq), entries.length)
    assert(Math.abs(Date.parse(at) - Date.now()) < 60_000)
    assert.equal(by, 'by command line')
    return { output, told: `${deed} ${subject}` }
  }
  assert.equal((await adds('merchants', 'add', 'shop')).told, 'merchant_added shop')
  const set = ['merchants', 'set', 'shop', 'otp_max_sends=2', 'return_url=https://a.example/']
  assert.equal((await adds(...set)).told, 'settings_changed otp_max_sends return_url')
  const created = await adds('keys', 'create', 'shop')
  const key = /Key ([0-9a-f]{12})/.exec(created.output)?.[1] ?? ''
  assert.equal(created.told, `api_key_created ${key}`)
  assert.equal((await adds('keys', 'revoke', key)).told, `api_key_revoked ${key}`)
  assert.equal((await adds('keys', 'response', 'shop')).told, 'response_key_set shop')
  const added = await adds('webhooks', 'add', 'shop', 'http://hook.example/')
  const id = /wep_[0-9a-f]{24}/.exec(added.output)?.[0] ?? ''
  assert.equal(added.told, `webhook_added ${id}`)
  for (const [word, deed] of [
    ['rotate', 'webhook_rotated'],
    ['enable', 'webhook_enabled'],
    ['remove', 'webhook_removed'],
  ] as const) {
    assert.equal((await adds('webhooks', word, 'shop', id)).told, `${deed} ${id}`)
  }
  await says('merchants', 'add', 'shop')
  for (const words of [
    [
      'merchants',
      'set',
      'shop',
      'return_url=https://b.example/',
      'return_origins=https://a.example',
    ],
    ['keys', 'revoke', key],
    ['webhooks', 'remove', 'shop', id],
  ]) {
    await refusalOf(words, variables)
  }
  const all = await says('audit', 'list', 'shop')
  assert.equal(all.trim().split('\n').length, entries.length)
  for (const secret of created.output.match(/sk_\S+/g) ?? assert.fail())
    assert(!all.includes(secret))
  const began = /^1 {2}\S+ {2}log_began {2}shop {2}by command line\n/
  assert.match(await says('audit', 'list'), began)
  assert.match(await says('keys', 'rotate'), /^Done\./m)
  assert.match(await says('audit', 'list'), began)
  assert.match(await says('audit', 'list'), /^2 {2}\S+ {2}keys_rotated {2}master key [0-9a-f]{8} /m)
})

test('verify tells every log, and finds what was changed, cut or rolled back', async () => {
  const { dataDir, variables, says, change } = await scene()
  for (const id of ['shop', 'mall']) await says('merchants', 'add', id)
  const before = await says('audit', 'verify')
  assert.match(before, /^\(server\) 2 [0-9a-f]{64}\nmall 1 [0-9a-f]{64}\nshop 1 [0-9a-f]{64}\n$/)
  const file = join(dataDir, 'noted')
  await writeFile(file, before)
  await says('merchants', 'set', 'shop', 'otp_max_sends=2')
  assert.match(await says('audit', 'verify', 'shop', '--since', file), /^shop 2 [0-9a-f]{64}\n$/)
  assert.match(await says('audit', 'verify', 'nobody'), /^nobody 0 -\n$/)
  await writeFile(file, await says('audit', 'verify'))

  const wrong = async (...words: string[]) => {
    const { code, output } = await command(['audit', 'verify', ...words], variables)
    assert.equal(code, 1, output)
    return output
  }
  await change("delete from audit_entries where merchant = 'mall'")
  await change("delete from audit_heads where merchant = 'mall'")
  assert.match(await wrong(), /^mall: it is gone: it began once$/m)
  assert.match(await wrong('mall'), /^mall: it is gone/)
  const cut = await wrong('--since', file)
  assert.match(cut, /^mall: it had 1 entries once, and has 0$/m)
  assert.match(cut, /^shop 2 /m)
  await change("update audit_entries set subject = 'x' where merchant = 'shop' and seq = 2")
  assert.match(await wrong(), /^shop: entry 2 is not as it was written there$/m)

  for (const text of ['shop 1', 'shop 1 xyz', `sh/op 1 ${'a'.repeat(64)}`]) {
    await writeFile(file, text)
    const told = await refusalOf(['audit', 'verify', '--since', file], variables)
    assert.match(told, /does not hold lines of audit verify/)
  }
  const none = ['audit', 'verify', '--since', join(dataDir, 'none')]
  assert.match(await refusalOf(none, variables), /can't be read/)
  for (const words of [
    [],
    ['verify', 'a', 'b'],
    ['verify', '--since'],
    ['list', 'a b'],
    ['list', '--since', file],
  ]) {
    assert.equal((await command(['audit', ...words], variables)).code, 2)
  }
})
