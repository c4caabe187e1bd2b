import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { verifyWebhook } from './webhook.ts'

const secret = `whsec_${Buffer.alloc(32, 5).toString('base64')}`
const other = `whsec_${Buffer.alloc(32, 6).toString('base64')}`
const id = 'evt_V2_0123'
const sent = { id, event_name: 'ORDER_SUCCEEDED', sequence: 7, content: { order: {} } }
const body = JSON.stringify(sent)

/** The headers of a webhook sent some seconds ago, as the package of Standard Webhooks signs it. */
function signed(secondsAgo = 0, by = secret) {
  const at = new Date(Date.now() - secondsAgo * 1_000)
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': new Webhook(by).sign(id, at, body),
  }
}

test('a signed webhook is its body, whatever form headers, body and secret have', () => {
  const bare = secret.slice('whsec_'.length)
  assert.deepEqual(verifyWebhook(signed(), body, secret), sent)
  assert.deepEqual(verifyWebhook(new Headers(signed()), Buffer.from(body), bare), sent)
})

test('the names of headers are read in any case', () => {
  const shouted = Object.entries(signed()).map(([name, value]) => [name.toUpperCase(), value])
  assert.deepEqual(verifyWebhook(Object.fromEntries(shouted), body, secret), sent)
})

test('one of several signatures is enough', () => {
  const headers = signed()
  const [mine, theirs] = [headers['webhook-signature'], signed(0, other)['webhook-signature']]
  for (const both of [`${theirs} ${mine}`, `${mine} ${theirs}`, `v1a,xxxx ${mine}`]) {
    assert(verifyWebhook({ ...headers, 'webhook-signature': both }, body, secret), both)
  }
})

test('what is changed, unsigned or signed by others is no webhook', () => {
  const headers = signed()
  const [, base64 = ''] = headers['webhook-signature'].split(',')
  const wrong = ['', 'v1', 'v1,', 'v1,xx', base64, `v2,${base64}`, `v1,${base64.slice(4)}`]
  for (const signature of [...wrong, signed(0, other)['webhook-signature']]) {
    const all = { ...headers, 'webhook-signature': signature }
    assert.equal(verifyWebhook(all, body, secret), undefined, signature)
  }
  assert.equal(verifyWebhook(headers, `${body} `, secret), undefined)
  assert.equal(verifyWebhook({ ...headers, 'webhook-id': 'evt_V2_9' }, body, secret), undefined)
  assert.equal(verifyWebhook({}, body, secret), undefined)
})

test('an empty secret signs nothing', () => {
  const headers = signed()
  const text = `${id}.${headers['webhook-timestamp']}.${body}`
  const signature = `v1,${createHmac('sha256', '').update(text).digest('base64')}`
  for (const none of ['', 'whsec_']) {
    assert.equal(
      verifyWebhook({ ...headers, 'webhook-signature': signature }, body, none),
      undefined,
    )
  }
})

test('its time must be within five minutes, before or after', () => {
  for (const ago of [-290, 0, 290]) assert(verifyWebhook(signed(ago), body, secret), `${ago} s`)
  for (const ago of [-310, 310, 86_400]) {
    assert.equal(verifyWebhook(signed(ago), body, secret), undefined, `${ago} s`)
  }
  for (const timestamp of ['', 'now', '1e9', '-1', String(Date.now())]) {
    const headers = { ...signed(), 'webhook-timestamp': timestamp }
    assert.equal(verifyWebhook(headers, body, secret), undefined, timestamp)
  }
})
