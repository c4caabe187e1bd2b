import type { Db } from '../db/db.ts'
import { appendAudit } from '../merchants/audit-entries.ts'
import { auditKeyOf } from '../merchants/do-audited.ts'
import type { Keyring } from '../merchants/open-keyring.ts'
import type { BinRow } from './bin.ts'
import { countBins, replaceBin } from './bins.ts'

/** Rows of one tx: a payment that waits behind them waits for some milliseconds. */
const rowsPerTx = 500

/** What an import did to the BIN table. */
export interface Imported {
  readonly added: number
  readonly replaced: number
}

/**
 * Lays rows over the BIN table, beside a server that goes on serving. The audit entry is in the
 * first tx, so that nothing changes without it; an import that breaks off can be made again.
 */
export async function importBins(
  { db, keyring }: { db: Db; keyring: Keyring },
  rows: readonly BinRow[],
  { actor, at }: { actor: string; at: number },
): Promise<Imported> {
  const key = await auditKeyOf(keyring)
  const before = await countBins(db.read)
  for (let from = 0; from < rows.length; from += rowsPerTx) {
    await db.tx(async (t) => {
      const subject = `${rows.length} BINs`
      if (from === 0) {
        await appendAudit(t, key, { merchant: '', at, actor, deed: 'bins_imported', subject })
      }
      for (const row of rows.slice(from, from + rowsPerTx)) replaceBin(t, row)
    })
  }
  const added = (await countBins(db.read)) - before
  return { added, replaced: rows.length - added }
}
