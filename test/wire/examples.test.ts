import assert from 'node:assert/strict'
import { test } from 'node:test'
import { examples } from '../../src/wire/examples.ts'
import { engines } from '../databases.ts'
import { startTestServer } from '../support.ts'
import { type OpenApi, operationOf, routesOf, servedIn, validatorOf } from './openapi.ts'
import { type BodyForm, examplesIn, learn, trierOf, unlike } from './try-example.ts'

const [sqlite] = engines
assert(sqlite)

async function documentAt(url: string): Promise<OpenApi> {
  return (await (await fetch(`${url}/openapi.json`)).json()) as OpenApi
}

for (const form of ['json', 'form'] satisfies BodyForm[]) {
  test(`every example of the document does what it says, its bodies as ${form}`, async (t) => {
    const server = await startTestServer(sqlite)
    t.after(() => server.close())
    const document = await documentAt(server.url)
    const validate = validatorOf(document)
    const found = examplesIn(document)
    assert.deepEqual([...found.keys()].sort(), examples.map(({ name }) => name).sort())
    const { meanings, attempt } = trierOf(server, form)
    for (const { name } of examples) {
      const example = found.get(name)
      assert(example)
      const { status, body, says } = await attempt(example)
      assert.equal(status, example.status, `${name}: ${JSON.stringify(body)}`)
      if (typeof body !== 'string') {
        assert.deepEqual(validate(example.route, status, body), [], name)
        assert.deepEqual(validate(example.route, status, example.answer), [], name)
      }
      assert.deepEqual(unlike(example.answer, body), [], name)
      assert.deepEqual(unlike(example.says, says), [], name)
      learn(meanings, example.answer, body)
      learn(meanings, example.says, says)
    }
  })
}

test('every operation has a name of its own, a group, a summary and examples', async (t) => {
  const server = await startTestServer(sqlite)
  t.after(() => server.close())
  const document = await documentAt(server.url)
  const shown = [...examplesIn(document).values()]
  const served = servedIn(document)
  const names = routesOf(document).map((route) => {
    const { operationId, summary, tags, requestBody } = operationOf(document, route)
    assert(operationId && summary && tags?.length === 1, route)
    const own = shown.filter((example) => example.route === route)
    assert(own.length > 0 || !served.includes(route), `${route} has an example`)
    assert(
      own.every(({ body }) => !requestBody === !body),
      `${route}: examples with bodies`,
    )
    return operationId
  })
  assert.equal(new Set(names).size, names.length)
})

test('requests say only what the document names', async (t) => {
  const server = await startTestServer(sqlite)
  t.after(() => server.close())
  const document = await documentAt(server.url)
  for (const { name, route, body = {}, claims } of examplesIn(document).values()) {
    const { requestBody } = operationOf(document, route)
    const schema = requestBody?.content['application/json']?.schema
    const names = Object.keys(schema?.['properties'] ?? {})
    const unknown = Object.keys(body).filter(
      (field) => !names.includes(field) && !/(?:^|\.)metadata\./.test(field),
    )
    if (!claims) assert.deepEqual(unknown, [], name)
  }
})

test('an answer that lost a key, got one or says another status is not like its example', () => {
  const example = { status: 'NEW', list: [{ id: 'x' }], udf1: '' }
  assert.deepEqual(unlike(example, { status: 'NEW', list: [{ id: 'y' }, {}], udf1: 'z' }), [])
  assert.deepEqual(unlike(example, { status: 'NEW', list: [{ id: 'y' }] }), ['.udf1 is missing'])
  assert.deepEqual(unlike(example, { ...example, more: 1 }), ['.more is not in the example'])
  assert.deepEqual(unlike(example, { ...example, status: 'OLD' }), ['.status is OLD, not NEW'])
  assert.deepEqual(unlike(example, { ...example, list: [] }), ['.list is empty'])
  assert.deepEqual(unlike(example, { ...example, list: [{}] }), ['.list[0].id is missing'])
})
