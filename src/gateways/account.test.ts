import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { paise } from '../money.ts'
import {
  type Account,
  type AccountText,
  accountFields,
  defaultTerms,
  freeAccountId,
  readAccount,
  readChange,
} from './account.ts'
import { gateways } from './catalog.ts'
import type { Gateway } from './gateway.ts'

const sandbox = { mode: 'sandbox', anyHost: false } as const
const live = { mode: 'live', anyHost: false } as const
const operator = { mode: 'live', anyHost: true } as const

const simulator = { gateway: 'simulator', 'credentials.account': 'acc' }
const razorpay = {
  gateway: 'razorpay',
  'credentials.key_id': 'rzp_test_1',
  'credentials.key_secret': 'hush-secret',
}
const liveRazorpay = { ...razorpay, 'credentials.key_id': 'rzp_live_1' }
const cashfree = {
  gateway: 'cashfree',
  'credentials.client_id': 'TEST1',
  'credentials.client_secret': 'cfsk_ma_test_hush',
}
const liveCashfree = {
  gateway: 'cashfree',
  'credentials.client_id': '1',
  'credentials.client_secret': 'cfsk_ma_prod_hush',
}

test('an account that says the least is used as far as its gateway goes', () => {
  assert.deepEqual(readAccount(razorpay, sandbox), {
    account: { gateway: 'razorpay', terms: defaultTerms },
    credentials: { key_id: 'rzp_test_1', key_secret: 'hush-secret' },
  })
})

test('an account is read with all that can be said of it', () => {
  const text = {
    ...razorpay,
    id: 'Main_1-a',
    gateway_reference_id: 'south.pool',
    base_url: 'http://localhost:8080/razorpay/',
    networks: 'Visa, mastercard,VISA',
    otp_bins: '411111,52050012',
    weight: '0',
    min_amount: '10.50',
    max_amount: '200000',
    holds: 'true',
    'credentials.webhook_secret': 'hush-too',
  }
  assert.deepEqual(readAccount(text, sandbox), {
    id: 'Main_1-a',
    account: {
      gateway: 'razorpay',
      label: 'south.pool',
      baseUrl: 'http://localhost:8080/razorpay',
      terms: {
        networks: ['VISA', 'MASTERCARD'],
        bins: ['411111', '52050012'],
        weight: 0,
        least: paise(1_050),
        most: paise(20_000_000),
        holds: true,
      },
    },
    credentials: { key_id: 'rzp_test_1', key_secret: 'hush-secret', webhook_secret: 'hush-too' },
  })
})

test('an account without the OTP feature is said to have no networks for it', () => {
  for (const networks of ['none', 'None']) {
    const read = readAccount({ ...razorpay, networks }, sandbox)
    assert.deepEqual('account' in read && read.account.terms.networks, [])
  }
})

