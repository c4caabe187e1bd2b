import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  defaultSettings,
  isWebUrl,
  type Mode,
  mayCallFrom,
  mayReturnTo,
  readSetting,
  settingNames,
} from './merchant.ts'

const modes = ['sandbox', 'live'] as const

/** What a browser may be sent to, and whether only in sandbox mode. */
const good: readonly (readonly [string, 'both' | 'sandbox'])[] = [
  ['https://shop.example', 'both'],
  ['https://shop.example/', 'both'],
  ['https://shop.example/back?cart=7&x=a%20b#/done', 'both'],
  ['HTTPS://SHOP.EXAMPLE/back', 'both'],
  ['https://shop.example:8443/back', 'both'],
  ['https://xn--bcher-kva.example/', 'both'],
  ['https://203.0.113.7/back', 'both'],
  ['https://[2001:db8::7]:8443/back', 'both'],
  ['https://shop.example/back?to=https://user@other.example/', 'both'],
  ['https://shop.example/कार्ट', 'both'],
  ['http://127.0.0.1:3000/back', 'sandbox'],
  ['HTTP://localhost:3000', 'sandbox'],
]

/** What it may be sent to in no mode. */
const bad: readonly string[] = [
  '',
  ' ',
  '/',
  '/back',
  'back',
  'shop.example',
  '//shop.example',
  '///shop.example',
  '\\\\shop.example',
  '/\\shop.example',
  'https:',
  'https:/',
  'https://',
  'https:///',
  'https:shop.example',
  'https:/shop.example',
  'https:///shop.example',
  'https:\\\\shop.example',
  'https:/\\shop.example',
  'https://shop.example\\@other.example',
  'https://shop.example\\.other.example',
  'https://shop.example/back\\..',
  'javascript:alert(1)',
  'JavaScript:alert(1)',
  'javascript://shop.example/%0aalert(1)',
  'java\nscript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:msgbox(1)',
  'blob:https://shop.example/7',
  'view-source:https://shop.example',
  'file:///etc/passwd',
  'ftp://shop.example/',
  'ws://shop.example/',
  'wss://shop.example/',
  'intent://shop.example#Intent;end',
  'https://user@shop.example/',
  'https://user:password@shop.example/',
  'https://:password@shop.example/',
  'https://@shop.example/',
  'https://shop.example@other.example/',
  'https://shop.example:443@other.example/',
  'https://shop.example%40other.example/',
  'https://shop%2eexample/',
  ' https://shop.example/',
  'https://shop.example/ ',
  '\thttps://shop.example/',
  'ht\ttps://shop.example/',
  'https://shop.\nexample/',
  'https://shop.example/\r\nlocation: https://other.example',
  'https://shop.example/a b',
  'https://shop.example/\u0000',
  'https://shop.example/\u007f',
  'https://shop.example/\u00a0',
  'https://shop.example/\u2028',
  'https://shop.example/\u202etxt',
  'https://shop。example/',
  'https://shop．example/',
  'https://ｓhop.example/',
  'https://bücher.example/',
  'https://shop.example⁄@other.example/',
  'https://shop.example:99999/',
  'https://shop.example:port/',
  'https://[::1/',
  'https://::1/',
  'https://shop.example:80:80/',
  'https://256.256.256.256/',
  'https://*.example/',
  'https://shop.example,https://other.example',
  'https://<script>/',
  '\ufeffhttps://shop.example/',
]

describe('a web address', () => {
  for (const mode of modes) {
    test(`is what everyone reads alike, in ${mode} mode`, () => {
      for (const [url, where] of good) {
        assert.equal(isWebUrl(url, mode), where === 'both' || mode === 'sandbox', url)
      }
      for (const url of bad) assert.equal(isWebUrl(url, mode), false, JSON.stringify(url))
    })
  }
})

