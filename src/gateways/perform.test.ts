import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import type { Access, Next, Question, Reply, Verdict } from './gateway.ts'
import { makePerform, openNetwork } from './perform.ts'

const network = openNetwork()
const perform = makePerform(network.carry)
after(() => network.close())

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
  await perform(question, path, {
    baseUrl: url,
    origins: [url],
    credentials: {},
    callbackUrl: '',
    transcribed: new Set(),
  })
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

test('calls that belong together are one question, answers lead to own hosts only', async () => {
  const paths: string[] = []
  const listener: RequestListener = (request, response) => {
    paths.push(request.url ?? '')
    response.end(JSON.stringify({ id: `no-${paths.length}`, secret: 'hidden' }))
  }
  await withServer(listener, async (url) => {
    const access: Access = {
      baseUrl: `${url}/base`,
      origins: [url],
      credentials: {},
      callbackUrl: '',
      transcribed: new Set(['id']),
    }
    const then = (path: string, hear: (reply: Reply) => Verdict | Next<Verdict>) => ({
      kind: 'next' as const,
      call: { method: 'GET' as const, path },
      hear,
    })
    let last: Reply | undefined
    const question: Question<string> = {
      patienceMs: 5_000,
      ask: () => ({ method: 'POST', path: '/order?key=1', body: '{"id":"o-1","pan":"4111"}' }),
      hear: (_first, foreign) =>
        then(`${url}/given`, () =>
          then(foreign, (reply) => {
            last = reply
            return { kind: 'not_found' }
          }),
        ),
    }
    const { verdict, calls } = await perform(question, 'http://localhost:9/evil', access)
    assert.deepEqual(verdict, { kind: 'not_found' })
    assert.deepEqual(paths, ['/base/order?key=1', '/given'])
    assert.deepEqual(last, { kind: 'silence', because: 'a foreign host', sent: false })
    assert.deepEqual(
      calls.map(({ ms, ...call }) => [typeof ms, call]),
      [
        [
          'number',
          { call: 'POST /order', answer: 200, asked: { id: 'o-1' }, heard: { id: 'no-1' } },
        ],
        ['number', { call: 'GET /given', answer: 200, asked: {}, heard: { id: 'no-2' } }],
        ['number', { call: 'GET /evil', answer: 'a foreign host', asked: {}, heard: {} }],
      ],
    )
  })
})

test('a circle of calls ends', async () => {
  let calls = 0
  const listener: RequestListener = (_request, response) => {
    calls++
    response.end('{}')
  }
  await withServer(listener, async (url) => {
    const access = {
      baseUrl: url,
      origins: [url],
      credentials: {},
      callbackUrl: '',
      transcribed: new Set<string>(),
    }
    const round = (reply: Reply): Verdict | Next<Verdict> =>
      reply.kind === 'silence'
        ? { ...reply, kind: 'unknown' }
        : { kind: 'next', call: { method: 'GET', path: '/again' }, hear: round }
    const question: Question<string> = {
      patienceMs: 5_000,
      ask: () => ({ method: 'GET', path: '/' }),
      hear: round,
    }
    const { verdict } = await perform(question, '', access)
    assert.deepEqual(verdict, { kind: 'unknown', because: 'too many calls', sent: true })
    assert.equal(calls, 6)
  })
})

test('connections are used again', async () => {
  const sockets = new Set<unknown>()
  const listener: RequestListener = (request, response) => {
    sockets.add(request.socket)
    response.end('{}')
  }
  await withServer(listener, async (url) => {
    for (let i = 0; i < 5; i++) await replyOf(url, '/pay')
    assert(sockets.size < 3, `${sockets.size} connections for five calls`)
  })
})
