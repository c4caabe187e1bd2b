import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { openDatabase } from '../src/db/migrate.ts'
import type { Variables } from '../src/env.ts'
import { keyHash } from '../src/merchants/key.ts'
import { Secret } from '../src/secret.ts'
import { signReturn } from '../src/wire/signing.ts'
import { ask, bookAt, callerOf, rightOtp } from './caller.ts'
import { engines } from './databases.ts'
import { command, end, newFolder, refusalOf } from './program.ts'
import { run, testVariables } from './support.ts'

const exec = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))

/** A server in sandbox mode, once it has said what a developer needs; it ends with the tests. */
async function serve(variables: Variables) {
  const server = run('src/main.ts', ['serve'], variables)
  after(() => end(server))
  const said = async (pattern: RegExp) => (await server.saying(pattern))[1] ?? ''
  const url = await said(/Base URL +(\S+)/)
  const merchant = await said(/Merchant id +(\S+)/)
  const key = await said(/API key +(\S+)/)
  const responseKey = await said(/Response key +(\S+)/)
  const inbox = await said(/SMS inbox +(\S+)/)
  await said(/(four lines to paste[\s\S]*\n\n[\s\S]*\n\n|\ncurl[^\n]*\n[\s\S]*\/orders\/\S+\n)/)
  const caller = callerOf({ url, merchant, key })
  return { ...server, url, merchant, key, responseKey, inbox, caller }
}

test('the four printed lines take a first payment, and the second start keeps it', async () => {
  await exec('curl', ['--version']).catch(() =>
    assert.fail('this test runs the printed lines: it needs curl on this machine'),
  )
  const dataDir = await newFolder()
  const server = await serve({ DATA_DIR: dataDir, PORT: '0' })
  assert.equal((await ask(server.inbox)).status, 200)
  const lines = server
    .output()
    .split('\n')
    .filter((line) => line.startsWith('curl '))
  assert.equal(lines.length, 4, server.output())
  const statuses = []
  for (const line of lines) {
    const { stdout } = await exec('bash', ['-c', line])
    statuses.push(JSON.parse(stdout).status)
  }
  assert.deepEqual(statuses, ['NEW', 'PENDING_VBV', 'CHARGED', 'CHARGED'])
  const written = /tee (\S+)/.exec(lines[1] ?? '')?.[1]
  if (written) await rm(written)
  const [, order = ''] = /\/orders\/(\S+)$/.exec(lines[3] ?? '') ?? []
  assert.equal(await end(server), 0)

  const anotherKey = { DEMO_RESPONSE_KEY: 'another_response_key' }
  const again = await serve({ DATA_DIR: dataDir, PORT: '0', ...anotherKey })
  assert.deepEqual([again.merchant, again.key], [server.merchant, server.key])
  const kept = (await again.caller.status(order)).body
  assert.equal(kept.status, 'CHARGED')
  assert.equal(server.responseKey, 'demo_response_key')
  assert.equal(again.responseKey, 'another_response_key')
  const toShop = ['merchants', 'set', 'demo', 'return_url=https://shop.example/']
  assert.equal((await command(toShop, { DATA_DIR: dataDir })).code, 0)
  const finish = `${again.url}/v2/pay/finish/demo/${kept.txn_uuid}/${order}`
  assert.equal(await signerOf(finish, [server.responseKey, again.responseKey]), again.responseKey)
  assert.equal((await stat(join(dataDir, 'demo-key'))).mode & 0o777, 0o600)
  assert.equal((await stat(join(dataDir, 'master.key'))).mode & 0o777, 0o600)
  assert.notDeepEqual(
    again.output().match(/order-\w+/),
    server.output().match(/order-\w+/),
    'the printed order is a new one',
  )

  const line = await refusalOf(['serve'], { DATA_DIR: dataDir, PORT: '0' })
  assert.match(line, /in use by another directotp server/)
  assert.equal((await ask(`${again.url}/health`)).status, 200)
})

test('a bad environment is told whole, without its values', async () => {
  const wrong: Variables = {
    PORT: 'eighty',
    MODE: 'prod',
    LOG_LEVEL: 'loud',
    DATABASE_URL: 'mysql://sesame@127.0.0.1/x',
    MASTER_KEY: 'sesame',
    TRUSTED_PROXIES: '0.0.0.0/0',
    BANK_BOOK: 'paper',
  }
  const { code, output } = await command(['serve'], wrong)
  assert.equal(code, 2)
  const lines = output.trim().split('\n')
  assert.deepEqual(lines.map((line) => line.split(' ')[0]).sort(), Object.keys(wrong).sort())
  assert.doesNotMatch(output, /sesame|eighty|paper/)
})

