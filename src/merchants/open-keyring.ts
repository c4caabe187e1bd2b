import assert from 'node:assert/strict'
import type { Now } from '../clock.ts'
import type { Db } from '../db/db.ts'
import {
  type DataKey,
  dataKey,
  type KeyOwner,
  type KeyProvider,
  type KeyPurpose,
  newDataKey,
  wrappedFor,
} from './data-key.ts'
import { findKey, insertDataKey, newestKey, type WrappedKey } from './data-keys.ts'

/** There is no data key of this generation: it was removed, or a row names one that never was. */
export class NoDataKey extends Error {}

/** The data keys, unwrapped when they are first needed and kept in memory. */
export interface Keyring {
  readonly provider: KeyProvider
  /** The clock that keys are made by: this machine's, which no sandbox moves. */
  readonly now: Now
  /** The newest key, which seals; made when there is none. As it was when it was last read. */
  current(owner: KeyOwner, purpose: KeyPurpose): Promise<DataKey>
  /** The key of one generation. Rejects with {@link NoDataKey} when there is none. */
  ofGeneration(owner: KeyOwner, purpose: KeyPurpose, generation: number): Promise<DataKey>
  /** Reads the newest key again: somebody has made another. */
  renew(owner: KeyOwner, purpose: KeyPurpose): Promise<DataKey>
}

/** A key is 32 bytes: thousands of merchants fit, and memory stays bounded beyond them. */
const mostKept = 20_000

/** A keyring on a database, by a provider that was checked. */
export function openKeyring(db: Db, provider: KeyProvider, now: Now): Keyring {
  const newest = new Map<string, Promise<DataKey>>()
  const kept = new Map<string, Promise<DataKey>>()
  async function unwrap(wrapped: WrappedKey): Promise<DataKey> {
    return dataKey(wrapped, await provider.unwrap(wrapped.wrapped, wrappedFor(wrapped)))
  }

  async function readNewest(owner: KeyOwner, purpose: KeyPurpose): Promise<DataKey> {
    const there = await newestKey(db.read, owner, purpose)
    if (there) return unwrap(there)
    const first = { owner, purpose, generation: 1 }
    const wrapped = await provider.wrap(newDataKey(), wrappedFor(first))
    await db.tx(async (t) => insertDataKey(t, { ...first, wrapped, at: now() }))
    const made = await newestKey(db.read, owner, purpose)
    assert(made, 'a data key that was just made is there')
    return unwrap(made)
  }

  return {
    provider,
    now,
    current: (owner, purpose) =>
      remember(newest, `${owner}/${purpose}`, () => readNewest(owner, purpose)),
    ofGeneration: (owner, purpose, generation) =>
      remember(kept, `${owner}/${purpose}/${generation}`, async () => {
        const key = await findKey(db.read, { owner, purpose, generation })
        if (!key) throw new NoDataKey(`there is no data key ${generation} for ${purpose}`)
        return unwrap(key)
      }),
    renew: (owner, purpose) => {
      newest.delete(`${owner}/${purpose}`)
      return remember(newest, `${owner}/${purpose}`, () => readNewest(owner, purpose))
    },
  }
}

/** What was asked for before, or is asked for now; a failure is not remembered. */
function remember(
  in_: Map<string, Promise<DataKey>>,
  name: string,
  ask: () => Promise<DataKey>,
): Promise<DataKey> {
  const known = in_.get(name)
  if (known) return known
  if (in_.size >= mostKept) in_.clear()
  const asked = ask()
  in_.set(name, asked)
  asked.catch(() => {
    if (in_.get(name) === asked) in_.delete(name)
  })
  return asked
}
