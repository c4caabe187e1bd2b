import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { callerOf } from './caller.ts'
import { engines } from './databases.ts'
import { startTestServer, type TestServer } from './support.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const tsc = join(root, 'node_modules/typescript/bin/tsc')

const [sqlite] = engines
assert(sqlite)
let server: TestServer
let folder: string
let tarball: string

before(async () => {
  server = await startTestServer(sqlite)
  folder = await mkdtemp(join(tmpdir(), 'directotp-sdk-'))
  await npm(join(root, 'sdk'), 'pack', '--pack-destination', folder)
  const [packed] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'))
  assert(packed)
  tarball = join(folder, packed)
})
after(async () => {
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

/** Runs a program to its end beside the server, which it may call; gives what it wrote. */
async function run(program: string, words: readonly string[], cwd: string): Promise<string> {
  const { PATH } = process.env
  const env = { PATH, HOME: folder, npm_config_cache: join(folder, 'cache') }
  const { stdout } = await promisify(execFile)(program, words, { cwd, env }).catch((error) => {
    throw new Error(`${program} ${words.join(' ')}\n${error.stdout}\n${error.stderr}`)
  })
  return stdout
}

/** The npm of the machine, without the network and what it would say. */
function npm(cwd: string, ...words: readonly string[]): Promise<string> {
  const quiet = ['--offline', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error']
  return run('npm', [...words, ...quiet], cwd)
}

/** A project of somebody who installs the package. */
async function project(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const path = join(folder, name)
  await mkdir(path)
  for (const [file, text] of Object.entries(files)) await writeFile(join(path, file), text)
  await npm(path, 'install', tarball)
  return path
}

const strict = { strict: true, skipLibCheck: false, exactOptionalPropertyTypes: true }

/** A whole payment, and a webhook and a return that are tried. */
const payment = `
import { directotp, DirectOtpError, nextStep } from '@directotp/sdk'
import { verifyReturn } from '@directotp/sdk/return'
import { signWebhook } from '@directotp/sdk/testing'
import { verifyWebhook } from '@directotp/sdk/webhook'

export async function pay(at: { baseUrl: string; merchantId: string; apiKey: string }, id: string) {
  const otp = directotp(at)
  const order = await otp.createOrder({ order_id: id, amount: '100.00' })
  const started = await otp.startPayment({
    order_id: id,
    auth_type: 'OTP',
    card_number: '4242424242424242',
    card_exp_month: '12',
    card_exp_year: '30',
    card_security_code: '123',
  })
  const next = nextStep(started)
  if (next.kind !== 'otp') throw new Error(next.kind)
  const { status } = await otp.submitOtp({ ...next.params, otp: '123456' })
  const refused = await otp.updateOrder('nobody', { udf1: 'x' }).catch((error: unknown) => error)
  if (!(refused instanceof DirectOtpError)) throw new Error('an unknown order was updated')
  const secret = 'whsec_' + 'A'.repeat(44)
  const charged = { event_name: 'ORDER_SUCCEEDED', content: { order } } as const
  const { headers, body } = signWebhook(charged, secret)
  const webhook = verifyWebhook(headers, body, secret)
  const returned = verifyReturn(new URL('https://shop.example/?status=CHARGED'), 'a key')
  const told = webhook && 'order' in webhook.content ? webhook.content.order : undefined
  return [status, refused.code, told?.order_id, returned]
}
`

const runner = `
const [, , baseUrl, merchantId, apiKey, id] = process.argv
const { pay } = await import('./pay.js')
console.log(JSON.stringify(await pay({ baseUrl, merchantId, apiKey }, id)))
`

/** Code for a customer's browser. */
const page = `
import { directotp, type BrowserDirectOtp } from '@directotp/sdk'

export function client(baseUrl: string, merchantId: string, clientAuthToken: string) {
  const otp: BrowserDirectOtp = directotp({ baseUrl, merchantId, clientAuthToken })
  // @ts-expect-error No token is good for this.
  otp.refundOrder
  return otp
}
`

const compilers = {
  nodenext: {
    ...{ ...strict, module: 'nodenext', moduleResolution: 'nodenext', target: 'es2022' },
    ...{ lib: ['es2022'], types: ['node'], typeRoots: [join(root, 'node_modules/@types')] },
  },
  bundler: {
    ...{ ...strict, module: 'esnext', moduleResolution: 'bundler', target: 'es2022' },
    ...{ lib: ['es2022', 'dom', 'dom.iterable'], types: [] },
  },
}

for (const [resolution, compilerOptions] of Object.entries(compilers)) {
  test(`a TypeScript project with the resolution ${resolution} compiles it and pays`, async () => {
    const path = await project(resolution, {
      'package.json': JSON.stringify({ name: 'shop', type: 'module', private: true }),
      'tsconfig.json': JSON.stringify({ compilerOptions, files: ['pay.ts', 'page.ts'] }),
      'pay.ts': payment,
      'page.ts': page,
      'run.js': runner,
    })
    await run(process.execPath, [tsc, '-p', '.'], path)
    const words = ['run.js', server.url, server.merchant, server.key, `esm-${resolution}`]
    const said = await run(process.execPath, words, path)
    assert.deepEqual(JSON.parse(said), ['CHARGED', 'invalid', `esm-${resolution}`, null])
    const { body } = await callerOf(server).status(`esm-${resolution}`)
    assert.equal(body.status, 'CHARGED')
  })
}

test('a CommonJS project requires it, or imports it, and pays', async () => {
  const path = await project('cjs', {
    'package.json': JSON.stringify({ name: 'shop', private: true }),
    'run.js': `
      const { directotp, nextStep } = require('@directotp/sdk')
      const [, , baseUrl, merchantId, apiKey, id] = process.argv
      async function main() {
        const imported = await import('@directotp/sdk')
        const { signWebhook } = require('@directotp/sdk/testing')
        const { verifyWebhook } = await import('@directotp/sdk/webhook')
        const otp = directotp({ baseUrl, merchantId, apiKey })
        const order = await otp.createOrder({ order_id: id, amount: '100.00' })
        const started = await otp.startPayment({ order_id: id, auth_type: 'OTP',
          card_number: '4242424242424242', card_exp_month: '12', card_exp_year: '30',
          card_security_code: '123' })
        const { params } = nextStep(started)
        const { status } = await imported.directotp({ baseUrl, merchantId, apiKey })
          .submitOtp({ ...params, otp: '123456' })
        const secret = 'whsec_' + 'A'.repeat(44)
        const signed = signWebhook({ event_name: 'ORDER_SUCCEEDED', content: { order } }, secret)
        const webhook = verifyWebhook(signed.headers, signed.body, secret)
        console.log(JSON.stringify([status, webhook.content.order.order_id]))
      }
      main()`,
  })
  const words = ['run.js', server.url, server.merchant, server.key, 'cjs-1']
  const said = await run(process.execPath, words, path)
  assert.deepEqual(JSON.parse(said), ['CHARGED', 'cjs-1'])
})

test('the package needs no other, and a browser that loads it meets nothing of Node', async () => {
  const path = await project('bare', {
    'package.json': JSON.stringify({ name: 'shop', private: true }),
  })
  const installed = join(path, 'node_modules/@directotp/sdk')
  assert.deepEqual(await readdir(join(path, 'node_modules/@directotp')), ['sdk'])
  const top = (await readdir(installed)).sort()
  assert.deepEqual(top, ['LICENSE', 'README.md', 'dist', 'package.json'])
  const dist = await readdir(join(installed, 'dist'))
  assert(
    dist.every((name) => /^[\w-]+(\.d)?\.[jt]s$/.test(name) && !name.includes('.test.')),
    dist.join(),
  )
  const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'))
  for (const { types, default: code } of Object.values<Record<string, string>>(manifest.exports)) {
    for (const file of [types, code]) assert(file && dist.includes(file.replace('./dist/', '')))
  }
  assert.equal(manifest.dependencies, undefined)
  const reached = new Set(['directotp.js'])
  for (const file of reached) {
    const text = await readFile(join(installed, 'dist', file), 'utf8')
    for (const [, from = ''] of text.matchAll(/from '([^']+)'/g)) {
      assert.match(from, /^\.\/[\w-]+\.js$/, `${file} imports ${from}`)
      reached.add(from.slice('./'.length))
    }
    assert.doesNotMatch(text, /\b(?:process|Buffer|require)\b/, file)
  }
  assert(reached.size > 5)
})
