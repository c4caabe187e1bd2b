import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { type Env, publicUrlAt, readEnv, type Variables } from './env.ts'
import { Secret } from './secret.ts'

const hex = '0123456789abcdef'.repeat(4)
const live = { MODE: 'live', PUBLIC_URL: 'https://pay.example.com', MASTER_KEY: hex }

function read(variables: Variables): Env {
  const result = readEnv(variables)
  assert('ok' in result, `wrong: ${JSON.stringify(result)}`)
  return result.ok
}

function wrong(variables: Variables): readonly string[] {
  const result = readEnv(variables)
  return 'wrong' in result ? result.wrong : []
}

test('with nothing set, a sandbox on this machine', () => {
  assert.deepEqual(read({}), {
    mode: 'sandbox',
    host: '127.0.0.1',
    port: 8080,
    trustedProxies: [],
    dataDir: './data',
    logLevel: 'info',
    masterKeys: [],
    docs: true,
    keyProviderWraps: true,
    rateLimitPerKey: 0,
    rateLimitPerAddress: 0,
    sandbox: {
      demoMerchantId: 'demo',
      demoResponseKey: new Secret('demo_response_key'),
      bankBook: 'file',
    },
  })
  assert.equal(read({}).sandbox?.demoResponseKey.reveal(), 'demo_response_key')
  assert.deepEqual(read({ PORT: '', HOST: '', MODE: '', MASTER_KEY: '' }), read({}))
})

test('everything can be set', () => {
  const env = read({
    HOST: '::1',
    PORT: '0',
    PUBLIC_URL: 'https://Pay.example.com:8443/',
    TRUSTED_PROXIES: '10.0.0.0/8, 192.0.2.7,2001:db8::/32',
    DATA_DIR: '/var/lib/directotp',
    DATABASE_URL: 'postgres://u:p@h/db',
    MASTER_KEY: hex,
    DEMO_MERCHANT_ID: 'shop_1',
    DEMO_API_KEY: 'k'.repeat(16),
    DEMO_RESPONSE_KEY: 'r'.repeat(8),
    BANK_URL: 'http://127.0.0.1:8090/bank/',
    BANK_BOOK: 'memory',
    KEY_PROVIDER: './kms.mjs',
    KEY_PROVIDER_WRAPS: 'off',
    LOG_LEVEL: 'warn',
    RATE_LIMIT_PER_KEY: '60',
    RATE_LIMIT_PER_ADDRESS: '120',
  })
  assert.equal(env.host, '::1')
  assert.equal(env.port, 0)
  assert.equal(env.publicUrl, 'https://pay.example.com:8443')
  assert.deepEqual(env.trustedProxies, ['10.0.0.0/8', '192.0.2.7', '2001:db8::/32'])
  assert.equal(env.dataDir, '/var/lib/directotp')
  assert.equal(env.databaseUrl?.reveal(), 'postgres://u:p@h/db')
  assert.equal(env.masterKeys[0]?.reveal(), hex)
  assert.equal(env.keyProvider, './kms.mjs')
  assert.equal(env.keyProviderWraps, false)
  assert.equal(env.logLevel, 'warn')
  assert.equal(env.rateLimitPerKey, 60)
  assert.equal(env.rateLimitPerAddress, 120)
  assert.equal(env.sandbox?.demoMerchantId, 'shop_1')
  assert.equal(env.sandbox?.demoApiKey?.reveal(), 'k'.repeat(16))
  assert.equal(env.sandbox?.demoResponseKey.reveal(), 'r'.repeat(8))
  assert.equal(env.sandbox?.bankUrl, 'http://127.0.0.1:8090/bank')
  assert.equal(env.sandbox?.bankBook, 'memory')
})

test('the master key is 32 bytes, as hex or either base64', () => {
  const bytes = Buffer.from(Array.from({ length: 32 }, (_, i) => 255 - i))
  for (const encoding of ['hex', 'base64', 'base64url'] as const) {
    assert.equal(
      read({ MASTER_KEY: bytes.toString(encoding) }).masterKeys[0]?.reveal(),
      bytes.toString('hex'),
    )
  }
  const keys = ['a', hex.slice(1), `${hex}0`, `${hex} `, bytes.subarray(1).toString('base64')]
  for (const key of keys) assert.equal(wrong({ MASTER_KEY: key }).length, 1, key)
  const other = 'ef'.repeat(32)
  const both = read({ MASTER_KEY: `${hex},${other}` }).masterKeys
  assert.deepEqual(
    both.map((key) => key.reveal()),
    [hex, other],
  )
  assert.equal(wrong({ MASTER_KEY: `${hex},${hex}` }).length, 1, 'the same twice')
  assert.equal(wrong({ MASTER_KEY: hex, MASTER_KEY_FILE: '/run/key' }).length, 1, 'two places')
})

