import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

// Its extended codes have it in their lowest byte (https://sqlite.org/rescode.html).
const sqliteBusy = 5

// A connection nobody refers to is collected and closed, and its lock would be gone with it.
const held = new Set<DatabaseSync>()

/**
 * Takes the data folder for this process alone, until the returned function is called or the
 * process ends, however it ends: the operating system lets go of an open SQLite transaction's lock.
 * Throws one clear line when another process has it, and SQLite's own words for other failures.
 */
export function lockDataDir(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const lock = new DatabaseSync(join(dataDir, 'lock.db'), { timeout: 0 })
  try {
    lock.exec('begin exclusive')
  } catch (cause) {
    lock.close()
    if (!isBusy(cause)) throw cause
    throw new Error(`the folder ${dataDir} is in use by another directotp server`, { cause })
  }
  held.add(lock)
  return () => {
    if (held.delete(lock)) lock.close()
  }
}

function isBusy(error: unknown): boolean {
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) : 0
  return (code & 0xff) === sqliteBusy
}
