import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { brands } from '../cards/bin.ts'
import { type AccountForCard, chooseWay, doesOtp, otpBins } from './routing.ts'

const now = 1_000
const access = { baseUrl: 'http://bank.example', credentials: {} }
const account = (id: string, noOtpUntil?: number): AccountForCard => ({
  id,
  gateway: 'simulator',
  access,
  ...(noOtpUntil !== undefined && { noOtpUntil }),
})
const asked = { wish: {}, brand: 'VISA', wantsOtp: true, now } as const
const wayOf = (accounts: readonly AccountForCard[], more: object = {}) => {
  const way = chooseWay(accounts, { ...asked, ...more })
  return way && `${way.account.id} ${way.auth}`
}

describe('the way of a payment', () => {
  test('is the first account that does OTP for the card', () => {
    assert.equal(wayOf([account('a'), account('b')]), 'a OTP')
  })

  test('passes by an account that has said no, until its time is over', () => {
    assert.equal(wayOf([account('a', now + 1), account('b')]), 'b OTP')
    assert.equal(wayOf([account('a', now), account('b')]), 'a OTP')
  })

  test("is the bank's page of the first account when all have said no", () => {
    assert.equal(wayOf([account('a', now + 1), account('b', now + 1)]), 'a REDIRECT')
  })

  test("is the bank's page when that was asked for", () => {
    assert.equal(wayOf([account('a')], { wantsOtp: false }), 'a REDIRECT')
  })

  test('keeps to what was wished, also when another account could do more', () => {
    const accounts = [account('a'), account('b', now + 1)]
    assert.equal(wayOf(accounts, { wish: { accountId: 'b' } }), 'b REDIRECT')
    assert.equal(wayOf(accounts, { wish: { accountId: 'a', gatewayId: '100' } }), 'a OTP')
    assert.equal(wayOf(accounts, { wish: { gatewayId: '23' } }), undefined)
    assert.equal(wayOf(accounts, { wish: { accountId: 'c' } }), undefined)
  })

  test('is none without accounts', () => {
    assert.equal(wayOf([]), undefined)
  })
})

test('the simulated bank does OTP for every network', () => {
  for (const brand of brands) assert(doesOtp(account('a'), brand, now), brand)
})

describe('the BINs that can pay by OTP', () => {
  const bins = ['411111', '411111111', '999999']
  const no = (id: string, bin: string) => ({ account: id, bin })

  test('are those of a network that an account does', () => {
    assert.deepEqual(otpBins(bins, [account('a')], []), ['411111', '411111111'])
    assert.deepEqual(otpBins(bins, [], []), [])
  })

  test('are without those that every account has refused, digit for digit', () => {
    const both = [account('a'), account('b')]
    const learned = [no('a', '411111111'), no('a', '411111222')]
    assert.deepEqual(otpBins(bins, both, learned), ['411111', '411111111'])
    learned.push(no('b', '411111111'))
    assert.deepEqual(otpBins(bins, both, learned), ['411111'])
  })
})
