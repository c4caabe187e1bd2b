import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { type RefusalName, type RefusalRow, refusals } from '../../src/refusal.ts'
import { engines } from '../databases.ts'
import { startTestServer, type TestServer } from '../support.ts'
import type { Golden } from './golden.ts'
import { type OpenApi, routeOf, servedIn, type Validate, validatorOf } from './openapi.ts'
import { addOtherMerchant, type Heard, play } from './play.ts'

const folder = new URL('.', import.meta.url)
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .sort()
const goldens = files.map((file) => {
  const golden: Golden = JSON.parse(readFileSync(new URL(file, folder), 'utf8'))
  return { file, golden }
})

/** Refusals that no conversation can bring about, and why. */
const unreachable: Partial<Record<RefusalName, string>> = {
  internal_error: 'a mistake of ours',
  unavailable: 'a database that takes no writes, or a server that is closing',
  account_locked_out: 'a gateway that refuses its credentials: src/console/accounts.test.ts',
  resend_failed: 'a gateway that goes away after the start: gateway-gone.test.ts',
  capture_fixed: 'a gateway that is told at the start: src/payments/capture.test.ts',
  capture_unsupported: 'a gateway that captures nothing: src/payments/capture.test.ts',
  partial_capture_unsupported: 'a gateway that captures no part: src/payments/capture.test.ts',
  void_unsupported: 'a gateway that voids nothing: src/payments/void-payment.test.ts',
}

/** Every envelope is another, so encrypted calls are met by test/journeys/sealed-calls.test.ts. */
const sealed = /^(?:GET|POST) \/v4\//

for (const engine of engines) {
  describe(`the documented conversations on ${engine.name}`, () => {
    let server: TestServer
    let document: OpenApi
    let validate: Validate
    const met = new Set<string>()
    const answered = new Set<string>()

    before(async () => {
      server = await startTestServer(engine)
      await addOtherMerchant(server)
      document = await documentOf(server)
      validate = validatorOf(document)
    })
    after(() => server.close())

    for (const [i, { file, golden }] of goldens.entries()) {
      test(`${file}: ${golden.name}`, async () => {
        const own = golden.server && (await startTestServer(engine, golden.server))
        try {
          // Three characters, so that the files can count the length of an order id.
          const order = `g${i.toString(36).padStart(2, '0')}`
          await play(own ?? server, golden, { order, heard: (answer) => look(answer) })
        } finally {
          await own?.close()
        }
      })
    }

    function look(answer: Heard): void {
      const { method, path, status, body } = answer
      if (path.startsWith('/bank/')) return
      const route = routeOf(document, method, path)
      if (route && status < 400) answered.add(route)
      if (!isJson(answer)) return
      // What is nowhere is refused in the form of all refusals.
      const known = route ?? 'POST /txns'
      assert.deepEqual(validate(known, status, body), [])
      if (status >= 400) met.add(wordsOf(body as Refused))
    }

    test('they meet every refusal that a caller can reach, and every route', () => {
      for (const [name, row] of Object.entries(refusals)) {
        const { code, message, info, infoOnly }: RefusalRow = row
        const said = code !== '' && { error_code: code, error_message: message }
        const words = infoOnly
          ? wordsOf({ error_info: { code: info, developer_message: message } })
          : wordsOf({ status: row.status, ...said })
        const isMet = [...met].some((one) => matches(one, words))
        assert.equal(isMet, !(name in unreachable), `${name} is met`)
      }
      const written = servedIn(document).filter((route) => !sealed.test(route))
      assert.deepEqual([...answered].sort(), written.sort())
    })
  })
}

interface Refused {
  /** Absent where all is said in `error_info`. */
  readonly status?: string
  readonly error_code?: string
  readonly error_message?: string
  readonly error_info?: { readonly code: string; readonly developer_message: string }
}

function wordsOf(refused: Refused): string {
  const { status, error_code: code, error_message: message, error_info: info } = refused
  if (status === undefined) return JSON.stringify([info?.code, info?.developer_message])
  return JSON.stringify([status, code, message])
}

/** Whether words are those of a row, whose `{}` stands for anything. */
function matches(words: string, row: string): boolean {
  const [start = '', end = ''] = row.split('{}')
  if (!row.includes('{}')) return words === row
  return words.length >= row.length && words.startsWith(start) && words.endsWith(end)
}

function isJson({ headers }: Heard): boolean {
  return headers.get('content-type')?.startsWith('application/json') ?? false
}

async function documentOf(server: TestServer): Promise<OpenApi> {
  const response = await fetch(`${server.url}/openapi.json`)
  return (await response.json()) as OpenApi
}
