import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MerchantId } from '../ids.ts'
import { Secret } from '../secret.ts'
import { derivedShortSeal, randomShortSeal } from '../short-seal.ts'
import type { CardSecrets } from './card.ts'
import { makeCardToken, openCardToken } from './card-token.ts'

const merchant = 'shop' as MerchantId
const noon = Date.UTC(2026, 10, 22, 12)
const minuteMs = 60_000
const card: CardSecrets = {
  number: new Secret('378282246310005'),
  cvv: new Secret('1234'),
  expiryMonth: '11',
  expiryYear: '2027',
  name: 'Asha',
}

for (const [name, seal] of [
  ['random keys', randomShortSeal()],
  ['derived keys', derivedShortSeal(Buffer.alloc(32, 7))],
] as const) {
  test(`a token is the card with its CVV, for its merchant alone, under ${name}`, () => {
    const token = new Secret(makeCardToken(seal, { merchant, card, now: noon }))
    const opened = openCardToken(seal, { merchant, token, now: noon })
    assert.equal(opened?.card.number.reveal(), '378282246310005')
    assert.equal(opened?.card.cvv?.reveal(), '1234')
    assert.deepEqual([opened?.card.name, opened?.card.expiryMonth], ['Asha', '11'])
    assert.deepEqual([opened?.brand, opened?.expiresAt], ['AMEX', noon + 15 * minuteMs])
    const other = 'other' as MerchantId
    assert.equal(openCardToken(seal, { merchant: other, token, now: noon }), undefined)
  })

  test(`it is good for fifteen minutes wherever in a quarter it began, under ${name}`, () => {
    for (const start of [noon, noon + 14 * minuteMs]) {
      const token = new Secret(makeCardToken(seal, { merchant, card, now: start }))
      const at = (age: number) => openCardToken(seal, { merchant, token, now: start + age })
      assert(at(15 * minuteMs - 1))
      assert.equal(at(15 * minuteMs), undefined)
      assert.equal(at(-minuteMs * 15), undefined)
    }
  })
}

test('the same card gives another token each time, and any change of one opens nothing', () => {
  const seal = randomShortSeal()
  const [one, two] = [1, 2].map(() => makeCardToken(seal, { merchant, card, now: noon }))
  assert(one && two && one !== two)
  const open = (text: string) =>
    openCardToken(seal, { merchant, token: new Secret(text), now: noon })
  assert.notEqual(open(one)?.hash, open(two)?.hash)
  for (let place = 0; place < one.length; place++) {
    const other: string = one[place] === 'A' ? 'B' : 'A'
    assert.equal(open(one.slice(0, place) + other + one.slice(place + 1)), undefined, `${place}`)
  }
})
