import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '../secret.ts'
import { keepsLocker, lockerFrom, lockerText, savesCard } from './locker.ts'
import { aTxn } from './txn.fixture.ts'
import type { Txn } from './txn.ts'

const minuteMs = 60_000

test('a locker has the whole card and its customer, and no CVV', () => {
  const expiry = { expiryMonth: '11', expiryYear: '2027' }
  const card = { number: new Secret('4242424242424242'), cvv: new Secret('987'), ...expiry }
  const text = lockerText({ card, customer: 'asha' })
  assert(!text.includes('987'))
  const back = lockerFrom(text)
  assert.equal(back.card.number.reveal(), '4242424242424242')
  assert.deepEqual(
    [back.customer, back.card.cvv, back.card.expiryYear],
    ['asha', undefined, '2027'],
  )
})

test('a locker is kept while a payment may succeed, and is emptied when it has', () => {
  const table: readonly (readonly [Partial<Txn>, keeps: boolean, saves: boolean])[] = [
    [{ status: 'STARTED' }, true, false],
    [{ status: 'PENDING_VBV' }, true, false],
    [{ status: 'AUTHORIZING' }, true, false],
    [{ status: 'AUTHORIZED' }, true, true],
    [{ status: 'CHARGED' }, true, true],
    [{ status: 'CHARGED', late: true }, false, false],
    [{ status: 'AUTHORIZED', late: true }, false, false],
    [{ status: 'VOIDED' }, false, false],
    [{ status: 'AUTO_REFUNDED', late: true }, false, false],
    [{ status: 'AUTHORIZATION_FAILED' }, false, false],
  ]
  for (const [change, keeps, saves] of table) {
    const txn = aTxn({ ...change, locker: 'v1.k.sealed' })
    const what = JSON.stringify(change)
    assert.equal(keepsLocker(txn, txn.createdAt), keeps, what)
    assert.equal(keepsLocker(txn, txn.createdAt + 30 * minuteMs), false, what)
    assert.equal(savesCard(txn), saves, what)
  }
  assert.equal(savesCard(aTxn({ status: 'CHARGED' })), false)
})
