import assert from 'node:assert/strict'
import { gatewayNamed } from '../gateways/catalog.ts'
import type { Merchant } from '../merchants/merchant.ts'
import { accessOf, ask, leaseFor, paymentOf } from './ask.ts'
import { appendEvent, type By } from './events.ts'
import { touch } from './orders.ts'
import { isHeldBack, isRefundOver, type Refund } from './refund.ts'
import { findRefund, takeRefundTurn } from './refunds.ts'
import { settleRefund } from './settle-refund.ts'
import { knownTxn, Overtaken } from './txns.ts'
import type { World } from './world.ts'

/** The clock, which sends refunds. */
const by: By = { door: 'clock' }

/**
 * Tells the gateway of a refund it has not heard of, or asks how a refund stands that it may have
 * heard of; settles what it says. Does nothing when somebody else is at it.
 */
export async function sendRefund(world: World, merchant: Merchant, seen: Refund): Promise<void> {
  if (isRefundOver(seen.status)) return
  const txn = await knownTxn(world.db.read, { ...seen, id: seen.txn })
  if (isHeldBack(seen)) {
    const verdict = { kind: 'unknown', because: 'it was never sent', sent: false } as const
    const heard = { verdict, calls: [] }
    return settleRefund(world, { merchant, refund: seen, asked: 'send', ...heard, txn, by })
  }
  const gateway = gatewayNamed(txn.gateway)
  const asked = seen.sent ? 'sync' : 'send'
  const question = asked === 'send' ? gateway.refund : gateway.syncRefund
  const access = await accessOf(world, txn)
  const taken = await take(world, seen, { asked, leaseUntil: leaseFor(question, world.now()) })
  if (!taken) return
  const { ref } = taken.said
  const about = {
    ...paymentOf(txn),
    reference: taken.ref,
    back: taken.amount,
    ...(ref !== undefined && { refundRef: ref }),
  }
  const heard = await ask(world, taken, { question, about, access })
  await settleRefund(world, { merchant, refund: taken, asked, ...heard, txn, by })
}

async function take(
  world: World,
  seen: Refund,
  { asked, leaseUntil }: { asked: 'send' | 'sync'; leaseUntil: number },
): Promise<Refund | undefined> {
  const now = world.now()
  try {
    return await world.db.tx(async (t) => {
      const order = await touch(t, seen)
      assert(order, 'a refund has an order')
      const there = await findRefund(t.get, seen)
      // A refund that somebody ended or sent meanwhile is asked about afresh, if at all.
      if (there?.status !== seen.status || there.sent !== seen.sent) throw new Overtaken()
      const turn = { now, leaseUntil, sends: asked === 'send' }
      const taken = await takeRefundTurn(t, seen, turn)
      appendEvent(t, seen, {
        seq: order.seq,
        kind: asked === 'send' ? 'refund_sent' : 'gateway_asked',
        txn: seen.txn,
        at: now,
        by,
        body: { refund: seen.id, look: taken.looks },
      })
      return taken
    })
  } catch (error) {
    if (error instanceof Overtaken) return undefined
    throw error
  }
}
