import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ChallengeParams, type FinalStatus, nextStep, type StartAnswer } from './payment.ts'

const params: ChallengeParams = {
  id: 'txn_1',
  challenge_id: 'ch_1',
  auth_type: 'OTP',
  auth_method: 'OTP',
  card_isin: '424242',
  card_issuer_bank_name: 'Example Bank',
  submit_otp_allowed: true,
  resend_otp_allowed: false,
  fallback_url: 'https://pay.example.com/fallback',
  times_otp_sent: 1,
  max_otp_send_limit: 3,
  current_attempt: 1,
  max_attempts: 3,
}

function pending(
  changed: Partial<ChallengeParams> | undefined,
): Pick<StartAnswer, 'status' | 'payment'> {
  const url = 'https://pay.example.com/page'
  const challenge = changed && { params: { ...params, ...changed } }
  return {
    status: 'PENDING_VBV',
    payment: { authentication: { method: 'GET', url, ...challenge } },
  }
}

test('an open challenge asks for the OTP, whatever the form of its url', () => {
  assert.deepEqual(nextStep(pending({})), { kind: 'otp', params })
  const onlyAgain = { submit_otp_allowed: false, resend_otp_allowed: true }
  assert.equal(nextStep(pending(onlyAgain)).kind, 'otp')
})

test("without a challenge, or with a closed one, the customer's browser goes on", () => {
  assert.deepEqual(nextStep(pending(undefined)), {
    kind: 'redirect',
    url: 'https://pay.example.com/page',
  })
  assert.deepEqual(nextStep(pending({ submit_otp_allowed: false })), {
    kind: 'redirect',
    url: params.fallback_url,
  })
})

test('what the bank has not decided is waited for', () => {
  const undecided = ['CAPTURE_INITIATED', 'VOID_INITIATED'] as const
  for (const status of ['STARTED', 'AUTHORIZING', 'PENDING_VBV', ...undecided] as const) {
    assert.deepEqual(nextStep({ status }), { kind: 'wait' })
  }
})

test('every other status is an end, also with the challenge still in the answer', () => {
  const ends: FinalStatus[] = [
    'CHARGED',
    'AUTHORIZED',
    'AUTHENTICATION_FAILED',
    'AUTHORIZATION_FAILED',
    'JUSPAY_DECLINED',
    'CAPTURE_FAILED',
    'VOID_FAILED',
    'VOIDED',
    'AUTO_REFUNDED',
  ]
  for (const status of ends) {
    assert.deepEqual(nextStep({ ...pending({}), status }), { kind: 'finished', status })
  }
})
