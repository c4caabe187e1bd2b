import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { Client } from 'pg'
import { engines, migrationsFolder, type TestDatabase } from '../../test/databases.ts'
import type { Db, Tx } from './db.ts'
import { openDatabase } from './migrate.ts'

const schema = 'create table tallies (id text not null primary key, n bigint not null);'
const add = 'update tallies set n = n + 1 where id = $1 returning n'
const all = 'select id, n from tallies order by id'

const postgres = engines.find(({ name }) => name === 'postgres') ?? assert.fail()
let database: TestDatabase
let db: Db
before(async () => {
  database = await postgres.open(await migrationsFolder(schema))
  db = database.db
})
beforeEach(() =>
  db.tx(async (t) => {
    t.put('delete from tallies')
    t.put("insert into tallies (id, n) values ('a', 0), ('b', 0)")
  }),
)
after(() => database.close())

test('a work that loses a deadlock is run again', async () => {
  const firsts = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const
  let runs = 0
  const work = (mine: 0 | 1, ids: readonly [string, string]) => async (t: Tx) => {
    runs++
    // Only one of them looks for the deadlock at all, so only that one loses.
    t.put(`set local deadlock_timeout = '${mine === 0 ? '1s' : '60s'}'`)
    await t.get(add, [ids[0]])
    firsts[mine].resolve()
    // PostgreSQL does not notice a foreign await; no work of the product has one.
    await firsts[mine === 0 ? 1 : 0].promise
    await t.get(add, [ids[1]])
  }
  await Promise.all([db.tx(work(0, ['a', 'b'])), db.tx(work(1, ['b', 'a']))])
  assert.equal(runs, 3)
  assert.deepEqual(await db.read(all), [
    { id: 'a', n: 2 },
    { id: 'b', n: 2 },
  ])
})

test('a conflict that does not end is an error after three more runs', async () => {
  const other = new Client(database.databaseUrl)
  await other.connect()
  let runs = 0
  const work = async (t: Tx) => {
    runs++
    t.put('set transaction isolation level repeatable read')
    await t.get(all)
    await other.query("update tallies set n = n + 1 where id = 'a'")
    await t.get(add, ['a'])
  }
  await assert.rejects(db.tx(work), /could not serialize/)
  await other.end()
  assert.equal(runs, 4)
})

test('a lost connection fails its transaction and nothing else', async () => {
  const whoAmI = 'select pg_backend_pid() as pid'
  const kill = 'select case when pg_terminate_backend($1) then 1 else 0 end as killed'
  const cut = async (t: Tx) => {
    const [me] = await t.get(whoAmI)
    t.put(add, ['a'])
    await t.get(kill, [Number(me?.['pid'])])
  }
  await assert.rejects(db.tx(cut))
  await db.tx(async (t) => t.put(add, ['b']))
  assert.deepEqual(await db.read(all), [
    { id: 'a', n: 0 },
    { id: 'b', n: 1 },
  ])
})

test('connections that are lost while idle are replaced', async () => {
  const other = new Client(database.databaseUrl)
  await other.connect()
  await other.query(`select pg_terminate_backend(pid, 5000) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`)
  await other.end()
  // The pool learns of it in its own time; until then a statement may meet a dead connection.
  while (!(await db.read(all).catch(() => undefined))) await setImmediate()
  await db.tx(async (t) => t.put(add, ['a']))
})

test('who migrates waits for another who does', async () => {
  const slow = `${schema} select cast(pg_sleep(0.2) as text);`
  const empty = await postgres.open(await migrationsFolder())
  const folder = await migrationsFolder(slow)
  const { databaseUrl, dataDir } = empty
  const both = await Promise.all([1, 2].map(() => openDatabase({ databaseUrl, dataDir, folder })))
  assert.deepEqual(await both[0]?.read(all), [])
  for (const one of both) await one.close()
  await empty.close()
})

test('statements are prepared under a name, and the session has its limits', async () => {
  const prepared = await db.tx(async (t) => {
    await t.get(add, ['a'])
    return t.get('select statement from pg_prepared_statements where statement = $1', [add])
  })
  assert.deepEqual(prepared, [{ statement: add }])
  const show = async (name: string) => (await db.read(`show ${name}`))[0]?.[name]
  assert.equal(await show('statement_timeout'), '10s')
  assert.equal(await show('lock_timeout'), '5s')
  assert.equal(await show('idle_in_transaction_session_timeout'), '10s')
})

test('a column that SQLite would give otherwise is an error', async () => {
  await assert.rejects(db.read('select n = 0 as zero from tallies'), /neither text nor integer/)
  await assert.rejects(db.read('select 1.5 as n'), /no safe integer/)
  await assert.rejects(db.read('select cast(9007199254740992 as bigint) as n'), /no safe integer/)
  assert.deepEqual(await db.read('select 1.0 as n'), [{ n: 1 }])
})