describe('what is wrong is named by its field', () => {
  const without = (text: AccountText, name: string) =>
    Object.fromEntries(Object.entries(text).filter(([key]) => key !== name))
  const rows: readonly (readonly [AccountText, string, string])[] = [
    [{}, 'gateway', 'missing'],
    [{ ...razorpay, gateway: '' }, 'gateway', 'missing'],
    [{ ...razorpay, gateway: 'RAZORPAY' }, 'gateway', 'invalid'],
    [{ ...razorpay, gateway: 'toString' }, 'gateway', 'invalid'],
    ...['a b', 'a/b', '..', 'ä', 'x'.repeat(65)].map(
      (id) => [{ ...razorpay, id }, 'id', 'invalid'] as const,
    ),
    ...['a b', 'ä', 'x'.repeat(129)].map(
      (label) =>
        [{ ...razorpay, gateway_reference_id: label }, 'gateway_reference_id', 'invalid'] as const,
    ),
    ...[
      ...['nowhere', 'ftp://a.example', 'https://me:hush@a.example', 'https://me@a.example'],
      ...['https://a.example/?b=c', 'https://a.example/#b', 'https://a.example?', 'https://'],
      ...['https://a.example\\@b.example', ' https://a.example', 'https://a.example:99999'],
      `https://a.example/${'x'.repeat(512)}`,
    ].map((url) => [{ ...razorpay, base_url: url }, 'base_url', 'invalid'] as const),
    ...['visas', 'VISA;RUPAY', 'VISA,', ',', 'none,VISA'].map(
      (networks) => [{ ...razorpay, networks }, 'networks', 'invalid'] as const,
    ),
    ...['41111', '4111111111', '41111x', '411111,', Array(501).fill('411111').join()].map(
      (bins) => [{ ...razorpay, otp_bins: bins }, 'otp_bins', 'invalid'] as const,
    ),
    ...['-1', '1001', '1.5', '1e2', ' 1', 'ten'].map(
      (weight) => [{ ...razorpay, weight }, 'weight', 'invalid'] as const,
    ),
    ...['0', '-1', '1.005', '1e3', 'x'].flatMap((amount) => [
      [{ ...razorpay, min_amount: amount }, 'min_amount', 'invalid'] as const,
      [{ ...razorpay, max_amount: amount }, 'max_amount', 'invalid'] as const,
    ]),
    [{ ...razorpay, min_amount: '2', max_amount: '1' }, 'max_amount', 'invalid'],
    [{ ...razorpay, holds: 'yes' }, 'holds', 'invalid'],
    [{ ...razorpay, holds: 'toString' }, 'holds', 'invalid'],
    [without(razorpay, 'credentials.key_secret'), 'credentials.key_secret', 'missing'],
    [{ ...razorpay, 'credentials.key_id': '' }, 'credentials.key_id', 'missing'],
    [{ ...razorpay, 'credentials.key': 'hush' }, 'credentials.key', 'unknown'],
    [{ ...razorpay, 'credentials.client_id': 'x' }, 'credentials.client_id', 'unknown'],
    [{ ...razorpay, 'credentials.__proto__': 'x' }, 'credentials.__proto__', 'unknown'],
    [{ ...razorpay, max_amout: '5' }, 'max_amout', 'unknown'],
    [{ ...razorpay, toString: '5' }, 'toString', 'unknown'],
    [{ ...razorpay, ['x'.repeat(99)]: '5' }, 'x'.repeat(64), 'unknown'],
    ...['a b', 'a\nb', 'ä', 'x'.repeat(4_097)].map(
      (secret) =>
        [
          { ...razorpay, 'credentials.key_secret': secret },
          'credentials.key_secret',
          'invalid',
        ] as const,
    ),
  ]
  for (const [text, wrong, because] of rows) {
    test(`${wrong} ${because}: ${JSON.stringify(text).slice(0, 200)}`, () => {
      assert.deepEqual(readAccount(text, sandbox), { wrong, because })
    })
  }
})

describe('test and live are never mixed', () => {
  const rows: readonly (readonly [
    AccountText,
    typeof sandbox | typeof live,
    string | undefined,
  ])[] = [
    [razorpay, sandbox, undefined],
    [liveRazorpay, live, undefined],
    [razorpay, live, 'credentials'],
    [liveRazorpay, sandbox, 'credentials'],
    [liveCashfree, sandbox, 'credentials'],
    [cashfree, live, 'credentials'],
    [simulator, sandbox, undefined],
    [simulator, live, 'gateway'],
    [{ ...cashfree, base_url: 'https://api.cashfree.com/pg' }, sandbox, 'base_url'],
    [{ ...cashfree, base_url: 'https://API.cashfree.com.:443/pg' }, sandbox, 'base_url'],
    [{ ...razorpay, base_url: 'https://api.cashfree.com' }, sandbox, 'base_url'],
    [{ ...liveCashfree, base_url: 'https://sandbox.cashfree.com/pg' }, live, 'base_url'],
    [{ ...liveCashfree, base_url: 'https://api.cashfree.com/pg' }, live, undefined],
    // One host for both: the keys tell the mode.
    [{ ...razorpay, base_url: 'https://api.razorpay.com' }, sandbox, undefined],
  ]
  for (const [text, by, wrong] of rows) {
    const said = wrong === undefined ? 'is taken' : `has another mode's ${wrong}`
    test(`in ${by.mode} mode ${JSON.stringify(text)} ${said}`, () => {
      const read = readAccount(text, by)
      if (wrong === undefined) assert('account' in read, JSON.stringify(read))
      else assert.deepEqual(read, { wrong, because: 'other_mode' })
    })
  }
})

