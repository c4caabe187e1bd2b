import type { Db } from '../db/db.ts'
import { type AuditHead, auditEntries, auditHead, timesBegun } from './audit-entries.ts'
import { type AuditEntry, type AuditOwner, headMacOf, macOf } from './audit-entry.ts'
import { auditKeyOf } from './do-audited.ts'
import type { Keyring } from './open-keyring.ts'

/** Whether a log is as it was written: its last entry, or the first that is wrong, in words. */
export type Verified =
  | { readonly kind: 'right'; readonly head: AuditHead }
  | { readonly kind: 'wrong'; readonly why: string }

/** A log is read in pieces, however long it has become. */
const entriesPerPage = 1_000

/**
 * Walks a log from its first entry to its head, and compares it with what was noted of it earlier:
 * every checkpoint must be one of its entries, and the server's own log must say that it began, if
 * it did. The server's own log is to be verified by itself.
 */
export async function verifyAudit(
  { db, keyring }: { readonly db: Db; readonly keyring: Keyring },
  merchant: AuditOwner,
  checkpoints: readonly AuditHead[],
): Promise<Verified> {
  const key = await auditKeyOf(keyring)
  const noted = new Map<number, Set<string>>()
  for (const { seq, mac } of checkpoints) noted.set(seq, (noted.get(seq) ?? new Set()).add(mac))
  const begunBefore = await begunOf(db, merchant)
  let last: Pick<AuditEntry, 'seq' | 'mac'> = { seq: 0, mac: '' }
  for (;;) {
    const page = { merchant, after: last.seq, most: entriesPerPage }
    const entries = await auditEntries(db.read, page)
    for (const entry of entries) {
      if (entry.seq !== last.seq + 1) return wrong(`entry ${last.seq + 1} is missing`)
      if (entry.mac !== macOf(key, headMacOf(key, last.mac), entry)) {
        return wrong(`entry ${entry.seq} is not as it was written there`)
      }
      const macs = noted.get(entry.seq)
      if (macs && (macs.size > 1 || !macs.has(entry.mac))) {
        return wrong(`entry ${entry.seq} is not the one that was noted`)
      }
      last = entry
    }
    if (entries.length > 0) continue
    const head = await auditHead(db.read, merchant)
    // Whoever wrote meanwhile moved the head with the entry.
    if (head && head.seq > last.seq && (await isLonger(db, merchant, last.seq))) continue
    return judged({ ...last, merchant }, checkpoints, {
      seq: head?.seq ?? 0,
      mac: head?.mac ?? '',
      due: headMacOf(key, last.mac),
      // A log that was begun while this went on is no contradiction, whichever was read first.
      begun: last.seq === 0 ? begunBefore : await begunOf(db, merchant),
    })
  }
}

/** How often a log began; nothing tells that of the server's own. */
async function begunOf(db: Db, merchant: AuditOwner): Promise<number | undefined> {
  return merchant === '' ? undefined : timesBegun(db.read, merchant)
}

async function isLonger(db: Db, merchant: AuditOwner, after: number): Promise<boolean> {
  return (await auditEntries(db.read, { merchant, after, most: 1 })).length > 0
}

function judged(
  last: AuditHead,
  checkpoints: readonly AuditHead[],
  head: Pick<AuditHead, 'seq' | 'mac'> & { readonly due: string; begun: number | undefined },
): Verified {
  const furthest = Math.max(0, ...checkpoints.map(({ seq }) => seq))
  if (furthest > last.seq) return wrong(`it had ${furthest} entries once, and has ${last.seq}`)
  if (head.seq > last.seq) return wrong(`entry ${last.seq + 1} and all behind it are missing`)
  if (head.seq < last.seq || head.mac !== head.due)
    return wrong('its head is not of its last entry')
  if (head.begun === undefined) return { kind: 'right', head: last }
  if (head.begun > 1) return wrong(`it began ${head.begun} times: it was removed and begun anew`)
  if (head.begun === 1 && last.seq === 0) return wrong('it is gone: it began once')
  if (head.begun === 0 && last.seq > 0) return wrong("the server's own log does not say it began")
  return { kind: 'right', head: last }
}

function wrong(why: string): Verified {
  return { kind: 'wrong', why }
}
