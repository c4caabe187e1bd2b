import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deliver, type Line, type Post } from './deliver.ts'
import { isPublic, readTarget } from './target.ts'

/** A line that only remembers where it was told to connect to. */
function deadLine(resolve: Line['resolve'], mode: Line['mode'] = 'live') {
  const posts: Post[] = []
  const line: Line = {
    mode,
    now: Date.now,
    resolve,
    post: async (post) => {
      posts.push(post)
      return { status: 200, answer: '' }
    },
    after: () => () => {},
    close: () => {},
  }
  return { line, posts }
}

const message = (url: string) => ({ url, headers: {}, body: '{}' })
const publicV4 = '93.184.215.14'
const publicV6 = '2606:2800:21f:cb07:6820:80da:af6b:8b2c'

/** Ways to write hosts that are not public; each of them without asking a name server. */
const inwardHosts = [
  ...['127.0.0.1', '127.1', '127.0.1', '2130706433', '0x7f000001', '0x7f.1', '017700000001'],
  ...[
    '0177.0.0.1',
    '0x7f.0x0.0x0.0x1',
    '127.0.0.1.',
    '①②⑦.0.0.1',
    '127。0。0。1',
    '127.255.255.254',
  ],
  ...['0', '0.0.0.0', '0x0', '00', '0.1.2.3', '10.0.0.1', '0xa000001', '012.0.0.1', '10.1'],
  ...['167772161', '100.64.0.1', '100.127.255.255', '169.254.169.254', '0xa9fea9fe', '2852039166'],
  ...['169.254.43518', '169.16689662', '0251.0376.0251.0376', '172.16.0.1', '172.31.255.255'],
  ...['192.168.0.1', '192.168.1', '0xc0a80001', '3232235521', '192.0.0.8', '192.0.2.1'],
  ...['192.88.99.1', '198.18.0.1', '198.19.255.255', '198.51.100.7', '203.0.113.9', '224.0.0.1'],
  ...[
    '239.255.255.250',
    '240.0.0.1',
    '255.255.255.255',
    '0xffffffff',
    '4294967295',
    '１２７.０.０.１',
  ],
  ...['[::]', '[::1]', '[0:0:0:0:0:0:0:1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::7f00:1]'],
  ...['[::ffff:8.8.8.8]', '[::ffff:0:127.0.0.1]', '[64:ff9b::7f00:1]', '[64:ff9b::8.8.8.8]'],
  ...['[64:ff9b:1::1]', '[100::1]', '[2001::1]', '[2001:0:7f00:1::]', '[2001:1ff::1]'],
  ...['[2001:db8::1]', '[2002:7f00:1::]', '[2002:a9fe:a9fe::1]', '[3fff::1]', '[3fff:fff::1]'],
  ...['[5f00::1]', '[fc00::1]', '[fd12:3456:789a::1]', '[fe80::1]', '[febf::1]', '[fec0::1]'],
  ...['[ff02::1]', '[ff0e::1]', '[4000::1]', '[::2]', '[1::1]', '[0:0:0:0:0:ffff:a9fe:a9fe]'],
]

test('hosts that are not public are not connected to, however they are written', async () => {
  assert(inwardHosts.length >= 75)
  for (const host of inwardHosts) {
    const { line, posts } = deadLine(async (name) => assert.fail(`${name} was looked up`))
    const reply = await deliver(line, message(`https://${host}/hook`))
    assert.equal(reply.status, undefined, host)
    const isAscii = /^[ -~]+$/.test(host)
    const why = isAscii
      ? 'an address of the host is not public'
      : 'not everybody reads the URL alike'
    assert.equal(reply.answer, `not sent: ${why}`, host)
    assert('refused' in readTarget(`https://${host}/hook`, 'live'), host)
    assert.equal(posts.length, 0, host)
  }
})

test('names are checked by every address they have', async () => {
  const answers: readonly (readonly string[])[] = [
    ['127.0.0.1'],
    ['::1'],
    ['169.254.169.254'],
    [publicV4, '10.0.0.1'],
    ['10.0.0.1', publicV4],
    [publicV4, publicV6, 'fd00::1'],
    [publicV6, '::ffff:10.0.0.1'],
    [publicV4, '64:ff9b::a00:1'],
    ['fe80::1%eth0'],
    ['not an address'],
    [],
  ]
  for (const found of answers) {
    const { line, posts } = deadLine(async () => found)
    const reply = await deliver(line, message('https://hook.example/'))
    assert.match(reply.answer, /^not sent: /, found.join())
    assert.equal(posts.length, 0, found.join())
  }
})

