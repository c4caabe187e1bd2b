import { hash } from 'node:crypto'
import { objectIn, unknown } from './answer.ts'
import type {
  Access,
  Admission,
  Call,
  Capturing,
  Eligibility,
  Gateway,
  Instructed,
  Reply,
} from './gateway.ts'
import type { Callback, News } from './news.ts'
import { command, isNothingFound, liveHosts, post, verify } from './payu-commands.ts'
import {
  askRefund,
  hearBefore,
  hearBeforeRefund,
  hearRefundStanding,
  hearStanding,
} from './payu-money.ts'
import { hearResent, hearSubmitted } from './payu-otp.ts'
import { askStart, hearStart } from './payu-start.ts'
import { hearWords, isSigned, isTxnid, textIn } from './payu-words.ts'

/** PayU India: forms out, JSON in, every call and result signed with sha512 over a salt. */
export const payu = {
  wireName: 'PAYU',
  wireId: 12,
  hosts: { sandbox: ['https://test.payu.in'], live: liveHosts },
  credentials: ['key', 'salt'],
  otpBrands: ['VISA', 'MASTERCARD', 'RUPAY'],
  // Holds are for Visa, Mastercard and Amex credit cards of accounts that have the feature.
  holds: 'by_account',
  captures: 'whole',
  fixesCapture: true,
  // PayU names no least time; within this, an SMS is on its way more often than lost.
  resendAfterMs: 30_000,
  // Its own limit is not public; no bank's switch answers an authorization after a minute.
  settlesWithinMs: 120_000,
  transcribed: new Set([
    ...['txnid', 'txnId', 'merchantTxnId', 'mihpayid', 'request_id', 'bank_ref_num', 'token'],
    ...['amount', 'amt', 'transaction_amount', 'pg', 'bankcode', 'pre_authorize', 'mode'],
    ...['command', 'var1', 'var3', 'msg', 'message', 'action', 'txn_s2s_flow', 'PG_TYPE'],
    ...['status', 'txnStatus', 'unmappedStatus', 'unmappedstatus', 'statusCode', 'error'],
    ...['error_code', 'error_Message', 'attemptsLeft', 'retryAttemptCount', 'isSupported'],
    ...['pureS2SSupported', 'issuingBank', 'category', 'cardType', 'is_otp_on_the_fly'],
  ]),
  check: {
    patienceMs: 5_000,
    // No payment of ours can have this name.
    ask: (_about, access) => command(access, 'verify_payment', { var1: 'directotp-check' }),
    hear: hearCheck,
  },
  eligibility: {
    patienceMs: 5_000,
    ask: ({ bin }, access) => {
      // PayU knows issuers by six digits.
      const variables = { var2: bin.slice(0, 6), var3: '0', var4: '1', var5: '1' }
      return command(access, 'getBinInfo', { var1: '1', ...variables })
    },
    hear: hearEligibility,
  },
  start: { patienceMs: 10_000, ask: askStart, hear: hearStart },
  submitOtp: {
    // A bank's authorization sits behind the OTP.
    patienceMs: 30_000,
    ask: ({ handle = '', otp }) => answer({ referenceId: handle, otp: otp.reveal() }),
    hear: hearSubmitted,
  },
  resendOtp: {
    patienceMs: 10_000,
    ask: ({ handle = '' }) => answer({ referenceId: handle, resendOtp: '1' }),
    hear: hearResent,
  },
  sync: { patienceMs: 10_000, ask: verify, hear: hearStanding },
  capture: {
    patienceMs: 15_000,
    ask: verify,
    hear: hearBefore<Capturing>('capture', ({ take }) => take),
  },
  void: {
    patienceMs: 15_000,
    ask: verify,
    hear: hearBefore<Instructed>('void', ({ amount }) => amount),
  },
  refund: { patienceMs: 15_000, ask: verify, hear: hearBeforeRefund },
  syncRefund: { patienceMs: 10_000, ask: askRefund, hear: hearRefundStanding },
  hearCallback,
} satisfies Gateway

/** An answer may name another URL to post OTPs to; the documented one is safe from such words. */
function answer(fields: Readonly<Record<string, string>>): Call {
  return post('/ResponseHandler.php', fields)
}

function hearCheck(reply: Reply): Admission {
  return hearWords<Admission>(reply, ({ status, msg }) => {
    const message = textIn(msg)
    if (textIn(status) !== '0' || message === undefined) return unknown('no word of the account')
    if (isNothingFound(message)) return { kind: 'works' }
    return /hash|key/i.test(message) ? { kind: 'locked_out', message } : unknown('no known word')
  })
}

function hearEligibility(reply: Reply): Eligibility {
  return hearWords<Eligibility>(reply, ({ data }) => {
    const bin = objectIn(objectIn(data)?.['bins_data'])
    switch (textIn(bin?.['is_otp_on_the_fly'])) {
      case '1':
        return { kind: 'eligible' }
      case '0':
        return { kind: 'ineligible' }
      default:
        return unknown('no word of OTPs')
    }
  })
}

function hearCallback({ body, now }: Callback, access: Access): News {
  const form = new URLSearchParams(body.toString('utf8'))
  const field = (name: string) => form.get(name) ?? ''
  if (field('action') === 'refund') return hint(field('merchantTxnId'), now)
  if (field('hash') === '' || !isSigned(field, access)) return { kind: 'forged' }
  const id = hash('sha256', body, 'hex')
  const txnid = field('txnid')
  return isTxnid(txnid) ? { kind: 'news', id, reference: `txn_${txnid}` } : { kind: 'other', id }
}

/**
 * News of a refund, which PayU does not sign: no more than a hint to ask. All of a minute about
 * one payment have one id, so that a flood of them is asked about once.
 */
function hint(txnid: string, now: number): News {
  if (!isTxnid(txnid)) return { kind: 'forged' }
  const id = `refund.${txnid}.${Math.floor(now / hintMs)}`
  return { kind: 'hint', id, reference: `txn_${txnid}`, isRefund: true }
}

/** A refund takes days; nobody needs to hear of one sooner than within a minute. */
const hintMs = 60_000
