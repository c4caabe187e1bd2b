import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeSeal } from '../seal.ts'
import { checkProvider, WrongProvider } from './check-provider.ts'
import { type KeyProvider, newDataKey, sealProvider } from './data-key.ts'

const to = { purpose: 'data key cards 1', owner: 'shop' }
const right: KeyProvider = {
  wrap: async (key) => key.toString('base64'),
  unwrap: async (wrapped) => Buffer.from(wrapped, 'base64'),
}

test('a provider that does as it must is let be', async () => {
  const plain: KeyProvider = {
    ...right,
    unwrap: async (wrapped) => new Uint8Array(Buffer.from(wrapped, 'base64')) as Buffer,
  }
  const emptying: KeyProvider = {
    ...right,
    wrap: async (key) => {
      const text = key.toString('base64')
      key.fill(0)
      return text
    },
  }
  const own = sealProvider(makeSeal(Buffer.alloc(32, 1)))
  for (const provider of [right, plain, emptying, own].map((one) => checkProvider(one))) {
    const key = newDataKey()
    const before = Buffer.from(key)
    const unwrapped = await provider.unwrap(await provider.wrap(key, to), to)
    assert(Buffer.isBuffer(unwrapped))
    assert.deepEqual(unwrapped, before)
    assert.deepEqual(key, before)
  }
})

test('what can’t be kept, or is not what comes back, is not given to anybody', async () => {
  const wraps: readonly (readonly [string, unknown])[] = [
    ['bytes', Buffer.from('text')],
    ['nothing', undefined],
    ['an empty text', ''],
    ['U+0000', 'a\0b'],
    ['a lone surrogate', 'a\ud800'],
  ]
  // Even where the key would come back.
  let last: Buffer = Buffer.alloc(0)
  for (const [what, wrapped] of wraps) {
    const wrap = async (key: Buffer) => {
      last = key
      return wrapped as string
    }
    const provider = checkProvider({ wrap, unwrap: async () => last })
    await assert.rejects(provider.wrap(newDataKey(), to), WrongProvider, what)
  }
  for (const [what, unwrapped] of [
    ['another key', newDataKey()],
    ['a short key', Buffer.alloc(31)],
    ['a text', 'a'.repeat(32)],
    ['nothing', undefined],
  ] as const) {
    const provider = checkProvider({ ...right, unwrap: async () => unwrapped as Buffer })
    await assert.rejects(provider.wrap(newDataKey(), to), WrongProvider, what)
    if (what !== 'another key') await assert.rejects(provider.unwrap('text', to), WrongProvider)
  }
  const down = async () => assert.fail('down')
  await assert.rejects(checkProvider({ ...right, unwrap: down }).wrap(newDataKey(), to), /down/)
})

test('a call without an answer rejects', async () => {
  const never = () => new Promise<never>(() => {})
  const limitMs = 1
  await assert.rejects(
    checkProvider({ ...right, unwrap: never }, limitMs).unwrap('text', to),
    /its unwrap gave no answer/,
  )
  await assert.rejects(
    checkProvider({ ...right, wrap: never }, limitMs).wrap(newDataKey(), to),
    /its wrap gave no answer/,
  )
})
