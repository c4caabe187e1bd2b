import assert from 'node:assert/strict'
import { findAccount } from '../gateways/accounts.ts'
import { gatewayNamed } from '../gateways/catalog.ts'
import { paymentOf } from './ask.ts'
import type { Left } from './chosen.ts'
import { flagForPerson } from './duties.ts'
import { appendEvent, type By } from './events.ts'
import { touch } from './orders.ts'
import type { Txn } from './txn.ts'
import type { World } from './world.ts'

/**
 * Asks an account that a start has left whether there is money after all. It had said for certain
 * that nothing was begun, so money there is for a person to see to: an alarm, and nothing moves.
 */
export async function checkLeft(
  world: World,
  txn: Txn,
  { left, by }: { left: Left; by: By },
): Promise<void> {
  const found = await findAccount(world, txn.merchant, left.account)
  if (!found) return
  const { ref: _ref, handle: _handle, ...payment } = paymentOf(txn)
  const { account, gateway, tries, ...ids } = left
  const about = { ...payment, ...ids, tries, stage: 'started' } as const
  const { verdict, calls } = await world.perform(gatewayNamed(gateway).sync, about, found.access)
  if (verdict.kind !== 'charged' && verdict.kind !== 'authorized') return
  const at = world.now()
  await world.db.tx(async (t) => {
    const order = await touch(t, txn)
    assert(order, 'a txn has an order')
    flagForPerson(t, txn, at)
    const { seq } = order
    const { amount } = verdict
    const body = { account, tries, heard: verdict.kind, amount, ...(calls.length > 0 && { calls }) }
    appendEvent(t, txn, { seq, kind: 'gateway_alarm', txn: txn.id, at, by, body })
  })
}
