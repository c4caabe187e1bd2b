import { readFile } from 'node:fs/promises'
import { isoSeconds } from '../clock.ts'
import { isJwtKeyId, type MerchantId } from '../ids.ts'
import { mostJwtKeys, readPublicKey, serverKeyOf } from '../merchants/jwt-key.ts'
import { jwtKeysOf } from '../merchants/jwt-keys.ts'
import { addJwtKey, endJwtKey } from '../merchants/keep-jwt-keys.ts'
import { CannotStart } from '../open-store.ts'
import { type AtMerchant, say, Usage, withMerchant } from './command.ts'

const usage = `keys jwt add MERCHANT FILE.pem
keys jwt list MERCHANT
keys jwt revoke MERCHANT KID`

/** `keys jwt …`: a merchant's keys for encrypted calls. Throws Usage and CannotStart. */
export async function jwtKeys([action, id, ...rest]: readonly string[]): Promise<void> {
  const work = id === undefined ? undefined : workOf(action, rest)
  if (id === undefined || !work) throw new Usage(usage)
  await withMerchant(id, work)
}

function workOf(
  action: string | undefined,
  [word, ...more]: readonly string[],
): ((at: AtMerchant) => Promise<void>) | undefined {
  if (more.length > 0) return undefined
  switch (action) {
    case 'add':
      return word === undefined ? undefined : (at) => add(at, word)
    case 'list':
      return word === undefined ? list : undefined
    case 'revoke':
      return word === undefined ? undefined : (at) => revoke(at, word)
    default:
      return undefined
  }
}

async function add({ store, merchant }: AtMerchant, path: string): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => {
    throw new CannotStart(`the file ${path} can't be read`)
  })
  const publicKey = readPublicKey(text)
  if (!publicKey) {
    throw new CannotStart(
      `the file ${path} holds no RSA public key or certificate of 2048 to 4096 bits as PEM`,
    )
  }
  const added = await addJwtKey(store, changeOf(merchant), publicKey)
  if (!added) {
    throw new CannotStart(`merchant ${merchant} has ${mostJwtKeys} keys; revoke one first`)
  }
  say(`${added.kid}\nThe key id (kid) of ${merchant}. The server's public key for it:`)
  say(serverKeyOf(added).trimEnd())
}

async function list({ store, merchant }: AtMerchant): Promise<void> {
  const keys = await jwtKeysOf(store.db.read, store.seal, merchant)
  for (const { kid, createdAt, revokedAt } of keys) {
    const state = revokedAt === undefined ? 'active' : `revoked ${isoSeconds(revokedAt)}`
    say(`${kid}  added ${isoSeconds(createdAt)}  ${state}`)
  }
  if (keys.length === 0) say(`Merchant ${merchant} has no keys for encrypted calls.`)
}

async function revoke({ store, merchant }: AtMerchant, kid: string): Promise<void> {
  if (!isJwtKeyId(kid) || !(await endJwtKey(store, changeOf(merchant), kid))) {
    throw new CannotStart(`merchant ${merchant} has no key ${kid} to revoke`)
  }
  say(`Key ${kid} is revoked.`)
}

function changeOf(merchant: MerchantId) {
  return { merchant, actor: 'command line', now: Date.now() }
}
