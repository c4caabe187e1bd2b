import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Caller, callerOf } from './caller.ts'
import { canary, rawCanary, shortSightings, sightings } from './canaries.ts'
import { engines, type TestDatabase } from './databases.ts'
import { cvv, newCard, type Secrets } from './flow.ts'
import { everyFlow } from './flows.ts'
import { command } from './program.ts'
import { run, type Spawned, testVariables } from './support.ts'

const masterKey = 'c0ffee11'.repeat(8)

for (const engine of engines) {
  describe(`secrets on ${engine.name}`, () => {
    const short = [{ word: '(cvv|security_code)', text: cvv }]
    const secrets: Secrets = { long: [], short, handed: [] }
    const answers: string[] = []
    let database: TestDatabase
    let server: Spawned
    let caller: Caller
    let bankUrl: string
    let key: string
    let variables: Record<string, string | undefined>

    before(async () => {
      database = await engine.open()
      const own = engine.name === 'sqlite' ? {} : { MASTER_KEY: masterKey }
      variables = { ...testVariables(database), MASTER_KEY: undefined, ...own }
      const more = { BANK_BOOK: 'file', LOG_LEVEL: 'trace' }
      server = run('src/main.ts', ['serve'], { ...variables, ...more })
      await server.saying(/SMS inbox/)
      const url = found(/Base URL +(\S+)/)
      bankUrl = `${url}/bank`
      key = found(/API key +(\S+)/)
      caller = callerOf({ url, merchant: 'demo', key })
      secrets.long.push(canary('API key', key))
    })
    after(async () => {
      server.child.kill('SIGTERM')
      await server.ended
      await database.close()
    })

    test('every kind of flow runs', () => everyFlow({ caller, bankUrl, secrets, answers }))

    test('none of them is in an answer', () => {
      assert(answers.length > 40)
      assertUnseen(Buffer.from(answers.join('\n')), { ...secrets, handed: [] })
    })

    test('none of them is in a line of the log, and only the API key in the welcome', () => {
      const lines = server.output().split('\n')
      const log = lines.filter((line) => line.startsWith('{'))
      assert(log.length > answers.length)
      assert(log.some((line) => line.includes('"answered"')))
      assertUnseen(Buffer.from(log.join('\n')), secrets)
      const rest = lines.filter((line) => !line.startsWith('{')).join('\n')
      assert.equal(rest.split(key).length - 1, 1 + 4)
      assertUnseen(Buffer.from(rest.replaceAll(key, '')), secrets)
    })

    test('none of them is in a file or a table', async () => {
      const files = await filesOf(database.dataDir)
      const ownMasterKey = files.get('master.key')?.toString().trim()
      assert.equal(ownMasterKey === undefined, engine.name === 'postgres')
      const hex = ownMasterKey ?? masterKey
      assert.match(hex, /^[0-9a-f]{64}$/)
      secrets.long.push(canary('master key', hex))
      secrets.long.push(rawCanary('master key', Buffer.from(hex, 'hex')))
      assert.equal(files.get('demo-key')?.toString().trim(), key)
      const data = [...files].filter(([name]) => name !== 'master.key' && name !== 'demo-key')
      assert(data.some(([name]) => name === 'bank.db'))
      for (const [name, bytes] of data) assertUnseen(bytes, secrets, name)
      assertUnseen(await dumpOf(database), secrets, 'the tables')
      assertUnseen(Buffer.from(server.output().replaceAll(key, '')), secrets, 'the output')
    })

    test('none of them is in the audit log as it is printed', async () => {
      const { code, output } = await command(['audit', 'list', 'demo'], variables)
      assert.equal(code, 0, output)
      assert.match(output, /card_opened/)
      assertUnseen(Buffer.from(output), secrets)
    })

    test('nor after the server has ended', async () => {
      server.child.kill('SIGTERM')
      assert.equal(await server.ended, 0)
      const files = await filesOf(database.dataDir)
      const data = [...files].filter(([name]) => name !== 'master.key' && name !== 'demo-key')
      for (const [name, bytes] of data) assertUnseen(bytes, secrets, name)
      assertUnseen(Buffer.from(server.output().replaceAll(key, '')), secrets, 'the output')
    })

    function found(pattern: RegExp): string {
      const [, text] = pattern.exec(server.output()) ?? []
      assert(text, server.output())
      return text
    }
  })
}

test('a planted canary is seen in each of its forms, whatever is around it', () => {
  const planted = canary('card', newCard())
  const key = rawCanary('key', Buffer.from(masterKey, 'hex'))
  for (const one of [planted, key]) {
    for (const [form, bytes] of one.forms) {
      const around = Buffer.concat([Buffer.from('{"a":"7'), bytes, Buffer.from('9"}')])
      assert(sightings(around, [one]).includes(`${one.name}: ${form}`), form)
    }
  }
  assert.deepEqual(sightings(Buffer.from(newCard()), [planted]), [])
  for (const encoding of ['base64', 'base64url'] as const) {
    for (const before of ['', 'x', 'xy', 'xyz']) {
      const text = `${before}${planted.forms.get('plain')?.toString()}~tail`
      const encoded = Buffer.from(Buffer.from(text).toString(encoding))
      assert(sightings(encoded, [planted]).length > 0, `${encoding} after ${before.length}`)
    }
  }
})

test('a short secret is seen beside the word for it, and only there', () => {
  const short = [{ word: '(cvv|security_code)', text: cvv }]
  const seen = (text: string) => shortSightings(Buffer.from(text), short).length === 1
  for (const text of [
    `"cvv":"${cvv}"`,
    `card_security_code=${cvv}&`,
    `{\\"cvv\\": \\"${cvv}\\"}`,
  ]) {
    assert(seen(text), text)
  }
  for (const text of [`"ms":${cvv}`, `"cvv":"${cvv}1"`, '"cvv":"123"']) assert(!seen(text), text)
})

function assertUnseen(bytes: Buffer, secrets: Secrets, where = ''): void {
  const { long, handed, short } = secrets
  const seen = [...sightings(bytes, [...long, ...handed]), ...shortSightings(bytes, short)]
  assert.deepEqual(seen, [], where)
}

async function filesOf(folder: string): Promise<Map<string, Buffer>> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  const files = entries.filter((entry) => entry.isFile())
  const read = files.map(async ({ name, parentPath }) => {
    return [name, await readFile(join(parentPath, name))] as const
  })
  return new Map(await Promise.all(read))
}

async function dumpOf({ db }: TestDatabase): Promise<Buffer> {
  const tables = await db.read(
    db.engine === 'sqlite'
      ? "select name from sqlite_schema where type = 'table'"
      : "select tablename::text as name from pg_tables where schemaname = 'public'",
    [],
  )
  assert(tables.length >= 7)
  const rows = tables.map(({ name }) => db.read(`select * from ${name}`, []))
  return Buffer.from(JSON.stringify(await Promise.all(rows)))
}
