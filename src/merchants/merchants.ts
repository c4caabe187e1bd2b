import type { Db, Row, Tx } from '../db/db.ts'
import type { MerchantId } from '../ids.ts'
import { defaultSettings, type Merchant, type Mode, originsIn, type Settings } from './merchant.ts'

/** Where merchants are read, and which mode's defaults their settings stand on. */
export interface MerchantReader {
  readonly db: Db
  readonly mode: Mode
}

/** The merchant whose unrevoked API key has this hash, or `undefined`. */
export async function merchantByKey(
  from: MerchantReader,
  hash: string,
): Promise<Merchant | undefined> {
  const [row] = await from.db.read(
    `select m.id, m.settings from api_keys k join merchants m on m.id = k.merchant
     where k.hash = $1 and k.revoked_at is null`,
    [hash],
  )
  return row && merchantFrom(row, from.mode)
}

/** The merchant by id, or `undefined`. */
export async function findMerchant(
  from: MerchantReader,
  id: string,
): Promise<Merchant | undefined> {
  const [row] = await from.db.read('select id, settings from merchants where id = $1', [id])
  return row && merchantFrom(row, from.mode)
}

/** Adds a merchant with default settings; `false` when there is one by this id already. */
export async function insertMerchant(t: Tx, id: MerchantId, at: number): Promise<boolean> {
  const rows = await t.get(
    `insert into merchants (id, settings, created_at) values ($1, '{}', $2)
     on conflict (id) do nothing returning id`,
    [id, at],
  )
  return rows.length > 0
}

/** Whether pages of this origin may call for any merchant at all. */
export async function isBrowserOrigin({ db }: Pick<MerchantReader, 'db'>, origin: string) {
  const [row] = await db.read('select merchant from browser_origins where origin = $1 limit 1', [
    origin,
  ])
  return row !== undefined
}

/** Lays settings over the merchant's; `false` when there is no such merchant. */
export async function changeSettings(
  t: Tx,
  id: string,
  settings: Partial<Settings>,
): Promise<boolean> {
  const [row] = await t.get('update merchants set id = id where id = $1 returning settings', [id])
  if (!row) return false
  const all = { ...JSON.parse(String(row['settings'])), ...settings }
  t.put('update merchants set settings = $2 where id = $1', [id, JSON.stringify(all)])
  if (settings.browser_origins !== undefined) setOrigins(t, id, settings.browser_origins)
  return true
}

/** Makes others who change the same of a merchant wait for the end of this tx. */
export function holdMerchant(t: Tx, id: MerchantId): void {
  t.put('update merchants set id = id where id = $1', [id])
}

/** Beside the setting, because a browser asks about an origin before it names a merchant. */
function setOrigins(t: Tx, merchant: string, list: string): void {
  t.put('delete from browser_origins where merchant = $1', [merchant])
  for (const origin of new Set(originsIn(list))) {
    t.put('insert into browser_origins (merchant, origin) values ($1, $2)', [merchant, origin])
  }
}

/** Gives a merchant an API key, of which only the hash is kept; does nothing if they have it. */
export function insertKey(t: Tx, key: { hash: string; merchant: MerchantId; at: number }): void {
  t.put(
    `insert into api_keys (hash, merchant, created_at) values ($1, $2, $3)
     on conflict (hash) do nothing`,
    [key.hash, key.merchant, key.at],
  )
}

/** Whose unrevoked key has this id, or `undefined`. */
export async function ownerOfKey(get: Db['read'], id: string): Promise<MerchantId | undefined> {
  const [row] = await get(
    'select merchant from api_keys where substr(hash, 1, 12) = $1 and revoked_at is null',
    [id],
  )
  return row && (row['merchant'] as MerchantId)
}

/** Revokes the key by its id (the hash's first digits); `false` when no unrevoked key has it. */
export async function revokeKey(t: Tx, id: string, at: number): Promise<boolean> {
  const rows = await t.get(
    `update api_keys set revoked_at = $2
     where substr(hash, 1, 12) = $1 and revoked_at is null returning hash`,
    [id, at],
  )
  return rows.length > 0
}

function merchantFrom(row: Row, mode: Mode): Merchant {
  const settings = { ...defaultSettings(mode), ...JSON.parse(String(row['settings'])) }
  return { id: row['id'] as MerchantId, settings }
}
