import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { engines } from '../../test/databases.ts'
import { openWorld, type ScriptedWorld } from '../../test/world.ts'
import type { MerchantId } from '../ids.ts'
import {
  type AuditHead,
  appendAudit,
  auditEntries,
  auditLogs,
  auditShard,
} from './audit-entries.ts'
import type { AuditOwner } from './audit-entry.ts'
import { doAudited } from './do-audited.ts'
import { verifyAudit } from './verify-audit.ts'

const shop = 'shop' as MerchantId

for (const engine of engines) {
  describe(`the audit log on ${engine.name}`, () => {
    let at: ScriptedWorld
    beforeEach(async () => {
      at = await openWorld(engine)
    })
    afterEach(() => at.database.close())

    const write = async (merchant: AuditOwner, count: number) => {
      const key = await at.world.keyring.current('', 'audit')
      for (let i = 1; i <= count; i++) {
        const done = { merchant, at: i, actor: 'test', deed: 'card_opened', subject: `card ${i}` }
        await at.world.db.tx((t) => appendAudit(t, key, { ...done, deed: 'card_opened' }))
      }
    }
    const verify = (merchant: AuditOwner = shop, noted: readonly AuditHead[] = []) =>
      verifyAudit(at.world, merchant, noted)
    const why = async (merchant: AuditOwner = shop, noted: readonly AuditHead[] = []) => {
      const verified = await verify(merchant, noted)
      return verified.kind === 'wrong' ? verified.why : 'right'
    }
    const change = (sql: string) => at.world.db.tx(async (t) => t.put(sql, []))

    test('a log as it was written is right, and its last entry is told', async () => {
      await write(shop, 3)
      await write('', 2)
      assert.deepEqual(await auditLogs(at.world.db.read), ['', 'shop'])
      const entries = await auditEntries(at.world.db.read, { merchant: shop, after: 1, most: 1 })
      assert.deepEqual(
        entries.map(({ mac: _mac, ...entry }) => entry),
        [{ merchant: shop, seq: 2, at: 2, actor: 'test', deed: 'card_opened', subject: 'card 2' }],
      )
      const verified = await verify()
      assert(verified.kind === 'right')
      assert.equal(verified.head.seq, 3)
      assert.equal(await why(''), 'right')
      assert.deepEqual(
        (await auditEntries(at.world.db.read, { merchant: '', after: 0, most: 9 })).map(
          ({ deed, subject, at: when, actor }) => [deed, subject, when, actor],
        ),
        [
          ['log_began', 'shop', 1, 'test'],
          ['card_opened', 'card 1', 1, 'test'],
          ['card_opened', 'card 2', 2, 'test'],
        ],
      )
      assert.equal(await why('nobody' as MerchantId), 'right')
    })

    test('a log longer than a page is walked to its end', async () => {
      const key = await at.world.keyring.current('', 'audit')
      await at.world.db.tx(async (t) => {
        for (let i = 0; i < 1_001; i++) {
          const done = { merchant: shop, at: i, actor: 'a', subject: '' } as const
          await appendAudit(t, key, { ...done, deed: 'card_opened' })
        }
      })
      assert.equal(await why(), 'right')
      await change("update audit_entries set actor = 'b' where seq = 1001")
      assert.match(await why(), /entry 1001 is not as it was written/)
    })

    const edits: readonly (readonly [string, string, RegExp])[] = [
      ['an actor', "update audit_entries set actor = 'x' where seq = 2", /entry 2 is not/],
      ['a time', 'update audit_entries set at = at + 1 where seq = 1', /entry 1 is not/],
      ['a deed', "update audit_entries set deed = 'card_stored' where seq = 4", /entry 4 is not/],
      ['a subject', "update audit_entries set subject = '' where seq = 3", /entry 3 is not/],
      ['a MAC', "update audit_entries set mac = 'ab' where seq = 4", /entry 4 is not/],
      ['the first entry gone', 'delete from audit_entries where seq = 1', /entry 1 is missing/],
      ['one in the middle gone', 'delete from audit_entries where seq = 2', /entry 2 is missing/],
      ['the tail gone', 'delete from audit_entries where seq > 2', /entry 3 and all behind/],
      ['all entries gone', 'delete from audit_entries', /entry 1 and all behind/],
      ['the head gone', 'delete from audit_heads', /its head is not/],
      ['the head set back', 'update audit_heads set seq = 3', /its head is not/],
      ["the head's MAC", "update audit_heads set mac = 'ab'", /its head is not/],
    ]
    test('every edit, deletion and cut is found', async () => {
      for (const [what, sql, found] of edits) {
        await change('delete from audit_entries')
        await change('delete from audit_heads')
        await write(shop, 4)
        assert.equal(await why(), 'right')
        await change(sql)
        assert.match(await why(), found, what)
      }
    })

    test('entries that changed places, or came from another log, are found', async () => {
      await write(shop, 4)
      const swap = async (a: number, b: number) => {
        await change(`update audit_entries set seq = 99 where seq = ${a}`)
        await change(`update audit_entries set seq = ${a} where seq = ${b}`)
        await change(`update audit_entries set seq = ${b} where seq = 99`)
      }
      await swap(2, 3)
      assert.match(await why(), /entry 2 is not/)
      await swap(2, 3)
      assert.equal(await why(), 'right')
      const other = 'other' as MerchantId
      for (const table of ['audit_entries', 'audit_heads']) {
        await change(
          `update ${table} set merchant = 'other', shard = ${auditShard(other)}
           where merchant = 'shop'`,
        )
      }
      assert.match(await why(other), /entry 1 is not/)
    })

    test('a tail that is cut with a head that is made to fit is found', async () => {
      await write(shop, 4)
      await change('delete from audit_entries where seq > 2')
      await change(
        `update audit_heads set seq = 2, mac =
          (select mac from audit_entries where seq = 2) where merchant = 'shop'`,
      )
      assert.match(await why(), /its head is not/)
    })

    test('a log that is rolled back as a whole is found by an earlier checkpoint', async () => {
      await write(shop, 2)
      const its = "merchant = 'shop'"
      const heads = await at.world.db.read(`select mac from audit_heads where ${its}`, [])
      await write(shop, 2)
      const verified = await verify()
      assert(verified.kind === 'right')
      const noted = [verified.head]
      await change('delete from audit_entries where seq > 2')
      await change(`update audit_heads set seq = 2, mac = '${heads[0]?.['mac']}' where ${its}`)
      assert.equal(await why(), 'right')
      assert.match(await why(shop, noted), /it had 4 entries once, and has 2/)
      await write(shop, 3)
      assert.equal(await why(), 'right')
      assert.equal(await why(shop, noted), 'right', 'the very same entries were written again')
      await change('delete from audit_entries')
      await change('delete from audit_heads')
      await write(shop, 1)
      await write(shop, 4)
      assert.match(await why(shop, noted), /entry 4 is not the one that was noted/)
    })

    test('a change that changed nothing writes nothing', async () => {
      const done = { merchant: shop, at: 1, actor: 'a', deed: 'card_deleted', subject: '' } as const
      for (const nothing of [false, undefined]) {
        assert.equal(await doAudited(at.world, done, async () => nothing), nothing)
      }
      assert.deepEqual(await auditLogs(at.world.db.read), [])
      await assert.rejects(
        doAudited(at.world, done, async () => {
          throw new Error('no')
        }),
      )
      assert.deepEqual(await auditLogs(at.world.db.read), [])
      assert.equal(await doAudited(at.world, done, async () => 0), 0)
      assert.deepEqual(await auditLogs(at.world.db.read), ['', 'shop'])
    })

    const erase = async (merchant: AuditOwner) => {
      for (const table of ['audit_entries', 'audit_heads']) {
        await change(`delete from ${table} where merchant = '${merchant}'`)
      }
    }

    test('a log that is erased as a whole is missed, begun anew or not', async () => {
      await write(shop, 3)
      await write('mall' as MerchantId, 2)
      await erase(shop)
      assert.deepEqual(await auditLogs(at.world.db.read), ['', 'mall', 'shop'])
      assert.match(await why(), /it is gone: it began once/)
      await write(shop, 3)
      assert.match(await why(), /it began 2 times/)
      assert.equal(await why('mall' as MerchantId), 'right')
      assert.equal(await why(''), 'right')
      await erase('')
      assert.match(await why('mall' as MerchantId), /server's own log does not say it began/)
    })

    test('a log that begins while it is verified is right, whichever is read first', async () => {
      const { db } = at.world
      const reads = ["deed = 'log_began'", 'order by seq', 'from audit_heads']
      for (const [i, begins] of reads.entries()) {
        const merchant = `new-${i}` as MerchantId
        let begun = false
        const read: typeof db.read = async (sql, values) => {
          const rows = await db.read(sql, values)
          if (!begun && sql.includes(begins)) {
            begun = true
            await write(merchant, 1)
          }
          return rows
        }
        const verified = await verifyAudit({ ...at.world, db: { ...db, read } }, merchant, [])
        assert(begun)
        assert.equal(verified.kind, 'right', JSON.stringify(verified))
      }
    })

    test('many who begin at once begin each log once', async () => {
      const shops = ['a', 'b', 'c', 'd'] as MerchantId[]
      await Promise.all([...shops, ...shops, '' as const].map((one) => write(one, 3)))
      for (const one of [...shops, '' as const]) assert.equal(await why(one), 'right')
    })
  })
}
