import type { Db, Tx } from '../db/db.ts'
import { type MerchantId, shardOf } from '../ids.ts'
import {
  type AuditDone,
  type AuditEntry,
  type AuditOwner,
  headMacOf,
  macOf,
} from './audit-entry.ts'
import type { DataKey } from './data-key.ts'

/** Where the log of a merchant, or of the server, lives. */
export function auditShard(merchant: AuditOwner) {
  return shardOf(merchant as MerchantId, 'audit')
}

/** How long a log is, and a MAC of its end. */
export interface AuditHead {
  readonly merchant: AuditOwner
  readonly seq: number
  readonly mac: string
}

/** Every log there is: those with a head, and those with entries. */
export async function auditLogs(get: Db['read']): Promise<AuditOwner[]> {
  const rows = await get(
    'select merchant from audit_heads union select merchant from audit_entries',
    [],
  )
  return rows.map((row) => row['merchant'] as AuditOwner).sort()
}

/** The head of a log, or `undefined` when there is none. */
export async function auditHead(
  get: Db['read'],
  merchant: AuditOwner,
): Promise<AuditHead | undefined> {
  const [row] = await get('select seq, mac from audit_heads where shard = $1 and merchant = $2', [
    auditShard(merchant),
    merchant,
  ])
  return row && { merchant, seq: Number(row['seq']), mac: String(row['mac']) }
}

/** Some entries of a log behind this one, in their order. */
export async function auditEntries(
  get: Db['read'],
  { merchant, after, most }: { merchant: AuditOwner; after: number; most: number },
): Promise<AuditEntry[]> {
  const rows = await get(
    `select seq, at, actor, deed, subject, mac from audit_entries
     where shard = $1 and merchant = $2 and seq > $3 order by seq limit $4`,
    [auditShard(merchant), merchant, after, most],
  )
  return rows.map((row) => ({
    merchant,
    seq: Number(row['seq']),
    at: Number(row['at']),
    actor: String(row['actor']),
    deed: row['deed'] as AuditEntry['deed'],
    subject: String(row['subject']),
    mac: String(row['mac']),
  }))
}

/**
 * Writes an entry behind the last one of its log. The head's row is the lock: entries of one
 * merchant are numbered one after another.
 */
export async function appendAudit(t: Tx, key: DataKey, done: AuditDone): Promise<void> {
  const { merchant } = done
  const shard = auditShard(merchant)
  const [head] = await t.get(
    `insert into audit_heads (shard, merchant, seq, mac) values ($1, $2, 1, '')
     on conflict (shard, merchant) do update set seq = audit_heads.seq + 1 returning seq, mac`,
    [shard, merchant],
  )
  const seq = Number(head?.['seq'])
  const mac = macOf(key, String(head?.['mac']), { ...done, seq })
  t.put('update audit_heads set mac = $3 where shard = $1 and merchant = $2', [
    shard,
    merchant,
    headMacOf(key, mac),
  ])
  t.put(
    `insert into audit_entries (shard, merchant, seq, at, actor, deed, subject, mac)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [shard, merchant, seq, done.at, done.actor, done.deed, done.subject, mac],
  )
}
