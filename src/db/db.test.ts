import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { after, before, beforeEach, describe, test } from 'node:test'
import { engines, migrationsFolder, type TestDatabase } from '../../test/databases.ts'
import { checkValues, countValues, type Db, type Tx, type Value } from './db.ts'

const schema = `create table tallies (
  id text not null primary key, n bigint not null check (n >= 0), note text);`
const insert = 'insert into tallies (id, n) values ($1, $2)'
const all = 'select id, n from tallies order by n'

const notValues: unknown[] = [
  undefined,
  true,
  1.5,
  Number.NaN,
  2 ** 53,
  1n,
  new Date(0),
  {},
  'nul \0',
  'half a pair \ud800',
]

test('a text takes as many values as its highest $n', () => {
  assert.equal(countValues('select 1'), 0)
  assert.equal(countValues("select $2, $1, $1, '$9 ''$8'"), 2)
  assert.throws(() => countValues('select $2'), TypeError)
  assert.throws(() => countValues('select 1; select 2'), TypeError)
  assert.equal(countValues("select ';a'; "), 0)
})

test('the error about a value does not tell the value', () => {
  assert.throws(
    () => checkValues(1, ['4111\0']),
    (error: Error) => error instanceof TypeError && !error.message.includes('4111'),
  )
})

