import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Sign } from './health.ts'
import { bucketsOf, openTally, type Tally } from './tally.ts'

const now = Date.UTC(2026, 10, 22, 10)
const minute = 60_000
const card = { network: 'VISA', issuer: 'HDFC' } as const
const gateway = 'simulator'
const seen: Sign = { gateway, account: 'demo/a', ...card, signal: 'start', good: true }

function note(tally: Tally, times: number, more: Partial<Sign> = {}, at = now): void {
  for (let i = 0; i < times; i++) bucketsOf({ ...seen, ...more }, at).forEach(tally.add)
}

function expected(tally: Tally, of: object = card, { account = 'demo/a', at = now } = {}) {
  const [merchant = '', id = ''] = account.split('/')
  return tally.expect({ ...card, ...of }, { merchant, now: at })({ gateway, id })
}

describe('what is expected of a gateway', () => {
  test('is the same of all that nobody has seen, and less than certain', () => {
    const { score, tookMs } = expected(openTally())
    assert(score > 0.7 && score < 0.9, `${score}`)
    assert.equal(tookMs, 3_000)
  })

  test('is little changed by few observations, and follows many', () => {
    const tally = openTally()
    const before = expected(tally).score
    note(tally, 2, { good: false })
    const few = expected(tally).score
    note(tally, 200, { good: false })
    const many = expected(tally).score
    assert(few > 0.6 * before && few < before, `${few} of ${before}`)
    assert(many < 0.1 * before, `${many} of ${before}`)
  })

  test('is the less certain the fewer were seen of the card or the account', () => {
    const tally = openTally()
    const unseen = expected(tally).error
    assert(unseen > 0.05 && unseen < 0.15, `${unseen}`)
    const all = ['start', 'delivery', 'match', 'authorization'] as const
    for (const signal of all) note(tally, 90, { signal })
    for (const signal of all) note(tally, 10, { signal, good: false })
    const seen = expected(tally).error
    // Of a hundred of each, a tenth of them bad.
    const chance = expected(tally).score * Math.sqrt((4 * 0.1) / 0.9 / 100)
    assert(Math.abs(seen / chance - 1) < 0.2, `${seen} is about ${chance}`)
    for (const signal of all) note(tally, 100, { signal, account: 'demo/b' })
    for (const signal of all) note(tally, 3, { signal, account: 'demo/c' })
    const relative = (account: string) => {
      const { error, score } = expected(tally, card, { account })
      return error / score
    }
    assert(relative('demo/c') > 1.01 * relative('demo/new'))
    assert(expected(tally, card, { at: now + 120 * minute }).error > 0.9 * unseen, 'forgotten')
  })

  test('is the product of what its signals tell', () => {
    for (const signal of ['start', 'delivery', 'match', 'authorization'] as const) {
      const tally = openTally()
      note(tally, 500, { signal, good: false })
      assert(expected(tally).score < 0.05, signal)
    }
  })

  test('is narrowed to the network and the issuer, others least of all', () => {
    const tally = openTally()
    note(tally, 100, { issuer: 'AXIS' })
    note(tally, 100, { network: 'RUPAY' })
    note(tally, 50, { good: false })
    const of = (other: object) => expected(tally, other).score
    assert(of(card) < of({ issuer: 'AXIS' }) / 2)
    assert(of({ issuer: 'AXIS' }) < of({ network: 'RUPAY', issuer: 'AXIS' }))
    assert(of({ issuer: 'SBI' }) < of({ issuer: 'AXIS' }), 'like its network')
  })

  test('is made by what is new rather than what is old', () => {
    const tally = openTally()
    note(tally, 100, { good: false }, now - 40 * minute)
    note(tally, 100, {}, now)
    const other = openTally()
    note(other, 100, {}, now - 40 * minute)
    note(other, 100, { good: false }, now)
    assert(expected(tally).score > 2 * expected(other).score)
    const fresh = expected(openTally()).score
    const later = expected(other, card, { at: now + 120 * minute }).score
    assert(Math.abs(later - fresh) < 0.01, 'after two hours all is forgotten')
  })

  test('stays what it is over days', () => {
    const tally = openTally()
    note(tally, 100, { good: false }, now - 3 * 24 * 60 * minute)
    note(tally, 100)
    const other = openTally()
    note(other, 100)
    assert(Math.abs(expected(tally).score - expected(other).score) < 1e-9)
  })

  test('is worse for the account that does worse, and not twice for the only one', () => {
    const tally = openTally()
    note(tally, 100)
    note(tally, 50, { account: 'demo/b', good: false })
    const of = (account: string) => expected(tally, card, { account }).score
    assert(of('demo/b') < of('demo/a') / 2)
    const lone = openTally()
    note(lone, 50, { good: false })
    assert.equal(expected(lone).score, expected(lone, card, { account: 'demo/new' }).score)
  })

  test('can be taken back', () => {
    const tally = openTally()
    const [ofGateway] = bucketsOf(seen, now)
    assert(ofGateway)
    tally.add({ ...ofGateway, good: 0, bad: 9 })
    tally.add({ ...ofGateway, good: 0, bad: -9, tookMs: -ofGateway.tookMs })
    assert.deepEqual(expected(tally), expected(openTally()))
  })

  test('tells the mean time of a start and an authorization', () => {
    const tally = openTally()
    note(tally, 500, { tookMs: 5_000 })
    note(tally, 500, { signal: 'authorization', tookMs: 500 })
    const { tookMs } = expected(tally)
    assert(tookMs > 5_000 && tookMs < 6_000, `${tookMs}`)
  })
})
