import type { Db, Tx } from './db.ts'

/** Whether the database takes a write now: the time of the last asking is kept in it. */
export async function canWrite(db: Db, now: number): Promise<boolean> {
  try {
    await db.tx(async (t) => {
      t.put(
        `insert into facts (name, value) values ('asked', $1)
         on conflict (name) do update set value = excluded.value`,
        [String(now)],
      )
    })
    return true
  } catch {
    return false
  }
}

/** The value of a fact that is written once and then stands: the first one written wins. */
export async function settleFact(db: Db, name: string, value: string): Promise<string> {
  return db.tx(async (t) => {
    const written = await t.get(
      `insert into facts (name, value) values ($1, $2)
       on conflict (name) do nothing returning value`,
      [name, value],
    )
    const [row] =
      written.length > 0 ? written : await t.get('select value from facts where name = $1', [name])
    return String(row?.['value'])
  })
}

/** Gives a fact another value, if it has the one it is thought to have. */
export function replaceFact(
  t: Tx,
  name: string,
  { from, to }: { readonly from: string; readonly to: string },
): void {
  t.put('update facts set value = $2 where name = $1 and value = $3', [name, to, from])
}

/** Forgets a fact, if it has the value it is thought to have. */
export function dropFact(t: Tx, name: string, value: string): void {
  t.put('delete from facts where name = $1 and value = $2', [name, value])
}

/** The database's own clock, in epoch milliseconds; an embedded database has this machine's. */
export async function databaseNow(db: Db): Promise<number> {
  if (db.engine === 'sqlite') return Date.now()
  const [row] = await db.read(
    'select cast(floor(extract(epoch from clock_timestamp()) * 1000) as bigint) as now',
  )
  return Number(row?.['now'])
}