for (const engine of engines) {
  describe(engine.name, () => {
    let database: TestDatabase
    let db: Db
    before(async () => {
      database = await engine.open(await migrationsFolder(schema))
      db = database.db
    })
    beforeEach(() => db.tx(async (t) => t.put('delete from tallies')))
    after(() => database.close())

    test('a work gives its result, and what it wrote can be read', async () => {
      const n = await db.tx(async (t) => {
        t.put(insert, ['a', 1])
        const [row] = await t.get('update tallies set n = n + 1 where id = $1 returning n', ['a'])
        return row?.['n']
      })
      assert.equal(n, 2)
      assert.deepEqual(await db.read(all), [{ id: 'a', n: 2 }])
    })

    test('a throw takes everything back and comes out as it is', async () => {
      const refusal = new Error('no')
      const work = async (t: Tx) => {
        await t.get(insert, ['a', 1])
        throw refusal
      }
      await assert.rejects(db.tx(work), (error) => error === refusal)
      await assert.rejects(
        db.tx(() => {
          throw refusal
        }),
        (error) => error === refusal,
      )
      assert.deepEqual(await db.read(all), [])
    })

    test('a failed statement fails its transaction, even if it is caught', async () => {
      const caught: unknown[] = []
      const work = async (t: Tx) => {
        t.put(insert, ['a', 1])
        await t.get(insert, ['b', -1]).catch((error) => caught.push(error))
        await t.get(all).catch((error) => caught.push(error))
        t.put(insert, ['c', 1])
        throw new Error('an answer that rests on the failure')
      }
      await assert.rejects(db.tx(work), (error) => error === caught[0])
      assert.match(String(caught[0]), /check/i)
      assert.equal(caught[1], caught[0])
      assert.deepEqual(await db.read(all), [])
    })

    test('a failed put, and a get nobody awaits, fail their transaction', async () => {
      const put = async (t: Tx) => {
        t.put(insert, ['a', 1])
        t.put(insert, ['a', 2])
        return 'done'
      }
      const get = async (t: Tx) => {
        void t.get(insert, ['b', -1])
        return 'done'
      }
      await assert.rejects(db.tx(put), /unique/i)
      await assert.rejects(db.tx(get), /check/i)
      assert.deepEqual(await db.read(all), [])
    })

    test('inside a work the database itself is refused at once', async () => {
      await assert.rejects(
        db.tx(() => db.tx(async () => {})),
        /only its own statements/,
      )
      await assert.rejects(
        db.tx(() => db.read(all)),
        /only its own statements/,
      )
    })

    test('what a work started may use the database when the work is over', async () => {
      const later = await db.tx(async () => AsyncLocalStorage.snapshot())
      assert.deepEqual(await later(() => db.read(all)), [])
      await later(() => db.tx(async (t) => t.put(insert, ['a', 1])))
    })

    test('a statement after its transaction is refused', async () => {
      const late = await db.tx(async (t) => [t] as const)
      await assert.rejects(late[0].get(all), /transaction is over/)
      assert.throws(() => late[0].put(insert, ['a', 1]), /transaction is over/)
    })

    test('a value that is none, or one too few or too many, reaches no statement', async () => {
      const wrong = [...notValues.map((value) => ['a', value]), ['a'], ['a', 1, 2], []]
      for (const values of wrong as Value[][]) {
        await assert.rejects(
          db.tx((t) => t.get(insert, values)),
          TypeError,
        )
        const afterAnother = async (t: Tx) => {
          t.put(insert, ['good', 1])
          t.put(insert, values)
        }
        await assert.rejects(db.tx(afterAnother), TypeError)
      }
      await assert.rejects(db.read(all, [1]), TypeError)
      await assert.rejects(db.read('select id from tallies where id = $1'), TypeError)
      assert.deepEqual(await db.read(all), [])
    })

    test('safe integers come back as they went in, sums too', async () => {
      const edges = [0, 1, 2 ** 31, Number.MAX_SAFE_INTEGER]
      for (const n of edges) await db.tx(async (t) => t.put(insert, [`row ${n}`, n]))
      const rows = await db.read(all)
      assert.deepEqual(
        rows.map(({ n }) => n),
        edges,
      )
      const negative = 'select cast($1 as bigint) as n'
      assert.deepEqual(await db.read(negative, [-Number.MAX_SAFE_INTEGER]), [
        { n: -Number.MAX_SAFE_INTEGER },
      ])
      assert.deepEqual(await db.read('select sum(n) as n from tallies where n < 2'), [{ n: 1 }])
      await assert.rejects(db.read('select n + 1 as n from tallies where n > $1', [2 ** 40]))
    })

    test('a number is a whole number, also in text and in a division', async () => {
      await db.tx(async (t) => t.put('insert into tallies (id, n) values ($1, 7 / $2)', ['a', 2]))
      await db.tx(async (t) => t.put('update tallies set note = $1', [5]))
      assert.deepEqual(await db.read('select n, note from tallies'), [{ n: 3, note: '5' }])
    })

    test('text and null come back as they went in', async () => {
      for (const note of ['', "quote ' $1", 'ₓ 💳\r\n', null]) {
        await db.tx(async (t) => t.put('delete from tallies'))
        const values = ['a', 1, note]
        await db.tx(async (t) => t.put('insert into tallies values ($1, $2, $3)', values))
        assert.deepEqual(await db.read('select note from tallies'), [{ note }])
      }
    })

    test('a read that writes, and two statements in one, are refused', async () => {
      await assert.rejects(db.read(insert, ['a', 1]), /read-?only/)
      await assert.rejects(db.read('select 1; select 2'), TypeError)
      assert.deepEqual(await db.read(all), [])
    })

    test('64 at once on one row count without a gap', async () => {
      await db.tx(async (t) => t.put(insert, ['a', 0]))
      const touch = 'update tallies set n = n + 1 where id = $1 returning n'
      const counted = await Promise.all(
        Array.from({ length: 64 }, () => db.tx(async (t) => (await t.get(touch, ['a']))[0]?.['n'])),
      )
      const sorted = counted.map(Number).sort((a, b) => a - b)
      assert.deepEqual(
        sorted,
        Array.from({ length: 64 }, (_, i) => i + 1),
      )
    })

    test('close finishes what was asked for, and refuses what comes after', async () => {
      const other = await engine.open(await migrationsFolder(schema))
      const asked = Array.from({ length: 20 }, (_, i) =>
        other.db.tx(async (t) => (await t.get(`${insert} returning n`, [`row ${i}`, i]))[0]?.['n']),
      )
      const closed = other.db.close()
      await assert.rejects(other.db.read(all), /closed/)
      await assert.rejects(
        other.db.tx(async () => {}),
        /closed/,
      )
      assert.deepEqual(await Promise.all(asked), [...asked.keys()])
      await closed
      await other.close()
    })
  })
}
