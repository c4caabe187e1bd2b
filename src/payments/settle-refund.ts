import assert from 'node:assert/strict'
import type { Tx } from '../db/db.ts'
import { gatewayNamed } from '../gateways/catalog.ts'
import type { RefundVerdict } from '../gateways/gateway.ts'
import type { Transcript } from '../gateways/transcript.ts'
import type { Merchant } from '../merchants/merchant.ts'
import { flagForPerson, schedule } from './duties.ts'
import { firstLateLook } from './duty.ts'
import { appendEvent, type By } from './events.ts'
import { nextLook } from './look.ts'
import { touch } from './orders.ts'
import {
  autoRefundsOf,
  believedRefund,
  judgeRefund,
  mostAutoRefunds,
  nextRefund,
  type Refund,
  refundsOfTxn,
} from './refund.ts'
import { moveRefund, refundsOf } from './refunds.ts'
import { settleReturned } from './settle.ts'
import type { Txn } from './txn.ts'
import { knownTxn, Overtaken, putBack } from './txns.ts'
import type { World } from './world.ts'

/** A gateway's answer about a refund, as it was when the question was asked. */
export interface RefundAnswer {
  readonly merchant: Merchant
  readonly refund: Refund
  readonly asked: 'send' | 'sync'
  readonly verdict: RefundVerdict
  /** What is kept of the calls that were made for it. */
  readonly calls: readonly Transcript[]
  readonly txn: Txn
  readonly by: By
}

/**
 * The only way a refund's status changes: judges the answer and writes refund, txn, order and event
 * in one tx. When somebody else's answer came first this one changes nothing: whoever took the turn
 * later has asked, or will.
 */
export async function settleRefund(world: World, heard: RefundAnswer): Promise<void> {
  const { refund, asked, txn } = heard
  const verdict = believedRefund(refund, heard.verdict)
  const answer = { ...heard, verdict }
  const now = world.now()
  const { settlesWithinMs } = gatewayNamed(txn.gateway)
  const at = { asked, now, luck: world.luck(), settlesWithinMs }
  const to = judgeRefund(refund, verdict, at)
  const moves = to.status === refund.status || nextRefund[refund.status].includes(to.status)
  assert(moves, `${refund.status}→${to.status}`)
  try {
    await world.db.tx((t) => write(t, { world, answer, to, now }))
  } catch (error) {
    if (!(error instanceof Overtaken)) throw error
  }
}

interface Writing {
  readonly world: World
  readonly answer: RefundAnswer
  readonly to: Refund
  readonly now: number
}

async function write(t: Tx, { world, answer, to, now }: Writing): Promise<void> {
  const { refund, verdict, calls, by } = answer
  const order = await touch(t, refund)
  assert(order, 'a refund has an order')
  await moveRefund(t, refund, to)
  const txn = await knownTxn(t.get, answer.txn)
  const isAlarm = verdict.kind === 'unknown' && verdict.alarm === true
  if (isAlarm) flagForPerson(t, txn, now)
  if (to.status === 'FAILURE') await giveUp(t, world, { txn, to, now })
  const txnStatus = to.status === 'SUCCESS' ? await returned(t, txn, now) : txn.status
  appendEvent(t, refund, {
    seq: order.seq,
    kind:
      to.status !== refund.status
        ? 'refund_answered'
        : isAlarm
          ? 'gateway_alarm'
          : 'gateway_answered',
    txn: refund.txn,
    at: now,
    by,
    body: {
      refund: refund.id,
      source: refund.source,
      amount: refund.amount,
      heard: verdict.kind,
      ...(verdict.kind === 'unknown' && { because: verdict.because }),
      from: refund.status,
      to: to.status,
      ...(txnStatus !== txn.status && { txn_status: txnStatus }),
      ...(to.said.ref !== undefined && { gateway_ref: to.said.ref }),
      ...(to.said.code !== undefined && { gateway_code: to.said.code }),
      ...(isAlarm && { alarm: true }),
      ...(calls.length > 0 && { calls }),
    },
  })
}

/** The money is the txn's again. What is not the order's is given back once more, after a while. */
async function giveUp(
  t: Tx,
  world: World,
  { txn, to, now }: { txn: Txn; to: Refund; now: number },
): Promise<void> {
  putBack(t, txn, to.amount)
  if (!txn.late) return
  const tries = autoRefundsOf(await refundsOf(t.get, txn), txn.id)
  if (tries >= mostAutoRefunds) return flagForPerson(t, txn, now)
  schedule(t, txn, nextLook(firstLateLook + tries, now, world.luck()))
}

/** A txn whose late money has gone back as a whole has its end. */
async function returned(t: Tx, txn: Txn, now: number): Promise<Txn['status']> {
  const refunds = await refundsOf(t.get, txn)
  const back = refundsOfTxn(refunds, txn.id)
    .filter(({ status }) => status === 'SUCCESS')
    .reduce((sum, { amount }) => sum + amount, 0)
  return back === txn.captured ? settleReturned(t, txn, now) : txn.status
}
