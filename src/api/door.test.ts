import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { Type } from 'typebox'
import { Refusal } from '../refusal.ts'
import { type DoorOptions, openDoor } from './door.ts'

const formType = 'application/x-www-form-urlencoded'

function door(t: TestContext, more: Partial<DoorOptions> = {}) {
  const app = openDoor({
    https: false,
    trustedProxies: [],
    limits: { perKey: 0, perAddress: 0 },
    logLevel: 'silent',
    logStream: { write() {} },
    ...more,
  })
  t.after(() => app.close())
  app.post('/echo', (request) => ({ body: request.body, query: request.query }))
  app.get('/echo', (request) => ({ query: request.query }))
  app.get('/things/:id', () => ({}))
  return app
}

function post(app: FastifyInstance, type: string | undefined, payload: string | Buffer) {
  const headers = type === undefined ? {} : { 'content-type': type }
  return app.inject({ method: 'POST', url: '/echo', headers, payload })
}

function assertRefused(response: LightMyRequestResponse, status: number, code: string, about = '') {
  assert.equal(response.statusCode, status, about)
  const body = response.json()
  assert.equal(body.error_code, code, about)
  assert.equal(body.error_info.request_id, response.headers['x-request-id'], about)
}

test('forms and JSON are read alike, whatever the case of their type', async (t) => {
  const app = door(t)
  for (const type of [
    formType,
    'Application/X-WWW-Form-URLEncoded',
    `${formType}; charset=utf-8`,
    `${formType};charset="UTF-8"`,
    `${formType};`,
  ]) {
    const response = await post(app, type, 'a=1&answer.otp=012')
    assert.deepEqual(response.json().body, { a: '1', 'answer.otp': '012' }, type)
  }
  for (const type of ['application/json', 'APPLICATION/JSON', 'application/json; charset=UTF-8']) {
    const response = await post(app, type, '{"a":1,"answer":{"otp":"012"}}')
    assert.deepEqual(response.json().body, { a: '1', 'answer.otp': '012' }, type)
  }
})

test('any other type of body is 415', async (t) => {
  const app = door(t)
  for (const type of [
    'text/plain',
    'multipart/form-data; boundary=x',
    'application/xml',
    'application/json-patch+json',
    'application/jsonx',
    'application/json, text/plain',
    'application/json; charset=latin1',
    'application/json; charset=utf-8; charset=latin1',
    'application/json; boundary=x',
    'application/json\tx',
    `${formType}; charset=utf-16`,
    'json',
    '',
    undefined,
  ]) {
    assertRefused(await post(app, type, '{"a":"1"}'), 415, 'INVALID_REQUEST', String(type))
  }
})

test('a POST without a body has no fields', async (t) => {
  const app = door(t)
  for (const headers of [
    {},
    { 'content-type': formType },
    { 'content-type': 'application/json' },
  ]) {
    const response = await app.inject({ method: 'POST', url: '/echo', headers })
    assert.deepEqual(response.json().body, {}, JSON.stringify(headers))
  }
})

