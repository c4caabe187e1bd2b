import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { promisify } from 'node:util'
import { engines } from '../test/databases.ts'
import { readEnv } from './env.ts'
import { CannotStart, type OwnFile, openStore, ownFile } from './open-store.ts'
import { Secret } from './secret.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'directotp-own-'))
  path = join(folder, 'colour')
})
afterEach(() => rm(folder, { recursive: true }))

const colour: OwnFile = {
  name: 'colour',
  make: () => 'blue',
  read: (text) => (/^[a-z]+$/.test(text) ? new Secret(text) : undefined),
  form: 'a colour',
}

test('a file is made once, whole, and for its owner only', async () => {
  assert.equal(ownFile(folder, colour).reveal(), 'blue')
  assert.equal(ownFile(folder, { ...colour, make: () => 'red' }).reveal(), 'blue')
  assert.deepEqual(await readdir(folder), ['colour'])
  assert.equal(await readFile(path, 'utf8'), 'blue\n')
  assert.equal((await stat(path)).mode & 0o777, 0o600)
})

test('a file that another process made meanwhile is not overwritten', () => {
  const make = () => {
    writeFileSync(path, 'green\n')
    return 'blue'
  }
  assert.equal(ownFile(folder, { ...colour, make }).reveal(), 'green')
})

test('a disk that takes no bytes leaves no file', async () => {
  const module = JSON.stringify(import.meta.resolve('./open-store.ts'))
  const script = `const { ownFile } = await import(${module})
    ownFile(process.argv[1], { name: 'colour', make: () => 'blue', read() {}, form: '' })`
  const args = ['-c', 'ulimit -f 0; exec "$0" "$@"', process.execPath, '-e', script, folder]
  await assert.rejects(promisify(execFile)('bash', args))
  await assert.rejects(stat(path), { code: 'ENOENT' })
})

test('a file that holds something else is told in one line, without what it holds', async () => {
  for (const text of ['', '\n', 'BLUE', 'blue\nred\n']) {
    await writeFile(path, text)
    assert.throws(
      () => ownFile(folder, colour),
      (error: unknown) =>
        error instanceof CannotStart &&
        error.message.includes(`${path} does not hold a colour`) &&
        !/\n|BLUE|red/.test(error.message),
    )
  }
})

test('nothing is sealed under a master key that is empty or cut short', async () => {
  const read = readEnv({ DATA_DIR: folder })
  assert('ok' in read)
  for (const text of ['', 'ab'.repeat(31), `${'ab'.repeat(32)}ab`]) {
    await writeFile(join(folder, 'master.key'), text)
    await assert.rejects(openStore(read.ok), /master\.key does not hold 64 hex digits/)
  }
  await writeFile(join(folder, 'master.key'), `${'ab'.repeat(32)}\n`)
  await (await openStore(read.ok)).db.close()
})

test('a clock far from the database’s is refused: leases are compared by clocks', async () => {
  const postgres = engines.find(({ name }) => name === 'postgres')
  assert(postgres)
  const database = await postgres.open()
  const variables = { DATABASE_URL: database.databaseUrl, MASTER_KEY: 'ab'.repeat(32) }
  const read = readEnv({ ...variables, DATA_DIR: folder })
  assert('ok' in read)
  const ahead = openStore(read.ok, () => Date.now() + 3_000)
  await assert.rejects(ahead, (error) => {
    return error instanceof CannotStart && /clock/.test(error.message)
  })
  const store = await openStore(read.ok)
  await store.db.close()
  await database.close()
})
