import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { settingNames } from '../../src/merchants/merchant.ts'
import { paise } from '../../src/money.ts'
import { aTxn } from '../../src/payments/txn.fixture.ts'
import { type RefusalName, type RefusalRow, refusals } from '../../src/refusal.ts'
import { orderStatus } from '../../src/wire/order-view.ts'
import { responseMessage, statusId } from '../../src/wire/status.ts'
import { engines } from '../databases.ts'
import { startTestServer, type TestServer } from '../support.ts'
import type { Golden } from './golden.ts'
import { type OpenApi, routesOf, servedIn } from './openapi.ts'

const page = readFileSync(new URL('../../docs/wire.md', import.meta.url), 'utf8')

/** The cells of the first table below a heading, without its own headings; marks taken off. */
function tableUnder(heading: string): string[][] {
  const [, section = ''] = page.split(`\n## ${heading}\n`)
  const [, rows = ''] = /\n\|(?:-+\|)+\n((?:\|.*\n)+)/.exec(section) ?? []
  return rows
    .trim()
    .split('\n')
    .map((row) =>
      row
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim().replaceAll('`', '')),
    )
}

const headings = [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading)

const [sqlite] = engines
assert(sqlite)
let server: TestServer

before(async () => {
  server = await startTestServer(sqlite)
})
after(() => server.close())

test('docs/wire.md lists every refusal by its words, and no other', () => {
  const documented = tableUnder('Refusals').map((cells) => cells.slice(0, 6))
  const ours = Object.entries(refusals).map(([name, row]) => {
    const { http, status, code, message, info } = row
    return [name, String(http), status, code, message, 'bare' in row ? '' : info]
  })
  assert.deepEqual(documented.sort(), ours.sort())
  for (const [name = '', , , , , , when] of tableUnder('Refusals')) {
    assert(when, `${name} says when it happens`)
    const { statusId }: RefusalRow = refusals[name as RefusalName]
    if (statusId !== undefined) assert(when.includes(`status_id ${JSON.stringify(statusId)}`), name)
  }
})

test('docs/wire.md has a heading for every route that serves, a row for the others', async () => {
  const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as OpenApi
  const documented = headings.filter((heading) => /^[A-Z]+ \//.test(heading))
  const served = servedIn(document)
  assert.deepEqual(documented.sort(), served.toSorted())
  const table = tableUnder('What clients call')
  const refusing = table.filter(([, here]) => here === 'refused').map(([calls]) => calls ?? '')
  const named = refusing.flatMap((calls) =>
    calls.split(', ').flatMap((call) => {
      const [methods = '', path = ''] = call.split(' /')
      return methods.split(' and ').map((method) => `${method} /${path}`)
    }),
  )
  assert.deepEqual(
    named.sort(),
    routesOf(document)
      .filter((route) => !served.includes(route))
      .sort(),
  )
})

test('docs/wire.md lists every status with its number, and no other', () => {
  const documented = tableUnder('Statuses').map(([status, id]) => `${status} ${id}`)
  const fresh = (['CREATED', 'NEW'] as const).map((status) => orderStatus({}, { fresh: status }))
  const partly = orderStatus({ txn: aTxn({ status: 'CHARGED', captured: paise(1) }) })
  const ours = [
    ...Object.entries(statusId).map(([status, id]) => `${status} ${id}`),
    ...[...fresh, partly].map(({ status, status_id: id }) => `${status} ${id}`),
    'NOT_FOUND 40',
  ]
  assert.deepEqual(documented.sort(), ours.sort())
})

test('docs/wire.md lists every response code with its words, and no other', () => {
  const documented = tableUnder('Response codes').map(([code, message]) => [code, message])
  assert.deepEqual(documented.sort(), Object.entries(responseMessage).sort())
})

test('docs/wire.md lists every setting of a merchant, and no other', () => {
  const documented = tableUnder('Merchant settings').map(([name]) => name)
  assert.deepEqual(documented.sort(), [...settingNames].sort())
})

test('docs/wire.md and the conversations lead only to headings that are there', () => {
  const anchors = headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^a-z0-9 _-]/g, '')
      .replaceAll(' ', '-'),
  )
  for (const [, anchor = ''] of page.matchAll(/\]\(#([^)]*)\)/g)) {
    assert(anchors.includes(anchor), `docs/wire.md leads to #${anchor}`)
  }
  const folder = new URL('.', import.meta.url)
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    const { from }: Golden = JSON.parse(readFileSync(new URL(file, folder), 'utf8'))
    const [, heading] = /^docs\/wire\.md, (.*)$/.exec(from) ?? []
    if (heading) assert(headings.includes(heading), `${file} comes from "${heading}"`)
  }
})
