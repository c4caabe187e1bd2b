import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { Secret } from '../secret.ts'
import { newSigningSecret, signatureHeaders } from './signature.ts'

const body = '{"id":"evt_V2_1","content":{"text":"₹ é 💳"}}'

test('the package of the standard verifies what is signed, under secrets of every size', () => {
  for (let size = 24; size <= 64; size++) {
    const secret = new Secret(`whsec_${randomBytes(size).toString('base64')}`)
    const headers = signatureHeaders({ id: 'evt_V2_1', at: Date.now(), body }, [secret])
    assert.deepEqual(new Webhook(secret.reveal()).verify(body, headers), JSON.parse(body))
  }
})

test('it signs the same itself', () => {
  const at = 1_769_000_000_999
  const secret = newSigningSecret()
  const headers = signatureHeaders({ id: 'evt_V2_1', at, body }, [secret])
  const theirs = new Webhook(secret.reveal()).sign('evt_V2_1', new Date(at), body)
  assert.equal(headers['webhook-signature'], theirs)
  assert.equal(headers['webhook-timestamp'], '1769000000')
})

test('with one character changed anywhere it verifies no more', () => {
  const secret = newSigningSecret()
  const headers = signatureHeaders({ id: 'evt_V2_1', at: Date.now(), body }, [secret])
  const verifies = (over: Record<string, string>, text = body) => {
    try {
      new Webhook(secret.reveal()).verify(text, { ...headers, ...over })
      return true
    } catch {
      return false
    }
  }
  assert(verifies({}))
  for (const name of ['webhook-id', 'webhook-timestamp', 'webhook-signature']) {
    const text = headers[name] ?? ''
    for (let i = name === 'webhook-signature' ? 3 : 0; i < text.length - 2; i++) {
      const other = text[i] === '1' ? '2' : '1'
      assert(!verifies({ [name]: text.slice(0, i) + other + text.slice(i + 1) }), `${name} ${i}`)
    }
  }
  for (let i = 0; i < body.length; i++) {
    assert(!verifies({}, `${body.slice(0, i)}~${body.slice(i + 1)}`), `body ${i}`)
  }
  assert(!verifies({}, `${body} `))
  assert(
    !verifies({ 'webhook-signature': headers['webhook-signature']?.replace('v1', 'v2') ?? '' }),
  )
})

test('during a rotation either secret verifies, and a third does not', () => {
  const [one, two, other] = [newSigningSecret(), newSigningSecret(), newSigningSecret()]
  const headers = signatureHeaders({ id: 'evt_V2_1', at: Date.now(), body }, [one, two])
  assert.match(headers['webhook-signature'] ?? '', /^v1,[\w+/=]+ v1,[\w+/=]+$/)
  new Webhook(one.reveal()).verify(body, headers)
  new Webhook(two.reveal()).verify(body, headers)
  assert.throws(() => new Webhook(other.reveal()).verify(body, headers))
})

test('a secret is whsec_ and the base64 of 32 bytes', () => {
  const text = newSigningSecret().reveal()
  assert.match(text, /^whsec_[A-Za-z0-9+/]{43}=$/)
  assert.equal(Buffer.from(text.slice(6), 'base64').length, 32)
})
