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
import { makeSeal } from '../../src/seal.ts'
import { callerOf, rightOtp, testCard } from '../caller.ts'
import { engines } from '../databases.ts'
import { startTestServer, type TestServer, testVariables } from '../support.ts'

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

/** Opens the page in a real browser, at an origin of its own; gives what it posts there. */
async function postedBy(path: string, pageOf: (origin: string) => Promise<string>) {
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
    return await Promise.race([told.promise, gone])
  } finally {
    gone.catch(() => {})
    child.kill('SIGKILL')
    await once(child, 'close')
    shop.closeAllConnections()
    shop.close()
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function seenIn(path: string, pageOf: (origin: string) => Promise<string>) {
  return JSON.parse(await postedBy(path, pageOf)) as unknown[]
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

/** A gateway's page: looks around, and sends what it saw to the bank by its form. */
function gatewaysPage(bank: string): string {
  const look = `
    const see = (what) => { try { return String(what()) } catch (error) { return error.name } }
    document.forms[0].seen.value = [
      see(() => self.origin), see(() => document.cookie), see(() => localStorage.length),
    ].join()
    document.forms[0].submit()`
  return `<!doctype html><body onload="${look.replaceAll('"', '&quot;')}">
<form method="post" action="${bank}/acs"><input type="hidden" name="seen"></form></body>`
}

inBrowser("a gateway's own page reaches the bank, and nothing of ours", async (path) => {
  const ours = callerOf(server)
  await ours.create('page-3')
  const { body } = await ours.start('page-3', { auth_type: 'THREE_DS' })
  const txn = String(body.txn_uuid)
  const posted = await postedBy(path, async (bank) => {
    const master = Buffer.from(String(testVariables({ dataDir: '' })['MASTER_KEY']), 'hex')
    const page = JSON.stringify({ html: gatewaysPage(bank) })
    const sealed = makeSeal(master).close(page, { purpose: 'bank page', owner: txn })
    await server.db.tx(async (t) => {
      t.put('update txns set bank_data = $2 where id = $1', [txn, sealed])
    })
    const start = `${server.url}/v2/pay/start/${server.merchant}/${txn}`
    return `<!doctype html><form method="post" action="${start}"></form>
<script>document.forms[0].submit()</script>`
  })
  const seen = new URLSearchParams(posted).get('seen')
  assert.equal(seen, 'null,SecurityError,SecurityError')
})