describe('return_origins', () => {
  const allowed = (text: string, mode: Mode = 'live') => {
    const setting = readSetting('return_origins', text, mode)
    assert(setting?.return_origins !== undefined, text)
    return { return_origins: setting.return_origins }
  }

  test('lets browsers go to exactly these', () => {
    const shop = allowed('https://shop.example, https://[2001:DB8::7]:8443/')
    const there = [
      'https://shop.example',
      'https://shop.example:443/back?x=1',
      'https://SHOP.example/',
      'https://[2001:db8:0::7]:8443/back',
    ]
    const elsewhere = [
      'http://shop.example/',
      'https://shop.example:8443/',
      'https://shop.example./',
      'https://www.shop.example/',
      'https://shop.example.other.example/',
      'https://other.example/https://shop.example',
      'https://other.example/?https://shop.example',
      'https://notshop.example/',
      'https://[2001:db8::7]/',
      'https://shop.example@other.example/',
      'https:\\\\shop.example/',
      'null',
      '',
      ',',
    ]
    for (const url of there) assert.equal(mayReturnTo(url, shop, 'live'), true, url)
    for (const url of elsewhere) assert.equal(mayReturnTo(url, shop, 'live'), false, url)
  })

  test('lets them go anywhere on the web when it is empty', () => {
    assert.equal(mayReturnTo('https://any.example/', allowed(''), 'live'), true)
    assert.equal(mayReturnTo('http://any.example/', allowed(''), 'live'), false)
    assert.equal(mayReturnTo('http://any.example/', allowed(''), 'sandbox'), true)
    for (const url of bad) assert.equal(mayReturnTo(url, allowed(''), 'sandbox'), false, url)
  })

  test('keeps origins as browsers write them, and takes nothing that is more than one', () => {
    assert.deepEqual(allowed('HTTPS://Shop.Example:443'), {
      return_origins: 'https://shop.example',
    })
    const wrong = [
      'https://shop.example/back',
      'https://shop.example?',
      'https://shop.example#',
      'https://shop.example//',
      'https://shop.example,',
      'shop.example',
      'http://shop.example',
      'https://*.example',
      'null',
      '*',
    ]
    for (const text of wrong) assert.equal(readSetting('return_origins', text, 'live'), undefined)
  })
})

describe('settings', () => {
  const taken: Record<string, readonly [good: readonly string[], bad: readonly string[]]> = {
    return_url: [
      ['', 'https://shop.example/'],
      ['javascript:alert(1)', 'http://shop.example/'],
    ],
    return_method: [
      ['GET', 'POST'],
      ['get', 'PUT', ''],
    ],
    signed_return: [
      ['true', 'false'],
      ['yes', '1', ''],
    ],
    otp_attempts_per_card: [
      ['0', '1', '1000000'],
      ['-1', '1000001', '1.5', '', 'none'],
    ],
    otp_attempts_per_customer: [['0', '30'], ['x']],
    otp_sends_per_card: [['0', '15'], ['x']],
    otp_sends_per_customer: [['0', '30'], ['x']],
    otp_sends_per_merchant: [['0', '100000'], ['x']],
  }

  test('take what they are for and nothing else', () => {
    for (const [name, [good, bad]] of Object.entries(taken)) {
      for (const text of good) assert(readSetting(name, text, 'live'), `${name}=${text}`)
      for (const text of bad) {
        assert.equal(readSetting(name, text, 'live'), undefined, `${name}=${text}`)
      }
    }
    assert.equal(readSetting('toString', '1', 'live'), undefined)
  })

  test('have defaults that they would take', () => {
    for (const mode of modes) {
      const defaults = defaultSettings(mode)
      for (const name of settingNames) {
        const text = String(defaults[name])
        assert.deepEqual(readSetting(name, text, mode), { [name]: defaults[name] }, name)
      }
    }
  })

  test('limit the OTPs of a day in live mode, and not in sandbox mode', () => {
    const budgets = settingNames.filter((name) => /^otp_(attempts|sends)_per_/.test(name))
    assert.equal(budgets.length, 5)
    for (const name of budgets) {
      assert(Number(defaultSettings('live')[name]) > 0, name)
      assert.equal(defaultSettings('sandbox')[name], 0, name)
    }
  })
})

test('pages call from the origins of the setting, letter for letter', () => {
  const setting = readSetting(
    'browser_origins',
    'https://shop.example, http://127.0.0.1:8080/',
    'sandbox',
  )
  const allowed = { browser_origins: String(setting?.browser_origins) }
  for (const origin of ['https://shop.example', 'http://127.0.0.1:8080']) {
    assert(mayCallFrom(origin, allowed), origin)
  }
  for (const origin of ['', 'null', '*', 'https://shop.example/', 'https://shop.example:444']) {
    assert(!mayCallFrom(origin, allowed), origin)
    assert(!mayCallFrom(origin, { browser_origins: '' }), origin)
  }
  assert.equal(readSetting('browser_origins', 'http://shop.example', 'live'), undefined)
  assert.equal(readSetting('browser_origins', '*', 'sandbox'), undefined)
})
