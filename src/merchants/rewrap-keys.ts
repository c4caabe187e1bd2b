import type { Db } from '../db/db.ts'
import { wrappedFor } from './data-key.ts'
import { allKeys, rewrapKey } from './data-keys.ts'
import type { Keyring } from './open-keyring.ts'

/**
 * Has every data key that is not wrapped so already wrapped anew by the provider; gives their
 * number. The keys themselves stay. Rejects when one can't be unwrapped.
 */
export async function rewrapKeys(
  { db, keyring }: { readonly db: Db; readonly keyring: Keyring },
  isCurrent: (wrapped: string) => boolean,
): Promise<number> {
  const { provider } = keyring
  const old = (await allKeys(db.read)).filter(({ wrapped }) => !isCurrent(wrapped))
  for (const key of old) {
    const of = wrappedFor(key)
    const wrapped = await provider.wrap(await provider.unwrap(key.wrapped, of), of)
    await db.tx(async (t) => rewrapKey(t, key, wrapped))
  }
  return old.length
}
