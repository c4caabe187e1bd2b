import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { engines, type TestDatabase } from '../../test/databases.ts'
import { addMerchant } from '../add-merchant.ts'
import type { MerchantId } from '../ids.ts'
import { makeSeal } from '../seal.ts'
import { accountsFor } from './accounts.ts'
import { ineligibleOf, purgeAnswers, rememberAnswer } from './bin-answers.ts'

const ours = 'ours' as MerchantId
const theirs = 'theirs' as MerchantId
const bin = '400000060'
const account = 'simulator'

for (const engine of engines) {
  describe(`what gateways said of card ranges, on ${engine.name}`, () => {
    let database: TestDatabase
    const seal = makeSeal(Buffer.alloc(32, 7))
    const remember = (merchant: MerchantId, until: number, eligible = false) =>
      database.db.tx(async (t) => rememberAnswer(t, { merchant, account, bin, until, eligible }))
    const untilFor = async (merchant: MerchantId, digits: string) => {
      const accounts = await accountsFor(database.db.read, merchant, digits)
      return accounts.map(({ id, noOtpUntil }) => [id, noOtpUntil])
    }

    before(async () => {
      database = await engine.open()
      for (const id of [ours, theirs]) {
        await addMerchant({ db: database.db, seal }, { id, mode: 'sandbox', at: 1 })
      }
    })
    after(() => database.close())

    test('an account is barred for those nine digits of that merchant, and no others', async () => {
      await remember(ours, 500)
      assert.deepEqual(await untilFor(ours, bin), [[account, 500]])
      for (const other of ['400000061', '400000', '']) {
        assert.deepEqual(await untilFor(ours, other), [[account, undefined]], other)
      }
      assert.deepEqual(await untilFor(theirs, bin), [[account, undefined]])
    })

    test('the last word counts', async () => {
      await remember(ours, 800)
      assert.deepEqual(await untilFor(ours, bin), [[account, 800]])
    })

    test('what is believed is listed for its merchant alone, so much at the most', async () => {
      const listed = (merchant: MerchantId, now: number, most = 10) =>
        ineligibleOf(database.db.read, merchant, { now, most })
      assert.deepEqual(await listed(ours, 799), [{ account, bin }])
      assert.deepEqual(await listed(ours, 800), [])
      assert.deepEqual(await listed(theirs, 0), [])
      assert.deepEqual(await listed(ours, 0, 0), [])
    })

    test('it is forgotten when its time is over', async () => {
      await purgeAnswers(database.db, 799)
      assert.deepEqual(await untilFor(ours, bin), [[account, 800]])
      await purgeAnswers(database.db, 800)
      assert.deepEqual(await untilFor(ours, bin), [[account, undefined]])
    })
  })
}