test('a live account is at its own hosts over https, or where the operator says', () => {
  const at = (url: string, by: typeof live | typeof operator) =>
    readAccount({ ...liveRazorpay, base_url: url }, by)
  const refused = { wrong: 'base_url', because: 'invalid' }
  assert.deepEqual(at('https://proxy.example/razorpay', live), refused)
  assert('account' in at('https://proxy.example/razorpay', operator))
  for (const by of [live, operator]) {
    assert('account' in at('https://api.razorpay.com', by))
    assert.deepEqual(at('http://api.razorpay.com', by), refused)
  }
})

const account: Account = {
  id: 'main',
  gateway: 'razorpay',
  label: 'south',
  baseUrl: 'http://localhost:8080',
  terms: { weight: 5, holds: false, networks: ['VISA'], least: paise(100) },
  disabledAt: 7,
}

test('a change touches what it names, and an empty field takes away', () => {
  assert.deepEqual(readChange({}, account, sandbox), { account, fields: [] })
  const text = { base_url: '', networks: '', weight: '', min_amount: '2', gateway: 'razorpay' }
  const { baseUrl: _baseUrl, ...rest } = account
  assert.deepEqual(readChange(text, account, sandbox), {
    account: { ...rest, terms: { weight: 100, holds: false, least: paise(200) } },
    fields: ['gateway', 'base_url', 'networks', 'weight', 'min_amount'],
  })
})

test('a key that does not show its mode is refused where no address does', () => {
  const unmarked = { ...razorpay, 'credentials.key_id': 'key_1' }
  for (const by of [sandbox, live]) {
    assert.deepEqual(readAccount(unmarked, by), { wrong: 'credentials', because: 'invalid' })
  }
})

test('a change replaces credentials as a whole, and keeps the gateway and the id', () => {
  const change = (text: AccountText) => readChange(text, account, sandbox)
  const { gateway: _gateway, ...credentials } = razorpay
  assert.deepEqual(change(credentials), {
    account,
    credentials: { key_id: 'rzp_test_1', key_secret: 'hush-secret' },
    fields: ['credentials'],
  })
  const invalid = (wrong: string) => ({ wrong, because: 'invalid' })
  assert.deepEqual(change({ 'credentials.key_secret': 'hush' }), {
    wrong: 'credentials.key_id',
    because: 'missing',
  })
  assert.deepEqual(change(cashfree), invalid('gateway'))
  const unknown = (wrong: string) => ({ wrong, because: 'unknown' })
  assert.deepEqual(change({ 'credentials.client_id': 'x' }), unknown('credentials.client_id'))
  assert.deepEqual(change({ max_amout: '5' }), unknown('max_amout'))
  assert.deepEqual(change({ id: 'other' }), invalid('id'))
  assert.deepEqual(change({ max_amount: '0.50' }), invalid('max_amount'))
  const { gateway: _live, ...liveOnes } = liveRazorpay
  assert.deepEqual(change(liveOnes), { wrong: 'credentials', because: 'other_mode' })
})

test('an address that an operator gave stays when a merchant changes something else', () => {
  const proxied = { ...account, baseUrl: 'https://proxy.example' }
  const changed = readChange({ weight: '6' }, proxied, live)
  assert.equal('account' in changed && changed.account.baseUrl, 'https://proxy.example')
  const same = readChange({ base_url: 'https://proxy.example' }, proxied, live)
  assert('account' in same)
})

test('a new address wants the credentials anew: they go nowhere that nobody meant', () => {
  const base_url = 'http://localhost:9090'
  const change = (text: AccountText) => readChange(text, account, sandbox)
  assert.deepEqual(change({ base_url }), { wrong: 'credentials', because: 'missing' })
  const { gateway: _gateway, ...credentials } = razorpay
  assert('account' in change({ base_url, ...credentials }))
  assert('account' in change({ base_url: '' }), "the gateway's own address is no other place")
})

test('an account nobody named has the first free number of its gateway', () => {
  assert.equal(freeAccountId('simulator', new Set(['simulator', 'simulator-2'])), 'simulator-1')
  assert.equal(freeAccountId('simulator', new Set(['simulator-1'])), 'simulator-2')
})

test('on the command line a name is a field or a credential, never both', () => {
  const all = Object.values<Gateway>(gateways).flatMap(({ credentials }) => credentials)
  const names = all.map((name) => name.replace('?', ''))
  assert.deepEqual(
    names.filter((name) => [...accountFields, 'check'].includes(name)),
    [],
  )
})
