import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Breakers, openBreakers } from './breaker.ts'
import type { Sign } from './health.ts'
import type { Outage } from './outage.ts'

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

describe("one merchant's trouble", () => {
  const ofOther = { account: 'other/b' }

  test('concerns that merchant alone, until others have it too', () => {
    const breakers = openBreakers()
    note(breakers, 1, { ...bad, ...ofOther })
    note(breakers, 6, bad)
    assert.deepEqual(down(breakers), ['razorpay'])
    assert.deepEqual(
      breakers.changes(start).opened.map(({ merchant }) => merchant),
      ['demo'],
    )
    assert.equal(shareOf(breakers), 0.03)
    assert.equal(shareOf(breakers, { account: 'demo/second' }), 0.03)
    assert.equal(shareOf(breakers, ofOther), undefined)
    for (let i = 0; i < 5; i++) note(breakers, 1, { ...bad, account: `shop${i % 3}/r` })
    assert.equal(shareOf(breakers, ofOther), 0.03, 'now it is everybody')
  })

  test('is over for that merchant when it works for them', () => {
    const breakers = openBreakers()
    note(breakers, 6, bad)
    note(breakers, 4, ofOther)
    assert.equal(shareOf(breakers), 0.03)
    note(breakers, 4)
    assert.equal(shareOf(breakers), undefined)
  })

  test("is its account's where it is the account's own fault", () => {
    const breakers = openBreakers()
    const own = { ...bad, own: true } as const
    note(breakers, 3, { ...own, account: 'shop/r' })
    note(breakers, 3, { ...own, ...ofOther })
    note(breakers, 6, own)
    assert.deepEqual(down(breakers), ['demo/a'])
    assert.equal(breakers.changes(start).opened[0]?.merchant, 'demo')
    assert.equal(shareOf(breakers, { account: 'demo/second' }), undefined)
    note(breakers, 2, own)
    note(breakers, 2)
    assert.deepEqual(down(breakers), ['demo/a'])
    note(breakers, 2)
    assert.deepEqual(down(breakers), [])
  })

  test('neither ends nor prolongs an outage of its gateway when it is its own fault', () => {
    const breakers = openBreakers()
    note(breakers, 3, bad)
    note(breakers, 3, { ...bad, ...ofOther })
    assert.deepEqual(down(breakers), ['razorpay'])
    note(breakers, 3)
    note(breakers, 1, { ...bad, own: true })
    note(breakers, 1)
    assert.deepEqual(down(breakers), [])
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
    const { closed } = breakers.changes(start + 60 * minute)
    assert.deepEqual(
      closed.map(({ ending }) => ending),
      ['untried'],
    )
    assert.equal(shareOf(breakers, {}, start + 60 * minute), undefined)
  })
})

describe('what processes tell each other', () => {
  const outage: Outage = {
    ...{ id: 'out_1', scope: 'razorpay', network: '', issuer: '', merchant: 'demo' },
    ...{ signal: 'start', since: start - 9 * minute, triedAt: start - minute },
  }
  const nothing = { opened: [], closed: [], tried: [] }

  test('is written once, and ended once', () => {
    const breakers = openBreakers()
    note(breakers, 6, bad)
    const changes = breakers.changes(start)
    assert.match(changes.opened[0]?.id ?? '', /^out_[0-9a-f]{32}$/)
    breakers.written(changes)
    assert.deepEqual(breakers.changes(start), nothing)
    note(breakers, 4, {}, start + minute)
    const [ended] = breakers.changes(start + minute).closed
    const end = { until: start + minute, ending: 'recovered' }
    assert.deepEqual(ended, { ...changes.opened[0], ...end })
    breakers.written({ ...nothing, closed: ended ? [ended] : [] })
    assert.deepEqual(breakers.changes(start), nothing)
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
    breakers.adopt([outage])
    assert.equal(shareOf(breakers), 0.06, 'nobody has tried it for a minute')
    breakers.adopt([])
    assert.equal(shareOf(breakers), undefined)
    note(breakers, 5, bad)
    assert.equal(shareOf(breakers), undefined, 'what was before is forgotten')
    breakers.adopt([outage])
    note(breakers, 9, { signal: 'authorization' })
    assert.equal(shareOf(breakers), 0.03, 'starts had failed')
    note(breakers, 4)
    assert.equal(shareOf(breakers), undefined)
    const end = { until: start, ending: 'recovered' }
    assert.deepEqual(breakers.changes(start).closed, [{ ...outage, ...end }])
    breakers.adopt([outage])
    assert.equal(shareOf(breakers), undefined, 'it is about to be written')
  })

  test('is when it was tried, once a minute, so that nobody forgets what others try', () => {
    const breakers = openBreakers()
    breakers.adopt([outage])
    note(breakers, 1, bad, start - 1)
    assert.deepEqual(breakers.changes(start), nothing)
    note(breakers, 1, bad, start)
    const { tried } = breakers.changes(start)
    assert.deepEqual(tried, [{ ...outage, triedAt: start }])
    breakers.adopt([...tried])
    assert.deepEqual(breakers.changes(start), nothing)
    breakers.adopt([{ ...outage, triedAt: start + 30 * minute }])
    assert.deepEqual(breakers.changes(start + 89 * minute).closed, [])
    assert.equal(breakers.changes(start + 90 * minute).closed[0]?.ending, 'untried')
  })

  test('may be found by two at once: the one that is written is ended', () => {
    const breakers = openBreakers()
    note(breakers, 6, bad)
    breakers.written(breakers.changes(start))
    breakers.adopt([outage])
    note(breakers, 4)
    assert.deepEqual(
      breakers.changes(start).closed.map(({ id }) => id),
      ['out_1'],
    )
  })
})
