import assert from 'node:assert/strict'
import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { openDatabase } from '../src/db/migrate.ts'
import { addSimulatorAccount } from '../src/gateways/accounts.ts'
import type { MerchantId } from '../src/ids.ts'
import { makeSeal } from '../src/seal.ts'
import { ask } from './caller.ts'
import { command, end, newFolder, refusalOf } from './program.ts'
import { run } from './support.ts'

const masterKey = 'ab'.repeat(32)

describe('live mode', () => {
  const live = { MODE: 'live', MASTER_KEY: masterKey, PUBLIC_URL: 'https://pay.example.com' }

  test('refuses to start without its key and its address', async () => {
    const { code, output } = await command(['serve'], { MODE: 'live', DATA_DIR: await newFolder() })
    assert.equal(code, 2)
    assert.match(output, /^MASTER_KEY is not set/m)
    assert.match(output, /^PUBLIC_URL is not set/m)
    const http = { ...live, PUBLIC_URL: 'http://pay.example.com', DATA_DIR: await newFolder() }
    assert.match(await refusalOf(['serve'], http), /^PUBLIC_URL/)
    const key = { ...live, DEMO_API_KEY: 'sk_test_0123456789', DATA_DIR: await newFolder() }
    assert.match(await refusalOf(['serve'], key), /^DEMO_API_KEY/)
  })

  test('refuses a database of sandbox mode, and sandbox mode one of live mode', async () => {
    const [ofSandbox, ofLive] = [await newFolder(), await newFolder()]
    const sandbox = { MASTER_KEY: masterKey }
    assert.equal((await command(['migrate'], { ...sandbox, DATA_DIR: ofSandbox })).code, 0)
    assert.equal((await command(['migrate'], { ...live, DATA_DIR: ofLive })).code, 0)
    const toLive = await refusalOf(['serve'], { ...live, PORT: '0', DATA_DIR: ofSandbox })
    assert.match(toLive, /sandbox mode/)
    const toSandbox = await refusalOf(['serve'], { ...sandbox, PORT: '0', DATA_DIR: ofLive })
    assert.match(toSandbox, /live mode/)
  })

  test('refuses an account at the simulated bank', async () => {
    const dataDir = await newFolder()
    const variables = { ...live, PORT: '0', DATA_DIR: dataDir }
    assert.equal((await command(['merchants', 'add', 'shop'], variables)).code, 0)
    const db = await openDatabase({ dataDir, databaseUrl: undefined })
    const seal = makeSeal(Buffer.from(masterKey, 'hex'))
    const merchant = 'shop' as MerchantId
    await db.tx(async (t) => addSimulatorAccount(t, seal, { merchant, at: 1 }))
    await db.close()
    assert.match(await refusalOf(['serve'], variables), /simulated bank/)
  })

  test('has no bank, no demo merchant and no known key', async () => {
    const dataDir = await newFolder()
    const port = await freePort()
    const variables = { ...live, PORT: String(port), DATA_DIR: dataDir }
    const server = run('src/main.ts', ['serve'], variables)
    after(() => end(server))
    await server.saying(/^Serving at https:\/\/pay\.example\.com$/m)
    const url = `http://127.0.0.1:${port}`
    const nowhere = await ask(`${url}/nowhere`)
    const anyRequestId = (text: string) => text.replace(/req_\w+/, '')
    for (const path of ['/bank', '/bank/inbox', '/bank/book', '/bank/clock']) {
      const answer = await ask(url + path)
      assert.deepEqual(
        [answer.status, anyRequestId(answer.text)],
        [404, anyRequestId(nowhere.text)],
      )
    }
    await assert.rejects(stat(join(dataDir, 'demo-key')), { code: 'ENOENT' })
    await assert.rejects(stat(join(dataDir, 'bank.db')), { code: 'ENOENT' })
    const db = await openDatabase({ dataDir, databaseUrl: undefined })
    for (const table of ['merchants', 'api_keys', 'accounts', 'merchant_secrets']) {
      assert.deepEqual(await db.read(`select * from ${table}`, []), [])
    }
    await db.close()
  })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  assert(typeof address === 'object' && address !== null)
  return address.port
}
