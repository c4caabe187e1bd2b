import { testBins } from './cards/bin.ts'
import { insertBin } from './cards/bins.ts'
import type { Tx } from './db/db.ts'
import { addSimulatorAccount } from './gateways/accounts.ts'
import type { MerchantId } from './ids.ts'
import type { Mode } from './merchants/merchant.ts'
import { insertMerchant } from './merchants/merchants.ts'
import type { Store } from './open-store.ts'
import type { Seal } from './seal.ts'

/** A merchant to be added. */
export interface NewMerchant {
  readonly id: MerchantId
  readonly mode: Mode
  /** Epoch milliseconds. */
  readonly at: number
}

/** Adds a merchant in a tx of its own; `false` when there is one by this id. */
export async function addMerchant(
  { db, seal }: Pick<Store, 'db' | 'seal'>,
  merchant: NewMerchant,
): Promise<boolean> {
  return db.tx((t) => placeMerchant(t, seal, merchant))
}

/**
 * Adds a merchant; `false` when there is one by this id. In sandbox mode they get an account at the
 * simulated bank, and its cards are known, so that they can take a payment at once.
 */
export async function placeMerchant(t: Tx, seal: Seal, merchant: NewMerchant): Promise<boolean> {
  const { id, mode, at } = merchant
  const added = await insertMerchant(t, id, at)
  if (mode === 'sandbox') {
    addSimulatorAccount(t, seal, { merchant: id, at })
    for (const row of testBins) insertBin(t, row)
  }
  return added
}
