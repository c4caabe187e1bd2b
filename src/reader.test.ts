import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oneOf, wholeBetween } from './reader.ts'

test('a word is one of the list, letter by letter', () => {
  const read = oneOf('POST', 'GET')
  assert.equal(read('GET'), 'GET')
  for (const text of ['get', ' GET', 'PUT', '']) assert.equal(read(text), undefined, text)
})

test('a whole number has digits only and lies within its bounds', () => {
  const read = wholeBetween(1, 300)
  assert.deepEqual(['1', '300', '07'].map(read), [1, 300, 7])
  for (const text of ['0', '301', '', '-1', '+1', '1.0', '1e2', ' 1', '١', '9'.repeat(16)]) {
    assert.equal(read(text), undefined, text)
  }
})
