import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Sign } from './health.ts'
import { type Breakers, openBreakers } from './outage.ts'

const start = Date.UTC(2026, 10, 22, 10)
const minute = 60_000
const seen: Sign = {
  gateway: 'razorpay',
  account: 'demo/a',
  network: 'VISA',
  issuer: 'HDFC',
  signal: 'start',
  good: true,
}
const bad = { good: false }
const issuerDown = { signal: 'authorization', good: false, technical: true } as const

function note(breakers: Breakers, times: number, more: Partial<Sign> = {}, now = start): void {
  for (let i = 0; i < times; i++) breakers.note({ ...seen, ...more }, now)
}

function down(breakers: Breakers, now = start): string[] {
  const { opened } = breakers.changes(now)
  return opened.map(({ scope, network, issuer }) => [scope, network, issuer].join(' ').trim())
}

function shareOf(breakers: Breakers, more: Partial<Sign> = {}, now = start) {
  return breakers.probeShareOf({ ...seen, ...more }, now)
}

describe('what is down', () => {
  test('is a gateway of which at least six starts were seen, and most failed', () => {
    const breakers = openBreakers()
    note(breakers, 5, bad)
    assert.deepEqual(down(breakers), [])
    note(breakers, 1, bad)
    assert.deepEqual(down(breakers), ['razorpay'])
    assert.equal(shareOf(breakers), 0.03)
    assert.equal(shareOf(breakers, { gateway: 'payu', account: 'demo/p' }), undefined)
  })

  test('is nothing when half of it works, or what failed was long ago', () => {
    const breakers = openBreakers()
    for (let i = 0; i < 20; i++) note(breakers, 1, { good: i % 2 === 0 })
    assert.deepEqual(down(breakers), [])
    note(breakers, 5, bad, start + 60 * minute)
    note(breakers, 5, bad, start + 75 * minute)
    assert.deepEqual(down(breakers), [])
  })

  test('is an account alone where others at its gateway do well', () => {
    const breakers = openBreakers()
    note(breakers, 3, { account: 'other/b' })
    note(breakers, 6, bad)
    assert.deepEqual(down(breakers), ['demo/a'])
    assert.equal(shareOf(breakers, { account: 'other/b' }), undefined)
    note(breakers, 20, bad)
    assert.deepEqual(down(breakers), ['demo/a'], 'its failures are its own')
  })

  test('is an issuer or a network alone where other cards do well', () => {
    const ofIssuer = openBreakers()
    note(ofIssuer, 3, { issuer: 'SBI' })
    note(ofIssuer, 6, bad)
    assert.deepEqual(down(ofIssuer), ['razorpay VISA HDFC'])
    assert.equal(shareOf(ofIssuer, { issuer: 'SBI' }), undefined)
    const ofNetwork = openBreakers()
    note(ofNetwork, 3, { network: 'RUPAY' })
    for (const issuer of ['HDFC', 'SBI', 'AXIS']) note(ofNetwork, 3, { ...bad, issuer })
    assert.deepEqual(down(ofNetwork), ['razorpay VISA'])
    assert.equal(shareOf(ofNetwork, { network: 'RUPAY' }), undefined)
  })

  test('is no bank in particular when nobody knows the banks', () => {
    const breakers = openBreakers()
    note(breakers, 3, { network: 'RUPAY' })
    note(breakers, 6, { ...bad, issuer: '' })
    assert.deepEqual(down(breakers), ['razorpay VISA'])
  })

  test('is what nobody answers after the OTP, too, but not what declines', () => {
    const breakers = openBreakers()
    note(breakers, 20, { signal: 'authorization', good: false })
    note(breakers, 20, { signal: 'delivery', good: false })
    note(breakers, 20, { signal: 'match', good: false })
    assert.deepEqual(down(breakers), [])
    for (let i = 0; i < 20; i++) {
      note(breakers, 1)
      note(breakers, 1, issuerDown)
    }
    assert.deepEqual(down(breakers), ['razorpay'], 'although all starts did well')
  })
})

describe('what was down is up again', () => {
  test('after four good probes in a row of what had failed', () => {
    const breakers = openBreakers()
    note(breakers, 6, bad)
    note(breakers, 3)
    note(breakers, 1, bad)
    note(breakers, 3)
    note(breakers, 9, { signal: 'authorization' })
    assert.deepEqual(down(breakers), ['razorpay'])
    note(breakers, 1)
    assert.deepEqual(down(breakers), [])
    assert.equal(shareOf(breakers), undefined)
    note(breakers, 5, bad)
    assert.deepEqual(down(breakers), [], 'what was before is forgotten')
  })

  test('when nobody has tried it for an hour; until then it is tried ever more', () => {
    const breakers = openBreakers()
    note(breakers, 6, bad)
    assert.equal(shareOf(breakers, {}, start + minute), 0.06)
    assert.equal(shareOf(breakers, {}, start + 59 * minute), 0.25)
    assert.deepEqual(down(breakers, start + 59 * minute), ['razorpay'])
    assert.deepEqual(down(breakers, start + 60 * minute), [])
  })
})

describe('what processes tell each other', () => {
  const outage = { id: 'out_1', scope: 'razorpay', network: '', issuer: '', since: start - minute }

  test('is written once, and ended once', () => {
    const breakers = openBreakers()
    note(breakers, 6, bad)
    const changes = breakers.changes(start)
    assert.match(changes.opened[0]?.id ?? '', /^out_[0-9a-f]{32}$/)
    breakers.written(changes)
    assert.deepEqual(breakers.changes(start), { opened: [], closed: [] })
    note(breakers, 4, {}, start + minute)
    const [ended] = breakers.changes(start + minute).closed
    assert.deepEqual(ended, { ...changes.opened[0], until: start + minute })
    breakers.written({ opened: [], closed: ended ? [ended] : [] })
    assert.deepEqual(breakers.changes(start), { opened: [], closed: [] })
  })

  test('is ended also when it was not yet known to be written', () => {
    const breakers = openBreakers()
    note(breakers, 6, bad)
    const changes = breakers.changes(start)
    note(breakers, 4)
    breakers.written(changes)
    assert.equal(breakers.changes(start).closed[0]?.id, changes.opened[0]?.id)
  })

  test('is believed until they say otherwise, or payments succeed', () => {
    const breakers = openBreakers()
    note(breakers, 5, bad)
    breakers.adopt([outage], start)
    assert.equal(shareOf(breakers), 0.03)
    breakers.adopt([], start)
    assert.equal(shareOf(breakers), undefined)
    note(breakers, 5, bad)
    assert.equal(shareOf(breakers), undefined, 'what was before is forgotten')
    breakers.adopt([outage], start)
    note(breakers, 9)
    assert.equal(shareOf(breakers), 0.03, 'nobody here knows that starts had failed')
    note(breakers, 4, { signal: 'authorization' })
    assert.equal(shareOf(breakers), undefined)
    assert.deepEqual(breakers.changes(start).closed, [{ ...outage, until: start }])
    breakers.adopt([outage], start)
    assert.equal(shareOf(breakers), undefined, 'it is about to be written')
  })

  test('may be found by two at once: the one that is written is ended', () => {
    const breakers = openBreakers()
    note(breakers, 6, bad)
    breakers.written(breakers.changes(start))
    breakers.adopt([outage], start)
    note(breakers, 4)
    assert.deepEqual(
      breakers.changes(start).closed.map(({ id }) => id),
      ['out_1'],
    )
  })
})
