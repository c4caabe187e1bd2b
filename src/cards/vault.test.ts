import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CardToken, MerchantId } from '../ids.ts'
import { dataKey } from '../merchants/data-key.ts'
import { Secret } from '../secret.ts'
import { openSealed, sealAnew, sealCard } from './vault.ts'

const shop = 'shop' as MerchantId
const keyOf = (generation: number, byte = generation, owner = shop) =>
  dataKey({ owner, purpose: 'cards', generation }, Buffer.alloc(32, byte))
const key = keyOf(1)
const owner = { merchant: shop, customer: 'asha', token: 'ctk_1' as CardToken }
const card = {
  number: new Secret('4242424242424242'),
  cvv: new Secret('739'),
  expiryMonth: '11',
  expiryYear: '2027',
  name: 'Asha',
}

test('a card comes back without its CVV', () => {
  const { number, ...rest } = openSealed(key, sealCard(key, card, owner), owner)
  assert.equal(number.reveal(), '4242424242424242')
  assert.deepEqual(rest, { expiryMonth: '11', expiryYear: '2027', name: 'Asha' })
  const { name: _name, ...nameless } = card
  assert(!('name' in openSealed(key, sealCard(key, nameless, owner), owner)))
})

test('nothing of a card is in what is kept of it', () => {
  const bytes = Buffer.from(sealCard(key, card, owner).split('.')[2] ?? '', 'base64url')
  for (const text of ['4242', '739', 'Asha']) assert(!bytes.toString('latin1').includes(text))
})

test('no byte of it can be changed', () => {
  const sealed = sealCard(key, card, owner)
  const [version, name, body = ''] = sealed.split('.')
  const bytes = Buffer.from(body, 'base64url')
  for (let i = 0; i < bytes.length; i++) {
    for (const bit of [1, 0x80]) {
      const flipped = Buffer.from(bytes)
      flipped[i] = (flipped[i] ?? 0) ^ bit
      const text = `${version}.${name}.${flipped.toString('base64url')}`
      assert.throws(() => openSealed(key, text, owner), `byte ${i}`)
    }
    const cut = bytes.subarray(0, i).toString('base64url')
    assert.throws(() => openSealed(key, `${version}.${name}.${cut}`, owner), `cut at ${i}`)
  }
})

test('ten rows, each put in the place of each other: none opens', () => {
  const owners = [
    owner,
    { ...owner, token: 'ctk_2' as CardToken },
    { ...owner, token: 'ctk_3' as CardToken },
    { ...owner, customer: 'ravi' },
    { ...owner, customer: 'asha"' },
    { ...owner, customer: '' },
    { ...owner, merchant: 'mall' as MerchantId },
    { ...owner, merchant: 'mall' as MerchantId, customer: 'ravi' },
    { ...owner, merchant: 'shop","asha' as MerchantId, customer: '' },
    { merchant: 'a' as MerchantId, customer: 'b', token: 'c' as CardToken },
  ]
  // One key for all: what keeps them apart is what the text is bound to, not only the key.
  const rows = owners.map((of) => sealCard(key, card, of))
  for (const [i, sealed] of rows.entries()) {
    for (const [j, of] of owners.entries()) {
      if (i === j) assert.equal(openSealed(key, sealed, of).expiryMonth, '11')
      else assert.throws(() => openSealed(key, sealed, of), `row ${i} in the place of ${j}`)
    }
  }
})

test('only its own key of its own generation opens it', () => {
  const sealed = sealCard(key, card, owner)
  for (const other of [keyOf(2), keyOf(2, 1), keyOf(1, 2)]) {
    assert.throws(() => openSealed(other, sealed, owner))
  }
})

test('sealed anew, it opens under the new key alone', () => {
  const anew = sealAnew(key, keyOf(2), sealCard(key, card, owner), owner)
  assert.equal(openSealed(keyOf(2), anew, owner).number.reveal(), '4242424242424242')
  assert.throws(() => openSealed(key, anew, owner))
  assert.throws(() => sealAnew(key, keyOf(3), anew, owner))
})
