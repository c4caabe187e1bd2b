import type { Env } from '../env.ts'
import { doAudited } from '../merchants/do-audited.ts'
import { keyHash, keyId, newKey } from '../merchants/key.ts'
import { setResponseKey } from '../merchants/merchant-secrets.ts'
import { findMerchant, insertKey, ownerOfKey, revokeKey } from '../merchants/merchants.ts'
import { CannotStart, type Store } from '../open-store.ts'
import { Secret } from '../secret.ts'
import { byOperator, environment, say, Usage, unknownMerchant, withStore } from './command.ts'
import { jwtKeys } from './jwt-keys.ts'
import { rotate } from './rotate-keys.ts'

const usage = `keys create MERCHANT, keys response MERCHANT, keys revoke KEY, keys rotate,
or keys jwt add|list|revoke MERCHANT …`

/** `keys …`: API keys, response keys, JWT keys and the rotation. Throws Usage and CannotStart. */
export async function keys([action, ...words]: readonly string[]): Promise<void> {
  if (action === 'jwt') return jwtKeys(words)
  const [subject, ...more] = words
  if (action === 'rotate' && subject === undefined) {
    const env = environment()
    return withStore(env, (store) => rotate(store, env))
  }
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
  const { now: at, actor } = byOperator()
  const done = { merchant, at, actor, deed: 'api_key_created', subject: keyId(hash) } as const
  await doAudited(store, done, async (t) => {
    insertKey(t, { hash, merchant, at })
    return true
  })
  say(`${key.reveal()}\nKey ${keyId(hash)} of ${merchant}. It is not shown again.`)
}

async function replaceResponseKey(store: Store, env: Env, id: string): Promise<void> {
  const merchant = await knownMerchant(store, env, id)
  const key = newKey(env.mode, 'rk')
  const { now: at, actor } = byOperator()
  const done = { merchant, at, actor, deed: 'response_key_set', subject: merchant } as const
  await doAudited(store, done, async (t) => {
    setResponseKey(t, store.seal, { merchant, key, at })
    return true
  })
  say(`${key.reveal()}\nThe response key of ${merchant} from now on. It is not shown again.`)
}

async function revoke(store: Store, key: string): Promise<void> {
  const id = /^[0-9a-f]{12}$/.test(key) ? key : keyId(keyHash(new Secret(key)))
  const merchant = await ownerOfKey(store.db.read, id)
  const { now: at, actor } = byOperator()
  const isRevoked =
    merchant !== undefined &&
    (await doAudited(store, { merchant, at, actor, deed: 'api_key_revoked', subject: id }, (t) =>
      revokeKey(t, id, at),
    ))
  if (!isRevoked) throw new CannotStart(`there is no key ${id} to revoke`)
  say(`Key ${id} is revoked.`)
}

async function knownMerchant(store: Store, env: Env, id: string) {
  const merchant = await findMerchant({ ...store, mode: env.mode }, id)
  if (!merchant) throw unknownMerchant(id)
  return merchant.id
}
