import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type GatewayName, gateways } from '../../src/gateways/catalog.ts'
import { engines } from '../databases.ts'
import { openStreet } from './matrix-shop.ts'

const [engine] = engines
assert(engine)
const names = Object.keys(gateways) as GatewayName[]

const waiting = 100

test('payments one after another share a connection', async () => {
  const street = await openStreet(engine)
  for (const name of names) {
    const shop = await street.open(name)
    for (let n = 0; n < 10; n++) {
      const txn = await shop.submit(await shop.pay(await shop.order()))
      assert.equal(txn.status, 'CHARGED')
    }
    // Some more there may be: an answer's end can cross the next call, and the idle are closed.
    assert(shop.fake.connections() < 10, `${name}: ${shop.fake.connections()} connections`)
    await shop.close()
  }
  await street.close()
})

test('payments go on beside a gateway that never answers', async () => {
  const street = await openStreet(engine)
  const [stalled, ...others] = await Promise.all(names.map((name) => street.open(name)))
  assert(stalled && others.length > 0)
  stalled.fake.spoil('never', 'start', waiting)
  let answered = 0
  const stuck = Array.from({ length: waiting }, async () => {
    const txn = await stalled.pay(await stalled.order())
    answered++
    return txn
  })
  while (stalled.fake.connections() < waiting) {
    assert.equal(answered, 0)
    await sleep(5)
  }
  for (const shop of others) {
    const txn = await shop.submit(await shop.pay(await shop.order()))
    assert.equal(txn.status, 'CHARGED')
  }
  assert.equal(answered, 0, 'the stalled gateway has answered nobody')
  await stalled.close()
  for (const { status } of await Promise.all(stuck)) assert.equal(status, 'AUTHORIZING')
  for (const shop of others) await shop.close()
  await street.close()
})
