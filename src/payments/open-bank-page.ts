import type { BankPage } from '../gateways/gateway.ts'
import type { Merchant } from '../merchants/merchant.ts'
import { appendEvent, type By } from './events.ts'
import { touchToOpenPage } from './orders.ts'
import { pageOf } from './settle.ts'
import { syncInTurn } from './sync.ts'
import { takeTurnOf } from './take-turn.ts'
import { isPastLife, type Txn } from './txn.ts'
import { closeForPage, knownTxn, type TxnKey } from './txns.ts'
import type { World } from './world.ts'

/** The bank's page of a txn whose customer may still go there; `undefined` when there is none. */
export function bankPageOf(world: World, txn: Txn): BankPage | undefined {
  if (txn.status !== 'PENDING_VBV' || !txn.bankData) return undefined
  return JSON.parse(world.seal.open(txn.bankData, pageOf(txn)))
}

/**
 * Sends the customer to the bank's own page: closes the OTP challenge for good, then gives the
 * page. `undefined` when there is nothing to do there: the payment has an end, its time is over,
 * the order is paid or being paid by another txn, or the gateway gave no page. Refused while an
 * OTP is with the bank.
 */
export async function openBankPage(
  world: World,
  merchant: Merchant,
  asked: { key: TxnKey; by: By },
): Promise<BankPage | undefined> {
  return takeTurnOf(world, merchant, {
    find: () => knownTxn(world.db.read, asked.key),
    take: (txn) => open(world, merchant, { txn, by: asked.by }),
    by: asked.by,
  })
}

async function open(
  world: World,
  merchant: Merchant,
  { txn, by }: { txn: Txn; by: By },
): Promise<BankPage | undefined> {
  const page = bankPageOf(world, txn)
  if (!page) return undefined
  if (isPastLife(txn, world.now())) {
    await syncInTurn(world, merchant, { txn, by })
    return undefined
  }
  const now = world.now()
  const mayGo = await world.db.tx(async (t) => {
    const order = await touchToOpenPage(t, txn)
    if (!order) return false
    await closeForPage(t, txn, { now, dueAt: now + firstLookMs })
    const event = {
      seq: order.seq,
      kind: 'bank_page_opened',
      txn: txn.id,
      at: now,
      by,
      body: {},
    } as const
    appendEvent(t, txn, event)
    return true
  })
  return mayGo ? page : undefined
}

/** Nobody is done with a bank's page sooner; then the clock looks in, should they not return. */
const firstLookMs = 60_000
