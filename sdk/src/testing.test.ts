import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import type { OrderAnswer } from './order.ts'
import { signWebhook } from './testing.ts'
import { verifyWebhook } from './webhook.ts'

const secret = `whsec_${Buffer.alloc(32, 5).toString('base64')}`
const order = { order_id: 'shop-1001', status: 'CHARGED' } as OrderAnswer
const charged = { event_name: 'ORDER_SUCCEEDED', content: { order } } as const

test('a webhook signed for a test is one, for Standard Webhooks and for verifyWebhook', () => {
  const { headers, body } = signWebhook(charged, secret)
  new Webhook(secret).verify(body, headers)
  const webhook = verifyWebhook(headers, body, secret)
  assert(webhook)
  assert.deepEqual(webhook.content, { order })
  assert.equal(webhook.id, headers['webhook-id'])
  assert.equal(webhook.event_name, 'ORDER_SUCCEEDED')
  assert.equal(webhook.sequence, 1)
  assert.match(webhook.date_created, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
})

test('what is told of it stays, and two that are not told are two', () => {
  const told = { ...charged, id: 'evt_V2_1', sequence: 7, date_created: '2026-01-05T10:00:00Z' }
  assert.deepEqual(JSON.parse(signWebhook(told, secret).body), told)
  const [one, two] = [signWebhook(charged, secret), signWebhook(charged, secret)]
  assert.notEqual(one.headers['webhook-id'], two.headers['webhook-id'])
})

test('one of ten minutes ago, or of another secret, is refused', () => {
  const old = signWebhook(charged, secret, new Date(Date.now() - 600_000))
  assert.equal(verifyWebhook(old.headers, old.body, secret), undefined)
  const other = signWebhook(charged, `whsec_${Buffer.alloc(32, 6).toString('base64')}`)
  assert.equal(verifyWebhook(other.headers, other.body, secret), undefined)
})