test('a demo key that is foreign, revoked or malformed is told in one line', async () => {
  const dataDir = await newFolder()
  const variables = { DATA_DIR: dataDir, PORT: '0' }
  const first = await serve(variables)
  const key = first.key
  assert.equal(await end(first), 0)

  const renamed = await refusalOf(['serve'], { ...variables, DEMO_MERCHANT_ID: 'shop' })
  assert.match(renamed, /belongs to the merchant demo, not to shop; unset DEMO_MERCHANT_ID/)
  const own = { DEMO_MERCHANT_ID: 'shop', DEMO_API_KEY: 'sk_sandbox_of_the_shop' }
  const shop = await serve({ ...variables, ...own })
  assert.equal((await shop.caller.create('own-1')).status, 200)
  assert.equal(await end(shop), 0)

  assert.equal((await command(['keys', 'revoke', key], variables)).code, 0)
  const revoked = await refusalOf(['serve'], variables)
  assert.match(revoked, /demo API key was revoked; remove \S+demo-key/)
  const given = await refusalOf(['serve'], { ...variables, DEMO_API_KEY: key })
  assert.match(given, /demo API key was revoked; set another DEMO_API_KEY/)

  await writeFile(join(dataDir, 'demo-key'), 'short:key\n')
  const malformed = await refusalOf(['serve'], variables)
  assert.match(malformed, /demo-key does not hold at least 16 visible ASCII characters/)
  assert(
    ![renamed, revoked, given, malformed].some(
      (line) => /short:key/.test(line) || line.includes(key),
    ),
  )
})

for (const engine of engines) {
  test(`merchants and keys are managed beside a running server on ${engine.name}`, async () => {
    const database = await engine.open()
    const variables = testVariables(database)
    const server = await serve(variables)
    const does = async (...words: string[]) => {
      const { code, output } = await command(words, variables)
      assert.equal(code, 0, output)
      return output
    }
    await does('merchants', 'add', 'shop')
    const made = await does('keys', 'create', 'shop')
    const [, key = '', id = ''] = /^(sk_test_\S+)\n.* ([0-9a-f]{12}) /.exec(made) ?? []
    const [, other = ''] = /^(sk_test_\S+)\n/.exec(await does('keys', 'create', 'shop')) ?? []
    const caller = callerOf({ url: server.url, merchant: 'shop', key })
    const second = callerOf({ url: server.url, merchant: 'shop', key: other })
    const paid = await caller.submit(await caller.open('beside-1'), rightOtp)
    assert.equal(paid.body.status, 'CHARGED')

    await does('merchants', 'set', 'shop', 'order_id_max_length=8', 'otp_max_attempts=1')
    assert.equal((await caller.create('123456789')).status, 400)
    assert.equal((await caller.open('12345678')).max_attempts, 1)

    await does('merchants', 'set', 'shop', 'return_url=https://shop.example/')
    const elsewhere = ['merchants', 'set', 'shop', 'return_origins=https://other.example']
    assert.match(await refusalOf(elsewhere, variables), /return_url is at none of/)
    const signers = []
    for (let i = 0; i < 2; i++) {
      const [, made = ''] = /^(rk_test_\S+)\n/.exec(await does('keys', 'response', 'shop')) ?? []
      signers.push(made)
    }
    const finish = `${server.url}/v2/pay/finish/shop/${paid.body.txn_uuid}/beside-1`
    assert.equal(await signerOf(finish, signers), signers[1])

    const rows = await database.db.read('select * from api_keys', [])
    const secrets = await database.db.read('select sealed from merchant_secrets', [])
    assert.equal(secrets.length, 2)
    assert(signers.every((made) => !JSON.stringify(secrets).includes(made)))
    const kept = JSON.stringify(rows)
    for (const text of [key, other, server.key]) {
      assert(!kept.includes(text) && !kept.includes(text.slice(8, 30)))
      assert(kept.includes(keyHash(new Secret(text))))
    }

    assert.equal((await caller.status('beside-1')).status, 200)
    await does('keys', 'revoke', id)
    assert.equal((await caller.status('beside-1')).status, 401)
    assert.equal((await second.status('beside-1')).status, 200)
    await does('keys', 'revoke', other)
    assert.equal((await second.status('beside-1')).status, 401)
    assert.equal((await server.caller.status('beside-1')).body.status, 'NOT_FOUND')
    assert.equal(await end(server), 0)
    await database.close()
  })
}

