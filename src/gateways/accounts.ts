import type { Db, Row, Tx } from '../db/db.ts'
import { type MerchantId, shardOf } from '../ids.ts'
import type { SealedRow } from '../merchants/merchant-secrets.ts'
import type { Seal } from '../seal.ts'
import { isGatewayName } from './catalog.ts'
import type { Account, AccountForCard } from './routing.ts'

/** What is needed to read accounts: the seal of their credentials and where the bank listens. */
export interface AccountReader {
  readonly db: Db
  readonly seal: Seal
  readonly bankUrl: string
}

/** All gateway accounts of a merchant, the oldest first, as they are for cards of this BIN. */
export async function accountsFor(
  by: AccountReader,
  merchant: MerchantId,
  bin: string,
): Promise<AccountForCard[]> {
  const rows = await by.db.read(
    `select a.id, a.gateway, a.credentials, i.until from accounts a
     left join ineligible_bins i
       on i.shard = $2 and i.merchant = a.merchant and i.bin = $3 and i.account = a.id
     where a.merchant = $1 order by created_at`,
    [merchant, shardOf(merchant, bin), bin],
  )
  return rows.map((row) => ({
    ...accountFrom(by, merchant, row),
    ...(row['until'] !== null && { noOtpUntil: Number(row['until']) }),
  }))
}

/** One gateway account of a merchant by its id, or `undefined`. */
export async function findAccount(
  by: AccountReader,
  merchant: MerchantId,
  id: string,
): Promise<Account | undefined> {
  const [row] = await by.db.read(
    'select id, gateway, credentials from accounts where merchant = $1 and id = $2',
    [merchant, id],
  )
  return row && accountFrom(by, merchant, row)
}

function accountFrom({ seal, bankUrl }: AccountReader, merchant: MerchantId, row: Row): Account {
  const gateway = String(row['gateway'])
  if (!isGatewayName(gateway)) throw new Error(`account of an unknown gateway: ${gateway}`)
  const id = String(row['id'])
  const credentials = JSON.parse(seal.open(String(row['credentials']), sealedFor(merchant, id)))
  return { id, gateway, access: { baseUrl: bankUrl, credentials } }
}

/** Gives a merchant an account at the simulated bank, named `simulator`, unless they have it. */
export function addSimulatorAccount(t: Tx, seal: Seal, to: { merchant: MerchantId; at: number }) {
  const credentials = JSON.stringify({ account: `${to.merchant}-simulator` })
  t.put(
    `insert into accounts (merchant, id, gateway, credentials, created_at)
     values ($1, 'simulator', 'simulator', $2, $3) on conflict do nothing`,
    [to.merchant, seal.close(credentials, sealedFor(to.merchant, 'simulator')), to.at],
  )
}

/** Whether any account is at the simulated bank, which live mode must not know. */
export async function hasSimulatorAccount(db: Db): Promise<boolean> {
  const rows = await db.read(
    "select 1 as yes from accounts where gateway = 'simulator' limit 1",
    [],
  )
  return rows.length > 0
}

/** The accounts whose sealed credentials begin otherwise, of all merchants. */
export async function credentialsNot(get: Db['read'], beginning: string): Promise<SealedRow[]> {
  const rows = await get(
    `select merchant, id, credentials from accounts
     where substr(credentials, 1, length($1)) <> $1`,
    [beginning],
  )
  return rows.map((row) => {
    const [merchant, id] = [row['merchant'] as MerchantId, String(row['id'])]
    const old = String(row['credentials'])
    return {
      sealed: old,
      to: sealedFor(merchant, id),
      replace: (t, sealed) =>
        t.put(
          `update accounts set credentials = $3
           where merchant = $1 and id = $2 and credentials = $4`,
          [merchant, id, sealed, old],
        ),
    }
  })
}

function sealedFor(merchant: MerchantId, id: string) {
  return { purpose: 'gateway credentials', owner: `${merchant}/${id}` }
}