test('the address that was looked at is the one connected to', async () => {
  const flips = [[publicV4], ['127.0.0.1'], [publicV6, publicV4], ['10.0.0.1']]
  const asked: string[] = []
  const { line, posts } = deadLine(async (name) => {
    asked.push(name)
    return flips[asked.length - 1] ?? []
  })
  for (const _ of flips) await deliver(line, message('https://Hook.Example.:8443/a?b=c'))
  assert.deepEqual(asked, Array(4).fill('hook.example'))
  assert.deepEqual(
    posts.map(({ address }) => address),
    [publicV4, publicV6],
  )
  assert.equal(posts[0]?.target.hostname, 'hook.example')
  assert.equal(posts[0]?.target.port, 8443)
})

const refusedUrls = [
  ...['http://hook.example/', 'ftp://hook.example/', 'file:///etc/passwd', 'javascript:alert(1)'],
  ...['gopher://hook.example/', 'ws://hook.example/', 'wss://hook.example/', 'data:text/plain,x'],
  ...[
    '//hook.example/',
    'hook.example',
    '/hook',
    '',
    ' ',
    'https://',
    'https:///',
    'https://:443/',
  ],
  ...[
    'https://user@hook.example/',
    'https://user:secret@hook.example/',
    'https://:p@hook.example/',
  ],
  ...[
    'https://hook.example@127.0.0.1/',
    'https://127.0.0.1@hook.example/',
    'https://%40@h.example/',
  ],
  ...['https://hook.example:80/', 'https://hook.example:22/', 'https://hook.example:6379/'],
  ...['https://hook.example:444/', 'https://hook.example:8080/', 'https://hook.example:65535/'],
  ...['https://hook.example:65536/', 'https://hook.example:-1/', 'https://hook example/'],
  ...['https://[::1/', 'https://[::g]/', 'https://[fe80::1%25eth0]/', 'https://1.2.3.4.5/'],
  ...[
    'https://256.0.0.1/',
    'https://0x100000000/',
    'https://a%00b.example/',
    'https://a<b.example/',
  ],
  ...['blob:https://hook.example/', 'unix:/var/run/docker.sock', 'https://.', 'https://%2e/'],
  `https://hook.example/${'a'.repeat(2_048)}`,
  ...['https://hook.example/a b', 'https://hook.example/\n', ' https://hook.example/', 'https:a.b'],
  ...['https://hook.example\\a', 'https:/hook.example/', 'https://höok.example/', 'https://a%2eb/'],
  ...['https://hook.example:0/', 'https://localhost/', 'https://a.localhost/', 'https://a..b/'],
  ...[`https://${'a'.repeat(64)}.example/`, `https://${'a.'.repeat(127)}example/`],
]

test('URLs that are none of ours are refused before anything is looked up', async () => {
  assert(inwardHosts.length + refusedUrls.length >= 115)
  for (const url of refusedUrls) {
    assert('refused' in readTarget(url, 'live'), url)
    const { line, posts } = deadLine(async (name) => assert.fail(`${name} was looked up`))
    assert.match((await deliver(line, message(url))).answer, /^not sent: /, url)
    assert.equal(posts.length, 0, url)
  }
})

test('sandbox mode allows http, other ports and private addresses', async () => {
  const { line, posts } = deadLine(async () => ['127.0.0.1'], 'sandbox')
  for (const url of ['http://localhost:3000/', 'http://10.0.0.1/', 'https://[::1]:9000/']) {
    assert.equal((await deliver(line, message(url))).status, 200, url)
  }
  assert.deepEqual(
    posts.map(({ address, target }) => `${address} ${target.port}`),
    ['127.0.0.1 3000', '10.0.0.1 80', '::1 9000'],
  )
  assert('refused' in readTarget('http://a:b@localhost/', 'sandbox'))
  for (const url of ['ftp://localhost/', 'http://localhost:0/', 'http://localhost/a b']) {
    assert('refused' in readTarget(url, 'sandbox'), url)
  }
})

test('public addresses are public', () => {
  const all = [publicV4, publicV6, '8.8.8.8', '1.1.1.1', '172.32.0.1', '192.0.1.1', '100.128.0.1']
  for (const one of [...all, '2001:4860:4860::8888', '2a00::1', '198.20.0.1', '223.255.255.255']) {
    assert(isPublic(one), one)
  }
})
