import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MerchantId } from '../ids.ts'
import { type Lane, openRoom } from './room.ts'

const lane = (merchant: string, endpoint = 'wep_1'): Lane => ({
  merchant: merchant as MerchantId,
  endpoint,
})

/** A room, and a clock for it. */
function open() {
  const clock = { now: 0 }
  const room = openRoom(() => clock.now)
  const fill = (one: Lane) => Array.from({ length: room.of(one) }, () => room.enter(one))
  const prove = (one: Lane) => room.enter(one)(true)
  return { clock, room, fill, prove }
}

test('an endpoint has two places until it has accepted in time, then sixteen', () => {
  const { clock, room } = open()
  const one = lane('shop')
  assert.equal(room.of(one), 2)
  room.enter(one)(false)
  assert.equal(room.of(one), 2)
  const leave = room.enter(one)
  clock.now += 2_000
  leave(true)
  assert.equal(room.of(one), 16)
  const late = room.enter(one)
  clock.now += 2_001
  // It is slow as soon as an answer is late, not only when it has come.
  assert.equal(room.of(one), 1)
  late(true)
  assert.equal(room.of(one), 2)
})

test('a merchant has 24 places, and 4 for endpoints that are not known to be quick', () => {
  const { room, fill, prove } = open()
  for (const id of ['a', 'b', 'c']) assert(fill(lane('slow', id)).length <= 2)
  assert.equal(room.left(), 60)
  for (const id of ['a', 'b']) prove(lane('quick', id))
  assert.equal(fill(lane('quick', 'a')).length, 16)
  assert.equal(fill(lane('quick', 'b')).length, 8)
})

test('what is slow leaves room for the new, and both for the quick', () => {
  const { room, fill, prove } = open()
  prove(lane('quick'))
  for (let i = 0; i < 40; i++) fill(lane(`new-${i}`))
  assert.equal(room.left(), 16)
  assert.equal(room.of(lane('another')), 0)
  assert.equal(fill(lane('quick')).length, 16)
  assert.equal(room.left(), 0)

  // Forty answer late; of what is sent to them afterwards only a part may be under way.
  const later = open()
  for (let i = 0; i < 40; i++) {
    const leave = later.room.enter(lane(`slow-${i}`))
    later.clock.now += 2_001
    leave(true)
  }
  for (let i = 0; i < 40; i++) later.fill(lane(`slow-${i}`))
  assert.equal(later.room.left(), 32)
  assert.equal(later.room.of(lane('another')), 2)
})

test('what is about to begin beside it counts', () => {
  const { room } = open()
  const [a, b] = [lane('shop', 'a'), lane('shop', 'b')]
  assert.equal(room.of(b, [a, a, b]), 1)
  assert.equal(room.of(lane('shop', 'c'), [a, a, b, b]), 0)
})
