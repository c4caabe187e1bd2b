import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import * as t from './bank.fixture.ts'
import type { Bank } from './bank.ts'
import { serve } from './serve.ts'

const main = new URL('./main.ts', import.meta.url).pathname

/** A bank whose calls travel over a real socket. */
function remote(url: string): Bank {
  return {
    now: Date.now,
    fetch: async (request) => fetch(request.url.replace('http://shop.test/bank', url), request),
    close: async () => {},
  }
}

async function served(context: TestContext): Promise<Bank> {
  const { url, close } = await serve({
    host: '127.0.0.1',
    port: 0,
    open: (publicUrl) => t.newBank({ publicUrl }),
  })
  context.after(close)
  return remote(url)
}

test('a payment over a socket, pages and errors included', async (context) => {
  const bank = await served(context)
  const { id, redirect_url } = await t.start(bank)
  assert.match(redirect_url ?? '', /^http:\/\/127\.0\.0\.1:\d+\/bank\/acs\/pay_/)
  const page = await fetch(redirect_url ?? '')
  assert.match(page.headers.get('content-type') ?? '', /^text\/html/)
  const form = { method: 'POST', body: 'decision=approve', redirect: 'manual' } as const
  const back = await fetch(redirect_url ?? '', form)
  assert.deepEqual([back.status, back.headers.get('location')], [303, 'http://shop.test/back?x=1'])
  assert.equal((await t.submit(bank, id, '123456')).present_state, 'charged')
  assert.equal((await t.ask(bank, 'POST /payments', 'nonsense')).http, 400)
  assert.equal((await t.ask(bank, 'POST /payments', 'x'.repeat(1_000_000))).http, 413)
})

test('a reset is a broken connection, and the bank lives on', async (context) => {
  const bank = await served(context)
  const { id } = await t.start(bank, { number: t.cardOf('charged_then_reset') })
  await assert.rejects(t.submit(bank, id, await t.newestOtp(bank)), (error: TypeError) => {
    return error.message === 'fetch failed' && (error.cause as { code: string }).code !== undefined
  })
  assert.equal(await t.state(bank), 'charged')
})

test('a time-out is a connection that is never answered', async (context) => {
  const bank = await served(context)
  const { id } = await t.start(bank, { number: t.cardOf('charged_then_timeout') })
  const body = JSON.stringify({ otp: await t.newestOtp(bank), capture: true })
  const leave = new AbortController()
  const url = `http://shop.test/bank/payments/${id}/otp`
  let settled = false
  const call = bank
    .fetch(new Request(url, { method: 'POST', body, signal: leave.signal }))
    .finally(() => {
      settled = true
    })
  const gone = assert.rejects(call, { name: 'AbortError' })
  while ((await t.state(bank)) !== 'charged') await new Promise(setImmediate)
  // Another whole call's time, on a connection of its own, and still no answer.
  await t.state(bank)
  assert.equal(settled, false)
  leave.abort()
  await gone
})

async function exitOf(child: ChildProcess): Promise<number | null> {
  const [code] = await once(child, 'exit')
  return code
}

test('alone: prints its addresses, keeps its book, SIGTERM ends it with 0', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'bank-'))
  context.after(() => rmSync(folder, { recursive: true }))
  const env = { PORT: '0', DATA_DIR: join(folder, 'data'), BANK_SEED: 'alone' }
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  context.after(() => child.kill('SIGKILL'))
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    if (lines.length === 2) break
  }
  const url = /^BANK_URL=(http:\/\/127\.0\.0\.1:\d+\/bank)$/.exec(lines[0] ?? '')?.[1]
  assert.ok(url)
  assert.equal(lines[1], `SMS inbox: ${url}/inbox`)
  const bank = remote(url)
  const { id } = await t.start(bank)
  assert.equal((await t.submit(bank, id, await t.newestOtp(bank))).state, 'charged')
  assert.ok(existsSync(join(folder, 'data', 'bank.db')))
  const exit = exitOf(child)
  child.kill('SIGTERM')
  assert.equal(await exit, 0)
})

test('alone: everything wrong with the environment at once, and exit 2', async () => {
  const env = { PORT: 'x', BANK_BOOK: 'paper' }
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  const exit = exitOf(child)
  const said = (await child.stderr.toArray()).join('')
  assert.match(said, /PORT.*\nBANK_BOOK/)
  assert.equal(await exit, 2)
})
