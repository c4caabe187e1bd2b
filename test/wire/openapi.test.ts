import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { Ajv } from 'ajv'
import { bodyTypes } from '../../src/wire/request.ts'
import { engines } from '../databases.ts'
import { startTestServer, type TestServer } from '../support.ts'
import {
  type OpenApi,
  operationOf,
  routesOf,
  type Schema,
  servedIn,
  validatorOf,
} from './openapi.ts'

const [sqlite] = engines
assert(sqlite)
let server: TestServer
let document: OpenApi

before(async () => {
  server = await startTestServer(sqlite)
  document = (await (await fetch(`${server.url}/openapi.json`)).json()) as OpenApi
})
after(() => server.close())

/** Pages for browsers, callbacks, the document itself, the list of papers, the simulated bank. */
const hidden = /^\/(?:v2\/pay\/|merchant\/pay\/|callbacks\/|bank\/|openapi\.json$|llms\.txt$)/

test('every route in the source is in the document, except the pages', () => {
  const folder = new URL('../../src/', import.meta.url)
  const files = [
    'app.ts',
    'mount-bank.ts',
    ...['api', 'console'].flatMap((room) =>
      readdirSync(new URL(`${room}/`, folder)).map((name) => `${room}/${name}`),
    ),
  ]
  const sources = files
    .filter((name) => !name.endsWith('.test.ts'))
    .map((name) => readFileSync(new URL(name, folder), 'utf8'))
  const found = sources.flatMap((source) => [
    ...source.matchAll(/\b(?:app|scope)\.(get|post|put|patch|delete)\b[^(]*\(\s*'([^']+)'/g),
  ])
  const routes = found
    .map(
      ([, method = '', path = '']) =>
        `${method.toUpperCase()} ${path.replaceAll(/:(\w+)/g, '{$1}')}`,
    )
    .filter((route) => !hidden.test(route.slice(route.indexOf('/'))))
  assert(routes.length > 0)
  const documented = routesOf(document)
  assert.deepEqual(
    routes.filter((route) => !documented.includes(route)),
    [],
  )
})

test('the document is OpenAPI 3.0: paths, parameters, responses, schemas are well formed', () => {
  assert.match(document.openapi, /^3\.0\.\d+$/)
  assert(document.info.title && document.info.version)
  for (const route of routesOf(document)) {
    const [, path = ''] = route.split(' ')
    const { parameters = [], responses, requestBody } = operationOf(document, route)
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    const declared = parameters.filter((parameter) => parameter.in === 'path')
    assert.deepEqual(declared.map(({ name }) => name).sort(), named.sort(), route)
    assert(
      declared.every(({ required }) => required === true),
      `${route}: a path is complete`,
    )
    assert(Object.keys(responses).length > 0, `${route} answers`)
    const contents = Object.entries(responses).flatMap(
      ([status, { description, content = {} }]) => {
        assert.match(status, /^(?:[1-5]\d\d|[1-5]XX)$/)
        assert.equal(typeof description, 'string')
        return Object.values(content)
      },
    )
    const bodies = Object.values(requestBody?.content ?? {})
    const all = [...parameters, ...contents, ...bodies].map(({ schema }) => schema)
    for (const schema of all) isOpenApi30(schema, route)
  }
})

/** The keywords that OpenAPI 3.0 has and the server uses; `type` is one word, and never `null`. */
const keywords = new Set([
  ...['type', 'properties', 'required', 'additionalProperties', 'items', 'anyOf', 'not', 'enum'],
  ...['maxLength', 'nullable', 'description', 'format'],
])

function isOpenApi30(schema: Schema, route: string): void {
  new Ajv({ strict: true }).compile(schema)
  const visit = (part: Schema): void => {
    for (const keyword of Object.keys(part)) assert(keywords.has(keyword), `${route}: ${keyword}`)
    if ('type' in part)
      assert.match(String(part['type']), /^(?:object|string|number|integer|boolean|array)$/)
    const { properties = {}, items, anyOf = [] } = part
    const parts = [
      ...Object.values(properties as object),
      ...(anyOf as Schema[]),
      ...(items ? [items] : []),
    ]
    parts.forEach(visit)
  }
  visit(schema)
}

test('every call with a key may have headers, which no route checks, and no other call', () => {
  for (const route of routesOf(document)) {
    const { security = document.security ?? [], parameters = [] } = operationOf(document, route)
    const shown = parameters.filter((one) => one.in === 'header')
    const wanted = ['version', 'x-merchantid', 'x-routing-id', 'x-request-id']
    const names = shown.map(({ name }) => name)
    assert.deepEqual(names, security.length === 0 ? [] : wanted, route)
    assert(!shown.some(({ required }) => required), `${route} needs no header`)
  }
})

test('what a route asks for is declared: the key, and where a client token will do', async () => {
  assert.deepEqual(Object.keys(document.components.securitySchemes), ['key', 'clientToken'])
  for (const route of routesOf(document)) {
    const { security = document.security ?? [], parameters = [] } = operationOf(document, route)
    const fields = [...Object.keys(propertiesOf(route)), ...parameters.map(({ name }) => name)]
    const [method = '', path = ''] = route.split(' ')
    const { status } = await fetch(server.url + path, { method })
    if (security.length === 0) assert.notEqual(status, 401, `${route} asks for nothing`)
    // Whose it is may be told without a key, and is not told here.
    else if (security.some((way) => Object.keys(way).length === 0)) continue
    else assert.equal(status, 401, `${route} asks for what it says`)
    const byToken = security.some((way) => 'clientToken' in way)
    // The scheme itself tells where in a query it stands.
    const isNamed = fields.includes('client_auth_token')
    if (method === 'POST') assert.equal(isNamed, byToken, `${route} takes a client token`)
    else assert(byToken || !isNamed, `${route} takes no client token`)
  }
})

/** What is said in the path alone. */
const bodiless = /\/(?:void|rotate|enable|disable|check|remove|revoke)$/

test('bodies may be forms and JSON, and dotted names are there', () => {
  const withBody = routesOf(document).filter((route) => operationOf(document, route).requestBody)
  assert.deepEqual(
    servedIn(document).filter((route) => route.startsWith('POST') && !bodiless.test(route)),
    withBody,
  )
  for (const route of withBody) {
    const { requestBody } = operationOf(document, route)
    assert.deepEqual(Object.keys(requestBody?.content ?? {}).sort(), [...bodyTypes].sort())
  }
  const submit = propertiesOf('POST /v2/txns/{id}/authenticate')
  assert('answer.otp' in submit)
})

test('its schemas are those that validate: too long a text is refused by its name', async () => {
  for (const route of routesOf(document)) {
    const [method = '', path = ''] = route.split(' ')
    for (const [name, { maxLength }] of Object.entries(propertiesOf(route))) {
      // A foreign merchant id is refused sooner.
      if (typeof maxLength !== 'number' || /(?:^|\.)merchant_id$/.test(name)) continue
      const body = new URLSearchParams({ [name]: 'x'.repeat(maxLength + 1) })
      const authorization = `Basic ${Buffer.from(`${server.key}:`).toString('base64')}`
      const headers = { authorization }
      const response = await fetch(server.url + path.replaceAll(/[{}]/g, ''), {
        method,
        headers,
        body,
      })
      const refused = (await response.json()) as {
        error_info: { fields: { field_name: string }[] }
      }
      assert.equal(response.status, 400, `${route} ${name}`)
      assert.deepEqual(
        refused.error_info.fields.map((field) => field.field_name),
        [name],
      )
    }
  }
})

test('a key that the document does not name, or one too few, is noticed', () => {
  const validate = validatorOf(document)
  assert.deepEqual(validate('GET /health', 200, { status: 'ok' }), [])
  assert.notDeepEqual(validate('GET /health', 200, { status: 'ok', more: 1 }), [])
  assert.notDeepEqual(validate('GET /health', 200, {}), [])
  assert.notDeepEqual(validate('GET /health', 302, {}), [])
})

function propertiesOf(route: string): Record<string, Schema> {
  const { requestBody } = operationOf(document, route)
  const schema = requestBody?.content['application/json']?.schema
  return (schema?.['properties'] ?? {}) as Record<string, Schema>
}
