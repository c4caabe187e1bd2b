import { hash } from 'node:crypto'
import type { BookedPayment, FakeCards, SignedCallback } from './fake.ts'

/** What an account at PayU is known by. */
export interface PayuKeys {
  readonly key: string
  readonly salt: string
}

/** A capture, cancellation or refund of the fake, done a minute after it was queued. */
export interface FakeAction {
  readonly id: string
  readonly kind: 'capture' | 'cancel' | 'refund'
  readonly token: string
  /** Rupees as they were posted. */
  readonly amount: string
  readonly at: number
  done: boolean
}

/** A payment of the fake. Times in epoch milliseconds. */
export interface FakePayment {
  /** As it was posted, without the card. */
  readonly form: Readonly<Record<string, string>>
  readonly card: keyof FakeCards
  readonly referenceId: string
  readonly mihpayid: string
  readonly createdAt: number
  readonly actions: FakeAction[]
  readonly events: SignedCallback[]
  state: 'pending' | 'in progress' | 'captured' | 'auth' | 'cancelled' | 'failed' | 'dropped'
  error: string
  sends: number
  guesses: number
  /** When the right OTP came to a bank that says nothing. */
  submittedAt?: number
}

const actionMs = 60_000
const droppedAfterMs = 15 * 60_000
const givesUpAfterMs = 60 * 60_000
const lateAfterMs = 24 * 60 * 60_000

const words: Readonly<Record<string, string>> = {
  E000: 'No Error',
  E312: 'Bank denied transaction on the card.',
  E1002: 'Issuer unavailable',
  E1601: 'Customer Authentication failed due to incorrect OTP.',
  E502: 'Transaction left by the customer',
}

/** What an error code means, in PayU's manner. */
export function wordsOf(error: string): string {
  return words[error] ?? 'Error'
}

/** Signs a payment's request, as PayU's integration pages print the formula. */
export function signRequest(form: Readonly<Record<string, string>>, salt: string): string {
  const of = (name: string) => form[name] ?? ''
  const named = `${of('key')}|${of('txnid')}|${of('amount')}|${of('productinfo')}`
  const person = `${of('firstname')}|${of('email')}`
  const own = `${of('udf1')}|${of('udf2')}|${of('udf3')}|${of('udf4')}|${of('udf5')}`
  return hash('sha512', `${named}|${person}|${own}||||||${salt}`, 'hex')
}

/** Signs a result: the formula of the request read backwards. */
function signResult(form: Readonly<Record<string, string>>, salt: string): string {
  const of = (name: string) => form[name] ?? ''
  const own = `${of('udf5')}|${of('udf4')}|${of('udf3')}|${of('udf2')}|${of('udf1')}`
  const person = `${of('email')}|${of('firstname')}`
  const named = `${of('productinfo')}|${of('amount')}|${of('txnid')}|${of('key')}`
  return hash('sha512', `${salt}|${of('status')}||||||${own}|${person}|${named}`, 'hex')
}

/** Decimal rupees in paise. */
export function paiseOf(rupees: string): number {
  return Math.round(Number(rupees) * 100)
}

/** Whether the bank has agreed to a payment. */
export function isPaid({ state }: FakePayment): boolean {
  return state === 'captured' || state === 'auth' || state === 'cancelled'
}

/** How much of a payment was or is being given back, in paise. */
export function returnedOf({ actions }: FakePayment, done = false): number {
  const refunds = actions.filter((one) => one.kind === 'refund' && (one.done || !done))
  return refunds.reduce((total, { amount }) => total + paiseOf(amount), 0)
}

/** The books of a PayU: payments and what was told of them. */
export class PayuBook {
  readonly payments: FakePayment[] = []
  readonly #keys: PayuKeys
  readonly #now: () => number
  #count = 0

  constructor(keys: PayuKeys, now: () => number) {
    this.#keys = keys
    this.#now = now
  }

  /** Digits, as all ids of PayU are. */
  newId(): string {
    this.#count++
    return `4039937155${String(this.#count).padStart(8, '0')}`
  }

  /** What time alone does: queues are worked off, customers are gone, banks speak at last. */
  catchUp(): void {
    const now = this.#now()
    for (const payment of this.payments) {
      for (const action of payment.actions) {
        if (!action.done && now - action.at >= actionMs) this.#finish(payment, action)
      }
      const { card, state, submittedAt } = payment
      const silentMs = submittedAt === undefined ? 0 : now - submittedAt
      if (state === 'pending' && now - payment.createdAt >= droppedAfterMs) {
        this.end(payment, 'dropped', 'E502')
      }
      if (state === 'in progress' && card === 'lateSuccess' && silentMs >= lateAfterMs) {
        this.authorize(payment)
      }
      if (state === 'in progress' && card === 'downAtSubmit' && silentMs >= givesUpAfterMs) {
        this.end(payment, 'failed', 'E1002')
      }
    }
  }

  authorize(payment: FakePayment): void {
    payment.state = payment.form['pre_authorize'] === '1' ? 'auth' : 'captured'
    payment.error = 'E000'
    this.#tell(payment)
  }

  end(payment: FakePayment, state: 'failed' | 'dropped', error: string): void {
    payment.state = state
    payment.error = error
    this.#tell(payment)
  }

  /** The signed result of a payment that has ended. */
  resultOf(payment: FakePayment): Record<string, string> {
    const { form, mihpayid, error, state } = payment
    const named = ['key', 'txnid', 'amount', 'productinfo', 'firstname', 'email', 'udf1']
    const result = {
      ...Object.fromEntries(named.map((name) => [name, form[name] ?? ''])),
      mihpayid,
      mode: form['pg'] ?? '',
      status: isPaid(payment) ? 'success' : 'failure',
      unmappedstatus: state,
      error,
      error_Message: wordsOf(error),
      bank_ref_num: isPaid(payment) ? `6001${mihpayid.slice(-8)}` : '',
      payment_source: 'payuPureS2S',
    }
    return { ...result, hash: signResult(result, this.#keys.salt) }
  }

  /** Every payment as it stands now. */
  booked(): BookedPayment[] {
    this.catchUp()
    return this.payments.map((payment) => {
      const amount = paiseOf(payment.form['amount'] ?? '')
      return {
        reference: `txn_${payment.form['txnid']}`,
        amount,
        authorized: isPaid(payment) ? amount : 0,
        captured: payment.state === 'captured' ? amount : 0,
        refunded: returnedOf(payment, true),
        voided: payment.state === 'cancelled',
        sends: payment.sends,
        guesses: payment.guesses,
      }
    })
  }

  #finish(payment: FakePayment, action: FakeAction): void {
    action.done = true
    if (action.kind === 'capture') payment.state = 'captured'
    if (action.kind === 'cancel') payment.state = 'cancelled'
    if (action.kind !== 'refund') return
    // PayU documents no hash of these.
    const told = {
      action: 'refund',
      status: 'success',
      token: action.token,
      mihpayid: payment.mihpayid,
      request_id: action.id,
      merchantTxnId: payment.form['txnid'] ?? '',
      bank_arn: `7453760132700000${action.id.slice(-7)}`,
      amt: action.amount,
    }
    payment.events.push(posted(told))
  }

  #tell(payment: FakePayment): void {
    payment.events.push(posted(this.resultOf(payment)))
  }
}

function posted(form: Readonly<Record<string, string>>): SignedCallback {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return { headers, body: new URLSearchParams(form).toString() }
}
