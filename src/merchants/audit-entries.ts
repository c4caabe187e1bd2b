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

/** Every log there is or was: with a head, with entries, or begun as the server's own log says. */
export async function auditLogs(get: Db['read']): Promise<AuditOwner[]> {
  const rows = await get(
    `select merchant from audit_heads union select merchant from audit_entries
     union select subject from audit_entries
     where shard = $1 and merchant = '' and deed = 'log_began'`,
    [auditShard('')],
  )
  return rows.map((row) => row['merchant'] as AuditOwner).sort()
}

/** How often a merchant's log began, as the server's own log says. */
export async function timesBegun(get: Db['read'], merchant: MerchantId): Promise<number> {
  const [row] = await get(
    `select count(*) as times from audit_entries
     where shard = $1 and merchant = $2 and deed = 'log_began' and subject = $3`,
    [auditShard(''), '', merchant],
  )
  return Number(row?.['times'])
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
 * Writes an entry behind the last one of its log, and of a merchant's first one into the server's
 * own log too. The head's row is the lock: entries of one merchant are numbered one after another.
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
  // Always the merchant's head and then the server's, so that no two writers wait for each other.
  if (seq === 1 && merchant !== '') {
    await appendAudit(t, key, { ...done, merchant: '', deed: 'log_began', subject: merchant })
  }
}
