import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Refusal } from '../refusal.ts'
import {
  type Fields,
  listsIn,
  readForm,
  readJson,
  readQuery,
  refuseLists,
  truth,
} from './request.ts'

const bytes = (text: string) => Buffer.from(text, 'utf8')
const form = (text: string) => readForm(bytes(text))
const json = (text: string) => readJson(bytes(text))
const plain = (fields: Fields) => ({ ...fields })

function reasonOf(read: () => unknown): string | undefined {
  try {
    read()
    return undefined
  } catch (error) {
    assert(error instanceof Refusal, String(error))
    assert.equal(error.reason, 'malformed_body')
    return error.detail.subject
  }
}

test('an empty body or query has no fields', () => {
  assert.deepEqual(plain(form('')), {})
  assert.deepEqual(plain(json('')), {})
  assert.deepEqual(plain(readQuery('')), {})
})

test('a form is read as it is written, spaces in both ways', () => {
  assert.deepEqual(plain(form('order_id=a%2Fb&name=A+B%20C&udf1=&answer.otp=012345&x[y]=1')), {
    order_id: 'a/b',
    name: 'A B C',
    udf1: '',
    'answer.otp': '012345',
    'x[y]': '1',
  })
  assert.deepEqual(plain(form('name=%E0%A4%85')), { name: 'अ' })
  assert.deepEqual(plain(form('name=अ')), { name: 'अ' })
})

test('a query is read like a form', () => {
  assert.deepEqual(plain(readQuery('a.b=1&c=%E0%A4%85+x')), { 'a.b': '1', c: 'अ x' })
})

test('forms that two parsers could read differently are refused', () => {
  const forms: Record<string, string> = {
    'a=1&a=2': 'a key appears twice',
    'a=1&%61=1': 'a key appears twice',
    'a=%ff': 'a percent escape is not UTF-8',
    'a=%c3%28': 'a percent escape is not UTF-8',
    'a=%ed%a0%80': 'a percent escape is not UTF-8',
    'a=%zz': 'a percent escape is not UTF-8',
    'a=1%': 'a percent escape is not UTF-8',
    'a=%00': 'it has a character that is not allowed',
    'a%00b=1': 'it has a character that is not allowed',
    'a=\0': 'it has a character that is not allowed',
  }
  for (const [text, reason] of Object.entries(forms)) {
    assert.equal(
      reasonOf(() => form(text)),
      reason,
      text,
    )
  }
  assert.equal(
    reasonOf(() => readForm(Buffer.from('a=\xff', 'latin1'))),
    'it is not UTF-8',
  )
  assert.equal(
    reasonOf(() => readQuery('a=\xe9')),
    'the query is not ASCII',
  )
  assert.equal(
    reasonOf(() => readQuery('a=1&a=1')),
    'a key appears twice',
  )
})

test('names of the prototype are refused wherever and however they are written', () => {
  const names = ['__proto__', 'constructor', 'prototype']
  for (const name of names) {
    const escaped = [...name].map((c) => `%${c.charCodeAt(0).toString(16)}`).join('')
    const unicode = [...name].map((c) => `\\u00${c.charCodeAt(0).toString(16)}`).join('')
    const reads = [
      ...[name, escaped, `a.${name}`, `${name}.a`, `a[${name}]`, `${name}[a]`].map(
        (key) => () => form(`${key}=1`),
      ),
      () => readQuery(`${escaped}=1`),
      ...[name, unicode, `a.${name}`].map((key) => () => json(`{"${key}":"1"}`)),
      () => json(`{"${name}":{"x":"1"}}`),
      () => json(`{"${name}":null}`),
      () => json(`{"a":{"b":{"${unicode}":1}}}`),
      () => json(`{"metadata.a":[{"${name}":1}]}`),
    ]
    for (const read of reads) assert.equal(reasonOf(read), 'a key is not allowed', String(read))
  }
  assert.equal(form('metadata.prototype_id=1')['metadata.prototype_id'], '1')
  assert.equal(({} as Record<string, unknown>)['x'], undefined)
})

