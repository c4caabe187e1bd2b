import type { Env } from '../env.ts'
import { keyHash, keyId, newKey } from '../merchants/key.ts'
import { setResponseKey } from '../merchants/merchant-secrets.ts'
import { findMerchant, insertKey, revokeKey } from '../merchants/merchants.ts'
import { CannotStart, type Store } from '../open-store.ts'
import { Secret } from '../secret.ts'
import { environment, say, Usage, unknownMerchant, withStore } from './command.ts'

const usage = 'keys create MERCHANT, keys response MERCHANT, or keys revoke KEY'

/** `keys create`, `keys response` and `keys revoke`. Throws Usage and CannotStart. */
export async function keys([action, subject, ...more]: readonly string[]): Promise<void> {
  if (!subject || more.length > 0) throw new Usage(usage)
  const env = environment()
  switch (action) {
    case 'create':
      return withStore(env, (store) => create(store, env, subject))
    case 'response':
      return withStore(env, (store) => replaceResponseKey(store, env, subject))
    case 'revoke':
      return withStore(env, (store) => revoke(store, subject))
    default:
      throw new Usage(usage)
  }
}

async function create(store: Store, env: Env, id: string): Promise<void> {
  const merchant = await knownMerchant(store, env, id)
  const key = newKey(env.mode)
  const hash = keyHash(key)
  await store.db.tx(async (t) => insertKey(t, { hash, merchant, at: Date.now() }))
  say(`${key.reveal()}\nKey ${keyId(hash)} of ${merchant}. It is not shown again.`)
}

async function replaceResponseKey(store: Store, env: Env, id: string): Promise<void> {
  const merchant = await knownMerchant(store, env, id)
  const key = newKey(env.mode, 'rk')
  const { db, seal } = store
  await db.tx(async (t) => setResponseKey(t, seal, { merchant, key, at: Date.now() }))
  say(`${key.reveal()}\nThe response key of ${merchant} from now on. It is not shown again.`)
}

async function revoke({ db }: Store, key: string): Promise<void> {
  const id = /^[0-9a-f]{12}$/.test(key) ? key : keyId(keyHash(new Secret(key)))
  if (!(await db.tx((t) => revokeKey(t, id, Date.now())))) {
    throw new CannotStart(`there is no key ${id} to revoke`)
  }
  say(`Key ${id} is revoked.`)
}

async function knownMerchant(store: Store, env: Env, id: string) {
  const merchant = await findMerchant({ ...store, mode: env.mode }, id)
  if (!merchant) throw unknownMerchant(id)
  return merchant.id
}
