import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { command, newFolder } from '../../test/program.ts'
import { testVariables } from '../../test/support.ts'
import type { Variables } from '../env.ts'

const lockedOut = '{"error":{"code":"BAD_REQUEST_ERROR","description":"Authentication failed"}}'

/** A gateway that knows one key. */
async function gatewayOf(t: TestContext, pair: string): Promise<string> {
  const server = createServer(({ headers }, answer) => {
    const isKnown = headers.authorization === `Basic ${btoa(pair)}`
    answer.writeHead(isKnown ? 200 : 401, { 'content-type': 'application/json' })
    answer.end(isKnown ? '{"entity":"collection","count":0,"items":[]}' : lockedOut)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Runs a command to its end with something to read. */
async function typing(typed: string, words: readonly string[], variables: Variables) {
  const program = fileURLToPath(new URL('../main.ts', import.meta.url))
  const child = spawn(process.execPath, [program, ...words], {
    env: { PATH: process.env['PATH'], ...variables },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.end(typed)
  const [out, error] = await Promise.all([buffer(child.stdout), buffer(child.stderr)])
  if (child.exitCode === null) await once(child, 'close')
  return { code: child.exitCode, output: `${out}${error}` }
}

/** A folder with the merchant `shop`, and commands that must do what they are told. */
async function open() {
  const variables = testVariables(
    { dataDir: await newFolder() },
    { PUBLIC_URL: 'https://pay.example' },
  )
  await command(['merchants', 'add', 'shop'], variables)
  const says = async (...words: string[]) => {
    const { code, output } = await command(['accounts', ...words], variables)
    assert.equal(code, 0, output)
    assert(!output.includes('hush'), output)
    return output
  }
  return { variables, says }
}

test('accounts are added, listed, changed, checked, switched off and on', async (t) => {
  const { variables, says } = await open()
  const url = await gatewayOf(t, 'rzp_test_1:hush-secret')
  const words = ['shop', 'razorpay', 'key_id=rzp_test_1', `base_url=${url}`]
  const secrets = ['webhook_secret=-', 'key_secret=-']
  const stdin = 'hush-hook\nhush-secret\n'
  const add = ['accounts', 'add', ...words, ...secrets]
  const added = await typing(stdin, add, variables)
  assert.equal(added.code, 0, added.output)
  assert(!added.output.includes('hush'))
  assert.match(added.output, /^Account razorpay-1 of shop is added\. The gateway lets it in\.\n/)
  assert.match(added.output, /https:\/\/pay\.example\/callbacks\/razorpay\/shop\/razorpay-1\n$/)
  const listed = [
    'razorpay-1  razorpay  active',
    `  base_url              ${url}`,
    '  networks              VISA, MASTERCARD (all it does)',
    '  otp_bins              all',
    '  weight                100',
    '  holds                 true',
    '  credentials           key_id, key_secret, webhook_secret',
    '  callbacks             https://pay.example/callbacks/razorpay/shop/razorpay-1',
  ]
  assert((await says('list', 'shop')).includes(listed.join('\n')))

  const refused = await typing('hush-secret\nhush-hook\n', add, variables)
  assert.equal(refused.code, 2, refused.output)
  assert.match(refused.output, /^The gateway refuses these credentials: .*\n$/)
  const unasked = await typing('hush-other\nhush-hook', [...add, 'check=false'], variables)
  assert.match(unasked.output, /^Account razorpay-2 of shop is added\.\n/)

  assert.match(await says('check', 'shop', 'razorpay-1'), /^The gateway lets it in\.\n$/)
  const locked = await command(['accounts', 'check', 'shop', 'razorpay-2'], variables)
  assert.equal(locked.code, 2)
  assert.match(locked.output, /^The gateway refuses the credentials/)
  const rotate = ['accounts', 'set', 'shop', 'razorpay-2', 'key_id=rzp_test_1', 'key_secret=-']
  const rotated = await typing('hush-secret', rotate, variables)
  assert.match(rotated.output, /^Account razorpay-2 of shop is changed\. The gateway lets it in\./)

  await says('set', 'shop', 'razorpay-1', 'weight=7', 'gateway_reference_id=south', 'base_url=')
  const bins = Array.from({ length: 12 }, (_, i) => String(411_100 + i))
  const limits = ['min_amount=10', 'max_amount=2000.5', 'networks=visa', `otp_bins=${bins}`]
  await says('set', 'shop', 'razorpay-1', ...limits)
  const after = [
    'razorpay-1  razorpay  active',
    '  gateway_reference_id  south',
    '  networks              VISA',
    `  otp_bins              ${bins.slice(0, 10).join(', ')}, … (12)`,
    '  min_amount            10.00',
    '  max_amount            2000.50',
    '  weight                7',
  ]
  assert((await says('list', 'shop')).includes(after.join('\n')))
  assert.match(await says('disable', 'shop', 'razorpay-1'), /is disabled/)
  assert.match(await says('list', 'shop'), /razorpay-1 {2}razorpay {2}disabled since 20/)
  assert.match(await says('enable', 'shop', 'razorpay-1'), /is enabled/)
  const audit = await command(['audit', 'list', 'shop'], variables)
  assert.match(audit.output, /account_changed {2}razorpay-2 credentials {2}by command line/)
  assert(!audit.output.includes('hush'))
})

test('a gateway that gives no answer is a warning', async () => {
  const { says } = await open()
  const added = await says('add', 'shop', 'simulator', 'account=x', 'base_url=http://127.0.0.1:9')
  assert.match(added, /^Account simulator-1 .*Warning: the gateway gave no answer \(ECONNREFUSED\)/)
})

test('wrong words are refused in one line, or with the usage, and never told', async () => {
  const { variables } = await open()
  const razorpay = ['add', 'shop', 'razorpay', 'key_id=rzp_test_hush', 'key_secret=hush']
  const rows: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /^accounts list\|add\|set\|check\|disable\|enable MERCHANT …\n\n.*--help.*\n$/],
    [['toString', 'shop'], /^accounts list\|add/],
    [['list'], /^accounts list MERCHANT\n\n.*--help.*\n$/],
    [['list', 'shop', 'more'], /^accounts list MERCHANT\n/],
    [['add', 'shop'], /^accounts add MERCHANT/],
    [['set', 'shop', 'simulator'], /^accounts set MERCHANT/],
    [['set', 'shop', 'simulator', 'id=hush'], /^accounts set MERCHANT/],
    [[...razorpay, 'hush'], /^accounts add MERCHANT/],
    [[...razorpay, 'weight=1', 'weight=2'], /^accounts add MERCHANT/],
    [[...razorpay, 'check=perhaps'], /^accounts add MERCHANT/],
    [[...razorpay, 'wieght=hush'], /^wieght is unknown\.\n$/],
    [[...razorpay, 'weight=hush'], /^weight is invalid\.\n$/],
    [['add', 'shop', 'razorpay', 'key_id=rzp_test_hush'], /^key_secret is missing\.\n$/],
    [
      ['add', 'shop', 'hush'],
      /^There is no such gateway\. There are:\n(.*\n)* {2}payu +key=… salt=…\n$/,
    ],
    [['set', 'shop', 'none', 'weight=1'], /^There is no such gateway account\.\n$/],
    [['disable', 'shop', 'none'], /^merchant shop has no gateway account none\n$/],
    [['list', 'nobody'], /^there is no merchant nobody\n$/],
  ]
  for (const [words, says] of rows) {
    const { code, output } = await command(['accounts', ...words], variables)
    assert.equal(code, 2, output)
    assert.match(output, says)
    assert(!output.includes('hush'), output)
  }
})

test('what an account should be warned of is told, and what to do about it', async () => {
  const { says } = await open()
  const razorpay = ['shop', 'razorpay', 'key_id=rzp_test_1', 'key_secret=x', 'check=false']
  const simulator = '  directotp accounts disable shop simulator\n'
  const first = await says('add', ...razorpay)
  assert.match(first, /^Warning: Without webhook_secret its callbacks .*refused\.$/m)
  assert.match(first, /^Warning: Account simulator shares the payments/m)
  assert(first.includes(simulator))
  await says('disable', 'shop', 'simulator')
  const second = await says('add', ...razorpay, 'webhook_secret=y')
  assert.doesNotMatch(second, /callbacks can't|simulator/)
  assert.match(second, /^Warning: Account razorpay-1 has the same credentials\.$/m)
})

test('stdin has a line for each name, no fewer and no more', async () => {
  const { variables } = await open()
  const words = ['accounts', 'add', 'shop', 'razorpay', 'key_id=-', 'key_secret=-', 'check=false']
  const fewer = await typing('rzp_test_hush\n', words, variables)
  assert.equal(fewer.output, 'stdin has no line for key_secret\n')
  const more = await typing('rzp_test_hush\nhush\nhush\n', words, variables)
  assert.equal(more.output, 'stdin has more lines than there are names for\n')
  assert.equal((await typing('rzp_test_hush\r\nhush\r\n', words, variables)).code, 0)
})

test('in live mode an operator may name another host, and no simulator', async () => {
  const more = { MODE: 'live', PUBLIC_URL: 'https://pay.example', BANK_BOOK: undefined }
  const variables = testVariables({ dataDir: await newFolder() }, more)
  await command(['merchants', 'add', 'shop'], variables)
  const run = (...words: string[]) => command(['accounts', 'add', 'shop', ...words], variables)
  const simulated = await run('simulator', 'account=x', 'check=false')
  const sandboxed = 'gateway is of sandbox mode, this server is in live mode.\n'
  assert.equal(simulated.output, sandboxed)
  const razorpay = ['razorpay', 'key_secret=hush', 'check=false']
  const tested = await run(...razorpay, 'key_id=rzp_test_1')
  const said = 'credentials are of sandbox mode, this server is in live mode.\n'
  assert.equal(tested.output, said)
  const proxy = 'base_url=https://proxy.example/razorpay'
  assert.equal((await run(...razorpay, 'key_id=rzp_live_1', proxy)).code, 0)
})
