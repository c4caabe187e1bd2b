import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { openDatabase } from '../../src/db/migrate.ts'
import { run, type Spawned } from '../support.ts'

/**
 * `npm run bench:idle`: what a server costs that does nothing, over a database full of finished
 * orders: memory, and the share of one core that its chores take.
 */
const { values: options } = parseArgs({
  options: {
    orders: { type: 'string', default: '1000000' },
    seconds: { type: 'string', default: '60' },
  },
})
const orders = Number(options.orders)
const seconds = Number(options.seconds)

/** One day of a busy shop, again and again: each order paid at once, all of it long over. */
async function fill(dataDir: string): Promise<void> {
  const db = await openDatabase({ dataDir })
  await db.close()
  const file = new DatabaseSync(join(dataDir, 'directotp.db'))
  file.exec('pragma synchronous = off; pragma cache_size = -400000')
  file.exec(`insert into merchants values ('demo', '{}', 0)`)
  const numbers = 'with recursive n (i) as (select 1 union all select i + 1 from n where i < ?)'
  const shard = 'i % 4096'
  const id = (prefix: string) => `'${prefix}_' || printf('%03x%032d', ${shard}, i)`
  const at = '1700000000000 + i * 100'
  const fields = '{"customer_id":"c-1","customer_email":"asha@shop.example","udf1":"red"}'
  const card = `{"lastFour":"4242","fingerprint":"0123456789abcdef0123456789abcdef","brand":"VISA",
    "bin":"424242","expiryMonth":"11","expiryYear":"2027","name":"Asha","bank":"AXIS BANK LTD",
    "bankCode":"JP_AXIS","type":"CREDIT","subType":"CLASSIC","country":"INDIA"}`
  const said = '{"ref":"pay_0123456789abcdef01234567","rrn":"123456789012","code":"APPROVED"}'
  file
    .prepare(
      `${numbers} insert into orders select ${shard}, 'demo', 'o-' || i, ${id('ord')}, 10000, 'INR',
     5, 1, ${id('txn')}, null, ${id('txn')}, 10000, '${fields}', ${at}, null from n`,
    )
    .run(orders)
  file
    .prepare(
      `${numbers} insert into txns (shard, merchant, id, order_id, n, status, amount, currency,
       auth_type, auto_capture, account, gateway, card, challenge_id, otp_attempts,
       otp_attempts_max, otp_sends, otp_sends_max, said, code, late, lease, lease_until, asked_at,
       looks, created_at, updated_at, captured)
     select ${shard}, 'demo', ${id('txn')}, 'o-' || i, 1, 'CHARGED', 10000, 'INR', 'OTP', 1,
       'simulator', 'simulator', '${card}', ${id('ch')}, 1, 3, 1, 3, '${said}', 'TXN_SUCCESS', 0,
       2, 0, ${at}, 0, ${at}, ${at}, 10000 from n`,
    )
    .run(orders)
  for (const [seq, kind] of ['order_created', 'txn_started', 'status_changed'].entries()) {
    file
      .prepare(
        `${numbers} insert into events (shard, merchant, order_id, seq, kind, txn, at, door, body)
       select ${shard}, 'demo', 'o-' || i, ${seq + 1}, '${kind}', ${id('txn')}, ${at}, 'api',
         '{"asked":"submit","heard":"charged","from":"PENDING_VBV","to":"CHARGED"}' from n`,
      )
      .run(orders)
  }
  const [row] = file.prepare('select count(*) as many from txns').all()
  assert.equal(row?.['many'], orders)
  file.close()
}

/** Milliseconds of processor time that the process has used (Linux: ticks of 10 ms). */
function processorMs({ child }: Spawned): number {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}

function megabytes({ child }: Spawned): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024
}

const dataDir = mkdtempSync(join(tmpdir(), 'directotp-idle-'))
const print = (text: string) => process.stdout.write(`${text}\n`)
try {
  await fill(dataDir)
  const server = run('src/main.ts', ['serve'], { PORT: '0', DATA_DIR: dataDir })
  await server.saying(/Base URL/)
  // What a start costs is not what idling costs.
  await sleep(5_000)
  const began = processorMs(server)
  await sleep(seconds * 1_000)
  const share = (processorMs(server) - began) / (seconds * 1_000)
  print(`${orders} finished orders, ${seconds} s without a call`)
  print(`memory      ${megabytes(server).toFixed(0)} MB`)
  print(`one core    ${(share * 100).toFixed(2)} %`)
  server.child.kill('SIGTERM')
  await server.ended
} finally {
  rmSync(dataDir, { recursive: true })
}