test('chores --once does what is due, while no server does it', async () => {
  const variables = { DATA_DIR: await newFolder(), PORT: '0' }
  const once = () => command(['chores', '--once'], variables)
  const server = await serve(variables)
  const { challenge_id } = await server.caller.open('due-1')
  const refused = await refusalOf(['chores', '--once'], variables)
  assert.match(refused, /in use by another directotp server, which does its chores by itself/)
  assert.equal(await end(server), 0)

  assert.match((await once()).output, /^payments: 0 done$/m)
  const bank = run('bank/main.ts', [], variables)
  after(() => end(bank))
  const [, bankUrl = ''] = await bank.saying(/(http:\S+)/)
  const passed = await ask(`${new URL(bankUrl).origin}/clock`, { json: { advance_ms: 3_600_000 } })
  assert.equal(passed.status, 200, passed.text)
  await end(bank)
  const done = await once()
  assert.deepEqual([done.code, /^payments: 1 done$/m.test(done.output)], [0, true], done.output)
  const db = await openDatabase({ dataDir: variables.DATA_DIR, databaseUrl: undefined })
  const rows = await db.read('select status, challenge_id from txns', [])
  assert.deepEqual(rows, [{ status: 'AUTHENTICATION_FAILED', challenge_id }])

  await db.tx(async (t) => t.put("update txns set account = 'gone', due_at = 1, late = 1"))
  await db.tx(async (t) => t.put("update txns set status = 'AUTHORIZING', due_at = 1"))
  await db.close()
  const failed = await once()
  assert.equal(failed.code, 1, failed.output)
  assert.match(failed.output, /^payments failed: \{"type":"AssertionError"/m)
  assert.doesNotMatch(failed.output, /account gone/)

  const forgetful = { ...variables, BANK_BOOK: 'memory' }
  assert.match(await refusalOf(['chores', '--once'], forgetful), /^BANK_BOOK is memory/)
})

test('chores --once works beside a server on PostgreSQL', async () => {
  const postgres = engines.find(({ name }) => name === 'postgres')
  assert(postgres)
  const database = await postgres.open()
  const variables = testVariables(database)
  const server = await serve(variables)
  const beside = { ...variables, BANK_URL: `${server.url}/bank` }
  const { code, output } = await command(['chores', '--once'], beside)
  assert.deepEqual([code, /^payments: \d+ done$/m.test(output)], [0, true], output)
  assert.equal(await end(server), 0)
  await database.close()
})

test('the command line says what is not there, and what is there already', async () => {
  const variables = { DATA_DIR: await newFolder() }
  assert.match((await command(['migrate'], variables)).output, /up to date/)
  const add = ['merchants', 'add', 'shop']
  assert.match((await command(add, variables)).output, /is added/)
  assert.match((await command(add, variables)).output, /already/)
  const revoke = ['keys', 'revoke', '0123456789ab']
  assert.match(await refusalOf(revoke, variables), /no key 0123456789ab/)
  const create = ['keys', 'create', 'nobody']
  assert.match(await refusalOf(create, variables), /no merchant nobody/)
  const response = ['keys', 'response', 'nobody']
  assert.match(await refusalOf(response, variables), /no merchant nobody/)
  const set = ['merchants', 'set', 'nobody', 'otp_max_attempts=1']
  assert.match(await refusalOf(set, variables), /no merchant nobody/)
})

test('a command whose words nobody reads does its work to the end', async () => {
  const variables = testVariables({ dataDir: await newFolder() })
  for (const words of [['--help'], ['merchants', 'add', 'shop']]) {
    const { child, ended, output } = run('src/main.ts', words, variables)
    child.stdout?.destroy()
    assert.equal(await ended, 0, output())
    assert.equal(output(), '')
  }
  assert.match((await command(['merchants', 'add', 'shop'], variables)).output, /already/)
})

test('help is given when asked for, and named with an error for words that are none', async () => {
  const variables = { DATA_DIR: await newFolder() }
  for (const words of [['--help'], []]) {
    const { code, output } = await command(words, variables)
    assert.equal(code, 0)
    const names = ['merchants add', 'merchants set', 'keys create', 'keys revoke', 'keys response']
    for (const name of ['serve', ...names, 'chores --once']) {
      assert(output.includes(`directotp ${name}`), name)
    }
    assert.match(output, /razorpay +key_id=… key_secret=… \[webhook_secret=…\]\n/)
  }
  const wrong = [
    ['pay'],
    ['merchants', 'add', 'not an id'],
    ['merchants', 'set', 'a', 'otp_max_attempts=99'],
    ['keys', 'create', 'a', 'b'],
    ['keys', 'lend', 'a'],
    ['keys', 'response'],
    ['chores'],
    ['chores', '--once', 'more'],
  ]
  await Promise.all(
    wrong.map(async (words) => {
      const { code, output } = await command(words, variables)
      assert.equal(code, 2, words.join(' '))
      assert.match(output, /^.+\n(.*\n)*\ndirectotp --help shows all that can be said\.\n$/)
      assert(!output.includes('directotp serve'), 'the one usage that matters is enough')
    }),
  )
  await assert.rejects(stat(join(variables.DATA_DIR, 'directotp.db')), { code: 'ENOENT' })
})

test('SIGTERM lets the call under way end, takes no other, and ends with 0', async () => {
  const server = await serve({ DATA_DIR: await newFolder(), PORT: '0' })
  const bankUrl = `${server.url}/bank`
  const slow = { mood: 'slow', next: 'otp', delay_ms: 4_000 }
  assert.equal((await ask(`${bankUrl}/moods`, { json: slow })).status, 201)
  const challenge = await server.caller.open('slow-1')
  const told: string[] = []
  const submitting = server.caller.submit(challenge, rightOtp).then((answer) => {
    told.push('answered')
    return answer
  })
  while ((await bookAt(bankUrl, 'slow-1')).charges.length === 0) await sleep(10)
  server.child.kill('SIGTERM')
  await untilRefused(Number(new URL(server.url).port))
  told.push('refused')
  const answer = await submitting
  assert.equal(answer.body.status, 'CHARGED', answer.text)
  assert.equal(answer.headers.get('connection'), 'close')
  assert.equal(await server.ended, 0)
  assert.deepEqual(told, ['refused', 'answered'])
})

describe('the program file', () => {
  test('brings its own Node when the one that runs it is too old', async () => {
    const program = join(root, 'bin', 'directotp.js')
    const alone = await newFolder()
    await mkdir(join(alone, 'bin'))
    await cp(program, join(alone, 'bin', 'directotp.mjs'))
    for (const [node, ...options] of await olderNodes()) {
      const help = await exec(node, [...options, program, '--help'])
      assert.match(help.stdout, /directotp serve/)
      await assert.rejects(exec(node, [...options, program, 'pay']), { code: 2 })
      const failing = exec(node, [...options, join(alone, 'bin', 'directotp.mjs'), 'serve'])
      await assert.rejects(failing, {
        code: 2,
        stderr: /^directotp needs Node 26 and found \d+.*\n$/,
      })
    }
  })

  test('finds a new Node in the folders above, and ends as that one ends', async () => {
    const top = await newFolder()
    const bin = join(top, 'packages', 'directotp', 'bin')
    await mkdir(bin, { recursive: true })
    await cp(join(root, 'bin', 'directotp.js'), join(bin, 'directotp.mjs'))
    const install = async (folder: string, version: string, deed: string) => {
      await mkdir(join(folder, 'node_modules', '.bin'), { recursive: true })
      const script = `#!/bin/sh\n[ "$1" = --version ] && echo ${version} && exit\n${deed}\n`
      await writeFile(join(folder, 'node_modules', '.bin', 'node'), script, { mode: 0o755 })
    }
    await install(join(top, 'packages'), 'v18.0.0', 'exit 1')
    const [[node, ...options] = [process.execPath]] = await olderNodes()
    const running = () => exec(node, [...options, join(bin, 'directotp.mjs'), 'serve'])
    for (const [deed, code] of [
      ['exit 7', 7],
      ['kill -TERM $$', 143],
      ['kill -KILL $$', 137],
    ] as const) {
      await install(top, 'v26.0.0', deed)
      await assert.rejects(running(), { code }, deed)
    }
  })

  test('runs on the Node that runs it when that is new enough', async () => {
    const { stdout } = await exec(process.execPath, [join(root, 'bin', 'directotp.js'), '--help'])
    assert.match(stdout, /directotp serve/)
    const text = await readFile(join(root, 'package.json'), 'utf8')
    assert.equal(JSON.parse(text).bin.directotp, 'bin/directotp.js')
  })
})

/** Commands that run a Node before 26: this one calling itself so, and those of the machine. */
async function olderNodes(): Promise<(readonly [string, ...string[]])[]> {
  const pretending = `Object.defineProperty(process, 'versions', {
    value: { ...process.versions, node: '20.1.0' } })`
  const disguised = [process.execPath, '--import', `data:text/javascript,${pretending}`] as const
  const found: (readonly [string, ...string[]])[] = [disguised]
  for (const path of ['/usr/local/bin/node', '/usr/bin/node']) {
    const version = await exec(path, ['--version']).catch(() => undefined)
    if (version && Number(/^v(\d+)/.exec(version.stdout)?.[1]) < 26) found.push([path])
  }
  return found
}

/** Which of these keys has signed the status that a finished payment's browser takes back. */
async function signerOf(finishPage: string, keys: readonly string[]): Promise<string | undefined> {
  const { headers } = await ask(finishPage)
  const params = new URL(headers.get('location') ?? '').searchParams
  const signed = (key: string) => signReturn([...params], new Secret(key))
  return keys.find((key) => signed(key) === params.get('signature'))
}

async function untilRefused(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    const refused = await once(socket, 'connect').then(
      () => false,
      (error: NodeJS.ErrnoException) => error.code === 'ECONNREFUSED',
    )
    socket.destroy()
    if (refused) return
    await sleep(5)
  }
}
