import type { Db, Tx } from '../db/db.ts'
import type { MerchantId } from '../ids.ts'
import type { Seal } from '../seal.ts'
import { Secret } from '../secret.ts'

/** What is needed to read merchants' secrets. */
export interface SecretReader {
  readonly db: Db
  readonly seal: Seal
}

/** The key that signs what browsers bring back to a merchant, or `undefined` if they have none. */
export async function responseKeyOf(
  { db, seal }: SecretReader,
  merchant: MerchantId,
): Promise<Secret | undefined> {
  const [row] = await db.read(
    "select sealed from merchant_secrets where merchant = $1 and name = 'response_key'",
    [merchant],
  )
  return row && new Secret(seal.open(String(row['sealed']), sealedFor(merchant)))
}

/** Gives a merchant a response key in place of the one they had. */
export function setResponseKey(
  t: Tx,
  seal: Seal,
  to: { merchant: MerchantId; key: Secret; at: number },
): void {
  t.put(
    `insert into merchant_secrets (merchant, name, sealed, created_at)
     values ($1, 'response_key', $2, $3)
     on conflict (merchant, name) do update
     set sealed = excluded.sealed, created_at = excluded.created_at`,
    [to.merchant, seal.close(to.key.reveal(), sealedFor(to.merchant)), to.at],
  )
}

function sealedFor(merchant: MerchantId) {
  return { purpose: 'response key', owner: merchant }
}
