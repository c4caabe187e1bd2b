import { forgetMost } from '../cards/card.ts'
import type { Merchant } from '../merchants/merchant.ts'
import { nextDutyAt } from './duty.ts'
import { appendEvent } from './events.ts'
import { touch } from './orders.ts'
import type { Txn } from './txn.ts'
import { keepCard, knownTxn, Overtaken } from './txns.ts'
import type { World } from './world.ts'

/**
 * Purges from a finished txn what a merchant's server may keep of a card only for days. Does
 * nothing when somebody is asking about it: the clock comes again.
 */
export async function forgetCard(world: World, merchant: Merchant, txn: Txn): Promise<void> {
  try {
    await purge(world, merchant, txn)
  } catch (error) {
    if (!(error instanceof Overtaken)) throw error
  }
}

async function purge(world: World, { settings }: Merchant, txn: Txn): Promise<void> {
  const at = world.now()
  await world.db.tx(async (t) => {
    const order = await touch(t, txn)
    if (!order) return
    const there = await knownTxn(t.get, txn)
    const card = forgetMost(there.card)
    const dueAt = nextDutyAt({ ...there, card }, { settings, now: at, luck: world.luck() })
    await keepCard(t, txn, { card, dueAt })
    const event = {
      seq: order.seq,
      kind: 'card_forgotten',
      txn: txn.id,
      at,
      by: { door: 'clock' },
      body: {},
    } as const
    appendEvent(t, txn, event)
  })
}