test('nothing is inherited: a field nobody sent is absent', () => {
  for (const fields of [form('a=1'), json('{"a":"1"}'), readQuery('')]) {
    assert.equal(fields['constructor'], undefined)
    assert.equal(fields['toString'], undefined)
  }
})

test('JSON is flattened, and numbers keep their digits', () => {
  const text = `{"order_id":"a","amount":10.005,"b":1e3,"c":-0.10,"d":12345678901234567890,
    "yes":true,"no":false,"none":null,"answer":{"otp":"012"},"options":{"a":{"b":1}},
    "metadata":{"list":[1.0,"x",{"y":1e2}]},"empty":{}}`
  assert.deepEqual(plain(json(text)), {
    order_id: 'a',
    amount: '10.005',
    b: '1e3',
    c: '-0.10',
    d: '12345678901234567890',
    yes: 'true',
    no: 'false',
    'answer.otp': '012',
    'options.a.b': '1',
    'metadata.list': '[1.0,"x",{"y":1e2}]',
  })
  assert.deepEqual(plain(json('{"metadata.list":["a"],"rawJSON":"1","o":{"rawJSON":"2"}}')), {
    'metadata.list': '["a"]',
    rawJSON: '1',
    'o.rawJSON': '2',
  })
})

test('JSON that two parsers could read differently is refused', () => {
  const twice = 'a key appears twice'
  const character = 'it has a character that is not allowed'
  const texts: Record<string, string> = {
    '{"a":"1","a":"1"}': twice,
    '{"a":"1","a":"2"}': twice,
    '{"a":"1","\\u0061":"1"}': twice,
    '{"a":1,"a":1}': twice,
    '{"a":{},"a":{}}': twice,
    '{"a":null,"a":"1"}': twice,
    '{"x":{"a":"1","a":"1"}}': twice,
    '{"metadata.x":[{"a":1,"a":1}]}': twice,
    '{"answer":{"otp":"1"},"answer.otp":"1"}': twice,
    '{"a":"\\u0000"}': character,
    '{"a":"\\ud800"}': character,
    '{"\\udc00":"1"}': character,
    '{"metadata.x":["\\ud800"]}': character,
    '{"answer":{"otp":123456}}': 'answer.otp must be a string',
    '{"card_security_code":12}': 'card_security_code must be a string',
    '[]': 'it is not a JSON object',
    '1': 'it is not a JSON object',
    '"a:{"': 'it is not a JSON object',
    null: 'it is not a JSON object',
  }
  for (const [text, reason] of Object.entries(texts)) {
    assert.equal(
      reasonOf(() => json(text)),
      reason,
      text,
    )
  }
  for (const text of [
    '{',
    '{"a":01}',
    '{"a":1,}',
    "{'a':1}",
    '{a:1}',
    '{"a":1}x',
    ' ',
    '{"a":"\\',
  ]) {
    assert.equal(
      reasonOf(() => json(text)),
      'it is not JSON',
      text,
    )
  }
  assert.equal(
    reasonOf(() => json('\ufeff{"a":"1"}')),
    'it is not JSON',
  )
  assert.equal(
    reasonOf(() => readJson(Buffer.from('{"a":"\xff"}', 'latin1'))),
    'it is not UTF-8',
  )
})

test('a list is no field, except below metadata, and is kept beside them', () => {
  const fields = json(
    '{"a":["1"],"b":{"c":[{"d":"2"}],"e":"3"},"metadata":{"f":[]},"order.metadata.g":["4"]}',
  )
  assert.deepEqual(plain(fields), { 'b.e': '3', 'metadata.f': '[]', 'order.metadata.g': '["4"]' })
  assert.deepEqual([...listsIn(fields).keys()], ['a', 'b.c'])
  assert.deepEqual(listsIn(fields).get('a'), ['1'])
  assert.equal(listsIn(json('{"a":"1"}')).size, 0)
})

