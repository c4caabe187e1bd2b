import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { engines, migrationsFolder, type TestDatabase } from '../../test/databases.ts'
import type { Db, Tx } from './db.ts'

const schema = `
create table tallies (id text not null primary key, n bigint not null check (n >= 0));
create table promises (id text not null references tallies (id) deferrable initially deferred);`
const insert = 'insert into tallies (id, n) values ($1, $2)'
const count = 'select count(*) as n from tallies'

let database: TestDatabase
let db: Db
beforeEach(async () => {
  const sqlite = engines.find(({ name }) => name === 'sqlite')
  assert(sqlite)
  database = await sqlite.open(await migrationsFolder(schema))
  db = database.db
})
afterEach(() => database.close())

/** Asks for that many inserts at once; some of them may be other works. */
function insertMany(size: number, others: Record<number, (t: Tx) => Promise<unknown>> = {}) {
  return Promise.allSettled(
    Array.from({ length: size }, (_, i) =>
      db.tx(others[i] ?? (async (t) => t.put(insert, [`row ${i}`, i]))),
    ),
  )
}

/** A group is closed after 5 ms, and a busy machine can be away for longer in the middle of one. */
function inOneGroup({ mock }: TestContext): void {
  mock.method(performance, 'now', () => 0)
}

async function countRows(): Promise<unknown> {
  return (await db.read(count))[0]?.['n']
}

const rejected = (results: PromiseSettledResult<unknown>[]) =>
  results.flatMap((result, i) => (result.status === 'rejected' ? [i] : []))

test('it waits for the disk at each commit', async () => {
  const pragma = async (name: string) => (await db.tx((t) => t.get(`pragma ${name}`)))[0]
  assert.deepEqual(await pragma('synchronous'), { synchronous: 2 })
  assert.deepEqual(await pragma('journal_mode'), { journal_mode: 'wal' })
})

test('works that wait together are committed together, and see each other', async (t) => {
  inOneGroup(t)
  const outside = new DatabaseSync(join(database.dataDir, 'directotp.db'), { readOnly: true })
  const results = await insertMany(2, {
    1: async (t) => [await t.get(count), outside.prepare(count).get()?.['n']],
  })
  outside.close()
  assert.deepEqual(results[1], { status: 'fulfilled', value: [[{ n: 1 }], 0] })
  assert.equal(await countRows(), 1)
})

test('a refusal comes out only when what it rests on is committed', async () => {
  const seen: unknown[] = []
  const first = db.tx(async (t) => t.put(insert, ['a', 1]))
  const refused = db.tx(async (t) => {
    if ((await t.get(count))[0]?.['n'] === 1) throw new Error('already there')
  })
  const looked = refused.catch(async () => seen.push(await countRows()))
  const others = insertMany(40)
  await Promise.all([first, looked, others])
  assert.notEqual(seen[0], 0)
})

test('one of 64 fails alone', async () => {
  const results = await insertMany(64, { 20: (t) => t.get(insert, ['bad', -1]) })
  assert.deepEqual(rejected(results), [20])
  assert.equal(await countRows(), 63)
})

test('works that await something foreign fail alone, and are shut out', async () => {
  const awoken = Promise.withResolvers<void>()
  const late = Promise.withResolvers<unknown>()
  const foreign = async (t: Tx) => {
    t.put(insert, ['foreign', 1])
    await awoken.promise
    await t.get(insert, ['late', 1]).catch(late.resolve)
  }
  const forever = () => sleep(60_000, undefined, { ref: false })
  const results = await insertMany(22, { 10: foreign, 15: forever })
  assert.deepEqual(rejected(results), [10, 15])
  awoken.resolve()
  assert.match(String(await late.promise), /transaction is over/)
  assert.equal(await countRows(), 20)

  await assert.rejects(db.tx(forever), /may await nothing/)
  await insertMany(1, { 0: async (t) => t.put(insert, ['after', 1]) })
  assert.equal(await countRows(), 21)
})

test('others may ask for works and reads while one awaits something foreign', async () => {
  const begun = Promise.withResolvers<void>()
  const others = begun.promise.then(() => Promise.all([db.read(count), insertMany(1)]))
  const foreign = db.tx(() => {
    begun.resolve()
    return sleep(60_000, undefined, { ref: false })
  })
  await assert.rejects(foreign, /may await nothing/)
  assert.deepEqual((await others)[0], [{ n: 0 }])
  assert.equal(await countRows(), 1)
})

test('a full disk rejects the whole group, and the next one is served', async (t) => {
  inOneGroup(t)
  const limit = async (pages: number) =>
    db.tx((t) => t.get(`pragma max_page_count = ${pages}`)).then(([row]) => row?.['max_page_count'])
  const room = Number(await limit(1)) + 2
  await limit(room)
  const fill = async (t: Tx) => t.put(insert, ['x'.repeat(100_000), 1])
  const results = await insertMany(10, { 5: fill })
  assert.deepEqual(rejected(results).slice(0, 6), [0, 1, 2, 3, 4, 5])
  assert.match(String(results[5]?.status === 'rejected' && results[5].reason), /full/)
  assert.equal(await countRows(), 10 - rejected(results).length)
  await assert.rejects(db.tx(fill), /full/)
  await limit(1_000_000)
  await db.tx(fill)
})

test('a COMMIT that fails rejects every member, and the next group is served', async (t) => {
  inOneGroup(t)
  const orphan = async (t: Tx) => t.put("insert into promises (id) values ('nobody')")
  const results = await insertMany(10, { 9: orphan })
  assert.equal(rejected(results).length, 10)
  assert.equal(await countRows(), 0)
  await assert.rejects(db.tx(orphan), /FOREIGN KEY/)
  await insertMany(3)
  assert.equal(await countRows(), 3)
})

test('a work that ends the transaction itself is answered by an error', async (t) => {
  inOneGroup(t)
  const results = await insertMany(3, { 1: async (t) => t.put('rollback') })
  assert.deepEqual(rejected(results).slice(0, 2), [0, 1])
  await assert.rejects(
    db.tx(async (t) => t.put('rollback')),
    /ended the transaction/,
  )
  await db.tx(async (t) => t.put(insert, ['after', 1]))
})

test('a transaction that cannot begin rejects its group, and the next one as well', async () => {
  const file = join(database.dataDir, 'directotp.db')
  const outside = new DatabaseSync(file)
  outside.exec("insert into tallies values ('theirs', 1); pragma wal_checkpoint(truncate)")
  outside.close()
  const handle = await open(file, 'r+')
  await handle.write('not a database', 0)
  await handle.close()
  assert.deepEqual(rejected(await insertMany(2)), [0, 1])
  assert.deepEqual(rejected(await insertMany(2)), [0, 1])
})

test('another process that writes only delays', async () => {
  const file = join(database.dataDir, 'directotp.db')
  const hold = `const { DatabaseSync } = require('node:sqlite')
    const db = new DatabaseSync(process.argv[1])
    db.exec("begin immediate; insert into tallies values ('theirs', 1)")
    console.log('held')
    process.stdin.on('end', () => setTimeout(() => db.exec('commit'), 300)).resume()`
  const child = spawn(process.execPath, ['-e', hold, file], { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  const results = insertMany(64)
  assert.equal(await countRows(), 0)
  child.stdin.end()
  assert.deepEqual(rejected(await results), [])
  assert.equal(await countRows(), 65)
})
