import type { Db, Tx } from '../db/db.ts'
import { appendAudit } from './audit-entries.ts'
import type { AuditDone } from './audit-entry.ts'
import type { DataKey } from './data-key.ts'
import type { Keyring } from './open-keyring.ts'

/** Where a change is made and written into the audit log. */
export interface AuditRoom {
  readonly db: Db
  readonly keyring: Keyring
}

/** Who makes a change, and when. */
export interface AuditedBy {
  /** Who asked, for the audit log. */
  readonly actor: string
  /** Epoch milliseconds. */
  readonly now: number
}

/** The one key of all audit logs, to be read before the tx that writes an entry. */
export function auditKeyOf(keyring: Keyring): Promise<DataKey> {
  return keyring.current('', 'audit')
}

/**
 * Makes a change and writes it into the audit log in one tx. A work that gives `false` or
 * `undefined` has changed nothing, and nothing is written.
 */
export async function doAudited<T>(
  { db, keyring }: AuditRoom,
  done: AuditDone,
  work: (t: Tx) => Promise<T>,
): Promise<T> {
  const key = await auditKeyOf(keyring)
  return db.tx(async (t) => {
    const result = await work(t)
    if (result !== false && result !== undefined) await appendAudit(t, key, done)
    return result
  })
}
