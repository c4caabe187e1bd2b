import { readFile } from 'node:fs/promises'
import { isMerchantId } from '../ids.ts'
import { type AuditHead, auditEntries, auditLogs } from '../merchants/audit-entries.ts'
import type { AuditOwner } from '../merchants/audit-entry.ts'
import { verifyAudit } from '../merchants/verify-audit.ts'
import { CannotStart, type Store } from '../open-store.ts'
import { environment, say, Usage, withStore } from './command.ts'

const usage = `audit verify [MERCHANT] [--since FILE]
audit list [MERCHANT]
  without a merchant: all logs are verified, and the server's own is listed`

/** How the log of the server itself is called; no merchant can have this id. */
const serversOwn = '(server)'

/** In place of a MAC where there is no entry yet. */
const none = '-'

/** `audit verify` and `audit list`. A log that is wrong ends it with 1. Throws Usage. */
export async function audit([action, ...words]: readonly string[]): Promise<void> {
  switch (action) {
    case 'verify': {
      const { merchant, file } = readWords(words)
      return withStore(environment(), (store) => verify(store, merchant, file))
    }
    case 'list': {
      const { merchant = '', file } = readWords(words)
      if (file !== undefined) throw new Usage(usage)
      return withStore(environment(), (store) => list(store, merchant))
    }
    default:
      throw new Usage(usage)
  }
}

function readWords(words: readonly string[]): { merchant?: AuditOwner; file?: string } {
  const at = words.indexOf('--since')
  const file = at === -1 ? undefined : words[at + 1]
  const [merchant, ...more] = at === -1 ? words : words.toSpliced(at, 2)
  const isWhole = (at === -1 || file) && more.length === 0
  if (!isWhole || (merchant !== undefined && !isMerchantId(merchant))) throw new Usage(usage)
  return { ...(merchant !== undefined && { merchant }), ...(file !== undefined && { file }) }
}

async function verify(store: Store, merchant?: AuditOwner, file?: string): Promise<void> {
  const noted = file === undefined ? [] : await readCheckpoints(file)
  const logs = new Set([...(await auditLogs(store.db.read)), ...noted.map((one) => one.merchant)])
  for (const log of merchant === undefined ? logs : [merchant]) {
    const checkpoints = noted.filter((one) => one.merchant === log)
    const verified = await verifyAudit(store, log, checkpoints)
    if (verified.kind === 'right') {
      say(`${log || serversOwn} ${verified.head.seq} ${verified.head.mac || none}`)
      continue
    }
    process.stderr.write(`${log || serversOwn}: ${verified.why}\n`)
    process.exitCode = 1
  }
}

/** The lines of an earlier `audit verify`: `merchant seq mac`. */
async function readCheckpoints(file: string): Promise<AuditHead[]> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new CannotStart(`the file ${file} can't be read`)
  })
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return lines.map((line) => {
    const [, name = '', seq, mac = ''] = /^(\S+) (\d{1,15}) ([0-9a-f]{64}|-)$/.exec(line) ?? []
    const merchant = name === serversOwn ? '' : name
    if (merchant !== '' && !isMerchantId(merchant)) throw notCheckpoints(file)
    if (mac === '') throw notCheckpoints(file)
    return { merchant, seq: Number(seq), mac }
  })
}

function notCheckpoints(file: string): CannotStart {
  return new CannotStart(`the file ${file} does not hold lines of audit verify`)
}

/** Reading in pieces keeps a long log out of memory. */
const entriesPerPage = 1_000

async function list(store: Store, merchant: AuditOwner): Promise<void> {
  for (let after = 0; ; ) {
    const page = { merchant, after, most: entriesPerPage }
    const entries = await auditEntries(store.db.read, page)
    for (const { seq, at, actor, deed, subject } of entries) {
      say(`${seq}  ${new Date(at).toISOString()}  ${deed}  ${subject}  by ${actor}`)
    }
    const last = entries.at(-1)
    if (!last) return
    after = last.seq
  }
}
