import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, test } from 'node:test'
import { Secret } from '../secret.ts'
import { type Param, returnTo, signReturn } from './signing.ts'

const key = new Secret('demo_response_key')
const told = { order_id: 'shop-1001', status: 'CHARGED', status_id: '21' }
const signature = 'qiD5ZD+rMzSxtfNV+nu1kEUvmo28ay0YDnI2aZ9W8+o='
const signed =
  'order_id=shop-1001&status=CHARGED&status_id=21' +
  '&signature=qiD5ZD%2BrMzSxtfNV%2Bnu1kEUvmo28ay0YDnI2aZ9W8%2Bo%3D&signature_algorithm=HMAC-SHA256'

describe('a signature', () => {
  test('is the documented one, whatever order its parameters come in', () => {
    const params: Param[] = [...Object.entries(told)]
    assert.equal(signReturn(params, key), signature)
    assert.equal(signReturn(params.toReversed(), key), signature)
  })

  test('leaves itself out', () => {
    const params: Param[] = [
      ...Object.entries(told),
      ['signature', 'x'],
      ['signature_algorithm', 'none'],
    ]
    assert.equal(signReturn(params, key), signature)
  })

  test('is over names and values encoded, sorted as encoded, and encoded again', () => {
    const params: Param[] = [
      ['é', 'a b'],
      ['a', '1&2'],
      ['Z', '='],
    ]
    const message = '%25C3%25A9%3Da%2520b%26Z%3D%253D%26a%3D1%25262'
    assert.equal(message, encodeURIComponent('%C3%A9=a%20b&Z=%3D&a=1%262'))
    const hmac = createHmac('sha256', 'demo_response_key').update(message).digest('base64')
    assert.equal(signReturn(params, key), hmac)
  })

  test('is another for another key or another status', () => {
    const params: Param[] = [...Object.entries(told)]
    assert.notEqual(signReturn(params, new Secret('another_key')), signature)
    const failed: Param[] = [...Object.entries({ ...told, status: 'AUTHORIZATION_FAILED' })]
    assert.notEqual(signReturn(failed, key), signature)
  })
})

describe('the way back', () => {
  test('has the status and its signature, encoded once', () => {
    const way = returnTo('https://shop.example/back', told, key)
    assert.equal(way.href, `https://shop.example/back?${signed}`)
    assert.equal(way.action, 'https://shop.example/back')
    assert.deepEqual(way.params, [...new URLSearchParams(signed)])
  })

  test('has no signature without a key', () => {
    const way = returnTo('https://shop.example/back', told, undefined)
    const plain = 'order_id=shop-1001&status=CHARGED&status_id=21'
    assert.equal(way.href, `https://shop.example/back?${plain}`)
    assert.deepEqual(way.params, Object.entries(told))
  })

  test('leaves the rest of the URL as it was written, and signs its parameters too', () => {
    const url = 'https://shop.example/a%20b?x=%7E1&&flag&x=2+3#/done'
    const way = returnTo(url, told, key)
    assert.match(way.href, /^https:\/\/shop\.example\/a%20b\?x=%7E1&flag&x=2\+3&order_id=/)
    assert.match(way.href, /&signature_algorithm=HMAC-SHA256#\/done$/)
    assert.equal(way.action, 'https://shop.example/a%20b?x=%7E1&flag&x=2+3#/done')
    const received = [...new URL(way.href).searchParams]
    assert.deepEqual(way.params, received)
    assert.equal(new URL(way.href).searchParams.get('signature'), signReturn(received, key))
    assert.notEqual(signReturn(received, key), signature)
  })

  test('never has a parameter of ours twice, however its name was written', () => {
    const forged =
      '?status=CHARGED&cart=7&st%61tus=CHARGED&status%5Fid=21&order_id=other&signature=AA' +
      '&signature_algorithm=none&status'
    const failed = { ...told, status: 'AUTHENTICATION_FAILED', status_id: '26' }
    const way = returnTo(`https://shop.example/${forged}`, failed, key)
    const names = [...new URL(way.href).searchParams.keys()]
    assert.deepEqual(names, [
      'cart',
      'order_id',
      'status',
      'status_id',
      'signature',
      'signature_algorithm',
    ])
    assert.equal(new URL(way.href).searchParams.get('status'), 'AUTHENTICATION_FAILED')
    assert.equal(way.action, 'https://shop.example/?cart=7')
  })
})
