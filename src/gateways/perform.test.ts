import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { Question, Reply, Verdict } from './gateway.ts'
import { makePerform } from './perform.ts'

const perform = makePerform(fetch)

/** A question whose verdict shows the reply it heard. */
function echo(patienceMs = 5_000): { question: Question<string>; heard: () => Reply | undefined } {
  let last: Reply | undefined
  const question: Question<string> = {
    patienceMs,
    ask: (path) => ({ method: 'POST', path, headers: { 'x-a': 'b' }, body: 'hello' }),
    hear: (reply): Verdict => {
      last = reply
      return { kind: 'not_found' }
    },
  }
  return { question, heard: () => last }
}

async function withServer(listener: RequestListener, work: (url: string) => Promise<void>) {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

async function replyOf(url: string, path: string, patienceMs?: number): Promise<Reply | undefined> {
  const { question, heard } = echo(patienceMs)
  await perform(question, path, { baseUrl: url, credentials: {} })
  return heard()
}

test('a call goes out as it was built and the whole answer comes back', async () => {
  const listener: RequestListener = async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString()
    response.statusCode = 418
    response.end(`${request.method} ${request.url} ${request.headers['x-a']} ${body}`)
  }
  await withServer(listener, async (url) => {
    const reply = await replyOf(url, '/pay')
    assert.deepEqual(reply, { kind: 'answer', status: 418, body: 'POST /pay b hello' })
  })
})

test('a refused connection is the only silence in which nothing was sent', async () => {
  let closed = ''
  await withServer(
    () => {},
    async (url) => {
      closed = url
    },
  )
  const reply = await replyOf(closed, '/pay')
  assert.deepEqual(reply, { kind: 'silence', because: 'ECONNREFUSED', sent: false })
})

test('a connection that breaks, a gateway that never answers: sent, and unknown', async () => {
  await withServer(
    (request) => request.socket.destroy(),
    async (url) => {
      const reply = await replyOf(url, '/pay')
      assert(reply?.kind === 'silence' && reply.sent)
    },
  )
  await withServer(
    () => {},
    async (url) => {
      const reply = await replyOf(url, '/pay', 20)
      assert.deepEqual(reply, { kind: 'silence', because: 'TimeoutError', sent: true })
    },
  )
})

test('an answer that stalls half-way, or never ends, is silence', async () => {
  await withServer(
    (_request, response) => response.write('{"state":'),
    async (url) => {
      const reply = await replyOf(url, '/pay', 50)
      assert(reply?.kind === 'silence' && reply.sent)
    },
  )
  await withServer(
    (_request, response) => response.end('x'.repeat(300 * 1024)),
    async (url) => {
      const reply = await replyOf(url, '/pay')
      assert(reply?.kind === 'silence' && reply.sent)
    },
  )
})

test('a redirect is an answer, and is not followed', async () => {
  let calls = 0
  const listener: RequestListener = (_request, response) => {
    calls++
    response.writeHead(302, { location: '/elsewhere' }).end()
  }
  await withServer(listener, async (url) => {
    const reply = await replyOf(url, '/pay')
    assert(reply?.kind === 'answer')
    assert.equal(reply.status, 302)
    assert.equal(calls, 1)
  })
})
