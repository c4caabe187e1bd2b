import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { CompactEncrypt, CompactSign } from 'jose'
import { newJwtKeyId } from '../ids.ts'
import {
  type Envelope,
  envelopeLifeMs,
  type Framing,
  openEnvelope,
  readEnvelope,
  sealEnvelope,
} from './envelope.ts'
import { readJson } from './request.ts'

const merchant = generateKeyPairSync('rsa', { modulusLength: 2048 })
const server = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pair = { merchant: merchant.publicKey, server: server.privateKey }
const kid = newJwtKeyId()
const denied = { reason: 'access_denied' }
const now = Date.UTC(2026, 0, 5)
const seconds = now / 1000

interface Made {
  readonly outer?: { readonly alg?: string; readonly enc?: string; readonly kid?: string }
  readonly alg?: string
}

/** A compact envelope of claims as a merchant makes it, by a library. */
async function made(claims: object, { outer, alg = 'RS256' }: Made = {}): Promise<string> {
  const signed = await new CompactSign(Buffer.from(JSON.stringify(claims)))
    .setProtectedHeader({ alg, kid })
    .sign(merchant.privateKey)
  return new CompactEncrypt(Buffer.from(signed))
    .setProtectedHeader({ alg: 'RSA-OAEP', enc: 'A256GCM', kid, ...outer })
    .encrypt(server.publicKey)
}

async function openedAt(at: number, claims: object, how?: Made) {
  return openEnvelope(readEnvelope({ JWT: await made(claims, how) }), pair, at)
}

test('an envelope says what was put into it, nested names dotted', async () => {
  const claims = { order_id: 'a', amount: 1.5, metadata: { note: 'b' } }
  for (const alg of ['RSA-OAEP', 'RSA-OAEP-256']) {
    const fields = await openedAt(now, claims, { outer: { alg } })
    assert.deepEqual({ ...fields }, { order_id: 'a', amount: '1.5', 'metadata.note': 'b' })
  }
})

test('what the server seals, its other side opens, in either framing', async () => {
  const back = { merchant: server.publicKey, server: merchant.privateKey }
  for (const framing of ['parts', 'jwt'] as const satisfies Framing[]) {
    const sealed = await sealEnvelope('{"status":"NEW"}', { framing, kid }, pair)
    const envelope: Envelope = readEnvelope(sealed)
    assert.deepEqual([envelope.framing, envelope.kid], [framing, kid])
    assert.deepEqual({ ...(await openEnvelope(envelope, back, now)) }, { status: 'NEW' })
    await assert.rejects(openEnvelope(envelope, pair, now), denied)
  }
})

test('no algorithm is taken but ours, however rightly it is used', async () => {
  const others = [
    { alg: 'RSA-OAEP-384' },
    { alg: 'RSA-OAEP-512' },
    { enc: 'A128GCM' },
    { enc: 'A192GCM' },
    { enc: 'A256CBC-HS512' },
  ]
  for (const outer of others) await assert.rejects(openedAt(now, {}, { outer }), denied)
  for (const alg of ['RS384', 'RS512', 'PS256']) {
    await assert.rejects(openedAt(now, {}, { alg }), denied)
  }
})

test('a kid that is none of ours is refused before anything is looked up', async () => {
  const others = ['', 'key_', '../../key', `${kid}/..`, `${kid}\n`, kid.toUpperCase(), "key_'--"]
  for (const other of others) {
    const JWT = await made({}, { outer: { kid: other } })
    assert.throws(() => readEnvelope({ JWT }), denied, other)
  }
})

test('a list is not overlooked beside an envelope, nor in a header', async () => {
  const JWT = await made({})
  for (const more of [{ a: '1' }, { a: ['1'] }]) {
    const body = Buffer.from(JSON.stringify({ JWT, ...more }))
    assert.throws(() => readEnvelope(readJson(body)), denied)
  }
  const withChain = { x5c: ['MIIB'] } as object
  const forged = await made({}, { outer: withChain })
  assert.throws(() => readEnvelope({ JWT: forged }), denied)
})

test('times are kept to within a minute, and an age to seven days', async () => {
  const life = envelopeLifeMs / 1000
  const good = [
    { exp: seconds - 59 },
    { nbf: seconds + 60 },
    { iat: seconds + 60 },
    { iat: seconds - life },
    { iat: seconds - 0.5, exp: seconds + 1.25 },
    { exp: null },
  ]
  for (const times of good) await openedAt(now, times)
  const bad = [
    { exp: seconds - 60 },
    { nbf: seconds + 61 },
    { iat: seconds + 61 },
    { iat: seconds - life - 1 },
    { exp: '' },
    { exp: 'soon' },
    { nbf: -1 },
    { iat: 1e13 },
    { exp: true },
    { exp: [seconds + 60] },
    { iat: [] },
  ]
  for (const times of bad) {
    await assert.rejects(openedAt(now, times), denied, JSON.stringify(times))
  }
})
