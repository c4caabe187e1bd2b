import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Body, callerOf } from '../caller.ts'
import { engines } from '../databases.ts'
import { opened, type Sealer, sealed, sealerOf } from '../sealer.ts'
import { startTestServer, type TestServer } from '../support.ts'
import { fill, type Values } from '../wire/golden.ts'
import { newerClients } from './newer-clients.ts'
import { olderClients } from './older-clients.ts'
import { keepTable, type Line } from './paper.ts'
import type { Client, Given, Kind, Sent } from './sent.ts'

const clients = [...olderClients, ...newerClients]

let server: TestServer
let sealer: Sealer
const lines: Line[] = []

before(async () => {
  const [sqlite] = engines
  assert(sqlite)
  server = await startTestServer(sqlite)
  sealer = await sealerOf(callerOf(server))
})
after(() => server.close())

for (const [i, client] of clients.entries()) {
  describe(client.name, () => {
    const values: Values = new Map()
    before(() => {
      const named = { order: `other${i}`, merchant: server.merchant }
      for (const [name, value] of Object.entries(named)) values.set(name, value)
      values.set('key_colon', Buffer.from(`${server.key}:`).toString('base64'))
      values.set('key_bare', Buffer.from(server.key).toString('base64'))
    })
    for (const sent of client.calls) {
      test(`${sent.call}: ${sent.method} ${sent.path}`, async () => {
        const { status, body } = await send(client, sent, values)
        assert.equal(status, sent.status, JSON.stringify(body))
        for (const [name, kind] of Object.entries(sent.reads)) {
          assert.equal(kindOf(body, name, kind, values), kind, `${name} of ${JSON.stringify(body)}`)
        }
        learn(body, values)
        const how = sent.as === 'sealed' ? 'encrypted' : sent.fields ? (sent.as ?? client.as) : ''
        const request = `\`${sent.method} ${sent.path}\`${how && `, ${how}`}`
        lines.push([client.name, sent.call, request, `${status} ${wordOf(body)}`.trim()])
      })
    }
  })
}

test('docs/compatibility.md says what was found', () => {
  keepTable('Requests as other clients send them', lines)
})

async function send(client: Client, sent: Sent, values: Values) {
  const as = sent.as ?? client.as
  const headers = new Headers()
  for (const [name, value] of Object.entries({ ...client.headers, ...sent.headers })) {
    if (value === null) headers.delete(name)
    else headers.set(name, fill(value, values))
  }
  if (sent.fields) {
    const type = as === 'form' ? 'x-www-form-urlencoded' : 'json'
    headers.set('content-type', `application/${type}`)
  }
  const body = sent.fields && (await encoded(client, as, filled(sent.fields, values)))
  const response = await fetch(server.url + fill(sent.path, values), {
    method: sent.method,
    headers,
    redirect: 'manual',
    ...(body !== undefined && { body }),
  })
  const answer = (await response.json()) as Body
  const isSealed = as === 'sealed' && response.ok
  return { status: response.status, body: isSealed ? await opened(sealer, answer) : answer }
}

type Fields = NonNullable<Sent['fields']>

function filled(fields: Fields, values: Values): Fields {
  const pairs = Object.entries(fields).map(([name, value]) => {
    return [name, typeof value === 'string' ? fill(value, values) : value]
  })
  return Object.fromEntries(pairs)
}

async function encoded(client: Client, as: string, fields: Fields): Promise<string> {
  if (as === 'json') return JSON.stringify(fields)
  if (as === 'sealed') return JSON.stringify(await sealed(sealer, fields, { alg: 'RSA-OAEP-256' }))
  const [yes, no] = client.flags ?? ['true', 'false']
  const text = (value: Given | object) => (value === true ? yes : value === false ? no : value)
  const pairs = Object.entries(fields).map(([name, value]) => [name, String(text(value))])
  return new URLSearchParams(pairs).toString()
}

/** The kind that was asked for when the value is of it, else what the value is. */
function kindOf(body: Body, name: string, kind: Kind, values: Values): string {
  let value: unknown = body
  for (const part of name.split('.')) value = Object(value)[part]
  if (kind.startsWith('='))
    return String(value) === fill(kind.slice(1), values) ? kind : `=${value}`
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'list'
  if (typeof value === 'string') return 'text'
  if (typeof value === 'boolean') return 'flag'
  if (kind === 'integer' && Number.isInteger(value)) return 'integer'
  return typeof value
}

/** Keeps the ids that later calls of the same client name. */
function learn(body: Body, values: Values): void {
  const token = (body['juspay'] as { client_auth_token?: string } | undefined)?.client_auth_token
  const { challenge_id: challenge } = body.payment?.authentication?.params ?? {}
  const known = { txn: body.txn_uuid, txn_id: body.txn_id, challenge, token }
  for (const [name, value] of Object.entries(known)) if (value) values.set(name, value)
}

function wordOf(body: Body): string {
  const { status, error_code: code } = body
  return [status, code && `\`${code}\``].filter((word) => typeof word === 'string').join(' ')
}
