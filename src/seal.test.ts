import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { makeSeal } from './seal.ts'
import { Secret } from './secret.ts'

const seal = makeSeal(Buffer.alloc(32, 1))
const mine = { purpose: 'bank page', owner: 'txn_1' }

test('what is sealed can be read again, and only by its purpose, owner and key', () => {
  const sealed = seal.close('https://bank.example/acs/1', mine)
  assert.equal(seal.open(sealed, mine), 'https://bank.example/acs/1')
  assert.throws(() => seal.open(sealed, { ...mine, owner: 'txn_2' }))
  assert.throws(() => seal.open(sealed, { ...mine, purpose: 'other' }))
  assert.throws(() => makeSeal(Buffer.alloc(32, 2)).open(sealed, mine))
})

test('a changed character anywhere is refused', () => {
  const sealed = seal.close('text', mine)
  for (let i = 0; i < sealed.length; i++) {
    // The last digit of base64url holds spare bits, so it is changed by more than those.
    const other = sealed[i] === 'A' ? 'Q' : 'A'
    const changed = sealed.slice(0, i) + other + sealed.slice(i + 1)
    if (changed !== sealed) assert.throws(() => seal.open(changed, mine), `character ${i}`)
  }
})

test('sealing twice gives two texts', () => {
  assert.notEqual(seal.close('text', mine), seal.close('text', mine))
})

test('while keys are changed the first one seals and all of them open', () => {
  const old = makeSeal(Buffer.alloc(32, 2))
  const both = makeSeal(Buffer.alloc(32, 1), Buffer.alloc(32, 2))
  assert.deepEqual(both.keyIds, [seal.keyId, old.keyId])
  assert.equal(both.open(old.close('text', mine), mine), 'text')
  assert.equal(seal.open(both.close('text', mine), mine), 'text')
  assert.throws(() => old.open(both.close('text', mine), mine))
})

test('a secret does not print', () => {
  const secret = new Secret('4242424242424242')
  const seen = [`${secret}`, JSON.stringify({ secret }), inspect({ secret }), String(secret)]
  for (const text of seen) {
    assert(!text.includes('4242'), text)
    assert.match(text, /\[secret\]/)
  }
  assert.equal(secret.reveal(), '4242424242424242')
})
