import type { Db, Row, Tx } from '../db/db.ts'
import type { JwtKeyId, MerchantId } from '../ids.ts'
import type { Seal } from '../seal.ts'
import { Secret } from '../secret.ts'
import { type JwtKey, mostJwtKeys } from './jwt-key.ts'
import type { SealedRow } from './merchant-secrets.ts'

/** Names one key. */
export interface JwtKeyName {
  readonly merchant: MerchantId
  readonly kid: JwtKeyId
}

/** Inserts a key; `false`, and nothing written, when the merchant has `mostJwtKeys` of them. */
export async function insertJwtKey(t: Tx, seal: Seal, key: JwtKey): Promise<boolean> {
  const { merchant, kid, publicKey, privateKey, createdAt } = key
  const rows = await t.get(
    `insert into jwt_keys (merchant, kid, public_key, sealed, created_at)
     select $1, $2, $3, $4, cast($5 as bigint)
     where (select count(*) from jwt_keys where merchant = $1 and revoked_at is null) < $6
     returning kid`,
    [
      merchant,
      kid,
      publicKey,
      seal.close(privateKey.reveal(), sealedFor(key)),
      createdAt,
      mostJwtKeys,
    ],
  )
  return rows.length > 0
}

/** The unrevoked key of a merchant by its id, or `undefined`. */
export async function findJwtKey(
  get: Db['read'],
  seal: Seal,
  { merchant, kid }: JwtKeyName,
): Promise<JwtKey | undefined> {
  const [row] = await get(
    `select merchant, kid, public_key, sealed, created_at, revoked_at from jwt_keys
     where merchant = $1 and kid = $2 and revoked_at is null`,
    [merchant, kid],
  )
  return row && keyFrom(seal, row)
}

/** The keys of a merchant, revoked ones too, the oldest first. */
export async function jwtKeysOf(
  get: Db['read'],
  seal: Seal,
  merchant: MerchantId,
): Promise<JwtKey[]> {
  const rows = await get(
    `select merchant, kid, public_key, sealed, created_at, revoked_at from jwt_keys
     where merchant = $1 order by created_at`,
    [merchant],
  )
  return rows.map((row) => keyFrom(seal, row))
}

/** Revokes a key; `false` when the merchant has no unrevoked key by this id. */
export async function revokeJwtKey(t: Tx, key: JwtKeyName, at: number): Promise<boolean> {
  const rows = await t.get(
    `update jwt_keys set revoked_at = $3
     where merchant = $1 and kid = $2 and revoked_at is null returning kid`,
    [key.merchant, key.kid, at],
  )
  return rows.length > 0
}

/** The keys whose sealed text begins otherwise, of all merchants. */
export async function jwtKeysNot(get: Db['read'], beginning: string): Promise<SealedRow[]> {
  const rows = await get(
    'select merchant, kid, sealed from jwt_keys where substr(sealed, 1, length($1)) <> $1',
    [beginning],
  )
  return rows.map((row) => {
    const key = { merchant: row['merchant'] as MerchantId, kid: row['kid'] as JwtKeyId }
    const old = String(row['sealed'])
    return {
      sealed: old,
      to: sealedFor(key),
      replace: (t, sealed) =>
        t.put('update jwt_keys set sealed = $3 where merchant = $1 and kid = $2 and sealed = $4', [
          key.merchant,
          key.kid,
          sealed,
          old,
        ]),
    }
  })
}

function sealedFor({ merchant, kid }: JwtKeyName) {
  return { purpose: 'jwt key', owner: `${merchant}/${kid}` }
}

function keyFrom(seal: Seal, row: Row): JwtKey {
  const key = { merchant: row['merchant'] as MerchantId, kid: row['kid'] as JwtKeyId }
  return {
    ...key,
    publicKey: String(row['public_key']),
    privateKey: new Secret(seal.open(String(row['sealed']), sealedFor(key))),
    createdAt: Number(row['created_at']),
    ...(row['revoked_at'] !== null && { revokedAt: Number(row['revoked_at']) }),
  }
}
