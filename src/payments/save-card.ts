import assert from 'node:assert/strict'
import { referenceOf } from '../cards/create-customer.ts'
import { storeCard } from '../cards/store-card.ts'
import type { StoredCard } from '../cards/stored-card.ts'
import type { Merchant } from '../merchants/merchant.ts'
import { nextDutyAt } from './duty.ts'
import { appendEvent, type By } from './events.ts'
import { type Locker, lockerFrom, lockerOf } from './locker.ts'
import { touch } from './orders.ts'
import { isAwaited, type Txn } from './txn.ts'
import { keepCard, knownTxn, Overtaken } from './txns.ts'
import type { World } from './world.ts'

/** A payment that has succeeded, and who brought the news. */
export interface Saving {
  readonly txn: Txn
  readonly by: By
}

/**
 * Stores the card of a payment that has succeeded, if it still can be, and empties the payment's
 * locker in any case. Gives the txn as it is then. Storing a card again changes nothing, so whoever
 * finds the locker full may do it.
 */
export async function saveCard(world: World, merchant: Merchant, saving: Saving): Promise<Txn> {
  const stored = await store(world, merchant, saving.txn)
  try {
    return await note(world, merchant, { ...saving, stored })
  } catch (error) {
    if (!(error instanceof Overtaken)) throw error
    return knownTxn(world.db.read, saving.txn)
  }
}

/** `undefined` when it can't be opened any more, or there is nowhere to store it. */
async function store(world: World, merchant: Merchant, txn: Txn): Promise<StoredCard | undefined> {
  const locker = open(world, txn)
  if (!locker || merchant.settings.card_storage === 'none') return undefined
  const customer = await referenceOf(world, merchant, locker.customer)
  if (customer === undefined) return undefined
  const { card } = locker
  const actor = `payment ${txn.id}`
  return storeCard(world, { merchant, customer, card, facts: txn.card, actor })
}

function open(world: World, { id, locker = '' }: Txn): Locker | undefined {
  try {
    return lockerFrom(world.shortSeal.open(locker, lockerOf(id), world.now()))
  } catch {
    return undefined
  }
}

async function note(
  world: World,
  { settings }: Merchant,
  { txn, by, stored }: Saving & { stored: StoredCard | undefined },
): Promise<Txn> {
  const now = world.now()
  return world.db.tx(async (t) => {
    const order = await touch(t, txn)
    assert(order, 'a txn has an order')
    const there = await knownTxn(t.get, txn)
    if (there.locker === undefined || isAwaited(there)) return there
    const { locker: _locker, dueAt: _dueAt, ...rest } = there
    const named = stored && { reference: stored.reference, saved: true }
    const to: Txn = { ...rest, card: { ...there.card, ...named } }
    const dueAt = nextDutyAt(to, { settings, now, luck: world.luck() })
    await keepCard(t, txn, { card: to.card, dueAt })
    const kind = stored ? 'card_saved' : 'card_not_saved'
    appendEvent(t, txn, { seq: order.seq, kind, txn: txn.id, at: now, by, body: {} })
    return dueAt === undefined ? to : { ...to, dueAt }
  })
}