test('live mode has no sandbox, and limits on unless they are switched off', () => {
  const env = read(live)
  assert.equal(env.sandbox, undefined)
  assert.equal(env.rateLimitPerKey, 6000)
  assert.equal(env.rateLimitPerAddress, 6000)
  const off = read({ ...live, RATE_LIMIT_PER_KEY: '0', RATE_LIMIT_PER_ADDRESS: '0' })
  assert.equal(off.rateLimitPerKey, 0)
  assert.equal(off.rateLimitPerAddress, 0)
})

test('live mode needs its URL and master key, and refuses what belongs to the sandbox', () => {
  assert.deepEqual(
    wrong({ MODE: 'live' }).map((line) => line.split(' is ')[0]),
    ['PUBLIC_URL', 'MASTER_KEY'],
  )
  const sandboxOnly = [
    'DEMO_MERCHANT_ID',
    'DEMO_API_KEY',
    'DEMO_RESPONSE_KEY',
    'BANK_URL',
    'BANK_BOOK',
  ]
  for (const name of sandboxOnly) {
    const lines = wrong({ ...live, [name]: 'x' })
    assert.equal(lines.length, 1, name)
    assert.match(lines[0] ?? '', new RegExp(`^${name} is set; it exists in sandbox mode only`))
  }
  assert.match(
    wrong({ ...live, PUBLIC_URL: 'http://pay.example.com' })[0] ?? '',
    /^PUBLIC_URL .*https/,
  )
})

test('a database URL asks for a master key in either mode', () => {
  const lines = wrong({ DATABASE_URL: 'postgres://u:p@h/db' })
  assert.equal(lines.length, 1)
  assert.match(lines[0] ?? '', /^MASTER_KEY is not set/)
})

test('each wrong value is refused by name', () => {
  const table: Record<string, readonly string[]> = {
    MODE: ['prod', 'LIVE', 'live '],
    HOST: ['a b', 'http://x', '[::1]'],
    PORT: ['-1', '65536', '80a', '8e3', ' 80', '0x50'],
    PUBLIC_URL: ['pay', 'ftp://x', 'http://x/path', 'http://x?a', 'http://x#a', 'http://u:p@x'],
    TRUSTED_PROXIES: [
      'true',
      '*',
      '10.0.0.0/33',
      '0.0.0.0/0',
      '::/0',
      '1.2.3.4,',
      '1.2.3/8',
      '::/129',
    ],
    DATA_DIR: [' '],
    DATABASE_URL: ['mysql://u@h/d', 'postgres://[', 'h'],
    DEMO_MERCHANT_ID: ['a b', 'a/b', 'm'.repeat(33)],
    DEMO_API_KEY: [
      'k'.repeat(15),
      `${'k'.repeat(16)}:`,
      `${'k'.repeat(16)} `,
      `${'k'.repeat(16)}é`,
    ],
    DEMO_RESPONSE_KEY: ['r'.repeat(7), 'r'.repeat(201), 'response key', 'schlüssel'],
    BANK_URL: ['bank', 'file:///bank', 'http://u:p@bank'],
    BANK_BOOK: ['disk'],
    LOG_LEVEL: ['loud', 'INFO'],
    RATE_LIMIT_PER_KEY: ['-1', '1.5', 'off', '10000001'],
    RATE_LIMIT_PER_ADDRESS: ['-1', '1.5', 'off', '10000001'],
  }
  for (const [name, values] of Object.entries(table)) {
    for (const value of values) {
      const lines = wrong({ MASTER_KEY: hex, [name]: value })
      assert.equal(lines.length, 1, `${name}=${value}: ${lines}`)
      assert.match(lines[0] ?? '', new RegExp(`^${name} is not .*\\w`))
    }
  }
})

test('everything wrong is told at once, and no value with it', () => {
  const canary = 'canary-4111'
  const lines = wrong({
    MODE: 'live',
    PORT: canary,
    PUBLIC_URL: `http://${canary}`,
    DATABASE_URL: canary,
    MASTER_KEY: canary,
    DEMO_API_KEY: canary,
    LOG_LEVEL: canary,
  })
  assert.deepEqual(lines.map((line) => line.split(' ')[0]).sort(), [
    'DATABASE_URL',
    'DEMO_API_KEY',
    'LOG_LEVEL',
    'MASTER_KEY',
    'PORT',
    'PUBLIC_URL',
  ])
  assert.doesNotMatch(lines.join('\n'), /canary|4111/)
})

test('secrets do not print', () => {
  const env = read({
    MASTER_KEY: hex,
    DEMO_API_KEY: 'canary-canary-canary',
    DEMO_RESPONSE_KEY: 'canary-canary',
    DATABASE_URL: 'postgres://u:canary@h/db',
  })
  const printed = `${inspect(env, { depth: 9 })} ${JSON.stringify(env)}`
  assert.doesNotMatch(printed, /canary|0123456789/)
})

test('without a public URL links go to the host and port that listen', () => {
  assert.equal(publicUrlAt('127.0.0.1', 8080), 'http://127.0.0.1:8080')
  assert.equal(publicUrlAt('::1', 8080), 'http://[::1]:8080')
  assert.equal(publicUrlAt('localhost', 81), 'http://localhost:81')
})
