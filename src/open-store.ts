import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Db } from './db/db.ts'
import { settleFact } from './db/facts.ts'
import { openDatabase } from './db/migrate.ts'
import type { Env } from './env.ts'
import { hasSimulatorAccount } from './gateways/accounts.ts'
import { makeSeal, type Seal } from './seal.ts'

/** A start that an operator must mend: its message is one clear line. */
export class CannotStart extends Error {}

/** The database, up to date and of the right mode, and the seal of what it keeps. */
export interface Store {
  readonly db: Db
  readonly seal: Seal
}

/**
 * Opens what the environment names. Throws `CannotStart` when the database was made in the other
 * mode or under another master key, or when live mode would find an account at the simulated bank.
 */
export async function openStore(env: Env): Promise<Store> {
  const seal = makeSeal(masterKeyOf(env))
  const databaseUrl = env.databaseUrl?.reveal()
  const db = await openDatabase({ dataDir: env.dataDir, databaseUrl })
  try {
    const mode = await settleFact(db, 'mode', env.mode)
    if (mode !== env.mode) {
      throw new CannotStart(
        `this database was made in ${mode} mode; it can't be used in ${env.mode}`,
      )
    }
    if ((await settleFact(db, 'master key', seal.keyId)) !== seal.keyId) {
      throw new CannotStart('this database was made under another MASTER_KEY')
    }
    if (env.mode === 'live' && (await hasSimulatorAccount(db))) {
      throw new CannotStart('an account at the simulated bank is in this live database')
    }
  } catch (error) {
    await db.close()
    throw error
  }
  return { db, seal }
}

/** The text of a file in the data folder that only its owner may read, made if it is not there. */
export function ownFile(dataDir: string, name: string, make: () => string): string {
  const path = join(dataDir, name)
  if (!existsSync(path)) {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    try {
      writeFileSync(path, `${make()}\n`, { mode: 0o600, flag: 'wx' })
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
  }
  return readFileSync(path, 'utf8').trim()
}

function masterKeyOf(env: Env): Buffer {
  const made = () => randomBytes(32).toString('hex')
  const hex = env.masterKey?.reveal() ?? ownFile(env.dataDir, 'master.key', made)
  return Buffer.from(hex, 'hex')
}
