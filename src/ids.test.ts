import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import {
  isMerchantId,
  type MerchantId,
  newChallengeId,
  newOrderUuid,
  newTxnId,
  type OrderId,
  shardIn,
  shardOf,
  txnBeginningIn,
} from './ids.ts'

const shard = shardOf('acme' as MerchantId, 'shop-1' as OrderId)

test('the shard is the first 12 bits of SHA-256 over merchant, NUL and order', () => {
  const hex = createHash('sha256').update('acme\0shop-1').digest('hex')
  assert.equal(shard, Number.parseInt(hex.slice(0, 3), 16))
  assert.notEqual(shardOf('acm' as MerchantId, 'eshop-1' as OrderId), shard)
})

test('every id of ours carries its shard', () => {
  for (const make of [newOrderUuid, newTxnId, newChallengeId]) {
    assert.equal(shardIn(make(shard)), shard)
    assert.notEqual(make(shard), make(shard))
  }
})

test('ids that protect something hold 128 random bits after the shard', () => {
  assert.match(newTxnId(shard), /^txn_[0-9a-f]{35}$/)
  assert.match(newChallengeId(shard), /^ch_[0-9a-f]{35}$/)
  assert.match(newOrderUuid(shard), /^ord_[0-9a-f]{32}$/)
})

test('other texts carry no shard', () => {
  const long = `txn_${'a'.repeat(60)}`
  for (const text of ['', 'txn_', 'acme-shop-1-1', 'txn_zzz', `TXN_${'a'.repeat(35)}`, long]) {
    assert.equal(shardIn(text), undefined, text)
  }
})

test('a gateway that keeps 24 digits of a txn id still names its shard', () => {
  const id = newTxnId(shard)
  const beginning = id.slice(0, 'txn_'.length + 24)
  for (const text of [id, beginning, `${beginning}z`, `${id}.2`, `${id}-12`]) {
    assert.deepEqual(txnBeginningIn(text), { beginning, shard }, text)
  }
  for (const text of ['', beginning.slice(0, -1), beginning.toUpperCase(), ` ${id}`]) {
    assert.equal(txnBeginningIn(text), undefined, text)
  }
})

test('merchant ids are short and plain', () => {
  for (const id of ['demo', 'Acme_1', 'a-b']) assert(isMerchantId(id))
  for (const id of ['', 'a b', 'a/b', 'ä', 'a'.repeat(33)]) assert(!isMerchantId(id))
})
