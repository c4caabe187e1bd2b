import { forgetMost } from '../cards/card.ts'
import { appendEvent } from './events.ts'
import { touch } from './orders.ts'
import type { Txn } from './txn.ts'
import { keepCard } from './txns.ts'
import type { World } from './world.ts'

/** Purges from a finished txn what a merchant's server may keep of a card only for days. */
export async function forgetCard(world: World, txn: Txn): Promise<void> {
  const at = world.now()
  await world.db.tx(async (t) => {
    const order = await touch(t, txn)
    if (!order) return
    keepCard(t, txn, forgetMost(txn.card))
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
