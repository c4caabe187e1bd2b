import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { promisify } from 'node:util'
import { engines } from '../test/databases.ts'
import { addMerchant } from './add-merchant.ts'
import { readEnv, type Variables } from './env.ts'
import type { MerchantId } from './ids.ts'
import { allKeys } from './merchants/data-keys.ts'
import { CannotStart, type OwnFile, openStore, ownFile } from './open-store.ts'
import { makeSeal } from './seal.ts'
import { Secret } from './secret.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'directotp-own-'))
  path = join(folder, 'colour')
})
afterEach(() => rm(folder, { recursive: true }))

const colour: OwnFile<Secret> = {
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
    await assert.rejects(openStore(read.ok), /master\.key does not hold 32 bytes as 64 hex digits/)
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
  const ahead = openStore(read.ok, () => Date.now() + 60_000)
  await assert.rejects(ahead, (error) => {
    return error instanceof CannotStart && /clock/.test(error.message)
  })
  const store = await openStore(read.ok)
  await store.db.close()
  await database.close()
})

const [oldMaster, newMaster] = ['ab'.repeat(32), 'cd'.repeat(32)]

/** A database of this folder with a merchant, under these variables. */
async function openWith(variables: Variables) {
  const read = readEnv({ DATA_DIR: folder, ...variables })
  assert('ok' in read, 'wrong' in read ? read.wrong.join() : '')
  return openStore(read.ok)
}

async function refusal(variables: Variables): Promise<string> {
  const error = await openWith(variables).then(
    () => assert.fail('it starts'),
    (reason: unknown) => reason,
  )
  assert(error instanceof CannotStart, String(error))
  assert(!error.message.includes('\n'))
  return error.message
}

async function prepare(variables: Variables) {
  const store = await openWith(variables)
  await addMerchant(store, { id: 'shop' as MerchantId, mode: 'sandbox', at: 1 })
  const key = await store.keyring.current('shop', 'cards')
  await store.db.close()
  return key
}

const keyOfShop = async (variables: Variables) => {
  const store = await openWith(variables)
  const key = await store.keyring.current('shop', 'cards')
  await store.db.close()
  return key
}

test('a wrong master key is found at the start, a list with the right one is taken', async () => {
  const key = await prepare({ MASTER_KEY: oldMaster })
  assert.match(await refusal({ MASTER_KEY: newMaster }), /another MASTER_KEY/)
  for (const list of [oldMaster, `${newMaster},${oldMaster}`, `${oldMaster},${newMaster}`]) {
    assert.deepEqual(await keyOfShop({ MASTER_KEY: list }), key)
  }
})

test('a key that anything still needs is missed at the start', async () => {
  await prepare({ MASTER_KEY: oldMaster })
  const tell = async (sql: string) => {
    const store = await openWith({ MASTER_KEY: `${newMaster},${oldMaster}` })
    await store.db.tx(async (t) => t.put(sql, []))
    await store.db.close()
  }
  const { keyId } = makeSeal(Buffer.from(newMaster, 'hex'))
  await tell(`update facts set value = '${keyId}' where name = 'master key'`)
  const missing = /secrets of a master key that is not in MASTER_KEY/
  await tell('delete from accounts')
  assert.match(await refusal({ MASTER_KEY: newMaster }), missing, 'data keys')
  await prepare({ MASTER_KEY: `${oldMaster},${newMaster}` })
  await tell('delete from data_keys')
  assert.match(await refusal({ MASTER_KEY: newMaster }), missing, 'the account')
  await tell('delete from accounts')
  await prepare({ MASTER_KEY: newMaster })
})

