import { Type } from 'typebox'
import type { ResponseCode } from '../gateways/gateway.ts'
import { type Txn, type TxnStatus, toldStatus } from '../payments/txn.ts'

/** The wire's number of each txn status. AUTHORIZED is 24, as the Direct OTP tables print it. */
export const statusId: Record<TxnStatus, number> = {
  STARTED: 20,
  CHARGED: 21,
  JUSPAY_DECLINED: 22,
  PENDING_VBV: 23,
  AUTHORIZED: 24,
  AUTHENTICATION_FAILED: 26,
  AUTHORIZATION_FAILED: 27,
  AUTHORIZING: 28,
  VOIDED: 31,
  VOID_INITIATED: 32,
  CAPTURE_INITIATED: 33,
  CAPTURE_FAILED: 34,
  VOID_FAILED: 35,
  AUTO_REFUNDED: 36,
}

/** A txn's status in a schema. */
export const TxnStatusText = Type.Unsafe<TxnStatus>({
  type: 'string',
  enum: Object.keys(statusId),
})

/** What each unified response code says to a person. */
export const responseMessage: Record<ResponseCode, string> = {
  TXN_SUCCESS: 'Transaction is successful',
  TXN_EXPIRED: 'Transaction failed as it could not be completed in time. Please retry',
  TXN_NOT_FOUND: 'Transaction not found at Gateway end',
  TXN_FAILURE: 'Transaction failed',
  INCORRECT_OTP: 'Incorrect OTP. Please try again',
  OTP_EXPIRED: 'OTP has expired. Please ask for a new one',
  OTP_ATTEMPTS_EXCEEDED: 'Max authentication attempt exceeded.',
  USER_DECLINED: 'User did not complete authentication',
  AUTHENTICATION_FAILED: 'Authentication failed',
  ISSUER_DOWN: 'Bank is not available. Please try again or use another card',
  RISK_DECLINED: 'Transaction was declined for its risk',
  GATEWAY_ERROR: 'Transaction failed at Gateway end',
  BANK_DECLINED: "Transaction failed at Bank's end",
  INSUFFICIENT_BALANCE: "User doesn't have sufficient balance in the account",
  GATEWAY_UNREACHABLE: 'Gateway could not be reached. Please try again',
  PENDING_AT_BANK: 'Transaction status is pending from bank',
  CAPTURE_FAILED: 'Capture failed at Gateway end',
  VOID_FAILED: 'Void failed at Gateway end',
  TXN_VOIDED: 'Transaction is voided',
  AUTO_REFUNDED: 'The money was not for this order and has been refunded',
  LATE_CHARGE: 'The money came too late or is not the amount of the order',
}

/** The top-level `resp_code` and `resp_message`: `00` and nothing for success, else the code. */
export function responseOf(code: ResponseCode | ''): {
  resp_code: string | null
  resp_message: string | null
} {
  if (code === '') return { resp_code: null, resp_message: null }
  if (code === 'TXN_SUCCESS') return { resp_code: '00', resp_message: '' }
  return { resp_code: code, resp_message: responseMessage[code] }
}

/** The unified code and its words, as `txn_detail` always shows them. */
export function unifiedOf(code: ResponseCode | ''): {
  response_code: string | null
  response_message: string | null
} {
  if (code === '') return { response_code: null, response_message: null }
  return { response_code: code, response_message: responseMessage[code] }
}

/** Whether the bank's own words are the reason of this code; the other codes are ours alone. */
export function isBanksReason(code: ResponseCode | ''): boolean {
  switch (code) {
    case 'INCORRECT_OTP':
    case 'OTP_EXPIRED':
    case 'OTP_ATTEMPTS_EXCEEDED':
    case 'USER_DECLINED':
    case 'AUTHENTICATION_FAILED':
    case 'ISSUER_DOWN':
    case 'RISK_DECLINED':
    case 'GATEWAY_ERROR':
    case 'BANK_DECLINED':
    case 'INSUFFICIENT_BALANCE':
    case 'TXN_FAILURE':
    case 'CAPTURE_FAILED':
    case 'VOID_FAILED':
      return true
    case '':
    case 'TXN_SUCCESS':
    case 'TXN_EXPIRED':
    case 'TXN_NOT_FOUND':
    case 'GATEWAY_UNREACHABLE':
    case 'PENDING_AT_BANK':
    case 'LATE_CHARGE':
    case 'TXN_VOIDED':
    case 'AUTO_REFUNDED':
      return false
    default:
      return code satisfies never
  }
}

/** The status a txn shows, with its number. */
export function shownStatus(txn: Pick<Txn, 'status' | 'late'>): {
  status: TxnStatus
  status_id: number
} {
  const status = toldStatus(txn)
  return { status, status_id: statusId[status] }
}
