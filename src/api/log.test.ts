import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { LogLevel } from '../env.ts'
import type { MerchantId } from '../ids.ts'
import { defaultSettings } from '../merchants/merchant.ts'
import { openDoor } from './door.ts'

function door(t: TestContext, logLevel: LogLevel) {
  const lines: string[] = []
  const app = openDoor({
    https: false,
    trustedProxies: [],
    limits: { perKey: 0, perAddress: 0 },
    logLevel,
    logStream: { write: (line) => void lines.push(line) },
  })
  t.after(() => app.close())
  app.post('/echo', (request) => request.body)
  app.get('/echo', () => ({}))
  return { app, lines }
}

test('a bug is a 500 that tells nothing, and is logged without its message', async (t) => {
  const { app, lines } = door(t, 'info')
  const bugs: Record<string, unknown> = {
    '/error': new Error('canary\n    at canary'),
    '/cause': new Error('canary', { cause: new TypeError('canary') }),
    '/status': Object.assign(new Error('canary'), { statusCode: 400, code: 'canary'.slice(0, 3) }),
    '/text': 'canary',
    '/object': { canary: 'canary', statusCode: 400 },
  }
  for (const [url, bug] of Object.entries(bugs)) {
    app.get(url, async () => {
      throw bug
    })
  }
  app.get('/bare', async (request) => {
    request.log.error(new Error('canary'))
    request.log.error({ err: new Error('canary'), req: request })
    return {}
  })
  for (const url of Object.keys(bugs)) {
    const response = await app.inject(`${url}?canary=canary`)
    assert.equal(response.statusCode, 500, url)
    assert.equal(response.json().error_code, 'internal_error', url)
    assert.doesNotMatch(response.body, /canary|at |log\.test/, url)
    const line = JSON.parse(lines.at(-2) ?? '')
    assert.equal(line.msg, 'internal error')
    assert.equal(line.level, 50)
    assert.equal(line.request_id, response.headers['x-request-id'])
  }
  assert.match(lines[0] ?? '', /"stack":" {4}at .*log\.test\.ts/)
  await app.inject('/bare?canary')
  assert.doesNotMatch(lines.join(''), /canary/)
})

test('one line for each answered request, with nothing that was sent in it', async (t) => {
  const { app, lines } = door(t, 'info')
  app.get('/mine/:id', (request) => {
    request.merchant = { id: 'shop' as MerchantId, settings: defaultSettings('sandbox') }
    return {}
  })
  await app.inject({
    url: '/mine/canary?canary=canary',
    headers: { authorization: 'Basic canary', 'x-canary': 'canary', 'x-request-id': 'r-1' },
  })
  const line = JSON.parse(lines[0] ?? '')
  assert.equal(lines.length, 1)
  assert.deepEqual(
    { ...line, time: 0, ms: 0 },
    {
      level: 30,
      time: 0,
      request_id: 'r-1',
      method: 'GET',
      route: '/mine/:id',
      status: 200,
      ms: 0,
      merchant: 'shop',
      msg: 'answered',
    },
  )
  assert(line.ms >= 0)
  const post = (type: string, payload: string) =>
    app.inject({ method: 'POST', url: '/echo', headers: { 'content-type': type }, payload })
  await post('application/x-www-form-urlencoded', 'card_number=canary')
  await post('application/x-www-form-urlencoded', 'canary=canary&canary=canary')
  await post('application/json', '{"canary":canary}')
  await post('text/canary', 'canary')
  for (const url of [
    '/canary?canary',
    '/canary/%ff',
    `/mine/${'canary'.repeat(40)}`,
    '/echo?canary=%',
  ]) {
    await app.inject({ url, headers: { 'x-request-id': 'canary canary', cookie: 'canary' } })
  }
  assert.equal(lines.length, 9)
  assert.doesNotMatch(lines.join(''), /canary/)
})

test('above info, answered requests write no line and bugs still do', async (t) => {
  for (const level of ['warn', 'error'] as LogLevel[]) {
    const { app, lines } = door(t, level)
    app.get('/broken', () => assert.fail('broken'))
    await app.inject('/echo')
    await app.inject('/nowhere')
    assert.deepEqual(lines, [])
    await app.inject('/broken')
    assert.equal(lines.length, 1)
  }
})
