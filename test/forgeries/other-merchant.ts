import { addMerchant } from '../../src/add-merchant.ts'
import type { MerchantId } from '../../src/ids.ts'
import { keyHash, newKey } from '../../src/merchants/key.ts'
import { insertKey } from '../../src/merchants/merchants.ts'
import { makeSeal } from '../../src/seal.ts'
import { type Caller, callerOf } from '../caller.ts'
import { type TestServer, testVariables } from '../support.ts'

/** Another merchant of the same server. */
export async function otherMerchant({ db, url }: TestServer): Promise<Caller> {
  const master = Buffer.from(String(testVariables({ dataDir: '' })['MASTER_KEY']), 'hex')
  const id = 'theirs' as MerchantId
  await addMerchant({ db, seal: makeSeal(master) }, { id, mode: 'sandbox', at: 1 })
  const key = newKey('sandbox')
  await db.tx(async (t) => insertKey(t, { hash: keyHash(key), merchant: id, at: 1 }))
  return callerOf({ url, merchant: id, key: key.reveal() })
}