test('a data key that does not open is found at the start', async () => {
  await prepare({ MASTER_KEY: oldMaster })
  const store = await openWith({ MASTER_KEY: oldMaster })
  await store.db.tx(async (t) =>
    t.put(
      `update data_keys set wrapped =
         (select wrapped from data_keys where owner = 'shop') where owner = ''`,
      [],
    ),
  )
  await store.db.close()
  assert.match(await refusal({ MASTER_KEY: oldMaster }), /can't be unwrapped by MASTER_KEY/)
})

test('master keys come from a file, one a line or separated by commas', async () => {
  const file = join(folder, 'keys')
  await writeFile(file, `${oldMaster}\n`)
  const key = await prepare({ MASTER_KEY_FILE: file })
  for (const text of [`${newMaster},${oldMaster}`, `${newMaster}\n${oldMaster}\n`]) {
    await writeFile(file, text)
    assert.deepEqual(await keyOfShop({ MASTER_KEY_FILE: file }), key)
  }
  assert.deepEqual(await keyOfShop({ MASTER_KEY: oldMaster }), key)
  for (const text of ['', 'ab', `${oldMaster},`, `${oldMaster},${oldMaster}`]) {
    await writeFile(file, text)
    const told = await refusal({ MASTER_KEY_FILE: file })
    assert.match(told, /MASTER_KEY_FILE does not hold 32 bytes as 64 hex digits/)
    assert(!told.includes(oldMaster))
  }
  assert.match(await refusal({ MASTER_KEY_FILE: join(folder, 'none') }), /does not hold/)
})

const providers = {
  right: `const keys = new Map()
    export const wrap = async (key, to) => JSON.stringify([key.toString('hex'), to])
    export const unwrap = async (text, of) => {
      const [key, to] = JSON.parse(text)
      if (JSON.stringify(to) !== JSON.stringify(of)) throw new Error('not wrapped for this')
      return Buffer.from(key, 'hex')
    }`,
  unexported: 'export const wrap = async () => ""',
  'no functions': 'export const wrap = "wrap", unwrap = "unwrap"',
  broken: 'export const wrap = ',
  throwing: 'throw new Error("secret of the module")',
  'short keys': `export const wrap = async () => 'text'
    export const unwrap = async () => Buffer.alloc(16)`,
  'no keys': `export const wrap = async () => 'text'
    export const unwrap = async () => undefined`,
  bytes: `export const wrap = async (key) => Buffer.from(key.map((byte) => byte ^ 255))
    export const unwrap = async (text) => Buffer.from(text).map((byte) => byte ^ 255)`,
  forgetful: `export const wrap = async () => 'text'
    export const unwrap = async () => Buffer.alloc(32)`,
  refusing: `export const wrap = async () => 'text'
    export const unwrap = async () => { throw new Error('secret of the module') }`,
}

async function providerFile(kind: keyof typeof providers): Promise<string> {
  const file = join(folder, `${kind}.mjs`)
  await writeFile(file, providers[kind])
  return file
}

test('a module wraps data keys in the place of the master key, and is missed', async () => {
  const variables = { MASTER_KEY: oldMaster, KEY_PROVIDER: await providerFile('right') }
  const key = await prepare(variables)
  assert.deepEqual(await keyOfShop(variables), key)
  assert.match(await refusal({ MASTER_KEY: oldMaster }), /wrapped by a KEY_PROVIDER; set it/)
  const refusing = { ...variables, KEY_PROVIDER: await providerFile('refusing') }
  assert.match(await refusal(refusing), /can't be wrapped and unwrapped by the module/)
  const otherwise = { ...refusing, KEY_PROVIDER_WRAPS: 'off' }
  assert.match(await refusal(otherwise), /can't be unwrapped by the module of KEY_PROVIDER/)
})

test('a module that is not to wrap opens what it has wrapped', async () => {
  const variables = { MASTER_KEY: oldMaster, KEY_PROVIDER: await providerFile('right') }
  const opens = { ...variables, KEY_PROVIDER_WRAPS: 'off' }
  const key = await prepare(variables)
  assert.deepEqual(await keyOfShop(opens), key)
  const store = await openWith(opens)
  await store.keyring.current('shop', 'fingerprint')
  const wrapped = (await allKeys(store.db.read)).map((one) => [
    one.purpose,
    one.wrapped.slice(0, 3),
  ])
  await store.db.close()
  const expected = { audit: 'p1.', cards: 'p1.', fingerprint: 'v1.' }
  assert.deepEqual(Object.fromEntries(wrapped), expected)
})

test('what was wrapped before there was a module still opens', async () => {
  const key = await prepare({ MASTER_KEY: oldMaster })
  const variables = { MASTER_KEY: oldMaster, KEY_PROVIDER: await providerFile('right') }
  assert.deepEqual(await keyOfShop(variables), key)
})

test('a module that is none is told in one line, with nothing of its own', async () => {
  for (const [kind, told] of [
    ['unexported', /exports no functions wrap and unwrap/],
    ['no functions', /exports no functions wrap and unwrap/],
    ['broken', /can't be loaded \(SyntaxError\)/],
    ['throwing', /can't be loaded \(Error\)/],
    ['short keys', /by the module of KEY_PROVIDER: its unwrap gave no 32 bytes/],
    ['no keys', /by the module of KEY_PROVIDER: its unwrap gave no 32 bytes/],
    ['bytes', /by the module of KEY_PROVIDER: its wrap gave no text that can be kept/],
    ['forgetful', /by the module of KEY_PROVIDER: what it wrapped it does not unwrap/],
    ['refusing', /can't be wrapped and unwrapped by the module of KEY_PROVIDER$/],
  ] as const) {
    const KEY_PROVIDER = await providerFile(kind)
    const message = await refusal({ MASTER_KEY: oldMaster, KEY_PROVIDER })
    assert.match(message, told, kind)
    assert(!message.includes('secret of the module'))
  }
  const KEY_PROVIDER = join(folder, 'none.mjs')
  assert.match(await refusal({ MASTER_KEY: oldMaster, KEY_PROVIDER }), /can't be loaded/)
})
