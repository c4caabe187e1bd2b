import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Body, callerOf } from '../caller.ts'
import { engines } from '../databases.ts'
import { opened, type Sealer, sealed, sealerOf } from '../sealer.ts'
import { startTestServer, type TestServer } from '../support.ts'
import { fill, fillAll, type Json, type Values } from '../wire/golden.ts'
import { walkToShop } from './customer.ts'
import { newerClients } from './newer-clients.ts'
import { olderClients } from './older-clients.ts'
import { keepTable, type Line } from './paper.ts'
import { type Kind, type KindName, orderStatuses, refundStatuses } from './reads.ts'
import type { Client, Fields, Sent, Visit } from './sent.ts'

const clients = [...olderClients, ...newerClients]

let server: TestServer
let sealer: Sealer
const lines: Line[] = []

before(async () => {
  const [sqlite] = engines
  assert(sqlite)
  server = await startTestServer(sqlite)
  sealer = await sealerOf(callerOf(server))
  // A client's example names its gateway account by a label, which an account then has to have.
  const named = await fetch(`${server.url}/console/accounts/simulator`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${server.key}:`).toString('base64')}` },
    body: new URLSearchParams({ gateway_reference_id: 'x' }),
  })
  assert.equal(named.status, 200)
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
    for (const call of client.calls) {
      test(call.call, async () => {
        const told = 'visits' in call ? visit(call, values) : make(client, call, values)
        lines.push([client.name, call.call, ...(await told)])
      })
    }
  })
}

test('docs/compatibility.md says what was found', () => {
  keepTable('Requests as other clients send them', lines)
})

/** Makes a call and looks at all that the client reads; the request and the answer in words. */
async function make(client: Client, sent: Sent, values: Values): Promise<[string, string]> {
  const { status, body } = await send(client, sent, values)
  const text = JSON.stringify(body)
  assert.equal(status, sent.status, text)
  for (const [name, kind] of Object.entries(sent.reads)) {
    assert(isOf(kind, valueAt(body, name), values), `${name} is ${kind}: ${text}`)
  }
  learn(body, values)
  const how = sent.as === 'sealed' ? 'encrypted' : sent.fields ? (sent.as ?? client.as) : ''
  const request = `\`${sent.method} ${sent.path}\`${how && `, ${how}`}`
  return [request, `${status} ${wordOf(body)}`.trim()]
}

/** Goes the customer's way back to the shop; gives its beginning and its end in words. */
async function visit({ visits, told }: Visit, values: Values): Promise<[string, string]> {
  const page = values.get(visits)
  assert(page, `there is a ${visits}`)
  const back = await walkToShop(page)
  const { status, signature_algorithm: algorithm } = Object.fromEntries(back.searchParams)
  assert.deepEqual([status, algorithm], [told, 'HMAC-SHA256'])
  const beginning = visits === 'payment page' ? 'payment_links.web' : 'payment.authentication.url'
  return [`\`${beginning}\`, form by form`, `back at the shop: ${status}`]
}

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
  const body = sent.fields && (await encoded(client, as, fillAll(sent.fields, values) as Fields))
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

async function encoded(client: Client, as: string, fields: Fields): Promise<string> {
  if (as === 'json') return JSON.stringify(fields)
  if (as === 'sealed') return JSON.stringify(await sealed(sealer, fields, { alg: 'RSA-OAEP-256' }))
  const [yes, no] = client.flags ?? ['true', 'false']
  const text = (value: Json) => String(value === true ? yes : value === false ? no : value)
  const pairs = Object.entries(fields).map(([name, value]) => [name, text(value)])
  return new URLSearchParams(pairs).toString()
}

function valueAt(body: Body, name: string): unknown {
  let value: unknown = body
  for (const part of name.split('.')) value = Object(value)[part]
  return value
}

function isOf(kind: Kind, value: unknown, values: Values): boolean {
  if (typeof kind !== 'string') return value === kind
  if (kind.startsWith('=')) return value === fill(kind.slice(1), values)
  return kinds[kind as KindName](value)
}

const kinds: Readonly<Record<KindName, (value: unknown) => boolean>> = {
  text: (value) => typeof value === 'string',
  'text or none': (value) => typeof (value ?? '') === 'string',
  status: (value) => orderStatuses.has(String(value)),
  'refund status': (value) => refundStatuses.has(String(value)),
  number: (value) => typeof value === 'number',
  integer: (value) => Number.isInteger(value),
  flag: (value) => typeof value === 'boolean',
  list: (value) => Array.isArray(value),
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
}

/** Keeps the ids that later calls of the same client name. */
function learn(body: Body, values: Values): void {
  const { authentication } = body.payment ?? {}
  const known = {
    txn: body.txn_uuid,
    txn_id: body.txn_id,
    challenge: authentication?.params?.challenge_id,
    token: valueAt(body, 'juspay.client_auth_token'),
    card: body['card_token'],
    'payment page': valueAt(body, 'payment_links.web'),
    'bank page': valueAt(body, 'payment.authentication.url'),
  }
  for (const [name, value] of Object.entries(known)) {
    if (typeof value === 'string') values.set(name, value)
  }
}

function wordOf(body: Body): string {
  const { status, error_code: code } = body
  return [status, code && `\`${code}\``].filter((word) => typeof word === 'string').join(' ')
}
