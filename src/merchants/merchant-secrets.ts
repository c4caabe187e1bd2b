import type { Db, Tx } from '../db/db.ts'
import type { MerchantId } from '../ids.ts'
import type { Seal, SealedFor } from '../seal.ts'
import { Secret } from '../secret.ts'

/** What is needed to read merchants' secrets. */
export interface SecretReader {
  readonly db: Db
  readonly seal: Seal
}

/** A secret as a table keeps it, sealed under a master key. */
export interface SealedRow {
  readonly sealed: string
  readonly to: SealedFor
  /** Puts another text in its place, if it still is as it was read. */
  readonly replace: (t: Tx, sealed: string) => void
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

/** The response keys whose sealed text begins otherwise, of all merchants. */
export async function responseKeysNot(get: Db['read'], beginning: string): Promise<SealedRow[]> {
  const rows = await get(
    `select merchant, sealed from merchant_secrets
     where name = 'response_key' and substr(sealed, 1, length($1)) <> $1`,
    [beginning],
  )
  return rows.map((row) => {
    const merchant = row['merchant'] as MerchantId
    const old = String(row['sealed'])
    return {
      sealed: old,
      to: sealedFor(merchant),
      replace: (t, sealed) =>
        t.put(
          `update merchant_secrets set sealed = $2
           where merchant = $1 and name = 'response_key' and sealed = $3`,
          [merchant, sealed, old],
        ),
    }
  })
}

function sealedFor(merchant: MerchantId) {
  return { purpose: 'response key', owner: merchant }
}
