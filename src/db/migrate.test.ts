import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { engines, migrationsFolder } from '../../test/databases.ts'
import { migrate, openDatabase, splitStatements } from './migrate.ts'

const notes = 'create table notes (id text not null primary key, at bigint not null);'
const fill = "insert into notes (id, at) values ('first', 1);"
const known = 'select number, name from migrations order by number'

test('statements end at semicolons, but not in quotes or comments', () => {
  const text = `-- a; comment
    create table a (b text default ';--'); -- it's another; one
    insert into a values ('it''s;')
    ;
  `
  assert.deepEqual(splitStatements(text), [
    "create table a (b text default ';--')",
    "insert into a values ('it''s;')",
  ])
})

for (const engine of engines) {
  describe(engine.name, () => {
    test('each migration runs once, in its order, and is recorded', async () => {
      const folder = await migrationsFolder(notes, fill)
      const { db, close } = await engine.open(folder)
      await migrate(db, folder)
      await writeFile(join(folder, '0003_more.sql'), "insert into notes values ('second', 2)")
      await migrate(db, folder)
      assert.deepEqual(await db.read('select id from notes order by at'), [
        { id: 'first' },
        { id: 'second' },
      ])
      assert.deepEqual(await db.read(known), [
        { number: 1, name: '0001_step.sql' },
        { number: 2, name: '0002_step.sql' },
        { number: 3, name: '0003_more.sql' },
      ])
      await close()
    })

    test('tables are strict about types', async () => {
      const { db, close } = await engine.open(await migrationsFolder(notes))
      await assert.rejects(db.tx(async (t) => t.put("insert into notes values ('a', 'soon')")))
      await close()
    })

    test('a database newer than the program is refused and left alone', async () => {
      const folder = await migrationsFolder(notes, fill)
      const { db, close } = await engine.open(folder)
      await rm(join(folder, '0002_step.sql'))
      await assert.rejects(migrate(db, folder), /newer than this program.*0002_step\.sql/)
      await rename(join(folder, '0001_step.sql'), join(folder, '0001_other.sql'))
      await assert.rejects(migrate(db, folder), /0001_step\.sql of the database is 0001_other\.sql/)
      assert.equal((await db.read(known)).length, 2)
      await close()
    })

    test('one that fails is named, and takes the others back', async () => {
      const folder = await migrationsFolder('create table a (b text);')
      const { db, close } = await engine.open(folder)
      await writeFile(join(folder, '0002_good.sql'), notes)
      await writeFile(join(folder, '0003_bad.sql'), `${fill} insert into nowhere values (1);`)
      await assert.rejects(migrate(db, folder), /0003_bad\.sql failed/)
      assert.equal((await db.read(known)).length, 1)
      await assert.rejects(db.read('select id from notes'))
      await close()
    })

    test('processes that migrate at once all succeed', async () => {
      const { databaseUrl, dataDir, db, close } = await engine.open(await migrationsFolder())
      const folder = await migrationsFolder(notes, fill)
      const where = { dataDir: join(dataDir, 'fresh'), databaseUrl, folder }
      const program = JSON.stringify(import.meta.resolve('./migrate.ts'))
      const open = `import { openDatabase } from ${program}
        const db = await openDatabase(JSON.parse(process.argv[1]))
        await db.close()`
      const args = ['--input-type=module', '-e', open, JSON.stringify(where)]
      await Promise.all([1, 2, 3].map(() => promisify(execFile)(process.execPath, args)))
      const fresh = await openDatabase(where)
      assert.equal((await fresh.read(known)).length, 2)
      assert.equal((await fresh.read('select id from notes')).length, 1)
      await fresh.close()
      await db.close()
      await close()
    })
  })
}

test('a number left out or given twice is refused', async () => {
  const folder = await migrationsFolder(notes)
  await writeFile(join(folder, '0003_gap.sql'), fill)
  const [sqlite] = engines
  assert(sqlite)
  await assert.rejects(sqlite.open(folder), /0003_gap\.sql should be migration number 2/)
  await rename(join(folder, '0003_gap.sql'), join(folder, '0001_twice.sql'))
  await assert.rejects(sqlite.open(folder), /should be migration number 2/)
})

test('the SQLite files can be read by their owner only', async () => {
  const parent = await migrationsFolder()
  await chmod(parent, 0o755)
  const dataDir = join(parent, 'deep', 'data')
  await mkdir(join(parent, 'migrations'))
  const db = await openDatabase({ dataDir, folder: join(parent, 'migrations') })
  assert.equal((await stat(dataDir)).mode & 0o777, 0o700)
  for (const name of await readdir(dataDir)) {
    assert.match(name, /^directotp\.db(-wal|-shm)?$/)
    assert.equal((await stat(join(dataDir, name))).mode & 0o777, 0o600, name)
  }
  await db.close()
})
