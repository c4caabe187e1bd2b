import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

// A connection nobody refers to is collected and closed, and its lock would be gone with it.
const held = new Set<DatabaseSync>()

/**
 * Takes the data folder for this process alone, until the returned function is called or the
 * process ends, however it ends: the operating system lets go of an open SQLite transaction's lock.
 * Throws one clear line when another process has it.
 */
export function lockDataDir(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const lock = new DatabaseSync(join(dataDir, 'lock.db'), { timeout: 0 })
  try {
    lock.exec('begin exclusive')
  } catch (cause) {
    lock.close()
    throw new Error(`the folder ${dataDir} is in use by another directotp server`, { cause })
  }
  held.add(lock)
  return () => {
    if (held.delete(lock)) lock.close()
  }
}
