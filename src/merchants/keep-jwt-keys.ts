import type { JwtKeyId, MerchantId } from '../ids.ts'
import type { Seal } from '../seal.ts'
import type { AuditDeed } from './audit-entry.ts'
import { type AuditedBy, type AuditRoom, doAudited } from './do-audited.ts'
import { type JwtKey, makeJwtKey } from './jwt-key.ts'
import { insertJwtKey, revokeJwtKey } from './jwt-keys.ts'

/** Whose keys are changed, by whom and when. */
export interface JwtKeyChange extends AuditedBy {
  readonly merchant: MerchantId
}

/**
 * Registers a public key that `readPublicKey` gave and makes ours for it; `undefined` when the
 * merchant has `mostJwtKeys` of them.
 */
export async function addJwtKey(
  room: AuditRoom & { readonly seal: Seal },
  change: JwtKeyChange,
  publicKey: string,
): Promise<JwtKey | undefined> {
  const key = await makeJwtKey(change.merchant, publicKey, change.now)
  const done = doneTo('jwt_key_added', key.kid, change)
  return (await doAudited(room, done, (t) => insertJwtKey(t, room.seal, key))) ? key : undefined
}

/** Revokes a key from the next call on; `false` when there is none to revoke by this id. */
export function endJwtKey(room: AuditRoom, change: JwtKeyChange, kid: JwtKeyId): Promise<boolean> {
  const { merchant, now } = change
  const done = doneTo('jwt_key_revoked', kid, change)
  return doAudited(room, done, (t) => revokeJwtKey(t, { merchant, kid }, now))
}

function doneTo(deed: AuditDeed, subject: string, { merchant, actor, now }: JwtKeyChange) {
  return { merchant, at: now, actor, deed, subject }
}
