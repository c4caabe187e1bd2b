import type { CardFacts } from '../cards/card.ts'
import { type MerchantId, newChallengeId, newTxnId, type OrderId, shardOf } from '../ids.ts'
import { paise } from '../money.ts'
import type { Txn } from './txn.ts'

const merchant = 'demo' as MerchantId
const orderId = 'shop-1' as OrderId
const shard = shardOf(merchant, orderId)

const card: CardFacts = {
  lastFour: '4242',
  fingerprint: '00',
  brand: 'VISA',
  bin: '424242',
  expiryMonth: '11',
  expiryYear: '2027',
  name: 'Asha',
  bank: 'AXIS BANK LTD',
  bankCode: 'JP_AXIS',
  type: 'CREDIT',
  subType: 'CLASSIC',
  country: 'INDIA',
}

/** A txn of ₹100 that has just been started, for tests, with what a test wants otherwise. */
export function aTxn(change: Partial<Txn> = {}): Txn {
  return {
    shard,
    merchant,
    id: newTxnId(shard),
    orderId,
    n: 1,
    status: 'STARTED',
    amount: paise(10_000),
    currency: 'INR',
    authType: 'OTP',
    autoCapture: true,
    account: 'simulator',
    gateway: 'simulator',
    tries: 1,
    card,
    challengeId: newChallengeId(shard),
    otp: { attempts: 0, answered: 0, attemptsMax: 3, sends: 0, sendsMax: 3 },
    said: {},
    code: '',
    late: false,
    captured: paise(0),
    refunded: paise(0),
    captures: [],
    lease: 1,
    leaseUntil: 0,
    askedAt: 0,
    looks: 0,
    createdAt: 0,
    updatedAt: 0,
    ...change,
  }
}
