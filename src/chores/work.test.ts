import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { World } from '../payments/world.ts'
import { openRounds } from './work.ts'

const world = { now: () => 1_000 } as World

test('a row that hangs holds up no other, and is not begun twice', async () => {
  const hanging = Promise.withResolvers<void>()
  const done: string[] = []
  let due = ['slow', 'quick']
  const { once, settled } = openRounds(world, {
    due: async () => due,
    nameOf: (key) => key,
    work: async (key) => {
      if (key === 'slow') await hanging.promise
      done.push(key)
    },
    putOff: () => assert.fail('nothing fails'),
  })
  assert.equal(await once(assert.ifError), 2)
  due = ['slow', 'next']
  assert.equal(await once(assert.ifError), 1)
  assert.equal(await once(assert.ifError), 1)
  assert.deepEqual(done, ['quick', 'next', 'next'])
  hanging.resolve()
  await settled()
  assert.equal(done.at(-1), 'slow')
})

test('only so many rows are under way at a time', async () => {
  const waiting: (() => void)[] = []
  let most = 0
  let underWay = 0
  const { once, settled } = openRounds(world, {
    due: async () => Array.from({ length: 40 }, (_, i) => String(i)),
    nameOf: (key) => key,
    work: async () => {
      most = Math.max(most, ++underWay)
      await new Promise<void>((resume) => waiting.push(resume))
      underWay--
    },
    putOff: () => assert.fail('nothing fails'),
  })
  let over = false
  const all = once(assert.ifError).then((begun) => {
    assert.equal(begun, 40)
    return settled().finally(() => {
      over = true
    })
  })
  while (!over) {
    await new Promise(setImmediate)
    for (const resume of waiting.splice(0)) resume()
  }
  await all
  assert(most <= 16, `${most}`)
})

test('what fails is told and put off, and so is a failure to put it off', async () => {
  const errors: string[] = []
  const { once, settled } = openRounds(world, {
    due: async () => ['bad'],
    nameOf: (key) => key,
    work: () => Promise.reject(new Error('work')),
    putOff: (_key, to) => Promise.reject(new Error(`put off ${to.now} ${to.until}`)),
  })
  await once((error) => errors.push(String(error)))
  await settled()
  assert.deepEqual(errors, ['Error: work', 'Error: put off 1000 61000'])
})
