import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import {
  accessHeaders,
  accessText,
  type EndpointText,
  readAccess,
  readEndpoint,
  rotated,
  signingSecrets,
  wants,
} from './endpoint.ts'

const url = 'https://hook.example/'
const wrongIn = (text: Partial<EndpointText>) => {
  const read = readEndpoint({ url, headers: {}, ...text }, 'live')
  return 'wrong' in read ? read.wrong : undefined
}

test('an endpoint as a merchant writes it', () => {
  assert.equal(wrongIn({}), undefined)
  assert.equal(wrongIn({ user: 'shop', password: 'p:w d' }), undefined)
  assert.equal(wrongIn({ events: 'ORDER_SUCCEEDED, TXN_FAILED' }), undefined)
  assert.equal(wrongIn({ headers: { 'X-Shop': 'one two' } }), undefined)
  assert.equal(wrongIn({ url: undefined }), 'url')
  assert.equal(wrongIn({ url: 'http://hook.example/' }), 'url')
  assert.equal(wrongIn({ events: 'ORDER_SUCCEEDED,NOPE' }), 'events')
  assert.equal(wrongIn({ user: 'a:b', password: 'p' }), 'user')
  assert.equal(wrongIn({ user: 'a\nb', password: 'p' }), 'user')
  assert.equal(wrongIn({ user: '', password: 'p' }), 'user')
  assert.equal(wrongIn({ user: 'a' }), 'password')
  assert.equal(wrongIn({ password: 'p' }), 'user')
  assert.equal(wrongIn({ user: 'a', password: 'p\u0000' }), 'password')
  assert.equal(wrongIn({ user: 'a', password: 'p'.repeat(513) }), 'password')
})

test('headers that are not the merchant\u2019s to set, or would end one, are refused', () => {
  const names = ['Host', 'content-type', 'Content-Length', 'Authorization', 'Connection', 'TE']
  const more = ['transfer-encoding', 'Upgrade', 'Keep-Alive', 'Trailer', 'Proxy-Authorization']
  const ours = ['webhook-id', 'Webhook-Signature', 'Expect', 'Cookie', '', 'a b', 'a:b', 'é']
  for (const name of [...names, ...more, ...ours]) {
    assert.equal(wrongIn({ headers: { [name]: 'x' } }), 'headers', name)
  }
  for (const value of ['', 'a\r\nX: y', 'a\nb', '\u0000', 'é', ' a', 'x'.repeat(513)]) {
    assert.equal(wrongIn({ headers: { 'X-Shop': value } }), 'headers', JSON.stringify(value))
  }
  assert.equal(wrongIn({ headers: { 'X-Shop': 'a', 'x-shop': 'b' } }), 'headers')
  const many = (n: number) =>
    Object.fromEntries(Array.from({ length: n }, (_, i) => [`x-${i}`, 'a']))
  assert.equal(wrongIn({ headers: many(10) }), undefined)
  assert.equal(wrongIn({ headers: many(11) }), 'headers')
})

test('an access comes back from its text, and shows none of its secrets', () => {
  const said = readEndpoint(
    { url, user: 'shop', password: 'hush-1', headers: { 'X-Token': 'hush-2' } },
    'live',
  )
  assert(!('wrong' in said))
  const { url: _url, events: _events, ...rest } = said
  const access = rotated({ ...rest, secrets: [] }, 0)
  assert.deepEqual(accessHeaders(readAccess(accessText(access))), {
    'X-Token': 'hush-2',
    Authorization: `Basic ${btoa('shop:hush-1')}`,
  })
  assert(!/hush|whsec/.test(inspect(access, { depth: 9 }) + JSON.stringify(access)))
})

test('a rotation keeps the secret before for a day, and never a third', () => {
  const first = rotated({ headers: {}, secrets: [] }, 0)
  const second = rotated(first, 1_000)
  const third = readAccess(accessText(rotated(second, 2_000)))
  const at = (now: number) => signingSecrets(third, now).map((secret) => secret.reveal())
  const [newest, before] = at(2_000)
  assert.equal(before, second.secrets[0]?.secret.reveal())
  assert.notEqual(newest, before)
  assert.equal(at(2_000).length, 2)
  assert.equal(at(2_000 + 86_400_000 - 1).length, 2)
  assert.deepEqual(at(2_000 + 86_400_000), [newest])
})

test('an empty list of events wants all', () => {
  assert(wants({ events: [] }, 'TXN_CREATED'))
  assert(wants({ events: ['TXN_CREATED'] }, 'TXN_CREATED'))
  assert(!wants({ events: ['ORDER_FAILED'] }, 'TXN_CREATED'))
})
