import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { StartAnswer } from '../../sdk/src/directotp.ts'
import { changeSettings } from '../../src/merchants/merchants.ts'
import { callerOf, rightOtp, testCard } from '../caller.ts'
import { engines } from '../databases.ts'
import { startTestServer, type TestServer } from '../support.ts'

const browser = ['/usr/bin/chromium', '/usr/bin/google-chrome', '/usr/bin/chromium-browser'].find(
  (path) => existsSync(path),
)

let server: TestServer

before(async () => {
  const sqlite = engines.find(({ name }) => name === 'sqlite')
  assert(sqlite)
  server = await startTestServer(sqlite)
})
after(() => server.close())

/** What the shop's page does with a client token and no key; its last line is what it saw. */
async function payInPage(url: string, order: object, otp: string) {
  const { order_id: id, client_auth_token: token } = order as Record<string, string>
  const seen: unknown[] = []
  const call = async (path: string, body?: string, type = 'application/json') => {
    const posted = body ? { method: 'POST', body, headers: { 'content-type': type } } : {}
    const answer = await fetch(url + path, posted)
    const said = (await answer.json()) as StartAnswer
    seen.push(said.status, answer.headers.get('x-request-id') !== null)
    return said
  }
  try {
    const started = await call('/txns', JSON.stringify(order))
    const { id: txn, challenge_id = '' } = started.payment?.authentication.params ?? {}
    const submission = { challenge_id, 'answer.otp': otp, client_auth_token: token ?? '' }
    const form = String(new URLSearchParams(submission))
    await call(`/v2/txns/${txn}/authenticate`, form, 'application/x-www-form-urlencoded')
    await call(`/orders/${id}?client_auth_token=${token}`)
    await call('/orders', JSON.stringify({ order_id: 'by-page', amount: '1.00' }))
  } catch (error) {
    seen.push(String(error))
  }
  await fetch('/seen', { method: 'POST', body: JSON.stringify(seen) })
}

/** Opens the page in a real browser, at an origin of its own, and gives what it saw. */
async function seenIn(path: string, pageOf: (origin: string) => Promise<string>) {
  const told = Promise.withResolvers<string>()
  const shop = createServer((request, response) => {
    if (request.method === 'POST') {
      request.setEncoding('utf8').once('data', told.resolve)
      response.end()
      return
    }
    const { port } = shop.address() as AddressInfo
    pageOf(`http://127.0.0.1:${port}`).then((page) => {
      response.setHeader('content-type', 'text/html').end(page)
    }, told.reject)
  }).listen(0, '127.0.0.1')
  await once(shop, 'listening')
  const { port } = shop.address() as AddressInfo
  const profile = await mkdtemp(join(tmpdir(), 'directotp-browser-'))
  const words = ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-proxy-server']
  const child = spawn(path, [...words, `--user-data-dir=${profile}`, `http://127.0.0.1:${port}/`], {
    stdio: 'ignore',
  })
  const gone = once(child, 'exit').then(([code]) => assert.fail(`the browser ended: ${code}`))
  try {
    return JSON.parse(await Promise.race([told.promise, gone])) as unknown[]
  } finally {
    gone.catch(() => {})
    child.kill('SIGKILL')
    await once(child, 'close')
    shop.closeAllConnections()
    shop.close()
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function orderFor(id: string): Promise<object> {
  const ours = callerOf(server)
  const { body } = await ours.create(id, { 'options.get_client_auth_token': 'true' })
  return {
    order_id: id,
    merchant_id: ours.merchant,
    payment_method_type: 'CARD',
    auth_type: 'OTP',
    format: 'json',
    ...testCard,
    ...(body['juspay'] as object),
  }
}

function pageFor(order: object): string {
  const facts = [server.url, order, rightOtp].map((fact) => JSON.stringify(fact)).join()
  return `<!doctype html><script>(${payInPage})(${facts})</script>`
}

/** A story of a real browser: `npm run test:browser`, where one is installed. */
function inBrowser(name: string, story: (path: string) => Promise<void>): void {
  test(name, async () => {
    assert(browser, 'neither Chromium nor Chrome is installed')
    await story(browser)
  })
}

inBrowser("a page of the merchant's own origin pays without a key", async (path) => {
  const seen = await seenIn(path, async (browser_origins) => {
    await server.db.tx((t) => changeSettings(t, server.merchant, { browser_origins }))
    return pageFor(await orderFor('page-1'))
  })
  assert.deepEqual(seen.slice(0, 6), ['PENDING_VBV', true, 'CHARGED', true, 'CHARGED', true])
  assert.match(String(seen[6]), /Failed to fetch/, 'and creates no order')
  assert.equal((await callerOf(server).status('by-page')).body.status, 'NOT_FOUND')
})

inBrowser('a page of any other origin does not', async (path) => {
  const seen = await seenIn(path, async () => {
    const browser_origins = 'https://shop.example'
    await server.db.tx((t) => changeSettings(t, server.merchant, { browser_origins }))
    return pageFor(await orderFor('page-2'))
  })
  assert.equal(seen.length, 1)
  assert.match(String(seen[0]), /Failed to fetch/)
  assert.equal((await callerOf(server).status('page-2')).body.status, 'NEW')
})
