import type { Db, Row, Tx } from '../db/db.ts'
import type { MerchantId } from '../ids.ts'
import type { Seal } from '../seal.ts'
import { isGatewayName } from './catalog.ts'
import type { Account } from './routing.ts'

/** What is needed to read accounts: the seal of their credentials and where the bank listens. */
export interface AccountReader {
  readonly db: Db
  readonly seal: Seal
  readonly bankUrl: string
}

/** All gateway accounts of a merchant, the oldest first, ready to be used. */
export async function accountsOf(by: AccountReader, merchant: MerchantId): Promise<Account[]> {
  const rows = await by.db.read(
    `select id, gateway, credentials from accounts where merchant = $1
     order by created_at`,
    [merchant],
  )
  return rows.map((row) => accountFrom(by, merchant, row))
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

function sealedFor(merchant: MerchantId, id: string) {
  return { purpose: 'gateway credentials', owner: `${merchant}/${id}` }
}
