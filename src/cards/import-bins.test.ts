import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { engines, type TestDatabase } from '../../test/databases.ts'
import { sealProvider } from '../merchants/data-key.ts'
import { type Keyring, openKeyring } from '../merchants/open-keyring.ts'
import { makeSeal } from '../seal.ts'
import type { BinRow } from './bin.ts'
import { countBins, findBin, insertBin, listBins } from './bins.ts'
import { importBins } from './import-bins.ts'

const row: BinRow = {
  bin: '411111',
  brand: 'VISA',
  bank: 'OLD BANK',
  bankCode: 'JP_OLD',
  type: 'CREDIT',
  subType: 'CLASSIC',
  country: 'INDIA',
}

for (const engine of engines) {
  describe(`the BIN table on ${engine.name}`, () => {
    let database: TestDatabase
    let keyring: Keyring
    const imported = (rows: readonly BinRow[]) =>
      importBins({ db: database.db, keyring }, rows, { actor: 'command line', at: 7 })

    before(async () => {
      database = await engine.open()
      const provider = sealProvider(makeSeal(Buffer.alloc(32, 7)))
      keyring = openKeyring(database.db, provider, () => 1)
      await database.db.tx(async (t) => insertBin(t, row))
    })
    after(() => database.close())

    test('takes rows in place of those it has, and all of many batches', async () => {
      const { read } = database.db
      const many = Array.from({ length: 1_200 }, (_, i) => ({ ...row, bin: String(500_000 + i) }))
      const newer: BinRow = {
        bin: '411111',
        brand: 'MASTERCARD',
        bank: 'NEW BANK',
        bankCode: 'JP_NEW',
        type: 'DEBIT',
        subType: 'GOLD',
        country: 'NEPAL',
      }
      assert.deepEqual(await imported([newer, ...many]), { added: 1_200, replaced: 1 })
      assert.deepEqual(await findBin(read, '411111111'), newer)
      assert.equal(await countBins(read), 1_201)
      assert.deepEqual(
        (await listBins(read, 2_000)).sort(),
        ['411111', ...many.map(({ bin }) => bin)].sort(),
      )
      assert.equal((await listBins(read, 3)).length, 3)
    })

    test("the server's audit log tells who did it", async () => {
      const told = await database.db.read(
        'select merchant, at, actor, deed, subject from audit_entries',
        [],
      )
      assert.deepEqual(told, [
        {
          merchant: '',
          at: 7,
          actor: 'command line',
          deed: 'bins_imported',
          subject: '1201 BINs',
        },
      ])
    })

    test('the longest row that fits a number is its issuer', async () => {
      const { read } = database.db
      await imported([
        { ...row, bin: '411111999' },
        { ...row, bin: '4111119' },
      ])
      const binFor = async (digits: string) => (await findBin(read, digits))?.bin
      assert.equal(await binFor('411111999'), '411111999')
      assert.equal(await binFor('411111998'), '4111119')
      assert.equal(await binFor('411111'), '411111')
      assert.equal(await binFor('999999999'), undefined)
    })
  })
}
