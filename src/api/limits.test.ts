import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { openDoor } from './door.ts'
import type { Limits } from './limits.ts'

function door(t: TestContext, limits: Limits) {
  const app = openDoor({
    https: false,
    trustedProxies: ['127.0.0.0/8'],
    limits,
    logLevel: 'silent',
    logStream: { write() {} },
  })
  t.after(() => app.close())
  for (const url of ['/thing', '/health', '/ready']) app.get(url, () => ({}))
  return (url: string, from = '203.0.113.1', key?: string) =>
    app.inject({
      url,
      headers: { 'x-forwarded-for': from, ...(key === undefined ? {} : { authorization: key }) },
    })
}

test('an address above its limit is refused, others and health are not', async (t) => {
  const ask = door(t, { perAddress: 2, perKey: 0 })
  const first = await ask('/thing')
  assert.equal(first.statusCode, 200)
  assert.equal(first.headers['ratelimit-policy'], '"address";q=2;w=60')
  assert.match(String(first.headers['ratelimit']), /^"address";r=1;t=\d+$/)
  assert.equal((await ask('/nowhere')).statusCode, 404)
  const refused = await ask('/thing')
  assert.equal(refused.statusCode, 429)
  assert.equal(refused.json().error_code, 'rate_limited')
  assert.match(String(refused.headers['retry-after']), /^[1-9]\d?$/)
  assert.equal((await ask('/nowhere')).statusCode, 429)
  assert.equal((await ask('/thing', '203.0.113.2')).statusCode, 200)
  for (const url of ['/health', '/ready']) assert.equal((await ask(url)).statusCode, 200)
})

test('a key above its limit is refused from any address; calls without do not count', async (t) => {
  const ask = door(t, { perAddress: 0, perKey: 1 })
  assert.equal((await ask('/thing', '203.0.113.1', 'Basic a')).statusCode, 200)
  assert.equal((await ask('/thing', '203.0.113.2', 'Basic a')).statusCode, 429)
  assert.equal((await ask('/thing', '203.0.113.2', 'Basic b')).statusCode, 200)
  for (let i = 0; i < 3; i++) assert.equal((await ask('/thing')).statusCode, 200)
})

test('both limits are told', async (t) => {
  const ask = door(t, { perAddress: 9, perKey: 5 })
  const { headers } = await ask('/thing', '203.0.113.1', 'Basic a')
  assert.equal(headers['ratelimit-policy'], '"address";q=9;w=60, "key";q=5;w=60')
})

test('without limits nothing is counted', async (t) => {
  const ask = door(t, { perAddress: 0, perKey: 0 })
  for (let i = 0; i < 20; i++) {
    const response = await ask('/thing', '203.0.113.1', 'Basic a')
    assert.equal(response.statusCode, 200)
    assert.equal(response.headers['ratelimit'], undefined)
  }
})
