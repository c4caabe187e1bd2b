import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type MerchantId, newClientToken, type OrderId, shardOf } from '../ids.ts'
import { clientShard, clientShardIn, clientTokenHash } from './client-token.ts'

const merchant = 'demo' as MerchantId

test('a token lives where its order or its customer does, and says so', () => {
  const ofOrder = clientShard({ merchant, order: 'o-1' as OrderId })
  assert.equal(ofOrder, shardOf(merchant, 'o-1'))
  assert.equal(clientShard({ merchant, customer: 'asha' }), shardOf(merchant, 'asha'))
  assert.equal(clientShardIn(newClientToken(ofOrder)), ofOrder)
})

test('only what has the form of a token is looked for', () => {
  const token = newClientToken(clientShard({ merchant, customer: 'asha' }))
  for (const odd of [
    '',
    'tkn_',
    token.slice(0, -1),
    `${token}0`,
    token.toUpperCase(),
    ` ${token}`,
  ]) {
    assert.equal(clientShardIn(odd), undefined, odd)
  }
  assert.equal(clientShardIn(token.replace('tkn', 'ord')), undefined)
})

test('what is kept of a token is its SHA-256', () => {
  const known = '40a2a12e1c9fd1d6e8e2c12ddb1a0a4b'
  assert.match(clientTokenHash(`tkn_${known}`), /^[0-9a-f]{64}$/)
  assert.notEqual(clientTokenHash(`tkn_${known}`), clientTokenHash(`tkn_${known.slice(1)}0`))
})
