import type { Db, Row, Tx } from '../db/db.ts'
import type { DataKey, KeyOwner, KeyPurpose } from './data-key.ts'

/** A data key as the database keeps it. */
export interface WrappedKey extends Pick<DataKey, 'owner' | 'purpose' | 'generation'> {
  readonly wrapped: string
}

/** The newest generation of a data key, or `undefined` when there is none yet. */
export async function newestKey(
  get: Db['read'],
  owner: KeyOwner,
  purpose: KeyPurpose,
): Promise<WrappedKey | undefined> {
  const [row] = await get(
    `select generation, wrapped from data_keys where owner = $1 and purpose = $2
     order by generation desc limit 1`,
    [owner, purpose],
  )
  if (!row) return undefined
  return { owner, purpose, generation: Number(row['generation']), wrapped: String(row['wrapped']) }
}

/** A data key of one generation, or `undefined`. */
export async function findKey(
  get: Db['read'],
  of: Omit<WrappedKey, 'wrapped'>,
): Promise<WrappedKey | undefined> {
  const [row] = await get(
    'select wrapped from data_keys where owner = $1 and purpose = $2 and generation = $3',
    [of.owner, of.purpose, of.generation],
  )
  return row && { ...of, wrapped: String(row['wrapped']) }
}

/** Keeps a data key; does nothing when somebody has made this generation already. */
export function insertDataKey(t: Tx, key: WrappedKey & { readonly at: number }): void {
  t.put(
    `insert into data_keys (owner, purpose, generation, wrapped, created_at)
     values ($1, $2, $3, $4, $5) on conflict (owner, purpose, generation) do nothing`,
    [key.owner, key.purpose, key.generation, key.wrapped, key.at],
  )
}

/** Every data key there is. */
export async function allKeys(get: Db['read']): Promise<WrappedKey[]> {
  const rows = await get('select owner, purpose, generation, wrapped from data_keys', [])
  return rows.map(wrappedFrom)
}

/** How the wrapped texts begin, each beginning once: that names what wrapped them. */
export async function wrappedBeginnings(get: Db['read']): Promise<string[]> {
  const rows = await get('select distinct substr(wrapped, 1, 12) as beginning from data_keys', [])
  return rows.map((row) => String(row['beginning']))
}

/** The newest generation of every owner's data key for a purpose, and when it was made. */
export async function newestKeys(
  get: Db['read'],
  purpose: KeyPurpose,
): Promise<(Pick<DataKey, 'owner' | 'generation'> & { readonly createdAt: number })[]> {
  const rows = await get(
    `select owner, generation, created_at from data_keys k where purpose = $1 and not exists
       (select 1 from data_keys n
        where n.owner = k.owner and n.purpose = $1 and n.generation > k.generation)`,
    [purpose],
  )
  return rows.map((row) => ({
    owner: String(row['owner']),
    generation: Number(row['generation']),
    createdAt: Number(row['created_at']),
  }))
}

/** The generations of a purpose's keys in whose place there was a newer one before a time. */
export async function supersededKeys(
  get: Db['read'],
  purpose: KeyPurpose,
  before: number,
): Promise<Omit<WrappedKey, 'wrapped'>[]> {
  const rows = await get(
    `select owner, generation from data_keys k where purpose = $1 and exists
       (select 1 from data_keys n where n.owner = k.owner and n.purpose = $1
        and n.generation > k.generation and n.created_at < $2)`,
    [purpose, before],
  )
  return rows.map((row) => ({
    owner: String(row['owner']),
    purpose,
    generation: Number(row['generation']),
  }))
}

/** Keeps a data key as it is wrapped now, if it still is as it was read. */
export function rewrapKey(t: Tx, key: WrappedKey, wrapped: string): void {
  t.put(
    `update data_keys set wrapped = $5
     where owner = $1 and purpose = $2 and generation = $3 and wrapped = $4`,
    [key.owner, key.purpose, key.generation, key.wrapped, wrapped],
  )
}

/** Removes a data key for good: what is still sealed under it can never be opened again. */
export function removeKey(t: Tx, of: Omit<WrappedKey, 'wrapped'>): void {
  t.put('delete from data_keys where owner = $1 and purpose = $2 and generation = $3', [
    of.owner,
    of.purpose,
    of.generation,
  ])
}

function wrappedFrom(row: Row): WrappedKey {
  return {
    owner: String(row['owner']),
    purpose: row['purpose'] as KeyPurpose,
    generation: Number(row['generation']),
    wrapped: String(row['wrapped']),
  }
}
