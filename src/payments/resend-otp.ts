import assert from 'node:assert/strict'
import { gatewayNamed } from '../gateways/catalog.ts'
import type { Question } from '../gateways/gateway.ts'
import type { Merchant } from '../merchants/merchant.ts'
import { Refusal } from '../refusal.ts'
import { accessOf, ask, leaseFor, paymentOf } from './ask.ts'
import { findChallenged, refuseIfClosed } from './authenticate.ts'
import { appendEvent, type By } from './events.ts'
import { touch } from './orders.ts'
import { settle } from './settle.ts'
import { budgetOfCall, type DaySpending } from './spend-budget.ts'
import { sync } from './sync.ts'
import { takeTurnOf } from './take-turn.ts'
import { spendSend } from './turns.ts'
import { isPastLife, type Txn } from './txn.ts'
import type { World } from './world.ts'

/** A customer's wish for another OTP. */
export interface Resend {
  /** The txn by either of its wire ids. */
  readonly id: string
  readonly challengeId: string
  readonly by: By
}

/**
 * Has the OTP sent again. The send is spent before the gateway is asked and never given back;
 * attempts are not touched. Refuses a closed challenge, the limit, and a send too soon.
 */
export async function resendOtp(world: World, merchant: Merchant, resend: Resend): Promise<Txn> {
  const spendOnce = budgetOfCall(world, merchant)
  return takeTurnOf(world, merchant, {
    find: () => findChallenged(world, merchant, resend),
    take: (txn) => send(world, merchant, { resend, txn, spendOnce }),
    by: resend.by,
  })
}

interface Resending {
  readonly resend: Resend
  readonly txn: Txn
  readonly spendOnce: (spending: DaySpending) => Promise<void>
}

async function send(world: World, merchant: Merchant, resending: Resending): Promise<Txn> {
  const { resend, txn, spendOnce } = resending
  if (txn.status !== 'PENDING_VBV') throw new Refusal('cannot_accept')
  refuseIfClosed(txn)
  if (isPastLife(txn, world.now())) {
    await sync(world, merchant, { txn, by: resend.by })
    throw new Refusal('cannot_accept')
  }
  if (txn.otp.sends >= txn.otp.sendsMax) throw new Refusal('send_limit')
  refuseIfTooSoon(world, merchant, txn)
  const { resendOtp: question } = gatewayNamed(txn.gateway)
  assert(question, 'only a gateway that can resend allows a second send')
  const access = await accessOf(world, txn)
  await spendOnce({ deed: 'send', fingerprint: txn.card.fingerprint, order: txn })
  const taken = await spend(world, merchant, { resend, txn, question })
  const heard = await ask(world, taken, { question, about: paymentOf(taken), access })
  const { verdict } = heard
  const { settings } = merchant
  const { by } = resend
  const told = { txn: taken, asked: 'resend', ...heard, lapsed: false, settings, by } as const
  const settled = await settle(world, told)
  if (verdict.kind === 'unknown' && !verdict.sent) throw new Refusal('resend_failed')
  if (verdict.kind === 'not_sent') {
    throw new Refusal(verdict.why === 'limit' ? 'send_limit' : 'resend_too_soon')
  }
  return settled
}

function refuseIfTooSoon(world: World, merchant: Merchant, txn: Txn): void {
  const mayAt = (txn.otp.sentAt ?? 0) + cooldownMs(merchant, txn)
  const waitMs = mayAt - world.now()
  if (waitMs > 0) {
    throw new Refusal('resend_too_soon', { retryAfterSeconds: Math.ceil(waitMs / 1_000) })
  }
}

/** The longer one of the merchant's wish and the gateway's own. */
function cooldownMs({ settings }: Merchant, txn: Txn): number {
  const { resendAfterMs = 0 } = gatewayNamed(txn.gateway)
  return Math.max(settings.resend_cooldown_seconds * 1_000, resendAfterMs)
}

type Spending = Omit<Resending, 'spendOnce'> & { readonly question: Question<never> }

async function spend(world: World, merchant: Merchant, spending: Spending): Promise<Txn> {
  const { resend, txn, question } = spending
  const now = world.now()
  return world.db.tx(async (t) => {
    const order = await touch(t, txn)
    assert(order, 'a txn has an order')
    const leaseUntil = leaseFor(question, now)
    const sentBefore = now - cooldownMs(merchant, txn)
    const taken = await spendSend(t, txn, { now, leaseUntil, sentBefore })
    appendEvent(t, txn, {
      seq: order.seq,
      kind: 'otp_resend_asked',
      txn: txn.id,
      at: now,
      by: resend.by,
      body: { send: taken.otp.sends, of: taken.otp.sendsMax },
    })
    return taken
  })
}
