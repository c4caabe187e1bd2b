import type { FakeAnswer } from './fake-server.ts'
import type { FakeAction, FakePayment } from './payu-book.ts'

/** How many OTPs a payment can have, the first one counted. */
export const mostSends = 3

/** A payment as `verify_payment` shows it. */
export function detailsOf(
  payment: FakePayment,
  { bank_ref_num, mode, error, error_Message }: Readonly<Record<string, string>>,
): object {
  const { productinfo, firstname, amount = '', txnid = '' } = payment.form
  const { state, mihpayid } = payment
  const isOpen = state === 'pending' || state === 'in progress'
  const status = isHeldOrTaken(payment) === 'failed' ? 'failure' : 'success'
  return {
    mihpayid,
    request_id: '',
    bank_ref_num,
    amt: amount,
    transaction_amount: amount,
    additional_charges: '0.00',
    txnid,
    productinfo,
    firstname,
    mode,
    status: isOpen ? 'pending' : status,
    unmappedstatus: state,
    error_code: error,
    error_Message,
  }
}

/** An answer: PayU says everything with a 200. */
export function ok(body: object): FakeAnswer {
  return { status: 200, body }
}

/** A command that is refused. */
export function no(msg: string, error_code?: number): FakeAnswer {
  return ok({ status: 0, msg, ...(error_code !== undefined && { error_code }) })
}

/** The head of an answer to a payment that failed. */
export function failed(statusCode: string, message: string) {
  return { message, referenceId: null, statusCode, unmappedStatus: 'failure' }
}

/** The head of an answer about a payment under way. */
export function metaOf({ referenceId, form }: FakePayment) {
  const { txnid = '' } = form
  return { message: null, referenceId, statusCode: null, txnId: txnid, unmappedStatus: 'pending' }
}

/** How many OTPs can still be sent. */
export function sendsOf({ sends }: FakePayment) {
  return { isSupported: true, attemptsLeft: mostSends - sends }
}

/** What became of a payment, in the word of a result. */
export function isHeldOrTaken({ state }: FakePayment): 'captured' | 'auth' | 'failed' {
  return state === 'captured' || state === 'auth' ? state : 'failed'
}

/** An action as `check_action_status` lists it. */
export function rowOf({ id, kind, token, amount, done }: FakeAction, mihpayid: string): object {
  const status = done ? 'success' : 'queued'
  const bank = { bank_ref_num: `7001${id}`, bank_arn: done ? `74537601327${id}000` : null }
  return { mihpayid, request_id: id, ...bank, amt: amount, action: kind, token, status }
}

/** Fields that each kind of lie is told in, wherever they stand. */
const lies: Readonly<Record<string, (name: string, value: unknown) => unknown>> = {
  wrong_amount: (name, value) =>
    ['amt', 'transaction_amount', 'amount'].includes(name) ? '1.00' : value,
  wrong_id: (name, value) =>
    ['txnid', 'txnId', 'mihpayid', 'referenceId'].includes(name) ? '999' : value,
  unknown_word: (name, value) =>
    ['unmappedStatus', 'unmappedstatus', 'status', 'is_otp_on_the_fly'].includes(name)
      ? 'levitating'
      : value,
}

/** An answer with a word that nobody knows, another amount or another id. */
export function disguise(
  answer: FakeAnswer,
  as: 'unknown_word' | 'wrong_amount' | 'wrong_id',
): FakeAnswer {
  const lie = lies[as]
  return { ...answer, body: lie ? JSON.parse(JSON.stringify(answer.body, lie)) : answer.body }
}
