import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { openDoor } from './door.ts'

const formType = 'application/x-www-form-urlencoded'

function door(t: TestContext) {
  const lines: string[] = []
  const app = openDoor({
    https: false,
    trustedProxies: [],
    limits: { perKey: 0, perAddress: 0 },
    logLevel: 'info',
    logStream: { write: (line) => void lines.push(line) },
  })
  t.after(() => app.close())
  app.post('/echo', (request) => request.body)
  app.get('/echo', () => ({}))
  return { app, lines }
}

/** Sends bytes on a socket of their own, and gives all that comes back until the server closes. */
async function raw(app: FastifyInstance, bytes: string): Promise<string> {
  const { port } = app.server.address() as AddressInfo
  const socket = connect(port, '127.0.0.1').setEncoding('latin1')
  let answer = ''
  socket.on('data', (text: string) => {
    answer += text
  })
  socket.on('error', () => {})
  socket.write(bytes, 'latin1')
  await once(socket, 'close')
  return answer
}

test('bytes that are no request, or could be two: refused, the connection closed', async (t) => {
  const { app, lines } = door(t)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const form = `POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: ${formType}\r\n`
  const chunked = `${form}Transfer-Encoding: chunked\r\n`
  const second = 'GET /echo HTTP/1.1\r\nHost: canary\r\n\r\n'
  const table: Record<string, string> = {
    'content length and chunks': `${chunked}Content-Length: 3\r\n\r\n0\r\n\r\n${second}`,
    'two content lengths': `${form}Content-Length: 0\r\nContent-Length: 3\r\n\r\na=1${second}`,
    'a list of content lengths': `${form}Content-Length: 0, 3\r\n\r\na=1${second}`,
    'a signed content length': `${form}Content-Length: +3\r\n\r\na=1${second}`,
    'an unknown coding': `${form}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${second}`,
    'a chunk size that is none': `${chunked}\r\ncanary\r\n0\r\n\r\n${second}`,
    'a chunk longer than it says': `${chunked}\r\n1\r\na=1\r\n0\r\n\r\n${second}`,
    'a folded header': `${form}Content-Length: 3\r\n canary: x\r\n\r\na=1${second}`,
    'a space before the colon': `${form}Content-Length : 3\r\n\r\na=1${second}`,
    'bare line feeds': `GET /echo HTTP/1.1\nHost: x\n\n${second}`,
    'no host': `GET /echo HTTP/1.1\r\n\r\n${second}`,
    'no version': 'GET /echo\r\n\r\n',
    'an old version': 'GET /echo HTTP/0.9\r\n\r\n',
    'HTTP/2 in clear': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'another protocol': `canary canary canary\r\n\r\n${second}`,
    'a header with U+0000': `GET /echo HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n${second}`,
  }
  for (const [name, bytes] of Object.entries(table)) {
    const answer = await raw(app, bytes)
    assert.match(answer, /^HTTP\/1\.1 4\d\d /, name)
    assert.equal(answer.match(/HTTP\/1\.1 /g)?.length, 1, `${name}: ${answer}`)
    assert.doesNotMatch(answer, /canary/, name)
  }
  const long = `GET /echo HTTP/1.1\r\nHost: x\r\nA: ${'canary'.repeat(1400)}\r\n\r\n`
  const answer = await raw(app, long)
  assert.match(answer, /^HTTP\/1\.1 431 .*connection: close\r\n\r\n\{"status":/s)
  const [, id] = /x-request-id: (\S+)/.exec(answer) ?? []
  assert.equal(JSON.parse(answer.slice(answer.indexOf('{'))).error_info.request_id, id)
  assert.doesNotMatch(lines.join(''), /canary/)
})

test('a chunked body is read, and held to the same limit', async (t) => {
  const { app } = door(t)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const head =
    `POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: ${formType}\r\n` +
    'Transfer-Encoding: chunked\r\n\r\n'
  assert.match(await raw(app, `${head}2\r\na=\r\n1\r\nb\r\n0\r\n\r\n`), /200 OK.*"a":"b"/s)
  const big = `${head}10001\r\n${'x'.repeat(0x10001)}\r\n0\r\n\r\n`
  assert.match(await raw(app, big), /^HTTP\/1\.1 413 .*The request is too large/s)
})

test('while the server closes, calls are finished and none begun', async (t) => {
  const { app } = door(t)
  const entered = Promise.withResolvers<void>()
  const closing = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  let begun = false
  app.get('/slow', async () => {
    entered.resolve()
    await goOn.promise
    return { slow: true }
  })
  app.get('/next', () => {
    begun = true
    return {}
  })
  app.addHook('preClose', async () => closing.resolve())
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const socket = connect(port, '127.0.0.1').setEncoding('latin1')
  let answer = ''
  socket.on('data', (text: string) => {
    answer += text
  })
  socket.write('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n')
  await entered.promise
  const closed = app.close()
  await closing.promise
  const asked = once(app.server, 'request')
  socket.write('GET /next HTTP/1.1\r\nHost: x\r\n\r\n')
  await asked
  goOn.resolve()
  await once(socket, 'close')
  await closed
  assert.match(answer, /^HTTP\/1\.1 200 .*connection: close\r\n.*\{"slow":true\}$/s)
  assert(!begun)
})
