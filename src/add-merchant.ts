import { addSimulatorAccount } from './gateways/accounts.ts'
import type { MerchantId } from './ids.ts'
import type { Mode } from './merchants/merchant.ts'
import { insertMerchant } from './merchants/merchants.ts'
import type { Store } from './open-store.ts'

/**
 * Adds a merchant; `false` when there is one by this id. In sandbox mode they get an account at the
 * simulated bank, so that they can take a payment at once.
 */
export async function addMerchant(
  { db, seal }: Store,
  merchant: { id: MerchantId; mode: Mode; at: number },
): Promise<boolean> {
  const { id, mode, at } = merchant
  return db.tx(async (t) => {
    const added = await insertMerchant(t, id, at)
    if (mode === 'sandbox') addSimulatorAccount(t, seal, { merchant: id, at })
    return added
  })
}