test('a list under the name of a text is refused, and no other', () => {
  const schema = { properties: { a: { type: 'string' }, 'b.c': { type: 'string' }, d: {} } }
  for (const text of ['{"a":[]}', '{"b":{"c":["1"]}}', '{"b.c":["1"]}', '{"x":[],"a":["1"]}']) {
    const refused = reasonOf(() => refuseLists(json(text), schema))
    assert.equal(refused, 'a list stands where a text belongs', text)
  }
  for (const text of ['{"d":[]}', '{"b":[]}', '{"c":["1"]}', '{"toString":["1"]}', '{"a":"1"}']) {
    refuseLists(json(text), schema)
  }
  refuseLists(json('{"a":[]}'), undefined)
})

test('nesting and the number of fields have limits', () => {
  const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
  assert.equal(
    reasonOf(() => json(nested(8))),
    undefined,
  )
  assert.equal(
    reasonOf(() => json(nested(9))),
    'it is nested too deeply',
  )
  assert.equal(
    reasonOf(() => json('['.repeat(65_536))),
    'it is nested too deeply',
  )
  assert.equal(
    reasonOf(() => json('{"a":"[[[[[[[[[[[["}')),
    undefined,
  )
  const many = (count: number) => Array.from({ length: count }, (_, i) => [`k${i}`, '1'])
  const formOf = (count: number) => new URLSearchParams(many(count)).toString()
  const jsonOf = (count: number) => JSON.stringify(Object.fromEntries(many(count)))
  for (const [read, text] of [[form, formOf] as const, [json, jsonOf] as const]) {
    assert.equal(
      reasonOf(() => read(text(256))),
      undefined,
    )
    assert.equal(
      reasonOf(() => read(text(257))),
      'it has too many fields',
    )
  }
})

test('a refusal never quotes what was sent', () => {
  const canary = '4111111111111111'
  const reads = [
    () => form(`${canary}=${canary}&${canary}=1`),
    () => form(`card_number=${canary}%`),
    () => json(`{"card_number":${canary}0x}`),
    () => json(`{"card_number":"${canary}`),
    () => json(`{"${canary}":"1","${canary}":"${canary}"}`),
    () => json(`{"answer":{"otp":${canary}}}`),
  ]
  for (const read of reads) assert.doesNotMatch(reasonOf(read) ?? canary, /4111/)
})

test('truth knows the spellings of clients and no others', () => {
  for (const text of ['true', 'True', 'TRUE', '1']) assert.equal(truth(text), true)
  for (const text of ['false', 'False', 'FALSE', '0']) assert.equal(truth(text), false)
  for (const text of ['', 'yes', ' true', 'tRUE', '01', undefined])
    assert.equal(truth(text), undefined)
})

const word = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0'))
const forbidden = /__proto__|constructor|prototype/
const record = fc.dictionary(
  word.filter((key) => !forbidden.test(key)),
  word,
  { noNullPrototype: false },
)

test('any record of texts survives a form, a query and JSON', () => {
  fc.assert(
    fc.property(record, (sent) => {
      const want = { ...sent }
      const encoded = new URLSearchParams(Object.entries(sent)).toString()
      assert.deepEqual(plain(form(encoded)), want)
      assert.deepEqual(plain(readQuery(encoded)), want)
      assert.deepEqual(plain(json(JSON.stringify(sent))), want)
      assert.deepEqual(plain(json(JSON.stringify(sent, undefined, 2))), want)
    }),
  )
})

test('any bytes are read or refused, never anything else', () => {
  const jsonish = fc.string({ unit: fc.constantFrom(...'{}[]":,\\u0019eE.-+ntrf a') })
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), jsonish, (raw, text) => {
      for (const read of [() => readForm(raw), () => readJson(raw), () => form(text)]) {
        reasonOf(read)
      }
      const refused = reasonOf(() => json(text)) !== undefined
      if (!refused && text !== '') JSON.parse(text)
    }),
    { numRuns: 500 },
  )
})
