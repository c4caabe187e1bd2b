import type { Db, Tx } from '../db/db.ts'
import type { MerchantId } from '../ids.ts'

/** One version of a merchant's rules, as it was written. */
export interface RulesVersion {
  readonly merchant: MerchantId
  /** From 1. */
  readonly version: number
  /** JSON. */
  readonly text: string
  /** Who wrote it. */
  readonly actor: string
  readonly createdAt: number
}

/** The number of a merchant's newest rules; 0 when there never were any. */
export async function newestVersion(get: Db['read'], merchant: MerchantId): Promise<number> {
  const [row] = await get(
    'select version from routing_rules where merchant = $1 order by version desc limit 1',
    [merchant],
  )
  return Number(row?.['version'] ?? 0)
}

/** A merchant's newest rules. */
export async function newestRules(
  get: Db['read'],
  merchant: MerchantId,
): Promise<RulesVersion | undefined> {
  const [row] = await get(
    `select version, rules, actor, created_at from routing_rules
     where merchant = $1 order by version desc limit 1`,
    [merchant],
  )
  return (
    row && {
      merchant,
      version: Number(row['version']),
      text: String(row['rules']),
      actor: String(row['actor']),
      createdAt: Number(row['created_at']),
    }
  )
}

/** Adds a version; `false`, and nothing written, when there is one of this number. */
export async function insertRules(t: Tx, rules: RulesVersion): Promise<boolean> {
  const rows = await t.get(
    `insert into routing_rules (merchant, version, rules, actor, created_at)
     values ($1, $2, $3, $4, $5) on conflict (merchant, version) do nothing returning version`,
    [rules.merchant, rules.version, rules.text, rules.actor, rules.createdAt],
  )
  return rows.length > 0
}
