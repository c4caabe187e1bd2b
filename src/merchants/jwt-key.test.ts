import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { certificateOf } from '../../test/compatibility/certificate.ts'
import type { MerchantId } from '../ids.ts'
import { makeJwtKey, pairOf, readPublicKey, serverKeyOf } from './jwt-key.ts'

/** A certificate of nobody: its private key is gone. */
const certificate = `-----BEGIN CERTIFICATE-----
MIIDETCCAfmgAwIBAgIUTkk+m1PvhMROvcqpYS8EDVBLF5YwDQYJKoZIhvcNAQEL
BQAwFzEVMBMGA1UEAwwMc2hvcC5leGFtcGxlMCAXDTI2MTEyMjA2NTE0OFoYDzIx
MjYxMDI5MDY1MTQ4WjAXMRUwEwYDVQQDDAxzaG9wLmV4YW1wbGUwggEiMA0GCSqG
SIb3DQEBAQUAA4IBDwAwggEKAoIBAQDJQTlwkDylx8l+7XatnuVvR+VA5pe0JMUg
4OyXjbbSGyvnvT9/88G+wi3dxWlZn5SLUu/pcDWjmIM6ntNTBzF+IvAjIdoS0Mjh
J/wWFhi5xmIQKz2v8P6RI5NDXew7e2gzWUU+52vNJ3x3Ne77VVDeYE2xAyMB/iUB
pLICL7s0/CaFX1WB0PQj3Xr6Os7mFBz5n99j4/CF5citLp9yIlONTHKY5SC1LLod
hgk/4ZeQ8uQi3CoW4IBOW29trmni/Lzbs13+H9Gz864dE2M4GvBT00BrK9n4mgp1
Ayq0bNblAdfi7lV/xKJyGU29lvVNUKNh0w5KjRtbKvvfUPBMB4UhAgMBAAGjUzBR
MB0GA1UdDgQWBBScmErsNnLfCbO9fRrz/Ba4NvL3RjAfBgNVHSMEGDAWgBScmErs
NnLfCbO9fRrz/Ba4NvL3RjAPBgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBCwUA
A4IBAQAb6XpJp+k64aewlW3oxdrGbZvXJcA/cFMeYm7G3fqnvhMt9V57duydBzH2
sDFF66TI5LKXLRqub0MYBoKQUaG1+f5bDYmDmPBHSlBO96ItVRndm8o7ijNkZYcV
s6gZdfoPxvY52rVtT0ENGJgFM9Ro4nyu3yG5vhjO8tYkF1Tp7JZRX1/gMRwYGyp0
/4ouBlsE7OKHsA1BkX6joKyzjpLKG6eHAkM+USGoZ+QJZ+imauRxj3U3ES+PPBPm
c7wdTWi39G9IRBTyhn9D+paa0UOTHsigz5Ru366T4P2DuBVWmdhqSQ/EFGdiW2F5
au/EIoMkYkrvyo3WxAPSmZvjrxPK
-----END CERTIFICATE-----
`

/** The key in it. */
const certified = `-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAyUE5cJA8pcfJfu12rZ7l
b0flQOaXtCTFIODsl4220hsr570/f/PBvsIt3cVpWZ+Ui1Lv6XA1o5iDOp7TUwcx
fiLwIyHaEtDI4Sf8FhYYucZiECs9r/D+kSOTQ13sO3toM1lFPudrzSd8dzXu+1VQ
3mBNsQMjAf4lAaSyAi+7NPwmhV9VgdD0I916+jrO5hQc+Z/fY+PwheXIrS6fciJT
jUxymOUgtSy6HYYJP+GXkPLkItwqFuCATltvba5p4vy827Nd/h/Rs/OuHRNjOBrw
U9NAayvZ+JoKdQMqtGzW5QHX4u5Vf8SichlNvZb1TVCjYdMOSo0bWyr731DwTAeF
IQIDAQAB
-----END PUBLIC KEY-----
`

const merchant = 'shop' as MerchantId
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = spki(publicKey)

test('an RSA public key is read from PEM of either kind, and from a certificate', () => {
  assert.equal(readPublicKey(pem), pem)
  assert.equal(readPublicKey(`\n${pem.replaceAll('\n', '\r\n')}\n`), pem)
  const pkcs1 = String(publicKey.export({ type: 'pkcs1', format: 'pem' }))
  assert.equal(readPublicKey(pkcs1), pem)
  assert.equal(readPublicKey(certificate), certified)
})

test('a key is of 2048 to 4096 bits, and its exponent is not small', () => {
  for (const bits of [2048, 3072, 4096]) assert(readPublicKey(ofBits(bits)), String(bits))
  for (const bits of [512, 1024, 2040, 4104, 8192]) {
    assert.equal(readPublicKey(ofBits(bits)), undefined, String(bits))
  }
  for (const exponent of [1, 3, 17]) {
    assert.equal(readPublicKey(ofBits(2048, Buffer.from([exponent]))), undefined)
  }
})

test('nothing else is a public key', () => {
  const others = [
    '',
    'none',
    String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    String(privateKey.export({ type: 'pkcs1', format: 'pem' })),
    spki(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey),
    spki(generateKeyPairSync('ed25519').publicKey),
    spki(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey),
    certificateOf('shop.example').cert,
    pem + pem,
    `${pem}${String(privateKey.export({ type: 'pkcs8', format: 'pem' }))}`,
    pem.replace('MII', 'AAA'),
    `${pem}${' '.repeat(20_000)}x`,
    JSON.stringify(publicKey.export({ format: 'jwk' })),
  ]
  for (const text of others) assert.equal(readPublicKey(text), undefined, text.slice(0, 60))
})

test('each key of a merchant has a pair of ours of its own', async () => {
  const [first, second] = [await makeJwtKey(merchant, pem, 5), await makeJwtKey(merchant, pem, 5)]
  assert.match(first.kid, /^key_[0-9a-f]{32}$/)
  assert.notEqual(first.kid, second.kid)
  assert.notEqual(serverKeyOf(first), serverKeyOf(second))
  assert.equal(readPublicKey(serverKeyOf(first)), serverKeyOf(first))
  const pair = pairOf(first)
  assert.equal(spki(pair.merchant), pem)
  assert.equal(spki(createPublicKey(pair.server)), serverKeyOf(first))
  assert(!JSON.stringify(first).includes('PRIVATE'))
})

function spki(key: KeyObject): string {
  return String(key.export({ type: 'spki', format: 'pem' }))
}

/** A key of so many bits, which no pair has. */
function ofBits(bits: number, exponent = Buffer.from([1, 0, 1])): string {
  const modulus = randomBytes(bits / 8)
  modulus[0] = 0xff
  modulus[modulus.length - 1] = 0xff
  const [n, e] = [modulus.toString('base64url'), exponent.toString('base64url')]
  return spki(createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' }))
}
