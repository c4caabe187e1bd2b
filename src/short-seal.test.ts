import assert from 'node:assert/strict'
import { test } from 'node:test'
import { derivedShortSeal, randomShortSeal, shortlyMs } from './short-seal.ts'

const to = { purpose: 'card token', owner: 'shop' }
const [oldMaster, newMaster] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
const start = 1_000 * shortlyMs

for (const [name, make] of [
  ['random', randomShortSeal],
  ['derived', () => derivedShortSeal(oldMaster)],
] as const) {
  test(`what a ${name} seal closed opens for a quarter of an hour at least, half at most`, () => {
    for (const closed of [start, start + 1, start + shortlyMs - 1]) {
      const seal = make()
      const sealed = seal.close('text', to, closed)
      assert.equal(seal.open(sealed, to, closed), 'text')
      assert.equal(seal.open(sealed, to, closed + shortlyMs), 'text')
      assert.throws(() => seal.open(sealed, to, closed + 2 * shortlyMs))
      assert.throws(() => seal.open(sealed, to, closed - shortlyMs), 'it comes from the future')
    }
  })

  test(`what a ${name} seal closed opens for its purpose and owner alone, unchanged`, () => {
    const seal = make()
    const sealed = seal.close('text', to, start)
    assert.throws(() => seal.open(sealed, { ...to, owner: 'mall' }, start))
    assert.throws(() => seal.open(sealed, { ...to, purpose: 'locker' }, start))
    for (let i = 0; i < sealed.length; i++) {
      const other = sealed[i] === 'A' ? 'Q' : 'A'
      assert.throws(() => seal.open(sealed.slice(0, i) + other + sealed.slice(i + 1), to, start))
    }
    for (const text of [
      '',
      'v1',
      'v1..',
      'v1.r-.AAAA',
      `v1.r-${start / shortlyMs}.`,
      'v1.d-1000.A',
    ]) {
      assert.throws(() => seal.open(text, to, start), text)
    }
  })
}

test('random keys are gone with the process, and when they are over', () => {
  const seal = randomShortSeal()
  const sealed = seal.close('text', to, start)
  assert.throws(() => randomShortSeal().open(sealed, to, start))
  seal.close('text', to, start + 2 * shortlyMs)
  assert.throws(() => seal.open(sealed, to, start), 'even if the clock is set back')
})

test('derived keys are the same in every process, and while master keys are changed', () => {
  const old = derivedShortSeal(oldMaster)
  const both = derivedShortSeal(newMaster, oldMaster)
  assert.equal(derivedShortSeal(oldMaster).open(old.close('text', to, start), to, start), 'text')
  assert.equal(both.open(old.close('text', to, start), to, start), 'text')
  const anew = both.close('text', to, start)
  assert.equal(derivedShortSeal(newMaster).open(anew, to, start), 'text')
  assert.throws(() => old.open(anew, to, start))
  assert.notEqual(anew.split('.')[1], both.close('text', to, start + shortlyMs).split('.')[1])
})
