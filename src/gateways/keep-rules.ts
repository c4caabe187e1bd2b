import type { Db } from '../db/db.ts'
import type { MerchantId } from '../ids.ts'
import { type AuditedBy, type AuditRoom, doAudited } from '../merchants/do-audited.ts'
import { accountsFor } from './accounts.ts'
import { insertRules, newestRules, newestVersion, type RulesVersion } from './routing-rules.ts'
import { accountsIn, type Rules, readRulesText } from './rule.ts'

/** Rules that are in force now, or what is wrong with what was said. */
export type KeptRules = { readonly ok: RulesVersion } | { readonly wrong: string }

/** Puts rules in the place of those before, which stay readable; the next payment goes by them. */
export async function setRules(
  by: AuditRoom,
  merchant: MerchantId,
  { text, actor, now }: AuditedBy & { readonly text: string },
): Promise<KeptRules> {
  const read = readRulesText(text)
  if ('wrong' in read) return read
  const accounts = await accountsFor(by.db.read, merchant, '')
  const unknown = [...accountsIn(read.ok)].find((id) => !accounts.some((one) => one.id === id))
  if (unknown !== undefined) return { wrong: `there is no account ${unknown}` }
  for (;;) {
    const version = (await newestVersion(by.db.read, merchant)) + 1
    const rules = { merchant, version, text, actor, createdAt: now }
    const deed = 'routing_rules_set' as const
    const done = { merchant, at: now, actor, deed, subject: `version ${version}` }
    if (await doAudited(by, done, (t) => insertRules(t, rules))) return { ok: rules }
  }
}

/** So many merchants' rules are kept ready; others' are read again. */
const mostKept = 1_000

/** What reads a merchant's rules for every payment, and compiles a version once. */
export function openRules({ read }: Pick<Db, 'read'>) {
  const kept = new Map<MerchantId, { readonly version: number; readonly rules: Rules }>()
  return async (merchant: MerchantId): Promise<Rules | undefined> => {
    const version = await newestVersion(read, merchant)
    if (version === 0) return undefined
    const there = kept.get(merchant)
    if (there?.version === version) return there.rules
    const newest = await newestRules(read, merchant)
    const rules = newest && readRulesText(newest.text)
    // What this program's version can't read another one wrote: better no rule than no payment.
    if (!newest || !rules || 'wrong' in rules) return undefined
    if (kept.size >= mostKept) kept.clear()
    kept.set(merchant, { version: newest.version, rules: rules.ok })
    return rules.ok
  }
}
