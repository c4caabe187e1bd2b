import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { deliver, type Line, openLine } from './deliver.ts'

async function receiver(t: TestContext, listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const line = openLine('sandbox')
  t.after(() => {
    line.close()
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { line, server, url: `http://localhost:${port}` }
}

const headers = { 'Content-Type': 'application/json', 'X-Shop': 'a' }

test('a message arrives as it is, over a connection that is used again', async (t) => {
  const seen: string[] = []
  let connections = 0
  const { line, server, url } = await receiver(t, async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part)
    const { host, 'x-shop': shop, 'content-length': length } = request.headers
    const at = `${request.method} ${request.url} ${host?.split(':')[0]} ${shop} ${length}`
    seen.push(`${at} ${Buffer.concat(parts)}`)
    response.end('thank you\u0007')
  })
  server.on('connection', () => connections++)
  for (const body of ['{"a":"₹"}', '{}']) {
    const reply = await deliver(line, { url: `${url}/hook?x=1`, headers, body })
    assert.deepEqual(reply, { status: 200, answer: 'thank you ' })
  }
  const start = 'POST /hook?x=1 localhost a'
  assert.deepEqual(seen, [`${start} 11 {"a":"₹"}`, `${start} 2 {}`])
  assert.equal(connections, 1)
})

test('the connection goes to the address that was looked at, under the name', async (t) => {
  const hosts: (string | undefined)[] = []
  const { line, url } = await receiver(t, (request, response) => {
    hosts.push(request.headers.host)
    response.end()
  })
  const { port } = new URL(url)
  const looked = { ...line, resolve: async () => ['127.0.0.1'] }
  const hook = `http://hook.invalid:${port}/`
  assert.equal((await deliver(looked, { url: hook, headers, body: '{}' })).status, 200)
  assert.deepEqual(hosts, [`hook.invalid:${port}`])
})

test('a redirect is an answer: nobody goes there', async (t) => {
  const paths: (string | undefined)[] = []
  const { line, url } = await receiver(t, (request, response) => {
    paths.push(request.url)
    response.writeHead(307, { location: '/elsewhere' }).end('over there')
  })
  const reply = await deliver(line, { url: `${url}/hook`, headers, body: '{}' })
  assert.deepEqual(reply, { status: 307, answer: 'over there' })
  assert.deepEqual(paths, ['/hook'])
})

test('a connection that was closed meanwhile is opened again', async (t) => {
  let calls = 0
  const { line, url } = await receiver(t, (request, response) => {
    calls++
    request.resume()
    // The second call comes over the kept connection, which ends without an answer.
    if (calls === 2) request.socket.resetAndDestroy()
    else response.end('ok')
  })
  for (const _ of [1, 2]) {
    assert.equal((await deliver(line, { url, headers, body: '{}' })).status, 200)
  }
  assert.equal(calls, 3)
})

test('nobody there, and an answer without end', async (t) => {
  const { line, url, server } = await receiver(t, (_request, response) => {
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(10_000)));
    }
    response.on('drain', more)
    more()
  })
  const reply = await deliver(line, { url, headers, body: '{}' })
  assert.deepEqual(reply, { status: 200, answer: 'x'.repeat(1_024) })
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
  const nobody = await deliver(line, { url, headers, body: '{}' })
  assert.deepEqual(nobody, { answer: 'ECONNREFUSED' })
})

/** A line whose time is over when the test says so. */
function timedLine(over: Partial<Line>) {
  const timer = { ms: 0, end: () => {}, cancelled: false }
  const line: Line = {
    mode: 'live',
    now: Date.now,
    resolve: async () => ['93.184.215.14'],
    post: async ({ signal }) => {
      await once(signal, 'abort')
      throw signal.reason
    },
    after: (ms, end) => {
      timer.ms = ms
      timer.end = end
      return () => {
        timer.cancelled = true
      }
    },
    close: () => {},
    ...over,
  }
  return { line, timer }
}

const message = { url: 'https://hook.example/', headers: {}, body: '{}' }

test('a receiver has ten seconds in all', async () => {
  const { line, timer } = timedLine({})
  const reply = deliver(line, message)
  assert.equal(timer.ms, 10_000)
  timer.end()
  assert.deepEqual(await reply, { answer: 'no answer within 10 s' })
  assert(timer.cancelled)
})

test('so has its name server, and what it says afterwards is not connected to', async () => {
  const name = Promise.withResolvers<readonly string[]>()
  let posted = false
  const { line, timer } = timedLine({
    resolve: () => name.promise,
    post: async () => {
      posted = true
      return { status: 200, answer: '' }
    },
  })
  const reply = deliver(line, message)
  timer.end()
  assert.deepEqual(await reply, { answer: 'no answer within 10 s' })
  name.resolve(['93.184.215.14'])
  await new Promise(setImmediate)
  assert(!posted)
})

test('a failure is told by its kind alone, without the URL', async () => {
  const error = Object.assign(new Error('getaddrinfo ENOTFOUND secret-host'), { code: 'ENOTFOUND' })
  const { line } = timedLine({ resolve: () => Promise.reject(error) })
  assert.deepEqual(await deliver(line, message), { answer: 'ENOTFOUND' })
})

/** A line on which addresses fail as they are told to; others answer. */
function failingLine(codes: Readonly<Record<string, string>>) {
  const tried: string[] = []
  const { line } = timedLine({
    mode: 'sandbox',
    resolve: async () => ['::1', '127.0.0.1', '10.0.0.1'],
    post: async ({ address }) => {
      tried.push(address)
      const code = codes[address]
      if (code) throw Object.assign(new Error(code), { code })
      return { status: 200, answer: address }
    },
  })
  return { line, tried }
}

test('where nobody is at an address of the host, the next one is tried', async () => {
  for (const code of ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL']) {
    const { line, tried } = failingLine({ '::1': code, '127.0.0.1': code })
    assert.deepEqual(await deliver(line, message), { status: 200, answer: '10.0.0.1' })
    assert.deepEqual(tried, ['::1', '127.0.0.1', '10.0.0.1'])
  }
  const nobody = { '::1': 'ENETUNREACH', '127.0.0.1': 'ECONNREFUSED', '10.0.0.1': 'EHOSTUNREACH' }
  assert.deepEqual(await deliver(failingLine(nobody).line, message), { answer: 'EHOSTUNREACH' })
})

test('what may have arrived is not sent to the next address', async () => {
  for (const code of ['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'CERT_HAS_EXPIRED']) {
    const { line, tried } = failingLine({ '::1': code })
    assert.deepEqual(await deliver(line, message), { answer: code })
    assert.deepEqual(tried, ['::1'])
  }
})

test('a receiver on the second address of its name is reached', async (t) => {
  const { line, url } = await receiver(t, (_request, response) => void response.end('here'))
  const { port } = new URL(url)
  const both = { ...line, resolve: async () => ['::1', '127.0.0.1'] }
  const reply = await deliver(both, { url: `http://hook.invalid:${port}/`, headers, body: '{}' })
  assert.deepEqual(reply, { status: 200, answer: 'here' })
})

test('in live mode none is tried unless all of them are public', async () => {
  const tried: string[] = []
  const { line } = timedLine({
    resolve: async () => ['93.184.215.14', '10.0.0.1'],
    post: async ({ address }) => {
      tried.push(address)
      throw Object.assign(new Error('x'), { code: 'ECONNREFUSED' })
    },
  })
  assert.match((await deliver(line, message)).answer, /^not sent/)
  assert.deepEqual(tried, [])
})
