import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isCustomerId, isCustomerReference, isSameCustomer } from './customer.ts'

test('a merchant names customers as they like, but by nothing that looks like another name', () => {
  const ours = `cst_${'0'.repeat(35)}`
  for (const good of ['1', 'asha@example.in', 'आशा', 'cst_1', 'a.b-c_d', 'x'.repeat(128)]) {
    assert(isCustomerReference(good), good)
  }
  for (const bad of ['', ' ', 'a b', 'a\u200b', 'a\n', 'x'.repeat(129), ours]) {
    assert(!isCustomerReference(bad), JSON.stringify(bad))
  }
  assert(isCustomerId(ours))
  assert(!isCustomerId(ours.replace('cst_', 'ctk_')))
})

test('what was never told is the same as what is empty', () => {
  assert(isSameCustomer({ first_name: 'A' }, { first_name: 'A', last_name: '' }))
  assert(!isSameCustomer({ first_name: 'A' }, { first_name: 'B' }))
})
