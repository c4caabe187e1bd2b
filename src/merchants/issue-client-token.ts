import type { Now } from '../clock.ts'
import type { Db } from '../db/db.ts'
import { newClientToken } from '../ids.ts'
import {
  type ClientScope,
  clientShard,
  clientShardIn,
  clientTokenHash,
  clientTokenMs,
  clientTokenUses,
  type IssuedToken,
} from './client-token.ts'
import {
  hasClientToken,
  insertClientToken,
  purgeClientTokens,
  spendClientToken,
} from './client-tokens.ts'

/** Where client tokens are kept, and the clock that ends them. */
export interface TokenRoom {
  readonly db: Db
  readonly now: Now
}

/** So many rows go in a few milliseconds; payments wait for no more than that. */
const mostPerPass = 500

/** Makes a client token for one order or one customer. Only its hash is kept. */
export async function issueClientToken(
  { db, now }: TokenRoom,
  scope: ClientScope,
): Promise<IssuedToken> {
  const shard = clientShard(scope)
  const token = newClientToken(shard)
  const expiresAt = now() + clientTokenMs
  const kept = { ...scope, shard, hash: clientTokenHash(token), uses: clientTokenUses, expiresAt }
  await db.tx(async (t) => insertClientToken(t, kept))
  return { token, expiresAt }
}

/** Takes one use of a token and says what it is for; `undefined` when it opens nothing. */
export async function useClientToken(
  { db, now }: TokenRoom,
  token: string,
): Promise<ClientScope | undefined> {
  const shard = clientShardIn(token)
  if (shard === undefined) return undefined
  const named = { shard, hash: clientTokenHash(token) }
  // Anybody may send anything here, and what is no token should cost no write.
  if (!(await hasClientToken(db.read, named))) return undefined
  return db.tx((t) => spendClientToken(t, { ...named, now: now() }))
}

/** Removes some of the tokens that have ended; gives their number. */
export async function forgetClientTokens({ db, now }: TokenRoom): Promise<number> {
  return db.tx((t) => purgeClientTokens(t, { before: now(), most: mostPerPass }))
}
