import type { Row } from '../db/db.ts'
import { isGatewayName } from '../gateways/catalog.ts'
import type { ChallengeId, MerchantId, OrderId, Shard, TxnId } from '../ids.ts'
import { paise } from '../money.ts'
import type { AuthType, ClosedBy, OtpCounts, Txn, TxnStatus } from './txn.ts'

/** The txn that a row with all its columns keeps. */
export function txnFrom(row: Row): Txn {
  const gateway = String(row['gateway'])
  if (!isGatewayName(gateway)) throw new Error(`txn of an unknown gateway: ${gateway}`)
  return {
    shard: row['shard'] as Shard,
    merchant: row['merchant'] as MerchantId,
    id: row['id'] as TxnId,
    orderId: row['order_id'] as OrderId,
    n: Number(row['n']),
    status: row['status'] as TxnStatus,
    amount: paise(Number(row['amount'])),
    currency: String(row['currency']),
    authType: row['auth_type'] as AuthType,
    autoCapture: row['auto_capture'] === 1,
    account: String(row['account']),
    gateway,
    ...(row['choice'] !== null && { choice: JSON.parse(String(row['choice'])) }),
    tries: Number(row['tries']),
    card: JSON.parse(String(row['card'])),
    challengeId: row['challenge_id'] as ChallengeId,
    otp: otpFrom(row),
    ...(row['closed_by'] !== null && { closedBy: row['closed_by'] as ClosedBy }),
    ...(row['bank_data'] !== null && { bankData: String(row['bank_data']) }),
    said: JSON.parse(String(row['said'])),
    code: row['code'] as Txn['code'],
    late: row['late'] === 1,
    captured: paise(Number(row['captured'])),
    refunded: paise(Number(row['refunded'])),
    ...(row['instruction'] !== null && { instruction: JSON.parse(String(row['instruction'])) }),
    captures: JSON.parse(String(row['captures'])),
    ...(row['flagged_at'] !== null && { flaggedAt: Number(row['flagged_at']) }),
    ...(row['locker'] !== null && { locker: String(row['locker']) }),
    lease: Number(row['lease']),
    leaseUntil: Number(row['lease_until']),
    askedAt: Number(row['asked_at']),
    looks: Number(row['looks']),
    ...(row['due_at'] !== null && { dueAt: Number(row['due_at']) }),
    createdAt: Number(row['created_at']),
    updatedAt: Number(row['updated_at']),
  }
}

function otpFrom(row: Row): OtpCounts {
  return {
    attempts: Number(row['otp_attempts']),
    answered: Number(row['otp_answered']),
    attemptsMax: Number(row['otp_attempts_max']),
    sends: Number(row['otp_sends']),
    sendsMax: Number(row['otp_sends_max']),
    ...(row['otp_sent_at'] !== null && { sentAt: Number(row['otp_sent_at']) }),
    ...(row['challenge_until'] !== null && { until: Number(row['challenge_until']) }),
  }
}
