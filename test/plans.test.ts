import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Client } from 'pg'
import { openChores } from '../src/chores/chores.ts'
import type { Db, Value } from '../src/db/db.ts'
import { ineligibleOf } from '../src/gateways/bin-answers.ts'
import { outagesOf } from '../src/gateways/outages.ts'
import { openWatch } from '../src/gateways/watch-health.ts'
import { orphanLeases } from '../src/payments/duties.ts'
import { countAlarms } from '../src/payments/events.ts'
import { countOrders, newestOrders } from '../src/payments/order-lists.ts'
import { pastPayments } from '../src/payments/past-payments.ts'
import { countInReview, orphanRefunds } from '../src/payments/refunds.ts'
import { countUnresolved } from '../src/payments/txns.ts'
import { waitingCounts } from '../src/webhooks/deliveries.ts'
import { engines, type TestDatabase } from './databases.ts'
import { deadLine, openWorld, type ScriptedWorld } from './world.ts'

/** A statement as the database got it. */
interface Statement {
  readonly sql: string
  readonly values: readonly Value[]
}

/** Every look of an idle server, and the index that keeps it cheap among finished orders. */
const indexOfChore = {
  payments: 'txns_due',
  refunds: 'refunds_due',
  inquiries: 'inquiries_due',
  events: 'events_due',
  webhooks: 'deliveries_due',
  'BIN answers': 'bin_answers_until',
  health: 'outages_open',
  'outage news': 'outages_untold',
  budgets: 'budgets_day',
  'client tokens': 'client_tokens_expires',
  cards: 'cards_purge',
  'used tokens': 'spent_tokens_expires',
}

/** It looks over the data keys alone, of which a merchant has three or four. */
const withoutIndex: Readonly<Record<string, readonly string[]>> = { 'old card keys': [] }

for (const engine of engines) {
  describe(`what looks over all orders, on ${engine.name}`, () => {
    test('an idle server looks by small indexes alone', async () => {
      const at = await openWorld(engine)
      const { db, said } = recording(at.database.db)
      const health = openWatch(db, at.world.now)
      const chores = openChores({ ...at.world, db, health }, deadLine)
      const found: Record<string, string[]> = {}
      for (const { name, once, settled } of chores) {
        said.length = 0
        await once(assert.ifError)
        await settled()
        assert(said.length > 0, `${name} looks`)
        found[name] = await indexesOf(at.database, said)
      }
      const expected = Object.entries(indexOfChore).map(([name, index]) => [name, [index]])
      assert.deepEqual(found, { ...Object.fromEntries(expected), ...withoutIndex })
      await at.database.close()
    })

    test('what an operator counts and a start mends is found by them too', async () => {
      const at = await openWorld(engine)
      const { id } = at.merchant
      const looks: Record<string, (db: Db) => Promise<unknown>> = {
        txns_unresolved: (db) => countUnresolved(db.read, id, at.clock.now),
        events_alarms: (db) => countAlarms(db.read, id, at.clock.now),
        refunds_in_review: (db) => countInReview(db.read, id),
        orders_created: async (db) => {
          await newestOrders(db.read, id, { count: 10, offset: 10 })
          await countOrders(db.read, id, 10_000)
        },
        bin_answers_merchant: (db) => {
          return ineligibleOf(db.read, id, { now: at.clock.now, most: 10 })
        },
        outages_since: (db) => outagesOf(db.read, id, { since: at.clock.now, most: 10 }),
        deliveries_waiting: (db) => waitingCounts(db.read, id),
        txns_due: (db) => db.tx(async (t) => orphanLeases(t, at.clock.now)),
        refunds_due: (db) => db.tx(async (t) => orphanRefunds(t, at.clock.now)),
      }
      for (const [index, look] of Object.entries(looks)) {
        assert.deepEqual(await indexesUsedBy(at, look), [index])
      }
      const ofPast = await indexesUsedBy(at, (db) => pastPayments(db.read, id, { from: 0, to: 1 }))
      assert.deepEqual(ofPast.sort(), ['orders_created', 'txns_order'])
      await at.database.close()
    })
  })
}

async function indexesUsedBy(
  { database }: ScriptedWorld,
  look: (db: Db) => Promise<unknown>,
): Promise<string[]> {
  const { db, said } = recording(database.db)
  await look(db)
  return indexesOf(database, said)
}

/** The same database, which writes down every statement that it gets. */
function recording(db: Db): { db: Db; said: Statement[] } {
  const said: Statement[] = []
  const note = (sql: string, values: readonly Value[] = []) => said.push({ sql, values })
  const read: Db['read'] = (sql, values) => {
    note(sql, values)
    return db.read(sql, values)
  }
  const tx: Db['tx'] = (work) =>
    db.tx((t) =>
      work({
        get: (sql, values) => {
          note(sql, values)
          return t.get(sql, values)
        },
        put: (sql, values) => {
          note(sql, values)
          t.put(sql, values)
        },
      }),
    )
  return { db: { ...db, read, tx }, said }
}

/** The secondary indexes by which the statements find their rows; none may read a whole table. */
async function indexesOf(database: TestDatabase, said: readonly Statement[]): Promise<string[]> {
  const plans = database.databaseUrl
    ? await postgresPlans(database.databaseUrl, said)
    : await sqlitePlans(database.db, said)
  const names = plans.flatMap((plan) => {
    assert.doesNotMatch(plan, wholeTable, plan)
    assert.doesNotMatch(plan, sorting, plan)
    return [...plan.matchAll(indexUse)].map(([, name = '']) => name)
  })
  return [...new Set(names)].filter((name) => !/_pkey$|^sqlite_autoindex/.test(name))
}

// `counted` is no table, but the few rows that a statement has found.
const wholeTable = /\bSCAN (?!\w+ USING|counted\b)|Seq Scan/
const sorting = /TEMP B-TREE|\bSort\b/
const indexUse =
  /(?:USING (?:COVERING )?INDEX|Index (?:Only )?Scan(?: Backward)? (?:using|on)) (\w+)/g

async function sqlitePlans({ read }: Db, said: readonly Statement[]): Promise<string[]> {
  const plans = said.map(async ({ sql, values }) => {
    const rows = await read(`explain query plan ${sql}`, values)
    return rows.map(({ detail }) => detail).join('\n')
  })
  return Promise.all(plans)
}

async function postgresPlans(url: string, said: readonly Statement[]): Promise<string[]> {
  const client = new Client(url)
  await client.connect()
  const plans = []
  // Of a table without rows the cheapest plan is to read it as a whole, or to sort what was found.
  await client.query('set enable_seqscan = off; set enable_bitmapscan = off')
  for (const { sql, values } of said) {
    const { rows } = await client.query(`explain ${sql}`, [...values])
    plans.push(rows.map((row: Record<string, string>) => row['QUERY PLAN']).join('\n'))
  }
  await client.end()
  return plans
}
