import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, test } from 'node:test'
import { engines } from './databases.ts'
import { startTestServer, type TestServer } from './support.ts'
import { assertUnauthorized } from './unauthorized.ts'

let server: TestServer

before(async () => {
  const sqlite = engines.find(({ name }) => name === 'sqlite')
  assert(sqlite)
  server = await startTestServer(sqlite)
})
after(() => server.close())

test('an Authorization header that is not one key and no password is refused', async () => {
  const key = server.key
  const wrong: readonly (string | readonly string[])[] = [
    '',
    'Basic',
    'Basic ',
    'Basic !!!!',
    'Basic ====',
    'Basic %%%',
    `Basic ${key}`,
    key,
    `Bearer ${key}`,
    basic(''),
    basic(':'),
    basic(`:${key}`),
    basic(`${key}:secret`),
    basic(`${key}::`),
    basic(`${key} :`),
    basic(` ${key}:`),
    basic(`${key}\0:`),
    basic(`${key.slice(0, -1)}:`),
    basic(`${key.toUpperCase()}:`),
    basic('clé-不-\u{1f511}:'),
    `Basic ${'\u00e9'.repeat(20)}`,
    `Basic\t${token(key)}`,
    `Basic  ${token(key)}`,
    `Basic ${token(key)} ${token(key)}`,
    `Basic ${token(key)},Basic ${token(key)}`,
    `basic ${token('nobody-has-this-key')}`,
    basic('x'.repeat(5_000)),
    [basic(`${key}:`), basic('other:')],
    [basic('other:'), basic(`${key}:`)],
    [basic(`${key}:`), basic(`${key}:`)],
  ]
  for (const header of wrong) {
    const { status, text } = await rawGet('/orders/x', header)
    assertUnauthorized({ status, text, body: JSON.parse(text) }, JSON.stringify(header))
  }
  const tooLong = await rawGet('/orders/x', basic('x'.repeat(8_192)))
  assert.equal(tooLong.status, 431)
  for (const right of [basic(`${key}:`), basic(key), basic(`${key}:`).replace('B', 'b')]) {
    assert.equal((await rawGet('/orders/x', right)).status, 200, right)
  }
})

function token(text: string): string {
  return Buffer.from(text).toString('base64')
}

function basic(text: string): string {
  return `Basic ${token(text)}`
}

/** A GET with exactly these Authorization headers, which `fetch` would refuse to send. */
function rawGet(path: string, authorization: string | readonly string[]) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const call = request(server.url + path, { setHost: true }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    call.on('error', reject)
    call.setHeader('authorization', authorization)
    call.end()
  })
}