test('bodies and queries that are not clean are 400', async (t) => {
  const app = door(t)
  const bodies: [string, string | Buffer][] = [
    [formType, 'a=1&a=1'],
    [formType, 'a=1&%61=2'],
    [formType, '__proto__=1'],
    [formType, 'a[__proto__]=1'],
    [formType, '%5f_proto__=1'],
    [formType, 'constructor.prototype=1'],
    [formType, 'a=%ff'],
    [formType, 'a=%00'],
    [formType, Buffer.from([0x61, 0x3d, 0xff])],
    ['application/json', '{"a":"1","a":"1"}'],
    ['application/json', '{"__proto__":{"x":1}}'],
    ['application/json', '{"a":{"\\u005f_proto__":1}}'],
    ['application/json', '{"constructor":{"prototype":{"x":1}}}'],
    ['application/json', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['application/json', '['],
    ['application/json', 'null'],
  ]
  for (const [type, body] of bodies) {
    assertRefused(await post(app, type, body), 400, 'INVALID_REQUEST', String(body))
  }
  for (const query of ['a=1&a=2', 'a=%ff', '__proto__=1', 'a=%00', 'a=%']) {
    assertRefused(await app.inject(`/echo?${query}`), 400, 'INVALID_REQUEST', query)
  }
  assert.deepEqual((await app.inject('/echo?a.b=1+2&c=%C3%A9')).json(), {
    query: { 'a.b': '1 2', c: 'é' },
  })
  assert.equal(({} as Record<string, unknown>)['x'], undefined)
})

test('64 KiB are read, one byte more is 413', async (t) => {
  const app = door(t)
  const body = (bytes: number) => `a=${'x'.repeat(bytes - 2)}`
  assert.equal((await post(app, formType, body(65_535))).statusCode, 200)
  assert.equal((await post(app, formType, body(65_536))).statusCode, 200)
  assertRefused(await post(app, formType, body(65_537)), 413, 'INVALID_REQUEST')
})

test('a schema speaks of the field, never of its value', async (t) => {
  const app = door(t)
  const schema = Type.Object({
    order_id: Type.String({ maxLength: 5 }),
    kind: Type.Optional(Type.Union([Type.Literal('a'), Type.Literal('b')])),
    word: Type.Optional(Type.Enum(['x', 'y'])),
    udf1: Type.Optional(Type.String({ pattern: '^a*$' })),
    count: Type.Optional(Type.Integer()),
  })
  app.post('/checked', { schema: { body: schema } }, (request) => request.body)
  const check = (payload: string) =>
    app.inject({ method: 'POST', url: '/checked', headers: { 'content-type': formType }, payload })
  const table: Record<string, [string, string]> = {
    '': ['order_id', 'missing'],
    'order_id=canary': ['order_id', 'too long'],
    'order_id=1&kind=canary': ['kind', 'invalid'],
    'order_id=1&word=canary': ['word', 'invalid'],
    'order_id=1&udf1=canary': ['udf1', 'invalid'],
    'order_id=1&count=1': ['count', 'invalid'],
  }
  for (const [payload, [field_name, reason]] of Object.entries(table)) {
    const response = await check(payload)
    assertRefused(response, 400, 'INVALID_REQUEST', payload)
    assert.equal(response.json().error_message, `${field_name} is ${reason}.`)
    assert.deepEqual(response.json().error_info.fields, [{ field_name, reason }])
    assert.doesNotMatch(response.body, /canary/)
  }
  assert.deepEqual((await check('order_id=1&unknown=2')).json(), { order_id: '1', unknown: '2' })
})

test('a free-form key is not repeated', async (t) => {
  const app = door(t)
  const body = Type.Record(Type.String(), Type.String({ maxLength: 1 }))
  app.post('/free', { schema: { body } }, () => ({}))
  const headers = { 'content-type': formType }
  const response = await app.inject({
    method: 'POST',
    url: '/free',
    headers,
    payload: 'a+%3Cb%3E=12',
  })
  assert.equal(response.json().error_message, 'a field is too long.')
})

test('an unknown route, method or path answers the same 404', async (t) => {
  const app = door(t)
  const headers = { 'x-request-id': 'same' }
  const want = (await app.inject({ method: 'GET', url: '/nowhere', headers })).body
  for (const [method, url] of [
    ['POST', '/nowhere'],
    ['DELETE', '/echo'],
    ['OPTIONS', '/echo'],
    ['TRACE', '/echo'],
    ['PUT', '/echo'],
    ['GET', '/things/%ff'],
    ['GET', '/things/%ed%a0%80'],
    ['GET', '/things/%00'],
    ['GET', '/things/a%00b'],
    ['GET', '/things/%00?a=%'],
    ['GET', '/%'],
    ['GET', `/things/${'x'.repeat(129)}`],
    ['GET', '/things'],
    ['GET', '//'],
  ] as const) {
    const response = await app.inject({ method: method as 'GET', url, headers })
    assertRefused(response, 404, 'not_found', `${method} ${url}`)
    assert.equal(response.body, want, `${method} ${url}`)
    assert.equal(response.headers['cache-control'], 'no-store')
  }
  const unread = { 'content-type': formType, ...headers }
  const response = await app.inject({ method: 'POST', url: '/x', headers: unread, payload: 'a=%' })
  assert.equal(response.body, want)
  assert.equal((await app.inject(`/things/${'x'.repeat(128)}`)).statusCode, 200)
  assert.equal((await app.inject('/things/%2500')).statusCode, 200)
})

test('a request id is echoed when it is one, and made otherwise', async (t) => {
  const app = door(t)
  for (const id of ['a', 'A-1_b.c', 'x'.repeat(128)]) {
    const response = await app.inject({ url: '/echo', headers: { 'x-request-id': id } })
    assert.equal(response.headers['x-request-id'], id)
  }
  for (const id of ['', 'a b', 'a\tb', 'é', 'x'.repeat(129), '"', 'a,b']) {
    const response = await app.inject({ url: '/echo', headers: { 'x-request-id': id } })
    assert.match(String(response.headers['x-request-id']), /^req_[0-9a-f]{32}$/, id)
  }
  const ids = await Promise.all([1, 2].map(async () => (await app.inject('/echo')).headers))
  assert.match(String(ids[0]?.['x-response-id']), /^[0-9a-f-]{36}$/)
  assert.notEqual(ids[0]?.['x-response-id'], ids[1]?.['x-response-id'])
  assert.notEqual(ids[0]?.['x-request-id'], ids[1]?.['x-request-id'])
})

test('every answer has the headers of data, and a page may set its own', async (t) => {
  const app = door(t)
  app.get('/page', (_request, reply) =>
    reply.header('content-security-policy', "default-src 'self'").type('text/html').send('<p>'),
  )
  app.get('/broken', () => assert.fail('broken'))
  for (const url of ['/echo', '/nowhere', '/broken', '/%', '/echo?a=1&a=1']) {
    const { headers } = await app.inject(url)
    assert.equal(headers['cache-control'], 'no-store', url)
    assert.match(String(headers['content-security-policy']), /^default-src 'none';/, url)
    assert.equal(headers['x-content-type-options'], 'nosniff', url)
    assert.equal(headers['referrer-policy'], 'no-referrer', url)
    assert.equal(headers['strict-transport-security'], undefined, url)
  }
  const page = await app.inject('/page')
  assert.equal(page.headers['content-security-policy'], "default-src 'self'")
  const secure = await door(t, { https: true }).inject('/echo')
  assert.match(String(secure.headers['strict-transport-security']), /^max-age=31536000/)
})

test('a refusal thrown by a route is rendered, with its wait', async (t) => {
  const app = door(t)
  app.get('/soon', () => {
    throw new Refusal('resend_too_soon', { retryAfterSeconds: 7 })
  })
  app.get('/later', async () => {
    throw new Refusal('unavailable')
  })
  const soon = await app.inject('/soon')
  assertRefused(soon, 400, 'resend_too_soon')
  assert.equal(soon.headers['retry-after'], '7')
  assertRefused(await app.inject('/later'), 503, 'unavailable')
})

test('the times and sizes that stop slow and big requests are set', async (t) => {
  const app = door(t)
  const { server, initialConfig } = app
  assert.equal(server.headersTimeout, 8_000)
  assert.equal(server.requestTimeout, 10_000)
  assert.equal(server.timeout, 50_000)
  assert.equal(server.keepAliveTimeout, 72_000)
  assert.equal(Reflect.get(server, 'connectionsCheckingInterval'), 1_000)
  assert.equal(Reflect.get(server, 'maxHeaderSize'), 8_192)
  assert.equal(initialConfig.bodyLimit, 65_536)
})

test('forwarded addresses count only when a trusted proxy tells them', async (t) => {
  const headers = { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'https' }
  for (const [trustedProxies, ip] of [
    [[], '127.0.0.1'],
    [['10.0.0.0/8'], '127.0.0.1'],
    [['127.0.0.0/8'], '203.0.113.9'],
  ] as const) {
    const app = door(t, { trustedProxies })
    app.get('/ip', (request) => ({ ip: request.ip }))
    assert.equal((await app.inject({ url: '/ip', headers })).json().ip, ip)
  }
})
