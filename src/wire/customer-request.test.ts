import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refusal } from '../refusal.ts'
import { readTold } from './customer-request.ts'

function refused(name: string, text: string): boolean {
  try {
    assert.deepEqual(readTold({ [name]: text }), { [name]: text })
    return false
  } catch (error) {
    assert(error instanceof Refusal)
    assert.deepEqual(error.detail.fields, [{ field_name: name, reason: 'invalid' }])
    return true
  }
}

test('what is told of a customer has no card number in it', () => {
  for (const name of ['first_name', 'last_name', 'mobile_country_code', 'email_address']) {
    assert(refused(name, '4111 1111 1111 1111'), name)
  }
  assert(refused('first_name', 'a4111b1111c1111d1111'))
})

test('many digits are no card number where they belong', () => {
  assert(!refused('mobile_number', '0000919876543210'))
  assert(!refused('email_address', 'guest-550e8400-e29b-41d4-a716-446655440000@shop.in'))
  assert(!refused('email_address', '1234567890123@shop.in'))
})
