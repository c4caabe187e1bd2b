import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '../../src/secret.ts'
import { returnTo } from '../../src/wire/signing.ts'
import { verifyReturn } from './return.ts'

const key = 'demo_response_key'
const told = { order_id: 'shop-1001', status: 'CHARGED', status_id: '21' }
const signature = 'qiD5ZD+rMzSxtfNV+nu1kEUvmo28ay0YDnI2aZ9W8+o='
const signed = { ...told, signature, signature_algorithm: 'HMAC-SHA256' }

test('a signed return tells what it says, as a URL, as parameters or as a form', () => {
  const url = new URL('https://shop.example/back')
  url.search = new URLSearchParams(signed).toString()
  for (const returned of [url, url.searchParams, signed]) {
    assert.deepEqual(verifyReturn(returned, key), told)
  }
})

test("the server's own returns are signed, the merchant's parameters too", () => {
  for (const url of ['https://shop.example/back', 'https://shop.example/?q=a+b&é=%26=&q=%2B#top']) {
    const { href, params } = returnTo(url, told, new Secret(key))
    assert.deepEqual(verifyReturn(new URL(href), key), told)
    assert.deepEqual(verifyReturn(new URLSearchParams([...params].map((p) => [...p])), key), told)
  }
})

test('what was changed, added or taken away is not signed, nor by another key', () => {
  const wrong: Record<string, string>[] = [
    { ...signed, status: 'NEW' },
    { ...signed, order_id: 'shop-1002' },
    { ...signed, more: 'x' },
    { ...signed, signature: '' },
    { ...signed, signature: signature.slice(0, -1) },
    { ...signed, signature: encodeURIComponent(signature) },
    { order_id: told.order_id, status: told.status, signature },
    told,
    {},
  ]
  for (const params of wrong) {
    assert.equal(verifyReturn(params, key), undefined, JSON.stringify(params))
  }
  assert.equal(verifyReturn(signed, 'another_key'), undefined)
  const twice = new URLSearchParams([['status', 'NEW'], ...Object.entries(signed)])
  assert.equal(verifyReturn(twice, key), undefined)
})

test('a signature over something else is no return', () => {
  const { href } = returnTo('https://shop.example', { ...told, status: '' }, new Secret(key))
  assert.equal(verifyReturn(new URL(href), key), undefined)
})
