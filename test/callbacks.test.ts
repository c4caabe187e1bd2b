import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { addMerchant } from '../src/add-merchant.ts'
import type { MerchantId } from '../src/ids.ts'
import { makeSeal } from '../src/seal.ts'
import { type BankCallback, callBack } from './bank-callback.ts'
import { ask, callerOf, rightOtp } from './caller.ts'
import { engines } from './databases.ts'
import { startTestServer, type TestServer, testVariables } from './support.ts'
import { assertUnauthorized } from './unauthorized.ts'

const minuteMs = 60_000

/** How long anything that happens by itself may take. */
const patienceMs = 60_000

for (const engine of engines) {
  describe(`callbacks on ${engine.name}`, () => {
    let server: TestServer
    let orders = 0
    before(async () => {
      server = await startTestServer(engine)
      const master = Buffer.from(String(testVariables({ dataDir: '' })['MASTER_KEY']), 'hex')
      const to = { id: 'theirs' as MerchantId, mode: 'sandbox', at: 1 } as const
      await addMerchant({ db: server.db, seal: makeSeal(master) }, to)
    })
    after(() => server.close())

    const setMood = (mood: object) => ask(`${server.bankUrl}/moods`, { json: mood })

    const clearMoods = () => fetch(`${server.bankUrl}/moods`, { method: 'DELETE' })

    async function history(order: string): Promise<string[]> {
      const sql = 'select kind from events where order_id = $1 order by seq'
      return (await server.db.read(sql, [order])).map((row) => String(row['kind']))
    }

    async function happens(order: string, kind: string, times = 1): Promise<void> {
      const deadline = performance.now() + patienceMs
      for (;;) {
        const kinds = await history(order)
        if (kinds.filter((one) => one === kind).length >= times) return
        assert(performance.now() < deadline, `no ${kind} in ${kinds}`)
        await sleep(20)
      }
    }

    /** A payment whose OTP the bank has taken in silence. */
    async function inDoubt(): Promise<{ order: string; txn: string; body: string }> {
      const order = `cb-${++orders}`
      const caller = callerOf(server)
      const challenge = await caller.open(order)
      await setMood({ mood: 'charged_then_timeout', next: 'otp' })
      assert.equal((await caller.submit(challenge, rightOtp)).body.status, 'AUTHORIZING')
      // The clock's own look is far away: what is asked here is asked because of a callback.
      const sql = 'update txns set due_at = due_at + 3600000 where id = $1'
      await server.db.tx(async (t) => t.put(sql, [challenge.id]))
      return { order, txn: challenge.id, body: JSON.stringify({ reference: challenge.id }) }
    }

    test('what its account has not signed lately is refused, all alike', async () => {
      const { order, body } = await inDoubt()
      const untouched = await history(order)
      const now = Number((await ask(`${server.bankUrl}/clock`)).body['now'])
      const wrong: readonly Partial<BankCallback>[] = [
        { signature: '' },
        { signature: '0'.repeat(64) },
        { signature: 'é'.repeat(32) },
        { key: 'theirs-simulator' },
        { id: '' },
        { at: now - 6 * minuteMs },
        { at: now + 6 * minuteMs },
        { body: 'not json' },
        { body: 'null' },
        { body: '' },
        { account: 'nobody' },
        { account: '%F0%9F%92%B3' },
        { merchant: 'theirs' },
        { merchant: 'nobody' },
        { gateway: 'nobody' },
        { gateway: 'constructor' },
        { gateway: 'toString' },
      ]
      for (const change of wrong) {
        const answer = await callBack(server, { body, ...change })
        assertUnauthorized(answer, JSON.stringify(change))
      }
      const unsigned = `${server.url}/callbacks/simulator/demo/simulator`
      assertUnauthorized(await ask(unsigned, { form: {} }))
      assert.equal((await ask(unsigned)).status, 404)
      for (const nameless of [{ account: '%00' }, { merchant: '%00' }]) {
        assert.equal((await callBack(server, { body, ...nameless })).status, 404)
      }
      assert.deepEqual(await history(order), untouched)
    })

    test("an account's callback is heard, of whatever type, about its own payments", async () => {
      const { order, body } = await inDoubt()
      const theirs = await callBack(server, { body, merchant: 'theirs', key: 'theirs-simulator' })
      assert.deepEqual([theirs.status, theirs.body], [200, {}])
      assert(!(await history(order)).includes('callback_heard'))
      const type = 'application/x-www-form-urlencoded; charset=iso-8859-1'
      const heard = await callBack(server, { body, type })
      assert.deepEqual([heard.status, heard.text], [200, '{}'])
      await happens(order, 'callback_heard')
      await happens(order, 'status_changed', 3)
      assert.equal((await callerOf(server).status(order)).body.status, 'CHARGED')
    })

    test('the same event again does nothing, nor does news of nothing of ours', async () => {
      const { order, txn, body } = await inDoubt()
      await setMood({ mood: 'http_500', account: 'demo-simulator', on: 'sync' })
      assert.equal((await callBack(server, { body, id: 'event-1' })).status, 200)
      await happens(order, 'gateway_answered')
      await ask(`${server.bankUrl}/clock`, { json: { advance_ms: 2_000 } })
      const before_ = await history(order)
      for (const change of [
        { id: 'event-1' },
        { body: JSON.stringify({ reference: 'check', state: 'charged' }) },
        { body: JSON.stringify({ reference: `txn_${'0'.repeat(35)}` }) },
        { body: JSON.stringify({ reference: txn.slice(0, 20) }) },
      ]) {
        assert.equal((await callBack(server, { body, ...change })).status, 200)
      }
      const heard = (kinds: string[]) => kinds.filter((kind) => kind === 'callback_heard').length
      assert.equal(heard(await history(order)), heard(before_))
      assert.equal((await callBack(server, { body, id: 'event-2' })).status, 200)
      await happens(order, 'callback_heard', 2)
      await clearMoods()
    })

    test('it is answered while the bank is silent', async () => {
      const { order, body } = await inDoubt()
      const slow = { mood: 'slow', account: 'demo-simulator', on: 'sync', delay_ms: 4_000 }
      await setMood(slow)
      const before_ = (await history(order)).length
      assert.equal((await callBack(server, { body })).status, 200)
      await happens(order, 'gateway_asked')
      assert.equal((await callBack(server, { body })).status, 200)
      const since = (await history(order)).slice(before_)
      assert.deepEqual(since, ['callback_heard', 'gateway_asked'], 'both were heard meanwhile')
      await clearMoods()
      await happens(order, 'status_changed', 3)
    })

    test('more than 64 KiB is not read', async () => {
      const body = JSON.stringify({ reference: 'x', more: 'y'.repeat(64 * 1024) })
      assert.equal((await callBack(server, { body })).status, 413)
    })
  })
}
