import { paise } from '../money.ts'
import { Secret } from '../secret.ts'
import type { NewPayment } from './gateway.ts'

/** A payment of ₹499 that is to be started by OTP, for tests, with what a test wants otherwise. */
export function aNewPayment(change: Partial<NewPayment> = {}): NewPayment {
  return {
    id: 'txn_abc00000000000000000000000000000001',
    tries: 1,
    stage: 'started',
    merchant: 'demo',
    orderId: 'order-1',
    amount: paise(49_900),
    currency: 'INR',
    autoCapture: true,
    auth: 'OTP',
    card: {
      number: new Secret('5267318187975449'),
      cvv: new Secret('739'),
      expiryMonth: '11',
      expiryYear: '2031',
      name: 'Asha Rao',
    },
    cardType: 'CREDIT',
    finishUrl: 'https://pay.example/finish/1?token=t',
    customer: {
      id: 'c-1',
      email: 'asha@example.in',
      phone: '9000000001',
      ip: '203.0.113.7',
      userAgent: 'Mozilla/5.0',
    },
    ...change,
  }
}
